//! Expectations from what a model answers: a cases file for a person to review.
//!
//! Every case was sent twice, so that what differs from one answer to the next is not expected.

use std::fmt::Write;

use serde_json::{Number, Value};

use crate::domain::document::{Entry, Node, Value as Written};
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::media_type::{bare, is_event_stream};
use crate::domain::suite::npy::{Array, is_npy};
use crate::domain::text::count::counted;
use crate::domain::text::printable;

/// More values of an answer than these are not expected one by one.
const MOST_VALUES: usize = 50;
/// A longer text is expected by its digest.
const MOST_TEXT_BYTES: usize = 1000;
/// A number with a fraction may differ by this share of it, or by the least, or by twice what it differed at once.
const SHARE: f64 = 0.01;
const LEAST: f64 = 0.0001;

/// The two answers to a case, by its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) case: String,
    pub(crate) answers: Vec<Answer>,
}

/// Whether a text may be written.
type IsOpen<'a> = &'a dyn Fn(&str) -> bool;

const SECRET: &str = "holds a secret that this run knows, and is not expected";

/// What an expectation says, line by line, and what is said of it in comments.
#[derive(Debug, Default)]
struct Expected {
    lines: Vec<String>,
    remarks: Vec<String>,
}

/// The cases with what is expected of each that has a body of its own; others as they are.
///
/// What is not open holds a secret, and is not expected.
pub(crate) fn cases(document: &Node, recorded: &[Recorded], head: &str, is_open: IsOpen<'_>) -> String {
    let mut text = String::new();
    for line in head.lines() {
        _ = writeln!(text, "# {line}");
    }
    for Entry { key, value, .. } in document.as_map().unwrap_or_default() {
        match value.as_list().filter(|_| key == "cases") {
            Some(cases) => {
                text.push_str("cases:\n");
                for case in cases {
                    one_case(case, recorded, &mut text, is_open);
                }
            }
            None => _ = writeln!(text, "{}: {}", quoted_key(key), flow(value)),
        }
    }
    text
}

fn one_case(case: &Node, recorded: &[Recorded], text: &mut String, is_open: IsOpen<'_>) {
    let name = case.get("name").and_then(Node::scalar_text);
    let answers = recorded.iter().find(|one| Some(&one.case) == name.as_ref()).map(|one| one.answers.as_slice());
    let fields = case.as_map().unwrap_or_default().iter();
    let mut begin = "  - ";
    for Entry { key, value, .. } in fields.filter(|field| answers.is_none() || field.key != "expect") {
        _ = writeln!(text, "{begin}{}: {}", quoted_key(key), flow(value));
        begin = "    ";
    }
    let Some(answers) = answers else { return };
    let expected = match answers {
        [] => Expected { remarks: vec!["no answer came".to_owned()], ..Expected::default() },
        [first, rest @ ..] => expected(first, rest.first().unwrap_or(first), is_open),
    };
    for remark in expected.remarks {
        _ = writeln!(text, "    # {}", printable::within_line(&remark));
    }
    if !expected.lines.is_empty() {
        text.push_str("    expect:\n");
        for line in expected.lines {
            _ = writeln!(text, "      {line}");
        }
    }
}

fn expected(first: &Answer, second: &Answer, is_open: IsOpen<'_>) -> Expected {
    let mut expected = Expected::default();
    match (first, second) {
        (Answer::ModelError { status, message, .. }, Answer::ModelError { message: again, .. }) => {
            let same = (message == again).then(|| message.lines().next().unwrap_or_default());
            let is_said = |line: &&str| !line.is_empty() && line.len() <= MOST_TEXT_BYTES && is_open(line);
            let matches = same.filter(is_said);
            let matches = matches.map(|line| format!(", message_matches: {}", quoted(&regex::escape(line))));
            expected.lines.push(format!("model_error: {{status: {status}{}}}", matches.unwrap_or_default()));
        }
        (Answer::Body { content_type, bytes, .. }, Answer::Body { bytes: again, .. }) => {
            let content_type = content_type.as_deref().unwrap_or_default();
            if !content_type.is_empty() && is_open(content_type) {
                expected.lines.push(format!("content_type: {}", quoted(content_type)));
            }
            expected.body(content_type, bytes, again, is_open);
        }
        _ => expected.remarks.push("answered once, and refused the other time".to_owned()),
    }
    expected
}

