//! What the answers to the same request have in common: the same text, or numbers near each other.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::digest::sha256;
use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::json_path::{Path, json_path};
use crate::domain::suite::number::Exact;
use crate::domain::text::count::counted;
use crate::domain::text::excerpt::cut_to;

/// Of each, the least and the greatest one are kept.
const MOST_NUMBERS: usize = 1_000_000;
/// So many different answers are told apart; of more, that there are more.
const MOST_DIFFERENT: usize = 100;
const MOST_SHOWN: usize = 3;
const SHOWN_CHARS: usize = 60;

/// One of `repeats` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreementSpec {
    /// A JSONPath; without it the whole answer is compared.
    path: Option<String>,
    /// All answers are the same there.
    #[serde(default)]
    same: bool,
    /// Each number there is no further than that from itself in any other answer.
    spread: Option<f64>,
}

#[derive(Clone, Debug)]
pub(crate) struct AgreementCheck {
    path: Option<Path>,
    /// None: they are the same.
    spread: Option<f64>,
}

/// What an answer has where answers are compared.
#[derive(Clone, Debug)]
pub enum Seen {
    Text {
        digest: String,
        shown: String,
    },
    /// One after the other, and how they stand in lists.
    Numbers(Vec<Exact>, u64),
    /// Why there is nothing to compare, in words that begin with "expected".
    Nothing(String),
}

/// What all answers to the requests of a case had so far.
#[derive(Debug, Default)]
pub struct Agreement(Vec<All>);

#[derive(Debug, Default)]
struct All {
    answers: u64,
    /// By digest: how it looks, and how often it came.
    texts: BTreeMap<String, (String, u64)>,
    has_more: bool,
    /// The least and the greatest of each number.
    ranges: Option<Vec<(Exact, Exact)>>,
    /// How the numbers of the first answer stand in lists.
    shape: Option<u64>,
    trouble: Option<String>,
}

impl AgreementSpec {
    /// # Errors
    /// What is wrong, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<AgreementCheck, String> {
        let path = self.path.as_deref().map(|path| json_path("expect.repeats", path)).transpose()?;
        match (self.same, self.spread) {
            (true, None) => Ok(AgreementCheck { path, spread: None }),
            (false, Some(spread)) if spread.is_finite() && spread >= 0.0 => {
                Ok(AgreementCheck { path, spread: Some(spread) })
            }
            (false, Some(spread)) => {
                Err(format!("has a spread of {spread} in expect.repeats; write a number from 0 on"))
            }
            _ => Err("needs one of same: true and spread in each of expect.repeats".to_owned()),
        }
    }
}

impl AgreementCheck {
    /// Whether it takes no longer than reading the answer does.
    pub(crate) fn is_plain(&self) -> bool {
        self.path.as_ref().is_none_or(Path::is_plain)
    }

    pub(crate) fn look_at(&self, body: &AnswerBody<'_>) -> Seen {
        let seen = if self.spread.is_some() { self.numbers(body) } else { self.text(body) };
        seen.unwrap_or_else(Seen::Nothing)
    }

    fn text(&self, body: &AnswerBody<'_>) -> Result<Seen, String> {
        let Some(path) = &self.path else {
            if body.bytes.is_empty() {
                return Err("expected an answer to compare, got an empty one".to_owned());
            }
            let shown = cut_to(&body.text, SHOWN_CHARS);
            return Ok(Seen::Text { digest: sha256(body.bytes), shown });
        };
        let (json, found) = body.query(path)?;
        if found.is_empty() {
            return Err(format!("expected something to compare at {path}, got nothing"));
        }
        let mut text = String::new();
        for value in &found {
            write_in_order(value, json, &mut text);
            text.push(' ');
        }
        Ok(Seen::Text { digest: sha256(text.as_bytes()), shown: cut_to(text.trim_end(), SHOWN_CHARS) })
    }

    fn numbers(&self, body: &AnswerBody<'_>) -> Result<Seen, String> {
        let (mut numbers, mut shape) = (Vec::new(), DefaultHasher::new());
        if self.path.is_none() && body.is_npy() {
            let array = body.array()?;
            array.shape.hash(&mut shape);
            numbers.extend((0..array.len().min(MOST_NUMBERS + 1)).map(|at| array.get(at).exact()));
        } else {
            let (json, found) = match &self.path {
                Some(path) => body.query(path)?,
                None => body.json().map(|json| (json, vec![&*json.value]))?,
            };
            let at = self.place();
            found.into_iter().try_for_each(|value| add(value, json, &mut numbers, &mut shape, &at))?;
        }
        if numbers.is_empty() {
            return Err(format!("expected numbers{}, got none", self.place()));
        }
        match numbers.len() {
            0..=MOST_NUMBERS => Ok(Seen::Numbers(numbers, shape.finish())),
            _ => Err(format!("expected at most {MOST_NUMBERS} numbers{}, got more", self.place())),
        }
    }

