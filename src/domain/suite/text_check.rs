//! What an expectation asks of texts, such as those that a language model writes.

use std::borrow::Cow;
use std::collections::HashMap;

use regex::Regex;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::json_path::{Path, json_path};
use crate::domain::suite::pattern::{is_plain, regular_expression};
use crate::domain::suite::unmet::Verdict;
use crate::domain::text::excerpt::cut;

const KIND: FailureKind = FailureKind::WrongText;

/// One of `texts` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TextSpec {
    /// A JSONPath that finds texts; without it the whole answer is the text.
    path: Option<String>,
    /// Whether all that the path finds is one text, as the parts that a stream brings.
    #[serde(default)]
    joined: bool,
    /// A regular expression that it matches.
    matches: Option<String>,
    /// A regular expression that it does not match.
    not_matches: Option<String>,
    /// In characters.
    min_length: Option<usize>,
    /// In characters.
    max_length: Option<usize>,
    /// The words that it shares with another text.
    overlap: Option<OverlapSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct OverlapSpec {
    /// The other text.
    with: String,
    /// The least share that passes, from 0 to 1: F1 of the words, each as often as it comes, in any case (ROUGE-1).
    min: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct TextCheck {
    path: Option<Path>,
    is_joined: bool,
    matches: Option<Regex>,
    not_matches: Option<Regex>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    overlap: Option<OverlapSpec>,
}

impl TextSpec {
    /// # Errors
    /// What is wrong, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<TextCheck, String> {
        let path = self.path.as_deref().map(|path| json_path("expect.texts", path)).transpose()?;
        let regex = |name: &str, pattern: Option<String>| {
            pattern.map(|pattern| regular_expression(&format!("expect.texts.{name}"), &pattern)).transpose()
        };
        let (matches, not_matches) = (regex("matches", self.matches)?, regex("not_matches", self.not_matches)?);
        let bounds = (self.min_length, self.max_length);
        if matches.is_none() && not_matches.is_none() && bounds == (None, None) && self.overlap.is_none() {
            return Err(
                "asks for nothing in expect.texts; add matches, not_matches, min_length, max_length or overlap"
                    .to_owned(),
            );
        }
        if self.joined && path.is_none() {
            return Err("has joined in expect.texts, and no path that finds what is joined".to_owned());
        }
        if let (Some(least), Some(most)) = bounds
            && least > most
        {
            return Err(format!("has a min_length of {least} in expect.texts, which is more than max_length {most}"));
        }
        if let Some(OverlapSpec { with, min }) = &self.overlap {
            if !(0.0..=1.0).contains(min) {
                return Err(format!("has an overlap.min of {min} in expect.texts, which is always from 0 to 1"));
            }
            if words(&with.to_lowercase()).next().is_none() {
                return Err("has an overlap.with without a word in expect.texts".to_owned());
            }
        }
        Ok(TextCheck {
            path,
            is_joined: self.joined,
            matches,
            not_matches,
            min_length: self.min_length,
            max_length: self.max_length,
            overlap: self.overlap,
        })
    }
}

impl TextCheck {
    /// Whether it takes no longer than reading the answer does.
    pub(crate) fn is_plain(&self) -> bool {
        let are_plain = [&self.matches, &self.not_matches].into_iter().flatten().all(is_plain);
        are_plain && self.path.as_ref().is_none_or(Path::is_plain)
    }

    pub(crate) fn judge(&self, body: &AnswerBody<'_>, verdict: &mut Verdict) {
        let Some(path) = &self.path else {
            self.judge_emptiness(body.text.is_empty(), "", verdict);
            return self.judge_text(&body.text, "", verdict);
        };
        let found = match body.query(path) {
            Ok((json, found)) => found
                .into_iter()
                .map(|value| match value {
                    Value::String(text) => Some(Cow::Borrowed(text.as_str())),
                    // No text, as a part of a stream that only calls a tool has it.
                    Value::Null => None,
                    other => Some(Cow::Owned(json.text(other))),
                })
                .collect::<Vec<Option<Cow<'_, str>>>>(),
            Err(message) => return verdict.add(KIND, || message),
        };
        let place = format!(" at {path}");
        let count = found.len();
        let texts: Vec<Cow<'_, str>> = found.into_iter().flatten().collect();
        if texts.is_empty() {
            let got = if count == 0 { "nothing" } else { "null" };
            return verdict.add(KIND, || format!("expected a text{place}, got {got}"));
        }
        self.judge_emptiness(texts.iter().all(|text| text.is_empty()), &place, verdict);
        if self.is_joined {
            return self.judge_text(&texts.concat(), &place, verdict);
        }
        if texts.len() < count && self.asks_of_each() {
            verdict.add(KIND, || format!("expected a text each time{place}, got null"));
        }
        for text in &texts {
            self.judge_text(text, &place, verdict);
        }
    }

