//! What an expectation asks of an answer in npy.

use std::cmp::Ordering;
use std::sync::Arc;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::contents::Contents;
use crate::domain::suite::npy::{Array, ArrayType, Entry, Nested, shown};
use crate::domain::suite::number::Exact;
use crate::domain::suite::unmet::Verdict;

const KIND: FailureKind = FailureKind::WrongNpy;

/// `npy` as it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NpySpec {
    /// The length of each dimension; null where any will do.
    shape: Option<Vec<Option<usize>>>,
    /// The type of the numbers.
    r#type: Option<ArrayType>,
    /// What each number is at least.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    min: Option<Exact>,
    /// What each number is at most.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    max: Option<Exact>,
    /// The numbers, as lists in each other.
    #[cfg_attr(test, schemars(with = "Option<Vec<Value>>"))]
    values: Option<Value>,
    /// Instead of `values`: an npy file that has them, relative to this file.
    file: Option<String>,
    /// How far a number may be from the one that is written; 0 without it.
    tolerance: Option<f64>,
}

/// The numbers that are expected.
#[derive(Clone, Debug)]
enum Expected {
    Written(Nested),
    /// An array, which was read once.
    File(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(crate) struct NpyCheck {
    shape: Option<Vec<Option<usize>>>,
    kind: Option<ArrayType>,
    min: Option<Exact>,
    max: Option<Exact>,
    expected: Option<Arc<Expected>>,
    tolerance: f64,
}

impl NpySpec {
    pub(crate) fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// None where the file is not among the contents.
    ///
    /// # Errors
    /// What is wrong, in words that follow the case's name.
    pub(crate) fn compile(self, contents: &Contents) -> Result<Option<NpyCheck>, String> {
        let expected = match (&self.values, &self.file) {
            (Some(_), Some(_)) => return Err("has expect.npy.values and expect.npy.file; leave one away".to_owned()),
            (Some(values), None) => {
                let nested =
                    Nested::of(values).map_err(|error| format!("has no array in expect.npy.values: {error}"))?;
                Some(Expected::Written(nested))
            }
            (None, Some(file)) => {
                let Some(bytes) = contents.whole.get(file) else { return Ok(None) };
                Array::parse(bytes)
                    .map_err(|error| format!("has no array in expect.npy.file: \"{file}\" is no npy array: {error}"))?;
                Some(Expected::File(bytes.clone()))
            }
            (None, None) => None,
        };
        if expected.is_none() && self.tolerance.is_some() {
            return Err("has an expect.npy.tolerance without values or a file to be near to".to_owned());
        }
        if let Some(number) = self.tolerance.filter(|number| number.is_nan() || *number < 0.0) {
            return Err(format!("has an expect.npy.tolerance of {number}"));
        }
        Ok(Some(NpyCheck {
            shape: self.shape,
            kind: self.r#type,
            min: self.min,
            max: self.max,
            expected: expected.map(Arc::new),
            tolerance: self.tolerance.unwrap_or_default(),
        }))
    }
}

impl NpyCheck {
    pub(crate) fn judge(&self, body: &AnswerBody<'_>, verdict: &mut Verdict) {
        let array = match body.array() {
            Ok(array) => array,
            Err(message) => return verdict.add(KIND, || message),
        };
        if array.len() == 0 && !self.takes_none() {
            let shape = shown(&array.shape);
            return verdict.add(KIND, || format!("expected numbers, got an array of shape {shape}, without any"));
        }
        if let Some(wanted) = &self.shape {
            let fits = |(wanted, got): (&Option<usize>, &usize)| wanted.is_none_or(|wanted| wanted == *got);
            if wanted.len() != array.shape.len() || !wanted.iter().zip(&array.shape).all(fits) {
                let lengths: Vec<String> =
                    wanted.iter().map(|length| length.map_or("any".to_owned(), |length| length.to_string())).collect();
                let (wanted, got) = (lengths.join(", "), shown(&array.shape));
                verdict.add(KIND, || format!("expected npy of shape ({wanted}), got {got}"));
            }
        }
        if let Some(wanted) = self.kind.filter(|wanted| *wanted != array.kind) {
            verdict.add(KIND, || format!("expected npy of type {wanted}, got {}", array.kind));
        }
        let bounds = [("at least", &self.min, Ordering::Less), ("at most", &self.max, Ordering::Greater)];
        for (words, bound, unwanted) in bounds {
            let Some(bound) = bound else { continue };
            let holds = |at: usize| array.get(at).exact().compare(bound).is_some_and(|order| order != unwanted);
            let wrong = (0..array.len()).filter(|at| !holds(*at));
            tell(&array, wrong, verdict, |_| format!("{words} {bound}"));
        }
        match self.expected.as_deref() {
            None => {}
            Some(Expected::Written(Nested { shape, entries })) => {
                self.compare(&array, shape, |at| array.kind.rounded(entries[at]), verdict);
            }
            // It was an array when it was read.
            Some(Expected::File(bytes)) => {
                if let Ok(wanted) = Array::parse(bytes) {
                    self.compare(&array, &wanted.shape, |at| wanted.get(at), verdict);
                }
            }
        }
    }

    /// Whether an array without numbers is expected.
    fn takes_none(&self) -> bool {
        let expects_none = match self.expected.as_deref() {
            None => false,
            Some(Expected::Written(nested)) => nested.entries.is_empty(),
            Some(Expected::File(bytes)) => Array::parse(bytes).is_ok_and(|array| array.len() == 0),
        };
        expects_none || self.shape.as_ref().is_some_and(|shape| shape.contains(&Some(0)))
    }

    fn compare(&self, array: &Array<'_>, shape: &[usize], wanted: impl Fn(usize) -> Entry, verdict: &mut Verdict) {
        if shape != array.shape {
            let (wanted, got) = (shown(shape), shown(&array.shape));
            return verdict.add(KIND, || format!("expected the values of an array of shape {wanted}, got {got}"));
        }
        let wrong = (0..array.len()).filter(|at| !array.get(*at).is_near(wanted(*at), self.tolerance));
        tell(array, wrong, verdict, |at| match self.tolerance {
            0.0 => wanted(at).to_string(),
            tolerance => format!("{} (within {tolerance})", wanted(at)),
        });
    }
}

/// Tells of the first number that is wrong, and how many are.
fn tell(
    array: &Array<'_>,
    mut wrong: impl Iterator<Item = usize>,
    verdict: &mut Verdict,
    wanted: impl Fn(usize) -> String,
) {
    let Some(first) = wrong.next() else { return };
    let (more, all) = (wrong.count(), array.len());
    verdict.add(KIND, || {
        let (mut rest, mut place) = (first, Vec::new());
        for length in array.shape.iter().rev() {
            place.insert(0, (rest % length).to_string());
            rest /= length;
        }
        let (place, wanted, got) = (place.join(", "), wanted(first), array.get(first));
        let more = if more == 0 { String::new() } else { format!("; {} of {all} numbers are wrong", more + 1) };
        format!("expected {wanted} at [{place}] of the array, got {got}{more}")
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn array(json: &str, kind: ArrayType) -> Vec<u8> {
        Nested::of(&serde_json::from_str(json).expect("JSON")).expect("an array").written(kind).expect("written")
    }

    fn contents() -> Contents {
        let files = [("want.npy", array("[[1, 2.5]]", ArrayType::Float32)), ("x.npy", b"x".to_vec())];
        Contents { whole: BTreeMap::from(files.map(|(name, bytes)| (name.to_owned(), bytes))), ..Contents::default() }
    }

    fn judge(yaml: &str, bytes: &[u8]) -> Vec<String> {
        let spec: NpySpec = serde_yaml::from_str(yaml).expect(yaml);
        let check = spec.compile(&contents()).expect(yaml).expect("complete");
        let mut verdict = Verdict::default();
        check.judge(&AnswerBody::new(Some("application/x-npy"), bytes), &mut verdict);
        verdict.unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    #[test]
    fn shape_type_bounds_and_values_are_judged() {
        let answer = array("[[1, 2.5]]", ArrayType::Float32);
        for yaml in [
            "{shape: [1, 2], type: float32, min: 1, max: 2.5}",
            "shape: [null, 2]",
            "{values: [[1, 2.4]], tolerance: 0.1001}",
            "file: want.npy",
        ] {
            assert_eq!(judge(yaml, &answer), [""; 0], "{yaml}");
        }
        for (yaml, message) in [
            ("shape: [2, null]", "expected npy of shape (2, any), got (1, 2)"),
            ("shape: [2]", "expected npy of shape (2), got (1, 2)"),
            ("type: float64", "expected npy of type float64, got float32"),
            ("min: 2", "expected at least 2 at [0, 0] of the array, got 1"),
            ("max: 0", "expected at most 0 at [0, 0] of the array, got 1; 2 of 2 numbers are wrong"),
            (
                "{values: [[1, 2.4]], tolerance: 0.01}",
                "expected 2.4000000953674316 (within 0.01) at [0, 1] of the array, got 2.5",
            ),
            ("values: [1, 2.5]", "expected the values of an array of shape (2,), got (1, 2)"),
        ] {
            assert_eq!(judge(yaml, &answer), [message], "{yaml}");
        }
        // As NumPy's own `np.float32(0.1) == 0.1` is not, and as everybody means it.
        assert_eq!(judge("values: [0.1]", &array("[0.1]", ArrayType::Float32)), [""; 0]);
        let long = array("[1147250893347815425]", ArrayType::Int64);
        assert_eq!(judge("values: [1147250893347815425]", &long), [""; 0]);
        assert_eq!(judge("values: [1147250893347815426]", &long).len(), 1);
        assert_eq!(judge("{min: 1147250893347815425, max: 1147250893347815425}", &long), [""; 0]);
        assert_eq!(judge("min: 1147250893347815426", &long).len(), 1);
        assert_eq!(judge("max: 1147250893347815424", &long).len(), 1);
        assert_eq!(judge("values: [1147250893347815424.5]", &long).len(), 1);
        assert_eq!(judge("values: [16777217]", &array("[16777217]", ArrayType::Float32)), [""; 0]);
        assert!(judge("shape: [1]", b"[1, 2]")[0].starts_with("expected an npy array, got other bytes"));
    }

    #[test]
    fn an_array_without_numbers_has_to_be_expected() {
        let none = array("[]", ArrayType::Float32);
        for yaml in ["{min: 0, max: 1}", "type: float32", "shape: [null]", "values: [1]", "file: want.npy"] {
            assert_eq!(judge(yaml, &none), ["expected numbers, got an array of shape (0,), without any"], "{yaml}");
        }
        for yaml in ["{shape: [0], min: 0}", "values: []"] {
            assert_eq!(judge(yaml, &none), [""; 0], "{yaml}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_said_before() {
        for (yaml, message) in [
            ("{values: [1], file: want.npy}", "has expect.npy.values and expect.npy.file; leave one away"),
            ("values: [[1], 2]", "has no array in expect.npy.values: lists of different lengths"),
            (
                "file: x.npy",
                "has no array in expect.npy.file: \"x.npy\" is no npy array: other bytes, which do not begin as one",
            ),
            ("tolerance: 1", "has an expect.npy.tolerance without values"),
            ("{values: [1], tolerance: -1}", "has an expect.npy.tolerance of -1"),
        ] {
            let spec: NpySpec = serde_yaml::from_str(yaml).expect(yaml);
            let error = spec.compile(&contents()).expect_err(yaml);
            assert!(error.starts_with(message), "{error}");
        }
        let absent: NpySpec = serde_yaml::from_str("file: absent.npy").expect("YAML");
        assert!(absent.compile(&contents()).expect("no error of ours").is_none());
    }
}
