//! A capture case: every drawn request sent, every answer compared with the captured one, the metrics held against their
//! gates.

use std::sync::Arc;

use futures::StreamExt;

use super::judging;
use super::request::send;
use super::tally::{Sample, Tally};
use super::target::Target;
use super::under_way::UnderWay;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{CaseReport, Failure as Problem};
use crate::domain::suite::capture::case::{CaptureCase, Pair, Unpaired};
use crate::domain::suite::capture::comparison::Comparison;
use crate::domain::suite::capture::metrics::UNUSABLE;
use crate::domain::suite::capture::record::Payload;
use crate::domain::suite::capture::request::options;
use crate::domain::suite::capture::sample::{Record, Sample as Drawn};
use crate::domain::suite::dataset::gate::judge;
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::test_suite::Case;

pub(super) async fn run(
    case: &Case,
    capture: &Arc<CaptureCase>,
    drawn: &Drawn,
    concurrency: u32,
    under_way: &UnderWay,
    target: &impl Target,
) -> (CaseReport, Tally) {
    let mut comparison = Comparison::new(capture, drawn);
    // In the order of the records, and no more of them in memory than are under way.
    let mut samples = futures::stream::iter(drawn.records())
        .map(async |record| match record {
            Ok(record) => {
                let options = options(capture, &case.options, &record.captured);
                let sample = send(&Case { options, ..case.clone() }, &record.captured.input.bytes, target).await;
                Ok((record, sample))
            }
            Err(why) => Err(why),
        })
        .buffered(concurrency as usize);
    while let Some(sent) = samples.next().await {
        let (record, mut sample) = match sent {
            Ok(sent) => sent,
            Err(why) => {
                comparison.miss(why);
                continue;
            }
        };
        let answer = sample.answer.take_if(|_| sample.problems.is_empty());
        if let Some(Answer::Body { content_type, bytes, .. }) = answer {
            match compare(capture, &record.captured.output, content_type, bytes).await {
                Ok(pair) => comparison.add(&record, &pair),
                Err(Unpaired::Captured(why)) => {
                    comparison.miss(told(capture, &record, "has an answer that cannot be read as the case says", &why));
                }
                Err(Unpaired::Now(why)) => sample.problems.push(Problem::new(FailureKind::Uncomparable, why)),
            }
        }
        name(&mut sample, capture, &record);
        under_way.add(sample);
    }
    let mut tally = under_way.finish();
    let mut report = tally.report(&case.name, case.kind());
    let (metrics, captured, troubles) = comparison.finish();
    let tolerates = capture.gates.iter().any(|gate| gate.metric.name == UNUSABLE) && captured.records > 0;
    let kept = if tolerates { &mut report.tolerated } else { &mut report.failures };
    kept.extend(troubles.into_iter().map(|message| Problem::new(FailureKind::Capture, message)));
    let broken = judge(&capture.gates, &metrics).into_iter();
    report.failures.extend(broken.map(|message| Problem::new(FailureKind::Gate, message)));
    (report.dataset, report.capture) = (Some(metrics), Some(captured));
    report.success = report.failures.is_empty();
    (report, tally)
}

/// An answer beside the captured one.
async fn compare(
    capture: &Arc<CaptureCase>,
    captured: &Payload,
    content_type: Option<String>,
    bytes: Vec<u8>,
) -> Result<Pair, Unpaired> {
    if capture.is_quick(captured, &bytes) {
        return capture.compare(captured, content_type.as_deref(), &bytes);
    }
    let (capture, captured) = (Arc::clone(capture), captured.clone());
    let compare = move || capture.compare(&captured, content_type.as_deref(), &bytes);
    judging::beside(compare).await.unwrap_or_else(|why| Err(Unpaired::Now(why)))
}

/// Says of which record something is; what it says beside that may hold what was asked or answered.
fn told(capture: &CaptureCase, record: &Record, plain: &str, why: &str) -> String {
    let place = &record.place;
    if capture.show_content { format!("{place}: {plain}: {why}") } else { format!("{place}: {plain}") }
}

/// Names the record in everything that failed, and keeps nothing of what was asked or answered unless the case asks for it.
fn name(sample: &mut Sample, capture: &CaptureCase, record: &Record) {
    let status = match &sample.answer {
        Some(Answer::ModelError { status, .. }) => format!(" ({status})"),
        _ => String::new(),
    };
    for problem in sample.problems.iter_mut().chain(&mut sample.retried) {
        let is_content = !matches!(problem.kind, FailureKind::NoAnswer | FailureKind::Timeout | FailureKind::NotJudged);
        problem.message = if is_content {
            told(capture, record, &format!("{}{status}", problem.kind.meaning()), &problem.message)
        } else {
            format!("{}: {}", record.place, problem.message)
        };
        if !capture.show_content {
            problem.response = None;
        }
    }
}
