//! `capture` of a case: which captured requests are sent, how answers are compared, and what is asked of them.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::case::{CaptureCase, OwnTypes};
use super::draw::{CaptureSource, Draw};
use super::metrics::{LABEL_SHIFT, OfCaptures, SCORE_BIAS, SCORE_SHIFT, SCORE_SHIFT_MAX};
use super::window::When;
use crate::domain::suite::dataset::case::Reading;
use crate::domain::suite::dataset::gate::{Gate, GatesSpec, Task};
use crate::domain::suite::dataset::prediction::Pick;
use crate::domain::suite::dataset::prediction_spec::PredictionSpec;
use crate::domain::suite::dataset::spec::reading;

const DEFAULT_SAMPLE: u32 = 500;
const MOST_SAMPLED: u32 = 1_000_000;
/// Far more than a model that runs on another machine gives for rounding.
const DEFAULT_TOLERANCE: f64 = 1e-6;

/// `capture` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureSpec {
    /// Where the capture files are: an s3:// URI, or a folder or file relative to the suite's own file.
    pub(crate) s3: String,
    /// Requests since then: how long before the run (`24h`), or a time (`2026-11-29T08:00:00Z`).
    since: Option<String>,
    /// Requests before then, likewise.
    until: Option<String>,
    /// How many requests are drawn; 500 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = MOST_SAMPLED)))]
    sample: Option<u32>,
    /// Decides which requests are drawn; 0 without it.
    #[serde(default)]
    seed: u64,
    /// `classification` without it: labels are compared. With `regression`, numbers.
    task: Option<Task>,
    /// Where an answer has the predicted class or number of each row; without it whole answers are compared.
    prediction: Option<PredictionSpec>,
    /// Where an answer has the score of each row.
    score: Option<Pick>,
    /// Instead of `prediction`: rows with this score or a greater one are told from the others.
    threshold: Option<f64>,
    /// How far numbers may be apart and still agree; 0.000001 without it.
    tolerance: Option<f64>,
    /// Bounds by metric.
    #[serde(default)]
    gates: GatesSpec<OfCaptures>,
    /// Whether results and messages may hold what was asked and answered.
    #[serde(default)]
    show_content: bool,
}

impl CaptureSpec {
    /// Which requests are drawn.
    ///
    /// # Errors
    /// All that is wrong with it, in words that follow the case's name.
    pub(crate) fn draw(&self) -> Result<Draw, Vec<String>> {
        let mut wrong = Vec::new();
        let source = CaptureSource::parse(&self.s3).map_err(|error| wrong.push(error)).ok();
        let mut when = |name: &str, text: &Option<String>| {
            let parsed = text.as_deref().map(When::parse).transpose();
            parsed.unwrap_or_else(|error| {
                wrong.push(format!("has a capture.{name} of {error}"));
                None
            })
        };
        let (since, until) = (when("since", &self.since), when("until", &self.until));
        let most = self.sample.unwrap_or(DEFAULT_SAMPLE);
        if !(1..=MOST_SAMPLED).contains(&most) {
            wrong.push(format!("has a capture.sample of {most}; write 1 to {MOST_SAMPLED}"));
        }
        match source {
            Some(source) if wrong.is_empty() => Ok(Draw { source, since, until, most: most as usize, seed: self.seed }),
            _ => Err(wrong),
        }
    }

    /// Checks everything that can be checked without the files.
    ///
    /// # Errors
    /// All that is wrong, in words that follow the case's name.
    pub(crate) fn compile(self, own: OwnTypes) -> Result<CaptureCase, Vec<String>> {
        let mut wrong = Vec::new();
        let draw = self.draw().map_err(|errors| wrong.extend(errors)).ok();
        let tolerance = self.tolerance.unwrap_or(DEFAULT_TOLERANCE);
        if !tolerance.is_finite() || tolerance < 0.0 {
            wrong.push(format!("has a capture.tolerance of {tolerance}; write a number from 0 on"));
        }
        let task = self.task.unwrap_or(Task::Classification);
        if task == Task::Ranking {
            wrong.push("has a capture.task of ranking; write classification or regression".to_owned());
        }
        let says_nothing = self.prediction.is_none() && self.score.is_none() && self.threshold.is_none();
        let read = (!says_nothing).then(|| reading("capture", self.prediction, self.score, self.threshold));
        let reading = read.transpose().unwrap_or_else(|errors| {
            wrong.extend(errors);
            None
        });
        wrong.extend(wrong_reading(reading.as_ref(), task, self.task.is_some()));
        let gates = self.gates.compile().unwrap_or_else(|errors| {
            wrong.extend(errors);
            Vec::new()
        });
        wrong.extend(gates.iter().filter_map(|gate| lack(gate, reading.as_ref(), task)));
        match draw {
            Some(draw) if wrong.is_empty() => {
                let show_content = self.show_content;
                Ok(CaptureCase { draw, task, reading, tolerance, gates, show_content, own })
            }
            _ => Err(wrong),
        }
    }
}