    fn place(&self) -> String {
        self.path.as_ref().map(|path| format!(" at {path}")).unwrap_or_default()
    }

    fn unmet(&self, all: &All) -> Option<String> {
        let (place, answers) = (self.place(), all.answers);
        if let Some(trouble) = &all.trouble {
            return Some(trouble.clone());
        }
        if answers < 2 {
            return Some(format!("expected several answers to compare{place}, got {answers}"));
        }
        if let (Some(spread), Some(ranges)) = (self.spread, &all.ranges) {
            // What is no number is as far from all others as can be.
            let is_wide = |(least, most): &(Exact, Exact)| {
                let apart = most.minus(least);
                apart.is_nan() || apart > spread
            };
            let first = ranges.iter().position(is_wide)?;
            let ((least, most), wide) = (&ranges[first], ranges.iter().filter(|range| is_wide(range)).count());
            let more = match wide - 1 {
                0 => String::new(),
                1 => "; so is 1 other".to_owned(),
                others => format!("; so are {others} others"),
            };
            let which = if ranges.len() == 1 { String::new() } else { format!(" for number {}", first + 1) };
            return Some(format!(
                "expected numbers{place} no further than {spread} from each other in {answers} answers, got {least} to \
                 {most}{which}{more}"
            ));
        }
        if all.texts.len() < 2 {
            return None;
        }
        let mut different: Vec<&(String, u64)> = all.texts.values().collect();
        different.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        let shown: Vec<String> = different
            .iter()
            .take(MOST_SHOWN)
            .map(|(shown, times)| format!("\"{shown}\" ({})", counted(*times, "time")))
            .collect();
        let count = format!("{}{}", if all.has_more { "more than " } else { "" }, different.len());
        let more = if different.len() > MOST_SHOWN { ", ..." } else { "" };
        Some(format!(
            "expected the same answer{place} {answers} times, got {count} different ones: {}{more}",
            shown.join(", ")
        ))
    }
}

/// The numbers of a value, those in lists one after the other.
fn add(
    value: &Value,
    json: &JsonAnswer,
    numbers: &mut Vec<Exact>,
    shape: &mut DefaultHasher,
    place: &str,
) -> Result<(), String> {
    match value {
        Value::Number(_) => {
            None::<usize>.hash(shape);
            numbers.extend(json.number(value));
        }
        Value::Array(items) => {
            Some(items.len()).hash(shape);
            items.iter().try_for_each(|item| add(item, json, numbers, shape, place))?;
        }
        other => return Err(format!("expected numbers{place}, got {}", cut_to(&other.to_string(), SHOWN_CHARS))),
    }
    Ok(())
}

/// A value as JSON, the fields of objects in order of their names.
fn write_in_order(value: &Value, json: &JsonAnswer, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write_in_order(item, json, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let fields: BTreeMap<&String, &Value> = fields.iter().collect();
            text.push('{');
            for (at, (name, item)) in fields.into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_in_order(item, json, text);
            }
            text.push('}');
        }
        other => text.push_str(&json.text(other)),
    }
}

impl Agreement {
    /// Takes in what another answer has.
    pub fn add(&mut self, seen: Vec<Seen>) {
        self.0.resize_with(self.0.len().max(seen.len()), All::default);
        for (all, seen) in self.0.iter_mut().zip(seen) {
            all.add(seen);
        }
    }

    /// In what the answers differ that should not.
    pub(crate) fn unmet(&self, checks: &[AgreementCheck]) -> Vec<String> {
        let none = All::default();
        checks.iter().enumerate().filter_map(|(at, check)| check.unmet(self.0.get(at).unwrap_or(&none))).collect()
    }
}

