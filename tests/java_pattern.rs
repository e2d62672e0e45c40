//! `AllowedPattern` as `java.util.regex` decides it: what it said to patterns by hand (`make java` writes that down).

use modeldeploy::domain::cloudformation::java_pattern::{Defect, JavaPattern};
use serde_json::{Value, json};

/// As Java says it: true, false or the reason of a refusal.
fn answer(pattern: &str, value: &str) -> Value {
    let compiled = match JavaPattern::compile(pattern) {
        Ok(compiled) => compiled,
        Err(Defect::Refused(refusal)) => return json!(format!("refused: {}", refusal.reason)),
        Err(Defect::Undecided(reason)) => return json!(format!("undecided: {reason}")),
    };
    compiled.matches(value).map_or_else(|reason| json!(format!("undecided: {reason}")), Value::from)
}

#[test]
fn java_s_answers_are_ours() {
    let table: Vec<(String, String, Value)> =
        serde_json::from_str(include_str!("reference/java_patterns.json")).expect("rows of three");
    assert!(table.len() > 700, "{}", table.len());
    let mut undecided = Vec::new();
    for (pattern, value, java) in &table {
        let ours = answer(pattern, value);
        let kind = |answer: &Value| answer.as_str().map_or(answer.clone(), |text| json!(text.split(':').next()));
        if kind(&ours) == json!("undecided") {
            undecided.push((pattern, java));
        } else {
            assert_eq!(kind(&ours), kind(java), "{pattern} and {value:?}: {ours}, Java: {java}");
        }
    }
    // No answer: versions of Java do not agree, or fail. What Java decides, and we do not
    let decided: Vec<_> =
        undecided.iter().filter(|(_, java)| !java.is_null()).map(|(pattern, _)| pattern.as_str()).collect();
    assert_eq!(decided, [r"\N{LATIN SMALL LETTER A}", r"\b{g}a"]);
}

#[test]
#[ignore = "make java asks it, with a file of pairs"]
fn answers() {
    let file = |name| std::env::var(name).expect("a file");
    let pairs: Vec<(String, String)> =
        serde_json::from_slice(&std::fs::read(file("JAVA_PAIRS")).expect("readable")).expect("pairs");
    let answers: Vec<Value> = pairs.iter().map(|(pattern, value)| answer(pattern, value)).collect();
    std::fs::write(file("JAVA_ANSWERS"), json!(answers).to_string()).expect("writable");
}