    /// Whether it asks for something that only a text has.
    fn asks_of_each(&self) -> bool {
        self.matches.is_some() || self.min_length.is_some() || self.overlap.is_some()
    }

    /// Whether there is something to judge: of many texts, such as the parts of a stream, some may be empty.
    fn judge_emptiness(&self, is_empty: bool, place: &str, verdict: &mut Verdict) {
        let takes_none = self.matches.is_some() || self.min_length.is_some() || self.max_length == Some(0);
        if is_empty && !takes_none {
            verdict.add(KIND, || format!("expected a text{place}, got an empty one; min_length: 0 takes that"));
        }
    }

    fn judge_text(&self, text: &str, place: &str, verdict: &mut Verdict) {
        if let Some(regex) = self.matches.as_ref().filter(|regex| !regex.is_match(text)) {
            verdict.add(KIND, || format!("expected a text{place} that matches /{regex}/, got \"{}\"", cut(text)));
        }
        if let Some(regex) = &self.not_matches
            && let Some(found) = regex.find(text)
        {
            let found = cut(found.as_str());
            verdict
                .add(KIND, || format!("expected a text{place} that does not match /{regex}/, got \"{found}\" in it"));
        }
        let length = text.chars().count();
        for (words, bound, is_met) in [
            ("at least", self.min_length, self.min_length.is_none_or(|least| length >= least)),
            ("at most", self.max_length, self.max_length.is_none_or(|most| length <= most)),
        ] {
            if let Some(bound) = bound.filter(|_| !is_met) {
                verdict.add(KIND, || {
                    format!("expected a text{place} of {words} {bound} characters, got {length}: \"{}\"", cut(text))
                });
            }
        }
        if let Some(OverlapSpec { with, min }) = &self.overlap {
            let got = overlap(with, text);
            if got < *min {
                verdict.add(KIND, || {
                    format!(
                        "expected a text{place} that shares at least {min} of its words with \"{}\", got {got:.4}: \"{}\"",
                        cut(with),
                        cut(text)
                    )
                });
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|any: char| !any.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// F1 of the words of two texts, each counted as often as both have it.
#[expect(clippy::cast_precision_loss, reason = "no text has 2^52 words")]
pub(crate) fn overlap(one: &str, other: &str) -> f64 {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut all = 0_usize;
    for word in words(&one) {
        *counts.entry(word).or_default() += 1;
        all += 1;
    }
    let mut shared = 0_usize;
    for word in words(&other) {
        all += 1;
        if let Some(left) = counts.get_mut(word).filter(|left| **left > 0) {
            *left -= 1;
            shared += 1;
        }
    }
    if all == 0 { 1.0 } else { 2.0 * shared as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(yaml: &str) -> Result<TextCheck, String> {
        serde_yaml::from_str::<TextSpec>(yaml).expect(yaml).compile()
    }

    fn judge(yaml: &str, content_type: &str, body: &str) -> Vec<String> {
        let mut verdict = Verdict::default();
        compile(yaml).expect(yaml).judge(&AnswerBody::new(Some(content_type), body.as_bytes()), &mut verdict);
        verdict.unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    const JSON: &str = "application/json";

    #[test]
    fn patterns_lengths_and_words_are_judged() {
        let body = r#"{"texts": ["The Cat sat.", "é!"], "none": "", "null": null}"#;
        for yaml in [
            "{path: '$.none', not_matches: dog, min_length: 0}",
            "{path: '$.none', max_length: 0}",
            "{path: '$..*', not_matches: dog}",
            "{path: '$.none', matches: '^$'}",
            "{path: '$.texts[0]', matches: '(?i)cat', not_matches: dog, min_length: 12, max_length: 12}",
            "{path: '$.texts[1]', max_length: 2}",
            "{path: '$.texts[0]', overlap: {with: 'a cat sat', min: 0.66}}",
            "{path: '$.texts[*]', joined: true, matches: 'sat.é'}",
            "matches: texts",
        ] {
            assert_eq!(judge(yaml, JSON, body), [""; 0], "{yaml}");
        }
        for (yaml, message) in [
            (
                "{path: '$.texts[0]', matches: dog}",
                "expected a text at $.texts[0] that matches /dog/, got \"The Cat sat.\"",
            ),
            ("{path: '$.texts[*]', not_matches: 'C.t'}", "that does not match /C.t/, got \"Cat\" in it"),
            ("{path: '$.texts[*]', min_length: 3}", "of at least 3 characters, got 2: \"é!\""),
            ("{path: '$.texts[0]', max_length: 3}", "of at most 3 characters, got 12: "),
            (
                "{path: '$.texts[0]', overlap: {with: dog, min: 0.1}}",
                "shares at least 0.1 of its words with \"dog\", got 0.0000: ",
            ),
            ("{path: $.x, min_length: 1}", "expected a text at $.x, got nothing"),
            ("{path: $.none, not_matches: dog}", "expected a text at $.none, got an empty one; min_length: 0 takes"),
            ("{path: $.none, max_length: 3}", "expected a text at $.none, got an empty one"),
            ("{path: $.null, max_length: 9}", "expected a text at $.null, got null"),
            ("{path: $.null, matches: '^[a-z]+$'}", "expected a text at $.null, got null"),
        ] {
            let unmet = judge(yaml, JSON, body);
            assert!(unmet.len() == 1 && unmet[0].contains(message), "{yaml}: {unmet:?}");
        }
        let events = "data: {\"t\": \"The \"}\n\ndata: {\"t\": \"end\"}\n\n";
        let yaml = "{path: '$[*].t', joined: true, matches: '^The end$'}";
        assert_eq!(judge(yaml, "text/event-stream", events), [""; 0]);
    }

    #[test]
    fn null_is_no_text_whatever_is_asked_of_it() {
        let checks = ["not_matches: bad", "matches: '.*'", "min_length: 0", "max_length: 0", "max_length: 9"];
        for check in checks {
            for path in ["$.null", "'$.nulls[*]'", "'$.nulls[*]', joined: true"] {
                let unmet =
                    judge(&format!("{{path: {path}, {check}}}"), JSON, r#"{"null": null, "nulls": [null, null]}"#);
                assert!(unmet.len() == 1 && unmet[0].ends_with(", got null"), "{path} {check}: {unmet:?}");
            }
        }
        let some = r#"["a", null]"#;
        for (yaml, unmet) in [
            ("{path: '$[*]', joined: true, matches: '^a$'}", 0),
            ("{path: '$[*]', not_matches: bad, max_length: 1}", 0),
            ("{path: '$[*]', matches: '.*'}", 1),
            ("{path: '$[*]', min_length: 0}", 1),
            ("{path: '$[*]', overlap: {with: a, min: 0}}", 1),
        ] {
            assert_eq!(judge(yaml, JSON, some).len(), unmet, "{yaml}");
        }
    }

    #[test]
    fn overlap_is_that_of_rouge_1() {
        // rouge_score 0.1.2, rouge1 without a stemmer, fmeasure
        for (one, other, wanted) in [
            ("the cat sat on the mat", "the cat is on the mat", 5.0 / 6.0),
            ("the the the", "the", 0.5),
            ("a b c", "d e", 0.0),
            ("It's 5 o'clock", "it s 5 O CLOCK", 1.0),
        ] {
            assert!((overlap(one, other) - wanted).abs() < 1e-9, "{one}: {}", overlap(one, other));
        }
        assert!((overlap("", "") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_judged_is_said_before() {
        for (yaml, message) in [
            ("path: $", "asks for nothing in expect.texts; add matches,"),
            ("{path: t, min_length: 1}", "has no JSONPath in expect.texts: \"t\""),
            ("matches: '('", "has no regular expression in expect.texts.matches"),
            ("{joined: true, min_length: 1}", "has joined in expect.texts, and no path"),
            (
                "{min_length: 2, max_length: 1}",
                "has a min_length of 2 in expect.texts, which is more than max_length 1",
            ),
            ("overlap: {with: x, min: 2}", "has an overlap.min of 2 in expect.texts"),
            ("overlap: {with: '...', min: 0.5}", "has an overlap.with without a word"),
        ] {
            let error = compile(yaml).expect_err(yaml);
            assert!(error.starts_with(message), "{error}");
        }
    }
}