impl All {
    fn add(&mut self, seen: Seen) {
        self.answers += 1;
        match seen {
            Seen::Nothing(reason) => _ = self.trouble.get_or_insert(reason),
            Seen::Text { digest, shown } => {
                if self.texts.len() < MOST_DIFFERENT || self.texts.contains_key(&digest) {
                    self.texts.entry(digest).or_insert((shown, 0)).1 += 1;
                } else {
                    self.has_more = true;
                }
            }
            Seen::Numbers(numbers, shape) => {
                let is_same_shape = *self.shape.get_or_insert(shape) == shape;
                let ranges = self
                    .ranges
                    .get_or_insert_with(|| numbers.iter().map(|number| (number.clone(), number.clone())).collect());
                if ranges.len() == numbers.len() && !is_same_shape {
                    self.trouble.get_or_insert("expected numbers in the same lists in each answer".to_owned());
                } else if ranges.len() == numbers.len() {
                    for (range, number) in ranges.iter_mut().zip(numbers) {
                        match (number.compare(&range.0), number.compare(&range.1)) {
                            (Some(Ordering::Less), _) => range.0 = number,
                            (_, Some(Ordering::Greater)) => range.1 = number,
                            (Some(_), Some(_)) => {}
                            _ => *range = (Exact::Float(f64::NAN), Exact::Float(f64::NAN)),
                        }
                    }
                } else {
                    let (one, other) = (ranges.len(), numbers.len());
                    self.trouble
                        .get_or_insert(format!("expected as many numbers in each answer, got {one} and {other}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(yaml: &str) -> Result<AgreementCheck, String> {
        serde_yaml::from_str::<AgreementSpec>(yaml).expect(yaml).compile()
    }

    fn unmet(yaml: &str, answers: &[&str]) -> Vec<String> {
        let check = compile(yaml).expect(yaml);
        let mut agreement = Agreement::default();
        for answer in answers {
            agreement.add(vec![check.look_at(&AnswerBody::new(None, answer.as_bytes()))]);
        }
        agreement.unmet(&[check])
    }

    #[test]
    fn answers_that_agree_pass_and_others_are_told_with_what_they_said() {
        for (yaml, answers) in [
            ("same: true", &["a", "a"][..]),
            ("{path: $.label, same: true}", &[r#"{"label": "a", "id": 1}"#, r#"{"label": "a", "id": 2}"#]),
            ("{path: $, same: true}", &[r#"{"a": 1, "b": [2]}"#, r#"{"b": [2], "a": 1}"#]),
            ("{path: $.p, spread: 0.1}", &[r#"{"p": [0.1, 5]}"#, r#"{"p": [0.15, 5]}"#]),
            ("spread: 1", &["[1, [2]]", "[2, [1]]", "[1.5, [2]]"]),
        ] {
            assert_eq!(unmet(yaml, answers), [""; 0], "{yaml}");
        }
        for (yaml, answers, message) in [
            (
                "same: true",
                &["a", "b", "a"][..],
                "expected the same answer 3 times, got 2 different ones: \"a\" (2 times), \"b\" (1 time)",
            ),
            (
                "{path: $.id, same: true}",
                &[r#"{"id": 12345678901234567890123}"#, r#"{"id": 12345678901234567890124}"#],
                "expected the same answer at $.id 2 times, got 2 different ones",
            ),
            (
                "{path: '$.p[*]', spread: 0.1}",
                &[r#"{"p": [0.1, 5]}"#, r#"{"p": [0.25, 6]}"#],
                "no further than 0.1 from each other in 2 answers, got 0.1 to 0.25 for number 1; so is 1 other",
            ),
            (
                "spread: 0",
                &["[123456789012345678901]", "[123456789012345678902]"],
                "got 123456789012345678901 to 123456789012345678902",
            ),
            ("spread: 0.5", &["9007199254740993", "9007199254740992"], "got 9007199254740992 to 9007199254740993"),
            ("spread: 9", &["[[1, 2], [3]]", "[[1], [2, 3]]"], "expected numbers in the same lists in each answer"),
            ("spread: 1", &["[1]", "[1, 2]"], "expected as many numbers in each answer, got 1 and 2"),
            ("spread: 1", &["[\"x\"]", "[1]"], "expected numbers, got \"x\""),
            ("{path: $.x, spread: 1}", &["[]", "[]"], "expected numbers at $.x, got none"),
            ("{path: $.x, same: true}", &["{}", "{}"], "expected something to compare at $.x, got nothing"),
            ("{path: $.x, same: true}", &["no", "no"], "expected JSON, got \"no\""),
            ("same: true", &["", ""], "expected an answer to compare, got an empty one"),
            ("same: true", &["a"], "expected several answers to compare, got 1"),
        ] {
            let unmet = unmet(yaml, answers);
            assert!(unmet.len() == 1 && unmet[0].contains(message), "{yaml}: {unmet:?}");
        }
        let check = compile("spread: 9").expect("valid");
        let mut agreement = Agreement::default();
        for number in [1.0, f64::NAN, 2.0] {
            agreement.add(vec![Seen::Numbers(vec![Exact::Float(number)], 0)]);
        }
        assert!(agreement.unmet(&[check])[0].ends_with("in 3 answers, got NaN to NaN"));
        let many: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(unmet("same: true", &many)[0].contains("1000 times, got more than 100 different ones: "));
    }

    #[test]
    fn what_asks_for_nothing_is_said_before() {
        for (yaml, message) in [
            ("path: $", "needs one of same: true and spread"),
            ("{same: true, spread: 1}", "needs one of same: true and spread"),
            ("spread: -1", "has a spread of -1 in expect.repeats"),
            ("{path: x, same: true}", "has no JSONPath in expect.repeats"),
        ] {
            assert!(compile(yaml).expect_err(yaml).starts_with(message), "{yaml}");
        }
    }
}
