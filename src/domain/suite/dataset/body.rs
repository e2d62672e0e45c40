//! A batch of a dataset's rows as the body of a request.

use std::fmt;

use super::class::finite_number;
use super::form::Form;
use super::npy_body::NpyBody;
use super::row::{Cell, Row};
use super::template::BodyTemplate;
use crate::domain::suite::npy::ArrayType;
use crate::domain::text::excerpt::cut;

/// The forms that a batch can be sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// A line for each row, with no line break at the end; quotes only where CSV needs them.
    Csv { header: bool },
    /// One JSON text.
    Json(Form),
    /// JSON for each row, each on a line of its own.
    JsonLines(Form),
    /// `0 INDEX:VALUE ...` a line: no model is told the truth, whose place that is.
    Libsvm {
        /// Whether columns are named by their index; else they count from 1.
        has_indices: bool,
    },
    /// An array in npy.
    Npy(ArrayType),
    /// What the case's template makes of the rows.
    Template,
}

/// As it is named where it cannot be made.
impl fmt::Display for BodyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv { .. } => "CSV",
            Self::Json(_) => "JSON",
            Self::JsonLines(_) => "JSON Lines",
            Self::Libsvm { .. } => "libsvm",
            Self::Npy(_) => "npy",
            Self::Template => "by its template",
        })
    }
}

/// What a person says of the form, beside the content type.
pub(super) struct Wanted {
    pub(super) form: Option<Form>,
    pub(super) send_header: Option<bool>,
    pub(super) has_template: bool,
    pub(super) dtype: Option<ArrayType>,
    /// Whether the columns of the dataset are named by their index.
    pub(super) has_indices: bool,
}

/// The content types that need no template.
const CONTENT_TYPES: [&str; 5] =
    ["text/csv", "application/json", "application/jsonlines", "application/x-npy", "text/libsvm"];

impl BodyFormat {
    /// The form that a content type asks for, as far as the dataset asks for none; parameters are the model's affair.
    ///
    /// # Errors
    /// In words that follow the case's name: which content types there are, or what does not go with this one.
    pub(super) fn of(content_type: &str, wanted: &Wanted) -> Result<Self, String> {
        let Wanted { form, send_header, has_template, dtype, has_indices } = *wanted;
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let without = |field: &str, value: Self, is_there: bool| {
            let refusal = || format!("has dataset.{field}, which a body of {media_type} has no use for");
            if is_there { Err(refusal()) } else { Ok(value) }
        };
        let is_npy = media_type == "application/x-npy" && !has_template;
        if dtype.is_some() && !is_npy {
            return Err(format!("has dataset.dtype, which a body of {media_type} has no use for"));
        }
        match (media_type.as_str(), form) {
            _ if has_template => match (form, send_header) {
                (Some(_), _) => Err("has dataset.template and dataset.form; leave one away".to_owned()),
                (_, Some(_)) => Err("has dataset.template and dataset.send_header; leave one away".to_owned()),
                _ => Ok(Self::Template),
            },
            ("text/csv", form) => {
                without("form", Self::Csv { header: send_header.unwrap_or_default() }, form.is_some())
            }
            ("application/json", form) => {
                without("send_header", Self::Json(form.unwrap_or(Form::Instances)), send_header.is_some())
            }
            ("application/jsonlines", None | Some(Form::List | Form::Records)) => {
                without("send_header", Self::JsonLines(form.unwrap_or(Form::List)), send_header.is_some())
            }
            ("application/jsonlines", Some(_)) => {
                Err("has a dataset.form that JSON Lines cannot have: they are sent as list or records".to_owned())
            }
            ("application/x-npy" | "text/libsvm" | "text/x-libsvm", Some(_)) => without("form", Self::Template, true),
            ("application/x-npy", None) => {
                without("send_header", Self::Npy(dtype.unwrap_or(ArrayType::Float64)), send_header.is_some())
            }
            ("text/libsvm" | "text/x-libsvm", None) => {
                without("send_header", Self::Libsvm { has_indices }, send_header.is_some())
            }
            _ => Err(format!(
                "has a dataset and content type {content_type}, and rows can be sent as {}, or with dataset.template",
                CONTENT_TYPES.join(", ")
            )),
        }
    }

    /// Whether the columns' names are in it.
    pub(super) fn has_names(self) -> bool {
        match self {
            Self::Csv { header } => header,
            Self::Json(form) | Self::JsonLines(form) => form.has_names(),
            Self::Libsvm { .. } | Self::Npy(_) | Self::Template => false,
        }
    }
}