impl Expected {
    fn body(&mut self, content_type: &str, first: &[u8], second: &[u8], is_open: IsOpen<'_>) {
        if is_npy(content_type, first) {
            return self.array(first, second);
        }
        if is_event_stream(content_type) {
            self.remarks.push("what a stream says is not expected: write it as body, chat or json".to_owned());
            return;
        }
        let json = |bytes| JsonAnswer::parse(bytes).ok().filter(|_| !bare(content_type).ends_with("/csv"));
        match (json(first), json(second)) {
            (Some(first), Some(second)) => self.json(&first.value, &second.value, is_open),
            _ if bare(content_type).ends_with("/csv") && self.csv(first, second) => {}
            _ => self.text(first, second, is_open),
        }
    }

    fn json(&mut self, first: &Value, second: &Value, is_open: IsOpen<'_>) {
        let mut values = Values { lines: Vec::new(), varying: Vec::new(), more: 0, secret: 0, is_open };
        values.add("$", first, Some(second));
        if !values.lines.is_empty() {
            self.lines.push("json:".to_owned());
            self.lines.extend(values.lines.into_iter().map(|line| format!("  - {line}")));
        }
        if values.more > 0 {
            self.remarks.push(format!("{} not expected: there are too many", values_are(values.more)));
        }
        if values.secret > 0 {
            let (hold, are) = if values.secret == 1 { ("holds", "is") } else { ("hold", "are") };
            let count = counted(values.secret, "value");
            self.remarks.push(format!("{count} {hold} a secret that this run knows, and {are} not expected"));
        }
        if let Some(first) = values.varying.first() {
            let count = values_are(values.varying.len());
            self.remarks.push(format!("{count} not expected, since they differ from answer to answer: {first}"));
        }
    }

    fn text(&mut self, first: &[u8], second: &[u8], is_open: IsOpen<'_>) {
        if first != second {
            self.remarks.push("the answer is another one each time, and is not expected".to_owned());
            return;
        }
        match std::str::from_utf8(first) {
            Ok(text) if !is_open(text) => self.remarks.push(format!("the answer {SECRET}")),
            Ok(text) if text.len() <= MOST_TEXT_BYTES => self.lines.push(format!("body: {{equals: {}}}", quoted(text))),
            _ => self.lines.push(format!("body: {{sha256: {}}}", crate::domain::digest::sha256(first))),
        }
    }

    /// Columns of numbers by their range; whether all columns are.
    fn csv(&mut self, first: &[u8], second: &[u8]) -> bool {
        let [Some(first), Some(second)] = [first, second].map(numbers) else { return false };
        let width = first.first().map_or(0, Vec::len);
        if first.len() != second.len() || first.iter().chain(&second).any(|row| row.len() != width) || width == 0 {
            return false;
        }
        self.lines.push(format!("csv:\n        rows: {}", first.len()));
        self.lines.push("  columns:".to_owned());
        for column in 0..width {
            let of = |rows: &[Vec<f64>]| rows.iter().map(|row| row[column]).collect::<Vec<f64>>();
            let [min, max] = range(&of(&first), &of(&second));
            self.lines.push(format!("    - {{index: {column}, min: {min}, max: {max}}}"));
        }
        true
    }

