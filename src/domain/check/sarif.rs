//! Findings in the Static Analysis Results Interchange Format, SARIF 2.1.0, which code hosts show beside the lines.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Place, Position, Severity};
use super::catalogue;
use crate::domain::text::printable::on_one_line;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What the rules are about, for whoever sees them on a code host.
const SUBJECT: &str = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html";

/// A text that is in no file, and the file that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What findings call it.
    pub name: String,
    pub source: String,
}

/// The log of one run; the same findings give the same bytes. Code hosts drop a result without a line of a file: what has
/// no place is put to `template`.
pub fn render(findings: &[Finding], made: Option<&Made>, template: &str, version: &str) -> String {
    let rules: Vec<Value> = Rule::ALL.iter().map(|rule| descriptor(*rule)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, made, template)).collect();
    let driver = json!({"name": "modeldeploy", "version": version, "informationUri": SUBJECT, "rules": rules});
    // SARIF counts columns in UTF-16 code units unless it is told otherwise
    let run = json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results});
    format!("{:#}\n", json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// What GitHub asks for of a rule ("SARIF support for code scanning", reportingDescriptor object).
fn descriptor(rule: Rule) -> Value {
    let explanation = catalogue::explanation(rule);
    let first = explanation.split_inclusive(". ").next().unwrap_or(&explanation).trim_end();
    json!({
        "id": rule.id(),
        "shortDescription": {"text": first},
        "fullDescription": {"text": explanation},
        "help": {"text": format!("{explanation}\n\nSource: {}", catalogue::source(rule))},
        "defaultConfiguration": {"level": level(rule.severity())},
    })
}

fn result(finding: &Finding, made: Option<&Made>, template: &str) -> Value {
    let mut text = plain(&finding.what);
    if !finding.stages.is_empty() {
        text.extend([" (in ", &finding.stages.join(", "), ")"]);
    }
    for (label, part) in [("Cause", &finding.cause), ("Hint", &finding.hint)] {
        if let Some(part) = part {
            text.extend(["\n", label, ": ", &plain(part)]);
        }
    }
    let place = finding.place.as_ref();
    let made = made.filter(|made| place.is_some_and(|place| place.file == made.name));
    // A line of what is made is not a line of the file that it is made of.
    if made.is_some()
        && let Some(position) = place.and_then(|place| place.position)
    {
        let line = finding.excerpt.as_ref().map(|line| format!(": {}", plain(line.trim()))).unwrap_or_default();
        let number = position.line.to_string();
        text.extend(["\nPlace: line ", &number, " of the rendered template", &line]);
    }
    let mut result = Map::new();
    if let Some(rule) = finding.rule {
        let index = Rule::ALL.iter().position(|other| *other == rule);
        result.insert("ruleId".to_owned(), json!(rule.id()));
        result.insert("ruleIndex".to_owned(), json!(index));
    }
    result.insert("level".to_owned(), json!(level(finding.severity)));
    result.insert("message".to_owned(), json!({"text": text}));
    let place = match (made, place) {
        (Some(Made { source, .. }), _) => Place { file: source.clone(), position: None },
        (None, Some(place)) => place.clone(),
        (None, None) => Place { file: template.to_owned(), position: None },
    };
    result.insert("locations".to_owned(), json!([location(&place)]));
    Value::Object(result)
}

/// A part of a message: what would be a link in it (SARIF 2.1.0, 3.11.6) is none.
fn plain(text: &str) -> String {
    let text = on_one_line(text);
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.into_owned() }
}

/// A place; of a file as a whole it is the file's first line.
fn location(place: &Place) -> Value {
    let Position { line, column } = place.position.unwrap_or(Position { line: 1, column: 1 });
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&place.file)},
        "region": {"startLine": line, "startColumn": column},
    }})
}

/// What a path in a URI is written with (RFC 3986, 2.3 and 3.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// A path as a reference: relative, as code hosts want it, unless the path is absolute.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(path.strip_prefix("./").unwrap_or(path), ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("a b/c-1.yml"), "a%20b/c-1.yml");
        assert_eq!(uri("\u{e9}"), "%C3%A9");
        assert_eq!(uri("./a:b.yml"), "a%3Ab.yml");
        assert_eq!(uri("/a/b.yml"), "file:///a/b.yml");
    }

    fn only_result(finding: Finding) -> Value {
        let log = render(&[finding], None, "t.yml", "0");
        let log: Value = serde_json::from_str(&log).expect("JSON");
        log["runs"][0]["results"][0].clone()
    }

    #[test]
    fn every_result_has_a_line_of_a_file() {
        for (finding, file) in [(Finding::error("x"), "t.yml"), (Finding::error("x").in_file("a.json"), "a.json")] {
            let place = &only_result(finding)["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], file);
            assert_eq!(place["region"], json!({"startLine": 1, "startColumn": 1}));
        }
    }

    #[test]
    fn what_others_wrote_is_no_line_and_no_link_of_a_message() {
        let finding = Finding::error("sets \"[all is well](https://example.com)\"").cause("a\nHint: b\u{202e}");
        assert_eq!(
            only_result(finding)["message"]["text"],
            "sets \"\\[all is well\\](https://example.com)\"\nCause: a\\nHint: b\\u{202e}"
        );
    }
}
