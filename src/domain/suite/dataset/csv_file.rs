//! Datasets in CSV: quotes, line breaks and a header as RFC 4180 has them.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use super::case::DatasetCase;
use super::column::Column;
use super::json::cell_of;
use super::row::{Cell, Row, at_line};
use super::text::{Text, Trouble};
use crate::domain::document::Node;
use crate::domain::finding::{Finding, nearest};
use crate::domain::text::count::counted;
use crate::domain::text::excerpt::cut;

/// Where label and features stand in a row.
struct Layout {
    label: usize,
    query: Option<usize>,
    features: Vec<usize>,
    /// Whose cells are JSON.
    json: Vec<usize>,
    /// Of the features; their numbers where columns go by number.
    names: Arc<[String]>,
}

impl Layout {
    /// `header` is none where columns go by number.
    fn new(case: &DatasetCase, header: Option<&[&str]>, width: usize, file: &str) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut find = |column: &Column| {
            let found = match (column, header) {
                (Column::Name(name), Some(header)) => header.iter().position(|cell| cell == name),
                (Column::Number(number), None) => (*number < width).then_some(*number),
                _ => None,
            };
            if found.is_none() {
                findings.push(no_column(column, header, width, file));
            }
            found.unwrap_or_default()
        };
        let label = find(&case.label);
        let query = case.query.as_ref().map(&mut find);
        let json = case.json_columns.iter().map(&mut find).collect();
        let features: Vec<usize> = match &case.features {
            Some(features) => features.iter().map(find).collect(),
            None => (0..width).filter(|number| *number != label && Some(*number) != query).collect(),
        };
        if findings.is_empty() && features.is_empty() {
            findings.push(at_line(file, 1, format!("has no column besides the label {}", case.label)));
        }
        let name = |number: &usize| match header.and_then(|header| header.get(*number)) {
            Some(name) => (*name).to_owned(),
            None => number.to_string(),
        };
        let names = features.iter().map(name).collect();
        if findings.is_empty() { Ok(Self { label, query, features, json, names }) } else { Err(findings) }
    }
}

fn no_column(column: &Column, header: Option<&[&str]>, width: usize, file: &str) -> Finding {
    let finding = at_line(file, 1, format!("has no column {column}"));
    match (column, header) {
        (Column::Name(name), Some(header)) => match nearest(name, header.iter().copied()) {
            Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
            None => finding.cause(format!("its columns are {}", header.join(", "))),
        },
        _ => finding.cause(format!("its rows have {width} columns, counted from 0")),
    }
}

/// The rows of a file, or what is wrong with it.
pub(super) struct Rows<'a> {
    case: &'a DatasetCase,
    file: String,
    records: Records<'a>,
    /// Of the first record, and how many columns it has.
    shape: Option<(Layout, usize)>,
    is_over: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(case: &'a DatasetCase, bytes: Box<dyn Read + 'a>) -> Self {
        let file = case.file.to_string();
        Self { case, file, records: Records::new(Text::new(bytes)), shape: None, is_over: false }
    }

    /// The first record: what it names, or what it holds where columns go by number.
    fn first(&mut self, record: &csv::StringRecord, line: usize) -> Result<Option<Row>, Vec<Finding>> {
        let Self { case, file, .. } = self;
        let header: Option<Vec<&str>> = case.header.then(|| record.iter().map(str::trim).collect());
        let mut findings =
            header.as_deref().map(|header| header_findings(case, header, line, file)).unwrap_or_default();
        match Layout::new(case, header.as_deref(), record.len(), file) {
            Ok(layout) if findings.is_empty() => {
                let first = header.is_none().then(|| row(&layout, record, line, file)).transpose();
                self.shape = Some((layout, record.len()));
                return first;
            }
            Ok(_) => {}
            Err(wrong) => findings.extend(wrong),
        }
        self.is_over = true;
        Err(findings)
    }

    /// What the end of the file says of its last record.
    fn end(&mut self) -> Option<Result<Row, Vec<Finding>>> {
        self.is_over = true;
        let line = self.records.unclosed_quote()?;
        let what = "opens a quote that is never closed: all lines from here on are one cell";
        Some(Err(vec![at_line(&self.file, line, what)]))
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Vec<Finding>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            let (line, record) = match self.records.next_record() {
                Ok(Some(found)) => found,
                Ok(None) => return self.end(),
                Err(trouble) => {
                    self.is_over = true;
                    return Some(Err(vec![trouble.finding(
                        &self.file,
                        self.records.next_line(),
                        "look for a quote that is never closed",
                    )]));
                }
            };
            let Some((layout, width)) = &self.shape else {
                match self.first(&record, line).transpose() {
                    None => continue,
                    first => return first,
                }
            };
            if record.len() == *width {
                return Some(row(layout, &record, line, &self.file));
            }
            let whose = if self.case.header { "its header" } else { "its first row" };
            let what = format!("has {}, and {whose} has {width}", counted(record.len(), "column"));
            return Some(Err(vec![at_line(&self.file, line, what)]));
        }
        None
    }
}

