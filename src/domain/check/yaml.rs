//! What YAML 1.1, which CloudFormation reads, takes for something else than it looks like.

use super::super::document::{Node, Value, number_of};
use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Position};
use crate::domain::cloudformation::template::Template;

/// YAML 1.1, "Boolean Language-Independent Type", without those that every YAML reads as booleans.
const BOOLEAN_WORDS: [&str; 12] = ["yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"];
/// Digits of an account id.
const ACCOUNT_ID_DIGITS: usize = 12;

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(&template.root, &mut |text, at| {
        if let Some((rule, what, hint)) = trap(text) {
            findings.push(Finding::of(rule, what).at(&template.file, at).hint(hint));
        }
    });
    findings
}

fn walk(node: &Node, visit: &mut impl FnMut(&str, Position)) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                if entry.key_plain {
                    visit(&entry.key, entry.key_at);
                }
                walk(&entry.value, visit);
            }
        }
        Value::List(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::String(text) | Value::Number(text) if node.plain => visit(text, node.at),
        _ => {}
    }
}

fn trap(text: &str) -> Option<(Rule, String, String)> {
    // Most texts are longer words, and need no closer look
    if text.len() > 3 && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let quote = |meant: &str| format!("write \"{text}\" in quotes, {meant}");
    if BOOLEAN_WORDS.contains(&text) {
        let truth = ["y", "on"].iter().any(|yes| text.to_lowercase().starts_with(yes));
        let what = format!("has {text} without quotes, which YAML 1.1 reads as {truth}");
        return Some((Rule::YamlBoolean, what, quote(&format!("or {truth} if that is meant"))));
    }
    let digits = text.bytes().all(|any| any.is_ascii_digit());
    if digits && text.len() == ACCOUNT_ID_DIGITS {
        let what = format!("has {text} without quotes, which is a number instead of an account id");
        return Some((Rule::YamlAccountId, what, quote("so that it keeps its digits")));
    }
    if digits && text.len() > 1 && text.starts_with('0') {
        let read = number_of(text).unwrap_or("a text, since 8 and 9 are no octal digits".into());
        let what = format!("has {text} without quotes, which YAML 1.1 reads as {read}");
        return Some((Rule::YamlOctal, what, quote("or the decimal number if that is meant")));
    }
    if text.contains(':')
        && let Some(number) = number_of(text)
    {
        let what = format!("has {text} without quotes, which YAML 1.1 reads as {number}, a number to base 60");
        return Some((Rule::YamlBase60, what, quote("so that it stays a text")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traps_are_named_and_quotes_are_trusted() {
        let text = "Resources:\n  A: {Type: T, on: yes, b: 'no', c: 0644, d: 012345678901, e: 123456789012, f: 12:30,\n    \
                    g: 2012-10-17, h: true, i: 10, j: \"0644\", k: !Sub no, l: 089, m: 0}\n";
        let findings = check(&Template::parse(text, "t.yml").expect("valid"));
        let rules: Vec<Rule> = findings.iter().filter_map(|finding| finding.rule).collect();
        let wanted = [
            Rule::YamlBoolean,
            Rule::YamlBoolean,
            Rule::YamlOctal,
            Rule::YamlAccountId,
            Rule::YamlAccountId,
            Rule::YamlBase60,
            Rule::YamlOctal,
        ];
        assert_eq!(rules, wanted);
        assert!(findings[2].what.contains("reads as 420"), "{}", findings[2].what);
    }

    #[test]
    fn json_has_no_such_traps() {
        let text = r#"{"Resources": {"A": {"Type": "T", "on": "yes", "b": "0644"}}}"#;
        assert_eq!(check(&Template::parse(text, "t.json").expect("valid")), []);
    }
}
