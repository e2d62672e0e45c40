//! Why a model refused, as messages tell it: the reason first that stands innermost in what the server wrote around it.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::domain::text::excerpt::{SHOWN_CHARS, cut, cut_to};

/// What a terminal of 24 lines shows.
const SCREEN_CHARS: usize = 24 * 80;
/// JSON in JSON in JSON.
const MOST_LEVELS: usize = 6;

/// Where errors keep the error inside of them, and where they say what it is: mlflow, MLServer, KServe, TorchServe,
/// BentoML, FastAPI, OpenAI, Spring.
const OUTER: [&str; 6] = ["error", "errors", "detail", "details", "cause", "exception"];
const SAYING: [&str; 9] =
    ["message", "msg", "detail", "error_message", "errorMessage", "reason", "error", "description", "title"];

static ERROR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:[\w.]*(?:Error|Exception)|Caused by): ").expect("a valid expression"));

/// A refusal for a message: whole where it is short of a screen, and of a long one the innermost reason first.
pub(crate) fn told(message: &str) -> String {
    let whole = message.trim();
    if whole.chars().count() <= SHOWN_CHARS {
        return cut(whole);
    }
    let Some(reason) = innermost(whole, MOST_LEVELS).filter(|reason| reason != whole) else {
        return cut_to(whole, SCREEN_CHARS);
    };
    let left = SCREEN_CHARS.saturating_sub(reason.chars().count()).max(SHOWN_CHARS);
    format!("{} (in: {})", cut_to(&reason, SCREEN_CHARS), cut_to(whole, left))
}

/// The innermost reason of a text; none if it is empty.
fn innermost(text: &str, levels: usize) -> Option<String> {
    let text = text.trim();
    if levels == 0 || text.is_empty() {
        return Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    if text.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str(text)
    {
        return of_json(&json, levels - 1);
    }
    let of_trace = of_traceback(text).or_else(|| of_java(text));
    Some(of_trace.unwrap_or_else(|| of_chain(text)).to_owned())
}

fn of_json(json: &Value, levels: usize) -> Option<String> {
    match json {
        _ if levels == 0 => None,
        Value::String(text) => innermost(text, levels - 1),
        Value::Array(items) => items.iter().find_map(|item| of_json(item, levels - 1)),
        Value::Object(fields) => {
            let nested = OUTER.iter().filter_map(|key| fields.get(*key)).filter(|value| !value.is_string());
            let said = SAYING.iter().filter_map(|key| fields.get(*key)).filter(|value| value.is_string());
            nested.chain(said).find_map(|value| of_json(value, levels - 1))
        }
        _ => None,
    }
}

/// What a Python traceback ends with: all from the first line that is not set in. Of several, the first one is the cause.
fn of_traceback(text: &str) -> Option<&str> {
    let (_, frames) = text.split_once("Traceback (most recent call last):")?;
    let mut offset = 0;
    let begin = frames.split_inclusive('\n').find_map(|line| {
        let at = offset;
        offset += line.len();
        (!line.starts_with([' ', '\t', '\n', '\r']) && !line.trim().is_empty()).then_some(at)
    })?;
    // What was raised while it was handled comes behind an empty line.
    let reason = frames[begin..].split("\n\nDuring handling of").next()?;
    reason.split("\n\nThe above exception").next().map(str::trim)
}

/// The last cause of a Java stack trace.
fn of_java(text: &str) -> Option<&str> {
    let (_, cause) = text.rsplit_once("\nCaused by: ")?;
    cause.split("\n\tat ").next().map(str::trim)
}

/// Of errors that quote each other, the last.
fn of_chain(text: &str) -> &str {
    ERROR.find_iter(text).last().map_or(text, |found| &text[found.start()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(around: &str, reason: &str) -> String {
        around.replace("REASON", reason).replace("LONG", &"1  5.1  3.8\\n".repeat(30))
    }

    #[test]
    fn the_innermost_reason_comes_first() {
        for (around, reason) in [
            (
                r#"{"error_code": "BAD", "message": "Failed to predict 'LONG'. Error: of schema 'LONG'. REASON", "stack_trace": "LONG"}"#,
                "Error: Model is missing inputs ['petal_width'].",
            ),
            (r#"{"detail": [{"loc": ["body"], "msg": "REASON", "input": "LONG"}]}"#, "field required"),
            (r#"{"error": {"message": "REASON", "type": "LONG"}}"#, "out of memory"),
            (r#"{"timestamp": "LONG", "status": 400, "error": "Bad Request", "message": "REASON"}"#, "no such column"),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 9, in f\n    step(\"LONG\")\nREASON\n",
                "KeyError: 'petal_width'",
            ),
            (
                "Traceback (most recent call last):\n  File \"LONG\"\nREASON\n\nDuring handling of the above exception, \
                 another exception occurred:\n\nTraceback (most recent call last):\n  x\nRuntimeError: no",
                "ValueError: first\nsecond line",
            ),
            ("java.lang.IllegalState: LONG\n\tat a.B\nCaused by: REASON\n\tat c.D(E.java:1)", "ai.X: no such class"),
            (r#"{"more": "LONG", "message": "{\"error\": \"REASON\"}"}"#, "inside"),
        ] {
            let told = told(&long(around, reason));
            let shown = reason.replace('\n', "\\n");
            assert!(told.starts_with(&format!("{shown} (in: ")), "{told}");
        }
    }

    #[test]
    fn what_is_short_of_a_screen_is_told_whole() {
        let lines = "a line of the reason\n".repeat(60);
        assert!(!told(&lines).contains("more bytes"), "{}", told(&lines));
        assert!(told(&lines.repeat(3)).contains("more bytes"));
        assert_eq!(told(r#"{"error": "bad row"}"#), r#"{"error": "bad row"}"#);
        assert_eq!(told(&format!("[{}]", "[".repeat(10_000))).chars().count() / 1000, 1);
    }
}
