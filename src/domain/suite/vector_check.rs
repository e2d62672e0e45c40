//! What an expectation asks of vectors, such as embeddings.

use std::sync::Arc;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::contents::Contents;
use crate::domain::suite::json_path::{Path, json_path};
use crate::domain::suite::npy::{Array, Nested};
use crate::domain::suite::unmet::Verdict;

const KIND: FailureKind = FailureKind::WrongVector;

/// One of `vectors` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct VectorSpec {
    /// A JSONPath that finds vectors, each a list of numbers. Of an answer in npy, each row of the last axis is one.
    path: Option<String>,
    /// How many numbers each has.
    length: Option<usize>,
    /// How like it is to another one.
    cosine: Option<CosineSpec>,
    /// Its Euclidean norm.
    norm: Option<NormSpec>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct CosineSpec {
    /// The other vector: a list of numbers, or a file with one in JSON or npy, relative to this file.
    #[cfg_attr(test, schemars(schema_with = "vector_schema"))]
    to: Value,
    /// The least similarity that passes, from -1 to 1.
    min: Option<f64>,
    /// The greatest one.
    max: Option<f64>,
}

#[cfg(test)]
fn vector_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"anyOf": [{"type": "array", "minItems": 1, "items": {"type": "number"}}, {"type": "string"}]})
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct NormSpec {
    value: f64,
    tolerance: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct VectorCheck {
    path: Option<Path>,
    length: Option<usize>,
    cosine: Option<Cosine>,
    norm: Option<NormSpec>,
}

#[derive(Clone, Debug)]
struct Cosine {
    to: Arc<[f64]>,
    min: Option<f64>,
    max: Option<f64>,
}

impl VectorSpec {
    pub(crate) fn file(&self) -> Option<&str> {
        self.cosine.as_ref()?.to.as_str()
    }

    /// None where the file is not among the contents.
    ///
    /// # Errors
    /// What is wrong, in words that follow the case's name.
    pub(crate) fn compile(self, contents: &Contents) -> Result<Option<VectorCheck>, String> {
        let path = self.path.as_deref().map(|path| json_path("expect.vectors", path)).transpose()?;
        if self.length.is_none() && self.cosine.is_none() && self.norm.is_none() {
            return Err("asks for nothing in expect.vectors; add length, cosine or norm".to_owned());
        }
        if let Some(NormSpec { value, tolerance }) = self.norm
            && !(value.is_finite() && value >= 0.0 && tolerance.is_finite() && tolerance >= 0.0)
        {
            return Err(format!("has a norm of {value} within {tolerance} in expect.vectors; write numbers from 0 on"));
        }
        let cosine = match self.cosine {
            None => None,
            Some(CosineSpec { to, min, max }) => {
                let Some(to) = vector(&to, contents)? else { return Ok(None) };
                if min.is_none() && max.is_none() {
                    return Err("asks for nothing in expect.vectors.cosine; add min, max or both".to_owned());
                }
                if let Some(bound) = min.into_iter().chain(max).find(|bound| !(-1.0..=1.0).contains(bound)) {
                    return Err(format!("has {bound} in expect.vectors.cosine, which is always from -1 to 1"));
                }
                Some(Cosine { to: to.into(), min, max })
            }
        };
        Ok(Some(VectorCheck { path, length: self.length, cosine, norm: self.norm }))
    }
}

fn vector(to: &Value, contents: &Contents) -> Result<Option<Vec<f64>>, String> {
    let wrong = |reason: String| format!("has no vector in expect.vectors.cosine: {reason}");
    let numbers = match to.as_str() {
        Some(file) => {
            let Some(bytes) = contents.whole.get(file) else { return Ok(None) };
            if let Ok(array) = Array::parse(bytes) {
                (0..array.len()).map(|at| array.get(at).float()).collect()
            } else {
                let value: Value = serde_json::from_slice(bytes)
                    .map_err(|error| wrong(format!("\"{file}\" is neither JSON nor npy ({error})")))?;
                numbers(&value).map_err(|reason| wrong(format!("\"{file}\" has {reason}")))?
            }
        }
        None => numbers(to).map_err(wrong)?,
    };
    match norm(&numbers) {
        length if length > 0.0 && length.is_finite() => Ok(Some(numbers)),
        length => Err(wrong(format!("it has the norm {length}, and no direction"))),
    }
}

fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    let nested = Nested::of(value)?;
    if nested.shape.len() == 1 {
        return Ok(nested.entries.into_iter().map(super::npy::Entry::float).collect());
    }
    Err(if nested.shape.is_empty() { "a number".to_owned() } else { "lists in a list".to_owned() })
}

