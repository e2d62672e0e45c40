//! A dataset case: every row sent, every prediction read, the metrics held against their gates.

use std::sync::Arc;

use futures::StreamExt;

use super::judging;
use super::request::send;
use super::tally::Tally;
use super::target::Target;
use super::under_way::UnderWay;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{CaseReport, Failure as Problem};
use crate::domain::suite::dataset::Dataset;
use crate::domain::suite::dataset::body::BodyFormat;
use crate::domain::suite::dataset::case::DatasetCase;
use crate::domain::suite::dataset::gate::judge;
use crate::domain::suite::dataset::metrics::Evaluation;
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::test_suite::Case;

/// What is sent of a dataset.
pub(super) struct Requests<'a> {
    pub(super) case: &'a Arc<DatasetCase>,
    pub(super) data: &'a Dataset,
    pub(super) format: BodyFormat,
    pub(super) concurrency: u32,
}

pub(super) async fn run(
    case: &Case,
    requests: Requests<'_>,
    under_way: &UnderWay,
    target: &impl Target,
) -> (CaseReport, Tally) {
    let Requests { case: dataset, data, format, concurrency } = requests;
    let mut evaluation = Evaluation::new(dataset, data);
    // In the order of the rows, and no more of them in memory than are under way.
    let mut samples = futures::stream::iter(data.batches(dataset, format))
        .map(async |batch| match batch {
            Ok(batch) => {
                let sample = send(case, &batch.body, target).await;
                Ok((batch, sample))
            }
            Err(reason) => Err(reason),
        })
        .buffered(concurrency as usize);
    while let Some(sent) = samples.next().await {
        let (batch, mut sample) = match sent {
            Ok(sent) => sent,
            Err(reason) => {
                evaluation.miss(reason);
                continue;
            }
        };
        let answer = match (sample.problems.first(), sample.answer.take()) {
            (Some(problem), _) => Err(problem.message.clone()),
            (None, Some(Answer::Body { content_type, bytes, .. })) => {
                let rows = batch.rows.len();
                if dataset.is_quick(&bytes) {
                    dataset.read_answer(content_type.as_deref(), &bytes, rows)
                } else {
                    let dataset = Arc::clone(dataset);
                    let read = move || dataset.read_answer(content_type.as_deref(), &bytes, rows);
                    judging::beside(read).await.flatten()
                }
            }
            (None, _) => Err("the model gave no answer to read".to_owned()),
        };
        evaluation.add(&batch, answer);
        under_way.add(sample);
    }
    let mut tally = under_way.finish();
    let mut report = tally.report(&case.name, case.kind());
    // What failed in a batch is said with its rows, below; the objectives stand.
    report.failures.retain(|problem| problem.kind == FailureKind::Slo);
    report.tolerated.clear();
    match evaluation.finish() {
        Ok(result) => {
            let broken = judge(&dataset.gates, &result);
            report.failures.extend(broken.into_iter().map(|message| Problem::new(FailureKind::Gate, message)));
            report.dataset = Some(result);
        }
        Err(unusable) => {
            report.failures.extend(unusable.into_iter().map(|message| Problem::new(FailureKind::Dataset, message)));
        }
    }
    report.success = report.failures.is_empty();
    (report, tally)
}