/// The body of a request, row by row.
pub(super) struct Body<'a> {
    format: BodyFormat,
    template: Option<&'a BodyTemplate>,
    text: String,
    /// Those that a template is yet to render, and how long they are.
    rows: Vec<Row>,
    length: usize,
    array: Option<NpyBody>,
    /// Why the rows cannot be sent so.
    trouble: Option<String>,
    is_empty: bool,
}

impl<'a> Body<'a> {
    pub(super) fn new(format: BodyFormat, template: Option<&'a BodyTemplate>) -> Self {
        let array = match format {
            BodyFormat::Npy(kind) => Some(NpyBody::new(kind)),
            _ => None,
        };
        Self {
            format,
            template,
            text: String::new(),
            rows: Vec::new(),
            length: 0,
            array,
            trouble: None,
            is_empty: true,
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        if self.format == BodyFormat::Template {
            self.length += row.features.iter().map(|cell| cell.text().len()).sum::<usize>();
            self.rows.push(row);
            return;
        }
        if let Some(array) = &mut self.array {
            let pushed = if self.trouble.is_none() { array.push(&row.features) } else { Ok(()) };
            self.trouble = self.trouble.take().or(pushed.err());
            return;
        }
        let separator = if matches!(self.format, BodyFormat::Json(_)) { ", " } else { "\n" };
        if std::mem::take(&mut self.is_empty) {
            self.begin(&row.names);
        } else {
            self.text.push_str(separator);
        }
        let text = match self.format {
            BodyFormat::Csv { .. } => csv_line(&row.features),
            BodyFormat::Json(form) | BodyFormat::JsonLines(form) => form.row(&row),
            BodyFormat::Libsvm { has_indices } => libsvm_line(&row, has_indices).unwrap_or_else(|reason| {
                self.trouble.get_or_insert(reason);
                String::new()
            }),
            BodyFormat::Npy(_) | BodyFormat::Template => String::new(),
        };
        self.text.push_str(&text);
    }

    fn begin(&mut self, names: &[String]) {
        match self.format {
            BodyFormat::Csv { header: true } => {
                let names: Vec<Cell> = names.iter().map(|name| Cell::Untyped(name.clone())).collect();
                self.text = csv_line(&names) + "\n";
            }
            BodyFormat::Json(form) => self.text = form.begin(names),
            _ => {}
        }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len() + self.length + self.array.as_ref().map_or(0, NpyBody::len)
    }

    /// # Errors
    /// What keeps the rows from being sent so.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, String> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        if let Some(array) = self.array {
            return Ok(array.finish());
        }
        match (self.format, self.template) {
            (BodyFormat::Template, Some(template)) => {
                return template.render(&self.rows).map_err(|reason| format!("dataset.template: {reason}"));
            }
            (BodyFormat::Json(form), _) => self.text.push_str(form.end()),
            _ => {}
        }
        Ok(self.text.into_bytes())
    }
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

/// Its label is none: whoever reads the format expects one.
fn libsvm_line(row: &Row, has_indices: bool) -> Result<String, String> {
    let mut line = "0".to_owned();
    for (at, (name, cell)) in row.names.iter().zip(&row.features).enumerate() {
        let text = cell.text().trim();
        if text.is_empty() {
            continue;
        }
        if !matches!(cell, Cell::Untyped(_) | Cell::Literal(_)) || finite_number(text).is_none() {
            return Err(format!("column {name} has \"{}\", and libsvm holds numbers", cut(text)));
        }
        let index = if has_indices { name.clone() } else { (at + 1).to_string() };
        line.extend([" ", &index, ":", text]);
    }
    Ok(line)
}