fn norm(vector: &[f64]) -> f64 {
    // By the greatest, so that squares of large numbers stay numbers.
    let greatest = vector.iter().fold(0.0, |greatest: f64, number| greatest.max(number.abs()));
    if greatest == 0.0 || !greatest.is_finite() {
        return greatest;
    }
    greatest * vector.iter().map(|number| (number / greatest).powi(2)).sum::<f64>().sqrt()
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let (of_one, of_other) = (norm(one), norm(other));
    one.iter().zip(other).map(|(one, other)| (one / of_one) * (other / of_other)).sum::<f64>().clamp(-1.0, 1.0)
}

impl VectorCheck {
    /// Whether it takes no longer than reading the answer does.
    pub(crate) fn is_plain(&self) -> bool {
        self.path.as_ref().is_none_or(Path::is_plain)
    }

    pub(crate) fn judge(&self, body: &AnswerBody<'_>, verdict: &mut Verdict) {
        match (&self.path, body.is_npy()) {
            (Some(path), true) => {
                verdict.add(KIND, || format!("expected JSON for {path}, got an npy array, whose rows need no path"));
            }
            (None, true) => match body.array() {
                Ok(array) => self.judge_rows(&array, verdict),
                Err(message) => verdict.add(KIND, || message),
            },
            (path, false) => {
                let found = match path {
                    Some(path) => body.query(path).map(|(_, found)| found),
                    None => body.json().map(|json| vec![&*json.value]),
                };
                match found {
                    Ok(found) => self.judge_values(&found, verdict),
                    Err(message) => verdict.add(KIND, || message),
                }
            }
        }
    }

    fn judge_rows(&self, array: &Array<'_>, verdict: &mut Verdict) {
        let Some(length) = array.shape.last().filter(|length| **length > 0 && array.len() > 0) else {
            return verdict.add(KIND, || "expected vectors, got an array without any".to_owned());
        };
        for row in 0..array.len() / length {
            let vector: Vec<f64> = (row * length..(row + 1) * length).map(|at| array.get(at).float()).collect();
            self.judge_vector(&vector, || format!("in row {row} of the array"), verdict);
        }
    }

    fn judge_values(&self, found: &[&Value], verdict: &mut Verdict) {
        let place = |at: usize| match (&self.path, found.len()) {
            (None, _) => "as the answer".to_owned(),
            (Some(path), 0 | 1) => format!("at {path}"),
            (Some(path), _) => format!("at {path} (number {})", at + 1),
        };
        if found.is_empty() {
            verdict.add(KIND, || format!("expected a vector {}, got nothing", place(0)));
        }
        for (at, value) in found.iter().enumerate() {
            match numbers(value) {
                Ok(vector) => self.judge_vector(&vector, || place(at), verdict),
                Err(reason) => verdict.add(KIND, || {
                    let hint = if value.is_array() { "" } else { "; a path to the whole list ends before [*]" };
                    format!("expected a vector {}, got {reason}{hint}", place(at))
                }),
            }
        }
    }