    fn array(&mut self, first: &[u8], second: &[u8]) {
        let (Ok(one), Ok(other)) = (Array::parse(first), Array::parse(second)) else {
            self.remarks.push("the answer is no array, as its content type says".to_owned());
            return;
        };
        let shape: Vec<String> = one.shape.iter().map(ToString::to_string).collect();
        let mut npy = format!("npy: {{shape: [{}]", shape.join(", "));
        if one.shape != other.shape {
            self.remarks.push("the answer has another shape each time".to_owned());
            return;
        }
        let all = |array: &Array<'_>| (0..array.len()).map(|at| array.get(at).float()).collect::<Vec<f64>>();
        let [min, max] = range(&all(&one), &all(&other));
        if min.is_finite() && max.is_finite() {
            _ = write!(npy, ", min: {min}, max: {max}");
        }
        self.lines.push(npy + "}");
    }
}

fn values_are(number: usize) -> String {
    format!("{} {}", counted(number, "value"), if number == 1 { "is" } else { "are" })
}

/// What is expected of the values of a JSON answer.
struct Values<'a> {
    lines: Vec<String>,
    varying: Vec<String>,
    more: usize,
    secret: usize,
    is_open: IsOpen<'a>,
}

impl Values<'_> {
    fn add(&mut self, path: &str, first: &Value, second: Option<&Value>) {
        match (first, second) {
            (Value::Object(fields), Some(Value::Object(others))) if !fields.is_empty() => {
                for (name, value) in fields {
                    self.add(&field(path, name), value, others.get(name));
                }
            }
            (Value::Array(items), Some(Value::Array(others))) if items.len() == others.len() && !items.is_empty() => {
                if items.len() > MOST_VALUES {
                    self.push(path, &format!("length: {}", items.len()));
                    self.more += items.len();
                    return;
                }
                for (at, (item, other)) in items.iter().zip(others).enumerate() {
                    self.add(&format!("{path}[{at}]"), item, Some(other));
                }
            }
            (Value::Number(one), Some(Value::Number(other))) if one.is_f64() || other.is_f64() => {
                let (one, other) = (one.as_f64().unwrap_or_default(), other.as_f64().unwrap_or_default());
                let tolerance = tolerance(one.abs(), (one - other).abs());
                self.push(path, &format!("within: {{value: {}, tolerance: {tolerance}}}", number(one)));
            }
            (first, Some(second)) if first == second => match first {
                Value::Array(_) => self.push(path, "length: 0"),
                Value::Object(_) => self.push(path, "exists: true"),
                scalar => {
                    let text = scalar.as_str().map_or_else(|| scalar.to_string(), quoted);
                    self.push(path, &format!("equals: {text}"));
                }
            },
            _ if (self.is_open)(path) => self.varying.push(path.to_owned()),
            _ => self.secret += 1,
        }
    }

    fn push(&mut self, path: &str, what: &str) {
        if !(self.is_open)(path) || !(self.is_open)(what) {
            self.secret += 1;
        } else if self.lines.len() < MOST_VALUES {
            self.lines.push(format!("{{path: {}, {what}}}", quoted(path)));
        } else {
            self.more += 1;
        }
    }
}

/// The path of a field.
fn field(path: &str, name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain {
        return format!("{path}.{name}");
    }
    let escaped = Value::from(name).to_string().replace("\\\"", "\"").replace('\'', "\\'");
    format!("{path}['{}']", &escaped[1..escaped.len() - 1])
}

fn number(value: f64) -> String {
    Number::from_f64(value).map_or_else(|| value.to_string(), |number| number.to_string())
}

/// How much a number of that size may differ, which differed by so much at once.
fn tolerance(size: f64, spread: f64) -> f64 {
    rounded((size * SHARE).max(LEAST).max(2.0 * spread))
}

/// Without the last digits, which a computer makes up.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.6e}");
    text.parse().unwrap_or(value)
}

/// Between which bounds the numbers of two answers are, and those of a third may be.
fn range(one: &[f64], other: &[f64]) -> [f64; 2] {
    let all = one.iter().chain(other);
    let (min, max) =
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(*value), max.max(*value)));
    let spread = one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
    let room = tolerance(min.abs().max(max.abs()), spread);
    [rounded(min - room), rounded(max + room)]
}