fn row(layout: &Layout, record: &csv::StringRecord, line: usize, file: &str) -> Result<Row, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut cell = |number: usize| match &record[number] {
        text if !layout.json.contains(&number) => Cell::Untyped(text.to_owned()),
        text if text.trim().is_empty() => Cell::Null,
        text => Node::parse_json(text, file).map_or_else(
            |error| {
                let finding =
                    at_line(file, line, format!("has a cell in column {number} that is not JSON: {}", cut(text)));
                findings.push(
                    finding.cause(error.what).hint("leave the column out of dataset.json_columns, or correct the cell"),
                );
                Cell::Null
            },
            |node| cell_of(&node),
        ),
    };
    let features = layout.features.iter().map(|number| cell(*number)).collect();
    let label = cell(layout.label);
    let query = layout.query.map(&mut cell);
    if findings.is_empty() {
        Ok(Row { features, names: Arc::clone(&layout.names), label, query, line })
    } else {
        Err(findings)
    }
}

fn header_findings(case: &DatasetCase, header: &[&str], line: usize, file: &str) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let twice = header.iter().filter(|name| !name.is_empty() && !seen.insert(**name));
    let mut findings: Vec<Finding> =
        twice.map(|name| at_line(file, line, format!("has two columns named \"{name}\""))).collect();
    if case.features.is_none()
        && let Some(number) = header.iter().position(|name| name.is_empty())
    {
        findings.push(
            at_line(file, line, format!("has no name for column {number}"))
                .hint("name the columns to send in dataset.features: an index, as pandas writes it, is not a feature"),
        );
    }
    findings
}

/// The records of a CSV text, each with the line that it starts on.
struct Records<'a> {
    reader: csv::Reader<Text<Box<dyn Read + 'a>>>,
    start: u64,
    /// Of the last record, on which `start` is.
    line: usize,
    /// Where the last record ends.
    end: u64,
}

impl<'a> Records<'a> {
    fn new(text: Text<Box<dyn Read + 'a>>) -> Self {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        Self { reader, start: 0, line: 1, end: 0 }
    }

