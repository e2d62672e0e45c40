//! A dataset case: every row sent, every prediction read, the metrics held against their gates.

use futures::StreamExt;

use super::cases::send;
use super::tally::Tally;
use super::target::Target;
use crate::domain::dataset::Dataset;
use crate::domain::dataset::body::BodyFormat;
use crate::domain::dataset::case::DatasetCase;
use crate::domain::dataset::gate::judge;
use crate::domain::dataset::metrics::evaluate;
use crate::domain::expectation::Answer;
use crate::domain::test_report::{CaseReport, Failure as Problem};
use crate::domain::test_suite::Case;

pub(super) async fn run(
    case: &Case,
    dataset: &DatasetCase,
    data: &Dataset,
    format: BodyFormat,
    concurrency: u32,
    target: &impl Target,
) -> (CaseReport, Tally) {
    let mut tally = Tally::default();
    let mut answers = Vec::new();
    // In the order of the rows, so that a batch is known by its place.
    let mut samples = futures::stream::iter(data.batches(dataset.batch_size))
        .map(async |rows| (rows.len(), send(case, &data.body(rows, format), target).await))
        .buffered(concurrency as usize);
    while let Some((rows, sample)) = samples.next().await {
        let answer = match (sample.problems.first(), &sample.answer) {
            (Some(problem), _) => Err(problem.message.clone()),
            (None, Some(Answer::Body { content_type, bytes, .. })) => {
                dataset.read_answer(content_type.as_deref(), bytes, rows)
            }
            (None, _) => Err("the model gave no answer to read".to_owned()),
        };
        answers.push(answer);
        tally.add(sample);
    }
    let mut report = tally.report(&case.name, case.kind(), &case.slo);
    // What failed in a batch is said with its rows, below; the objectives stand.
    report.failures.retain(|problem| problem.kind == "slo");
    report.tolerated.clear();
    match evaluate(dataset, data, &answers) {
        Ok(result) => {
            let broken = judge(&dataset.gates, &result);
            report.failures.extend(broken.into_iter().map(|message| Problem::new("gate", message)));
            report.dataset = Some(result);
        }
        Err(unusable) => {
            report.failures.extend(unusable.into_iter().map(|message| Problem::new("dataset", message)));
        }
    }
    report.success = report.failures.is_empty();
    (report, tally)
}