fn csv_text(cell: &Cell) -> String {
    let text = cell.text();
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::Dataset;
    use super::super::spec::DatasetSpec;
    use super::*;

    const CSV: BodyFormat = BodyFormat::Csv { header: false };
    const LINES: BodyFormat = BodyFormat::JsonLines(Form::List);

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
        assert_eq!(rows(CSV), "5.10,.5\n 007,\"say \"\"a,b\"\"\"\n,");
        let json = r#"[5.10, 0.5], [" 007", "say \"a,b\""], [null, null]"#;
        assert_eq!(rows(BodyFormat::Json(Form::Instances)), format!("{{\"instances\": [{json}]}}"));
        assert_eq!(rows(LINES), json.replace("], [", "]\n["));
        assert_eq!(body("x.csv", "a,y\n1,1\n,1\n2,1", CSV), "1\n\"\"\n2");
    }

    #[test]
    fn json_lines_keep_what_is_a_text_and_what_a_number() {
        let row = r#"{"a": "1", "b": 1.50, "c": true, "d": null, "e": "", "y": 1}"#;
        assert_eq!(body("x.jsonl", row, LINES), r#"["1", 1.50, true, null, ""]"#);
        assert_eq!(body("x.jsonl", row, CSV), "1,1.50,true,,");
    }

    #[test]
    fn rows_go_out_in_the_form_of_the_server() {
        let sent = |format| body("x.csv", "a,\"b,c\",y\n1,red,1\n2,,2\n", format);
        assert_eq!(sent(BodyFormat::Csv { header: true }), "a,\"b,c\"\n1,red\n2,");
        let (lists, records) = (r#"[1, "red"], [2, null]"#, r#"{"a": 1, "b,c": "red"}, {"a": 2, "b,c": null}"#);
        for (form, wanted) in [
            (Form::Inputs, format!("{{\"inputs\": [{lists}]}}")),
            (Form::List, format!("[{lists}]")),
            (Form::Records, format!("[{records}]")),
            (Form::DataframeRecords, format!("{{\"dataframe_records\": [{records}]}}")),
            (
                Form::DataframeSplit,
                format!("{{\"dataframe_split\": {{\"columns\": [\"a\", \"b,c\"], \"data\": [{lists}]}}}}"),
            ),
        ] {
            assert_eq!(sent(BodyFormat::Json(form)), wanted);
        }
        assert_eq!(sent(BodyFormat::JsonLines(Form::Records)), records.replace("}, {", "}\n{"));
        let texts = body("x.csv", "text,y\nI like it,1\n2,2", BodyFormat::Json(Form::Inputs));
        assert_eq!(texts, r#"{"inputs": ["I like it", 2]}"#);
    }

    #[test]
    fn lists_and_objects_of_json_lines_stay_what_they_are() {
        let row = r#"{"a": [1.50, ["x", null]], "b": {"c": true}, "y": 1}"#;
        assert_eq!(body("x.jsonl", row, LINES), r#"[[1.50, ["x", null]], {"c": true}]"#);
        assert_eq!(body("x.jsonl", row, CSV), r#""[1.50, [""x"", null]]","{""c"": true}""#);
    }

    #[test]
    fn a_content_type_that_cannot_be_made_is_refused_with_those_that_can() {
        let wanted = |form, send_header, has_template| Wanted {
            form,
            send_header,
            has_template,
            dtype: None,
            has_indices: false,
        };
        let of = |content_type| BodyFormat::of(content_type, &wanted(None, None, false));
        assert_eq!(of("text/csv; charset=utf-8"), Ok(CSV));
        assert_eq!(of("Application/JSON"), Ok(BodyFormat::Json(Form::Instances)));
        assert_eq!(of("application/jsonlines"), Ok(LINES));
        let message = "has a dataset and content type image/png, and rows can be sent as \
                       text/csv, application/json, application/jsonlines, application/x-npy, text/libsvm, \
                       or with dataset.template";
        assert_eq!(of("image/png"), Err(message.into()));
        assert_eq!(BodyFormat::of("image/png", &wanted(None, None, true)), Ok(BodyFormat::Template));
        for (content_type, form, header, template, message) in [
            ("text/csv", Some(Form::List), None, false, "has dataset.form, which a body of text/csv has no use for"),
            ("application/json", None, Some(true), false, "has dataset.send_header, which a body of application/json"),
            ("application/jsonlines", Some(Form::Inputs), None, false, "they are sent as list or records"),
            ("text/csv", None, Some(true), true, "has dataset.template and dataset.send_header; leave one away"),
            ("text/csv", Some(Form::List), None, true, "has dataset.template and dataset.form; leave one away"),
        ] {
            let error = BodyFormat::of(content_type, &wanted(form, header, template)).expect_err(message);
            assert!(error.contains(message), "{error}");
        }
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
            let sent = body("x.csv", &file, CSV);
            let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(sent.as_bytes());
            let read: Vec<Vec<String>> = reader.into_deserialize().collect::<Result<_, _>>().expect("CSV");
            prop_assert_eq!(read, rows.into_iter().map(Vec::from).collect::<Vec<_>>());
        }
    }
}
