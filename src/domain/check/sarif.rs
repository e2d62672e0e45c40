//! Findings in the Static Analysis Results Interchange Format, SARIF 2.1.0, which code hosts show beside the lines.

use serde_json::{Map, Value, json};

use super::super::finding::{Finding, Place, Severity};
use super::rule::Rule;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A text that is in no file, and the file that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What findings call it.
    pub name: String,
    pub source: String,
}

/// The log of one run; the same findings give the same bytes.
pub fn render(findings: &[Finding], made: Option<&Made>, version: &str) -> String {
    let rules: Vec<Value> = Rule::ALL.iter().map(|rule| descriptor(*rule)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, made)).collect();
    let driver = json!({"name": "modeldeploy", "version": version, "rules": rules});
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

fn descriptor(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "shortDescription": {"text": rule.explanation()},
        "help": {"text": format!("Source: {}", rule.source())},
        "defaultConfiguration": {"level": level(rule.severity())},
    })
}

fn result(finding: &Finding, made: Option<&Made>) -> Value {
    let mut text = finding.what.clone();
    if !finding.stages.is_empty() {
        text.extend([" (in ", &finding.stages.join(", "), ")"]);
    }
    for (label, part) in [("Cause", &finding.cause), ("Hint", &finding.hint)] {
        if let Some(part) = part {
            text.extend(["\n", label, ": ", part]);
        }
    }
    let place = finding.place.as_ref();
    let made = made.filter(|made| place.is_some_and(|place| place.file == made.name));
    // A line of what is made is no line of the file that it is made of.
    if made.is_some()
        && let Some(position) = place.and_then(|place| place.position)
    {
        let line = finding.excerpt.as_ref().map(|line| format!(": {}", line.trim())).unwrap_or_default();
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
    if let Some(place) = place {
        let of_file = made.map(|made| Place { file: made.source.clone(), position: None });
        result.insert("locations".to_owned(), json!([location(of_file.as_ref().unwrap_or(place))]));
    }
    Value::Object(result)
}

fn location(place: &Place) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&place.file)}});
    if let Some(position) = place.position {
        physical["region"] = json!({"startLine": position.line, "startColumn": position.column});
    }
    json!({"physicalLocation": physical})
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

/// A path as a relative reference: what a URI does not take is written as it asks for.
fn uri(path: &str) -> String {
    path.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("a b/c-1.yml"), "a%20b/c-1.yml");
        assert_eq!(uri("\u{e9}"), "%C3%A9");
    }
}