fn wrong_reading(reading: Option<&Reading>, task: Task, says_task: bool) -> Option<String> {
    match reading {
        None if says_task => Some("has a capture.task, and needs capture.prediction".to_owned()),
        Some(Reading::Ranked(_)) => Some("has prediction.ranked, which capture has no use for".to_owned()),
        Some(Reading::Highest(_) | Reading::Threshold { .. }) if task == Task::Regression => {
            Some("has a capture.task of regression, and a prediction of classes".to_owned())
        }
        Some(Reading::Picked { score: Some(_), .. }) if task == Task::Regression => {
            Some("has capture.score, which regression has no use for: its scores are what it predicts".to_owned())
        }
        _ => None,
    }
}

/// What a gate lacks.
fn lack(gate: &Gate, reading: Option<&Reading>, task: Task) -> Option<String> {
    let name = gate.metric.name;
    let has_scores = match reading {
        None => false,
        Some(Reading::Picked { score, .. }) => score.is_some() || task == Task::Regression,
        Some(_) => true,
    };
    match name {
        LABEL_SHIFT if reading.is_none() || task == Task::Regression => {
            Some(format!("has a gate for {name}, and needs capture.prediction of classes"))
        }
        SCORE_SHIFT | SCORE_SHIFT_MAX | SCORE_BIAS if !has_scores => {
            Some(format!("has a gate for {name}, and needs capture.score, or a capture.task of regression"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(yaml: &str) -> Result<CaptureCase, Vec<String>> {
        serde_yaml::from_str::<CaptureSpec>(yaml).expect(yaml).compile(OwnTypes::default())
    }

    #[test]
    fn little_has_to_be_said() {
        let case = compile("s3: s3://b/capture/e/AllTraffic/").expect("valid");
        assert_eq!((case.draw.most, case.draw.seed, case.show_content), (500, 0, false));
        assert!(case.reading.is_none() && case.gates.is_empty());
        assert!(compile("{s3: captured, since: 24h, until: 2026-11-29T00:00:00Z}").is_ok());
    }

    #[test]
    fn what_cannot_be_meant_is_said_at_once() {
        for (yaml, message) in [
            ("s3: ''", "has a capture without a place"),
            ("s3: s3://", "has a capture.s3 that names no bucket"),
            ("s3: https://b/k", "has a capture.s3 that is neither a path nor an s3:// URI"),
            ("{s3: a, since: soon}", "has a capture.since of \"soon\" ("),
            ("{s3: a, sample: 0}", "has a capture.sample of 0; write 1 to 1000000"),
            ("{s3: a, tolerance: -1}", "has a capture.tolerance of -1"),
            ("{s3: a, task: ranking, prediction: $}", "has a capture.task of ranking"),
            ("{s3: a, task: regression}", "has a capture.task, and needs capture.prediction"),
            ("{s3: a, prediction: {ranked: $}}", "has prediction.ranked, which capture has no use for"),
            ("{s3: a, score: $}", "needs capture.prediction, or capture.score with capture.threshold"),
            (
                "{s3: a, prediction: $, score: $, task: regression}",
                "has capture.score, which regression has no use for",
            ),
            (
                "{s3: a, gates: {agreement: {min: 98}}}",
                "has a gate for agreement at 98, and agreement is always from 0 to 1",
            ),
            (
                "{s3: a, gates: {accuracy: {min: 1}}}",
                "has a gate for \"accuracy\", which is not a metric: there are agreement, label_shift",
            ),
            ("{s3: a, gates: {label_shift: {max: 0.1}}}", "has a gate for label_shift, and needs capture.prediction"),
            (
                "{s3: a, prediction: $, gates: {score_bias: {max: 0.1}}}",
                "has a gate for score_bias, and needs capture.score",
            ),
        ] {
            let wrong = compile(yaml).expect_err(yaml);
            assert!(wrong.len() == 1 && wrong[0].starts_with(message), "{yaml}: {wrong:?}");
        }
    }
}