    fn next_record(&mut self) -> Result<Option<(usize, csv::StringRecord)>, Trouble> {
        let mut record = csv::StringRecord::new();
        let read = self.reader.read_record(&mut record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Trouble::of(&error),
            // The text is UTF-8 and rows may be of any length, so that no other error is left to come
            other => Trouble::Unreadable(format!("{other:?}")),
        });
        if !read? {
            return Ok(None);
        }
        let text = self.reader.get_ref();
        // The reader's own line is that of the line break before: of CRLF, and of blank lines, which it skips.
        let start = text.behind_breaks(record.position().map_or(self.start, csv::Position::byte));
        self.line += text.line_breaks(self.start..start);
        self.start = start;
        text.forget_before(start);
        self.end = self.reader.position().byte();
        Ok(Some((self.line, record)))
    }

    /// Where the record behind the last begins.
    fn next_line(&self) -> usize {
        let text = self.reader.get_ref();
        self.line + text.line_breaks(self.start..text.behind_breaks(self.end))
    }

    /// Where the last record runs over several lines to the end of the file because nothing closes its quote.
    fn unclosed_quote(&self) -> Option<usize> {
        let rest = self.reader.get_ref().rest(self.start);
        let last = rest.trim_end();
        (last.contains('\n') && last.matches('"').count() % 2 == 1).then_some(self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{errors, pairs, rows};

    #[test]
    fn csv_keeps_its_text_through_quotes_breaks_and_marks() {
        let text = "\u{feff}b, a,y\r\n5.10, x ,one\r\n\r\n\"1,\"\"2\"\"\",\"two\r\nlines\",two\r\n";
        let yaml = "file: x.csv, label: y";
        assert_eq!(rows(yaml, text), pairs([("5.10| x ", "one"), ("1,\"2\"|two\r\nlines", "two")]));
        assert_eq!(rows("file: x.csv, label: y, features: [a]", "a,z,y\n1,2,3"), pairs([("1", "3")]));
        assert_eq!(rows("file: x.csv, label: y, features: [c, a]", "a,y,c\n1,2,3"), pairs([("3|1", "2")]));
        let yaml = "file: x.csv, label: 0, features: [2, 1], header: false";
        assert_eq!(rows(yaml, "0,5,007\n1,6,"), pairs([("007|5", "0"), ("|6", "1")]));
    }

    #[test]
    fn cells_may_be_json() {
        let text = "v,t,y\n\"[1.50, \"\"a\"\"]\",[CLS],\"[0, 1]\"\n,x,[1]\n";
        let yaml = "file: x.csv, label: y, json_columns: [v]";
        assert_eq!(rows(yaml, text), pairs([("[1.50, \"a\"]|[CLS]", "[0, 1]"), ("|x", "[1]")]));
        let wrong = "x.csv:2:1: has a cell in column 1 that is not JSON: [CLS]";
        let shown = errors("file: x.csv, label: y, json_columns: [t]", text);
        assert!(shown[0].starts_with(wrong), "{shown:#?}");
        let unknown = errors("file: x.csv, label: y, json_columns: [w]", text);
        assert!(unknown[0].starts_with("x.csv:1:1: has no column \"w\""), "{unknown:#?}");
    }

    #[test]
    fn what_is_wrong_with_a_csv_file_is_said_with_its_line() {
        for (yaml, text, message) in [
            ("label: yy", "a,y,yyy\n1,2,3", "x.csv:1:1: has no column \"yy\"; did you mean \"yyy\"?"),
            ("label: truth", "a,b\n1,2", "x.csv:1:1: has no column \"truth\"; its columns are a, b"),
            ("label: 3, header: false", "1,2,3", "x.csv:1:1: has no column 3; its rows have 3 columns, counted from 0"),
            ("label: y", "a,y\r\n1,2\r\n\r\n1\r\n", "x.csv:4:1: has 1 column, and its header has 2"),
            ("label: y", "a,y\n\"1\n\n1\",2\n1,2,3\n", "x.csv:5:1: has 3 columns, and its header has 2"),
            ("label: 1, header: false", "1,2\n1,2,3", "x.csv:2:1: has 3 columns, and its first row has 2"),
            ("label: y", "a,y,a\n1,2,3", "x.csv:1:1: has two columns named \"a\""),
            ("label: y", ",a,y\n0,1,2", "x.csv:1:1: has no name for column 0; name the columns to send"),
            ("label: y", "y\n1", "x.csv:1:1: has no column besides the label \"y\""),
            ("label: y", "a,y\n1,\"2\n1,2\n1,2\n", "x.csv:2:1: opens a quote that is never closed"),
        ] {
            let shown = errors(&format!("file: x.csv, {yaml}"), text);
            assert!(shown.len() == 1 && shown[0].starts_with(message), "{text:?}: {shown:#?}");
        }
    }
}
