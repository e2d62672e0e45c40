//! A batch of a dataset's rows as the body of a request.

use super::Cell;
use super::class::plain_number;

/// The forms that a batch can be sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// A line for each row, with no line break at the end; quotes only where CSV needs them.
    Csv,
    /// `{"instances": [[5.1, "red"], ...]}`
    Json,
    /// A JSON array for each row, each on a line of its own.
    JsonLines,
}

impl BodyFormat {
    const CONTENT_TYPES: [(&str, Self); 3] =
        [("text/csv", Self::Csv), ("application/json", Self::Json), ("application/jsonlines", Self::JsonLines)];

    /// The form that a content type asks for; its parameters are the model's affair.
    ///
    /// # Errors
    /// In words that follow the case's name: which content types there are.
    pub fn of(content_type: &str) -> Result<Self, String> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let known = Self::CONTENT_TYPES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(media_type));
        known.map(|(_, format)| format).ok_or_else(|| {
            let names = Self::CONTENT_TYPES.map(|(name, _)| name).join(", ");
            format!("has a dataset and content type {content_type}, and rows can be sent as {names}")
        })
    }
}

/// The body of a request, row by row.
pub(super) struct Body {
    format: BodyFormat,
    text: String,
    is_empty: bool,
}

impl Body {
    pub(super) fn new(format: BodyFormat) -> Self {
        let text = if format == BodyFormat::Json { "{\"instances\": [" } else { "" };
        Self { format, text: text.to_owned(), is_empty: true }
    }

    pub(super) fn push(&mut self, cells: &[Cell]) {
        let (row, separator) = match self.format {
            BodyFormat::Csv => (csv_line(cells), "\n"),
            BodyFormat::JsonLines => (json_list(cells), "\n"),
            BodyFormat::Json => (json_list(cells), ", "),
        };
        if !std::mem::take(&mut self.is_empty) {
            self.text.push_str(separator);
        }
        self.text.push_str(&row);
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.format == BodyFormat::Json {
            self.text.push_str("]}");
        }
        self.text.into_bytes()
    }
}

fn json_list(cells: &[Cell]) -> String {
    format!("[{}]", joined(cells, ", ", json_text))
}

fn joined(cells: &[Cell], separator: &str, text: fn(&Cell) -> String) -> String {
    cells.iter().map(text).collect::<Vec<_>>().join(separator)
}

fn csv_line(cells: &[Cell]) -> String {
    match cells {
        // An empty line would be no row at all.
        [cell] if cell.text().is_empty() => "\"\"".to_owned(),
        cells => joined(cells, ",", csv_text),
    }
}

fn csv_text(cell: &Cell) -> String {
    let text = cell.text();
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn json_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Literal(text) => text.clone(),
        Cell::Text(text) => quoted(text),
        // What pandas writes for a value that is missing.
        Cell::Untyped(text) if text.is_empty() => "null".to_owned(),
        Cell::Untyped(text) => match plain_number(text) {
            Some(_) if serde_json::from_str::<serde_json::Number>(text).is_ok() => text.trim().to_owned(),
            // A number, but not as JSON writes one: `.5`, `5.` or `+5`.
            Some(number) => serde_json::Value::from(number).to_string(),
            None => quoted(text),
        },
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::Dataset;
    use super::super::spec::DatasetSpec;
    use super::*;

    fn body(file: &str, content: &str, format: BodyFormat) -> String {
        let yaml = format!("{{file: {file}, label: y, prediction: $, batch_size: 100}}");
        let case = serde_yaml::from_str::<DatasetSpec>(&yaml).expect("valid").compile().expect("compiles");
        let dataset = Dataset::read(&case, Arc::new(content.as_bytes().to_vec())).expect(content);
        let batch = dataset.batches(&case, format).next().expect("a batch");
        String::from_utf8(batch.expect("rows").body).expect("text")
    }

    #[test]
    fn csv_goes_out_as_it_came_in() {
        let rows = |format| body("x.csv", "a,b,y\n5.10,.5,1\n 007,\"say \"\"a,b\"\"\",2\n,,3\n", format);
        assert_eq!(rows(BodyFormat::Csv), "5.10,.5\n 007,\"say \"\"a,b\"\"\"\n,");
        let json = r#"[5.10, 0.5], [" 007", "say \"a,b\""], [null, null]"#;
        assert_eq!(rows(BodyFormat::Json), format!("{{\"instances\": [{json}]}}"));
        assert_eq!(rows(BodyFormat::JsonLines), json.replace("], [", "]\n["));
        assert_eq!(body("x.csv", "a,y\n1,1\n,1\n2,1", BodyFormat::Csv), "1\n\"\"\n2");
    }

    #[test]
    fn json_lines_keep_what_is_a_text_and_what_a_number() {
        let row = r#"{"a": "1", "b": 1.50, "c": true, "d": null, "e": "", "y": 1}"#;
        assert_eq!(body("x.jsonl", row, BodyFormat::JsonLines), r#"["1", 1.50, true, null, ""]"#);
        assert_eq!(body("x.jsonl", row, BodyFormat::Csv), "1,1.50,true,,");
    }

    #[test]
    fn a_content_type_that_cannot_be_made_is_refused_with_those_that_can() {
        assert_eq!(BodyFormat::of("text/csv; charset=utf-8"), Ok(BodyFormat::Csv));
        assert_eq!(BodyFormat::of("Application/JSON"), Ok(BodyFormat::Json));
        assert_eq!(BodyFormat::of("application/jsonlines"), Ok(BodyFormat::JsonLines));
        let message = "has a dataset and content type image/png, \
                       and rows can be sent as text/csv, application/json, application/jsonlines";
        assert_eq!(BodyFormat::of("image/png"), Err(message.into()));
    }

    proptest! {
        #[test]
        fn csv_reads_back_as_the_same_cells(rows in prop::collection::vec(prop::array::uniform2("[a,\"\n\r ]{0,4}"), 1..5)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["a", "b", "y"]).expect("written");
            for [a, b] in &rows {
                writer.write_record([a, b, "1"]).expect("written");
            }
            let file = String::from_utf8(writer.into_inner().expect("written")).expect("text");
            let sent = body("x.csv", &file, BodyFormat::Csv);
            let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(sent.as_bytes());
            let read: Vec<Vec<String>> = reader.into_deserialize().collect::<Result<_, _>>().expect("CSV");
            prop_assert_eq!(read, rows.into_iter().map(Vec::from).collect::<Vec<_>>());
        }
    }
}