/// The rows of a CSV answer, if all its cells are numbers.
fn numbers(bytes: &[u8]) -> Option<Vec<Vec<f64>>> {
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let row = |record: csv::StringRecord| record.iter().map(|cell| cell.trim().parse().ok()).collect();
    reader.into_records().map(|record| row(record.ok()?)).collect()
}

/// A key as YAML has it, quoted where it is no plain word.
fn quoted_key(key: &str) -> String {
    let is_plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_plain { key.to_owned() } else { quoted(key) }
}

/// A text as YAML has it: what YAML takes in no text, and what nobody would see, is escaped.
fn quoted(text: &str) -> String {
    printable::yaml(&Value::from(text).to_string()).into_owned()
}

/// A part of a document on one line, as YAML that is JSON.
fn flow(node: &Node) -> String {
    match &node.value {
        Written::Null => "null".to_owned(),
        Written::Bool(word) => word.to_ascii_lowercase(),
        Written::Number(text) => text.clone(),
        Written::String(text) => quoted(text),
        Written::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Written::Map(entries) => {
            let entry = |entry: &Entry| format!("{}: {}", quoted_key(&entry.key), flow(&entry.value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::suite::contents::Contents;
    use crate::domain::suite::npy::{ArrayType, Nested};
    use crate::domain::suite::suite_draft::SuiteDraft;

    fn answer(content_type: &str, bytes: &[u8]) -> Answer {
        Answer::Body { content_type: Some(content_type.to_owned()), bytes: bytes.to_vec(), variant: None }
    }

    /// The cases file that these answers make of one case.
    fn recorded(case: &str, answers: &[Answer]) -> String {
        let document = Node::parse_yaml(&format!("version: 1\ncases: [{{name: a, {case}}}]"), "t").expect(case);
        let recorded = Recorded { case: "a".to_owned(), answers: answers.to_vec() };
        cases(&document, &[recorded], "for review", &|text| !text.contains("PLANTED"))
    }

    /// What the written file says of answers.
    fn unmet(text: &str, answers: &[Answer]) -> Vec<String> {
        let suite =
            SuiteDraft::parse(text, "cases.yml").expect(text).compile(&Contents::default(), &|_| ()).expect(text);
        answers.iter().flat_map(|answer| suite.cases[0].expect.judge(answer).unmet).map(|unmet| unmet.message).collect()
    }

    const JSON: &str = "application/json";

    #[test]
    fn what_is_written_reads_back_and_passes_with_the_same_answers() {
        let npy = Nested::of(&serde_json::json!([[1.5, 2.0]])).and_then(|nested| nested.written(ArrayType::Float64));
        let npy = npy.expect("an array");
        for (content_type, first, second) in [
            (JSON, &br#"{"label": "a", "score": 0.9746, "n": 3, "list": [1, true, null, {}], "none": []}"#[..], None),
            (
                JSON,
                br#"{"id": "x1", "at": 17, "odd 'name\"": {"\u00e9": 1.5}}"#,
                Some(&br#"{"id": "x2", "at": 18, "odd 'name\"": {"\u00e9": 1.6}}"#[..]),
            ),
            (JSON, "{\"a\u{202e}b\": \"x\u{2066}\u{200b}\u{e0041} ##vso[y]\"}".as_bytes(), None),
            (JSON, br#""just a text: with # and \u0085 \ud83d\ude00""#, None),
            ("text/csv", b"0.5,1\n0.25,2\n", Some(b"0.51,1\n0.25,2\n")),
            ("text/csv", b"setosa,0.9\n", None),
            ("text/plain", b"hello: {world} # \n\t\"quoted\"", None),
            ("text/plain", b"one", Some(b"other")),
            ("application/x-npy", &npy, None),
            ("application/octet-stream", &[0, 255], None),
        ] {
            let answers = [answer(content_type, first), answer(content_type, second.unwrap_or(first))];
            let text = recorded("body: \"x\\n: y\", expect: {body: {equals: gone}}", &answers);
            assert_eq!(unmet(&text, &answers), [""; 0], "{text}");
            assert!(text.starts_with("# for review\n") && !text.contains("gone"), "{text}");
            let hidden = ['\u{202e}', '\u{2066}', '\u{200b}', '\u{e0041}'];
            assert!(!text.contains(hidden) && !text.contains("##"), "{text}");
        }
    }

    #[test]
    fn another_answer_does_not_pass() {
        let first = answer(JSON, br#"{"label": "a", "score": 0.9746}"#);
        let text = recorded("body: x", &[first.clone(), first]);
        assert!(text.contains("within: {value: 0.9746, tolerance: 0.009746}"), "{text}");
        for other in [r#"{"label": "b", "score": 0.9746}"#, r#"{"label": "a", "score": 0.95}"#, "{}"] {
            assert!(!unmet(&text, &[answer(JSON, other.as_bytes())]).is_empty(), "{other}");
        }
        assert_eq!(unmet(&text, &[answer(JSON, br#"{"label": "a", "score": 0.98}"#)]), [""; 0]);
    }

    #[test]
    fn what_differs_from_answer_to_answer_or_is_too_much_is_told_in_a_comment() {
        let text = recorded("body: x", &[answer(JSON, br#"{"id": "1"}"#), answer(JSON, br#"{"id": "2"}"#)]);
        assert!(text.contains("# 1 value is not expected, since they differ from answer to answer: $.id"), "{text}");
        let many = serde_json::json!({"vector": vec![0.5; 300]}).to_string();
        let text = recorded("body: x", &vec![answer(JSON, many.as_bytes()); 2]);
        assert!(text.contains("length: 300") && text.contains("# 300 values are not expected"), "{text}");
        assert!(recorded("body: x", &[]).contains("# no answer came"));
    }

    #[test]
    fn what_holds_a_secret_is_not_expected() {
        let json = br#"{"token": "a PLANTED b", "deep": [{"PLANTED": 1, "x": "y"}], "label": "rose"}"#;
        let text = recorded("body: x", &vec![answer(JSON, json); 2]);
        assert!(text.contains("rose") && text.contains("# 2 values hold a secret that this run knows"), "{text}");
        let other = br#"{"token": "a", "deep": [{"PLANTED": 2, "x": "y"}], "label": "rose"}"#;
        let varying = recorded("body: x", &[answer(JSON, json), answer(JSON, other)]);
        let plain = recorded("body: x", &vec![answer("text/plain", b"it is PLANTED"); 2]);
        assert!(plain.contains("# the answer holds a secret that this run knows"), "{plain}");
        let refusal = Answer::ModelError { status: 401, message: "not PLANTED".to_owned(), log: None };
        let refused = recorded("body: x", &vec![refusal; 2]);
        assert!(refused.contains("model_error: {status: 401}"), "{refused}");
        for text in [text, varying, plain, refused, recorded("body: x", &vec![answer("a/PLANTED", b"1"); 2])] {
            assert!(!text.contains("PLANTED"), "{text}");
        }
    }

    #[test]
    fn a_refusal_is_expected_and_cases_of_other_kinds_stay_as_they_are() {
        let refusal = Answer::ModelError { status: 400, message: "no (number): \"a\"".to_owned(), log: None };
        let text = recorded("body: x, retries: 0", &vec![refusal.clone(); 2]);
        assert!(text.contains("model_error: {status: 400, message_matches: "), "{text}");
        assert_eq!(unmet(&text, &[refusal]), [""; 0]);
        let written = "version: 1\ndefaults: {content_type: text/csv}\ncases:\n  - {name: d, dataset: {file: x.csv, label: y, \
                       prediction: $, gates: {recall_of: {1.0: {min: 0.5}}}}, expect: {content_type: a/b}}\n";
        let document = Node::parse_yaml(written, "t").expect("YAML");
        let text = cases(&document, &[], "", &|_| true);
        let again = Node::parse_yaml(&text, "t").expect(&text);
        assert_eq!(flow(&again), flow(&document));
    }
}