    fn judge_vector(&self, vector: &[f64], place: impl Fn() -> String, verdict: &mut Verdict) {
        if let Some(wanted) = self.length.filter(|wanted| *wanted != vector.len()) {
            verdict.add(KIND, || format!("expected a vector of {wanted} numbers {}, got {}", place(), vector.len()));
        }
        let length = norm(vector);
        if let Some(NormSpec { value, tolerance }) = self.norm
            && (length.is_nan() || (length - value).abs() > tolerance)
        {
            verdict.add(KIND, || {
                format!("expected a vector of norm {value} (within {tolerance}) {}, got {length}", place())
            });
        }
        let Some(Cosine { to, min, max }) = &self.cosine else { return };
        if to.len() != vector.len() {
            let (wanted, got) = (to.len(), vector.len());
            return verdict.add(KIND, || format!("expected a vector of {wanted} numbers {}, got {got}", place()));
        }
        if !(length > 0.0 && length.is_finite()) {
            return verdict
                .add(KIND, || format!("expected a vector with a direction {}, got one of norm {length}", place()));
        }
        let got = cosine(vector, to);
        if min.is_some_and(|min| got < min) || max.is_some_and(|max| got > max) {
            let wanted: Vec<String> = [("at least", min), ("at most", max)]
                .into_iter()
                .filter_map(|(words, bound)| Some(format!("{words} {}", (*bound)?)))
                .collect();
            verdict.add(KIND, || {
                format!("expected a cosine similarity of {} {}, got {got}", wanted.join(" and "), place())
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::npy::ArrayType;
    use super::*;

    fn contents() -> Contents {
        let npy = Nested::of(&serde_json::json!([0, 1])).expect("an array").written(ArrayType::Float32);
        let files = [("v.json", b"[3, 4]".to_vec()), ("v.npy", npy.expect("written")), ("x", b"no".to_vec())];
        Contents { whole: BTreeMap::from(files.map(|(name, bytes)| (name.to_owned(), bytes))), ..Contents::default() }
    }

    fn compile(yaml: &str) -> Result<Option<VectorCheck>, String> {
        serde_yaml::from_str::<VectorSpec>(yaml).expect(yaml).compile(&contents())
    }

    fn judge(yaml: &str, bytes: &[u8]) -> Vec<String> {
        let check = compile(yaml).expect(yaml).expect("complete");
        let mut verdict = Verdict::default();
        check.judge(&AnswerBody::new(None, bytes), &mut verdict);
        verdict.unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    #[test]
    fn an_array_without_rows_holds_no_vector_that_is_right() {
        let head = "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }";
        let npy = [b"\x93NUMPY\x01\x00\x76\x00", format!("{head:<117}\n").as_bytes()].concat();
        let check = compile("length: 3").expect("compiles").expect("complete");
        let mut verdict = Verdict::default();
        check.judge(&AnswerBody::new(Some("application/x-npy"), &npy), &mut verdict);
        assert_eq!(verdict.unmet[0].message, "expected vectors, got an array without any");
    }

    #[test]
    fn likeness_norm_and_length_are_judged() {
        let answer = br#"{"data": [{"embedding": [0.6, 0.8]}, {"embedding": [-4, 3]}]}"#;
        for yaml in [
            "{path: '$.data[0].embedding', length: 2, norm: {value: 1, tolerance: 0.001}, cosine: {to: [3, 4], min: 1}}",
            "{path: '$.data[*].embedding', length: 2}",
            "{path: '$.data[1].embedding', cosine: {to: v.json, max: 0.0001, min: -0.0001}}",
            "{path: '$.data[0].embedding', cosine: {to: v.npy, min: 0.79, max: 0.81}}",
        ] {
            assert_eq!(judge(yaml, answer), [""; 0], "{yaml}");
        }
        for (yaml, message) in [
            (
                "{path: '$.data[*].embedding', length: 3}",
                "expected a vector of 3 numbers at $.data[*].embedding (number 1), got 2",
            ),
            (
                "{path: '$.data[*].embedding', norm: {value: 1, tolerance: 0.001}}",
                "expected a vector of norm 1 (within 0.001) at $.data[*].embedding (number 2), got 5",
            ),
            (
                "{path: '$.data[0].embedding', cosine: {to: [-3, -4], min: 0.5}}",
                "expected a cosine similarity of at least 0.5 at $.data[0].embedding, got -1",
            ),
            ("{path: '$.data[0].embedding', cosine: {to: [1], min: 0}}", "expected a vector of 1 numbers"),
            ("{path: '$.data[0].embedding[*]', length: 1}", "got a number; a path to the whole list ends before [*]"),
            ("{path: $.x, length: 1}", "expected a vector at $.x, got nothing"),
            ("{path: $.data, length: 1}", "expected a vector at $.data, got {"),
            ("length: 1", "expected a vector as the answer, got {"),
        ] {
            assert!(judge(yaml, answer)[0].contains(message), "{yaml}: {:?}", judge(yaml, answer));
        }
        assert!(judge("{cosine: {to: [1, 0], min: 0}}", b"[0, 0]")[0].contains("got one of norm 0"));
        assert_eq!(judge("{norm: {value: 1.4142135623730951e300, tolerance: 1e290}}", b"[1e300, 1e300]"), [""; 0]);
        let rows = Nested::of(&serde_json::json!([[3, 4], [0, 2]])).expect("rows").written(ArrayType::Float64);
        assert_eq!(
            judge("{norm: {value: 5, tolerance: 0}}", &rows.expect("written")),
            ["expected a vector of norm 5 (within 0) in row 1 of the array, got 2"]
        );
    }

    #[test]
    fn what_cannot_be_judged_is_said_before() {
        for (yaml, message) in [
            ("path: $", "asks for nothing in expect.vectors"),
            ("{path: data, length: 1}", "has no JSONPath in expect.vectors: \"data\""),
            ("cosine: {to: [1]}", "asks for nothing in expect.vectors.cosine"),
            ("cosine: {to: [1], min: 2}", "has 2 in expect.vectors.cosine, which is always from -1 to 1"),
            ("cosine: {to: [0, 0], min: 0}", "has no vector in expect.vectors.cosine: it has the norm 0"),
            ("cosine: {to: [a], min: 0}", "has no vector in expect.vectors.cosine: \"a\", which is not a number"),
            ("cosine: {to: x, min: 0}", "has no vector in expect.vectors.cosine: \"x\" is neither JSON nor npy"),
            ("norm: {value: -1, tolerance: 0}", "has a norm of -1"),
        ] {
            let error = compile(yaml).expect_err(yaml);
            assert!(error.starts_with(message), "{error}");
        }
        assert!(compile("cosine: {to: absent.json, min: 0}").expect("no error of ours").is_none());
    }
}
