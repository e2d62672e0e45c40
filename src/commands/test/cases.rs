//! The cases of a suite, read from files and sent to whatever answers.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::load;
use super::tally::{Sample, Tally};
use super::target::Target;
use crate::cloud::CloudError;
use crate::cloud::error::Kind;
use crate::domain::expectation::Answer;
use crate::domain::finding::Finding;
use crate::domain::suite_spec::Contents;
use crate::domain::test_report::{AccountReport, CaseReport};
use crate::domain::test_suite::{Case, Suite, SuiteDraft, Work};
use crate::error::{Failure, Result};
use crate::files;
use crate::output::Console;

/// A model that loads or a service that throttles needs a moment before the next attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Reads a suite with every file that its cases name.
pub(super) fn read_suite(path: &Path, console: Console) -> Result<Suite> {
    let text = files::read_text(path)?;
    let name = path.display().to_string();
    let draft = SuiteDraft::parse(&text, &name).map_err(|finding| Failure::invalid([finding]))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut contents = Contents::new();
    let mut findings = Vec::new();
    for file in draft.files() {
        match files::read(&folder.join(file)) {
            Ok(bytes) => _ = contents.insert(file.to_owned(), bytes),
            Err(failure) => findings.extend(failure.findings),
        }
    }
    let compiled = draft.compile(&contents).map_err(|found| findings.extend(found));
    let Ok(suite) = compiled else { return Err(Failure::invalid(findings)) };
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    suite.warnings.iter().for_each(|warning| console.warning(warning));
    if suite.cases.is_empty() {
        console.warning(
            &Finding::warning("has no cases: no payload will be sent, and no answer judged")
                .in_file(&name)
                .hint("add a case with a body and what is expected of the answer"),
        );
    }
    Ok(suite)
}

/// Sends every case in order; each report is in `state` as soon as it is there.
pub(super) async fn run(suite: &Suite, state: &RefCell<AccountReport>, target: &impl Target) {
    let mut all = Tally::default();
    for case in &suite.cases {
        let (report, tally) = run_case(case, target).await;
        all.absorb(&tally);
        state.borrow_mut().cases.push(report);
    }
    if !all.is_empty() {
        state.borrow_mut().errors.extend(all.broken(&suite.slo));
    }
}

async fn run_case(case: &Case, target: &impl Target) -> (CaseReport, Tally) {
    let body = match &case.work {
        Work::Repeat { body, .. } | Work::Load { body, .. } => body,
    };
    for _ in 0..case.warmup {
        send(case, body, target).await;
    }
    match &case.work {
        Work::Repeat { body, times, concurrency } => {
            let mut tally = Tally::default();
            let mut samples = futures::stream::iter(0..*times)
                .map(|_| send(case, body, target))
                .buffer_unordered(*concurrency as usize);
            while let Some(sample) = samples.next().await {
                tally.add(sample);
            }
            (tally.report(&case.name, case.kind(), &case.slo), tally)
        }
        Work::Load { body, load } => load::run(case, body, load, target).await,
    }
}

/// One request, made again while what went wrong may pass.
async fn send(case: &Case, body: &[u8], target: &impl Target) -> Sample {
    let mut sample = Sample::default();
    let mut pause = FIRST_PAUSE;
    for attempt in 0..=case.retries {
        let is_last = attempt == case.retries;
        sample.invocations += 1;
        let started = Instant::now();
        match tokio::time::timeout(case.limit(), target.send(&case.mode, &case.options, body)).await {
            Ok(Ok(streamed)) => {
                let latency = started.elapsed();
                let may_pass = matches!(streamed.answer, Answer::ModelError { status: 500.., .. });
                if may_pass && !is_last && !case.expect.wants_refusal() {
                    sample.errors += 1;
                } else {
                    sample.latency = Some(latency);
                    sample.first_byte = streamed.first_byte;
                    sample.judge(&streamed, &case.expect);
                    return sample;
                }
            }
            Ok(Err(error)) => {
                sample.errors += 1;
                if is_last || !is_passing(&error) {
                    sample.fail(&error);
                    return sample;
                }
            }
            // A model that hangs hangs again, and every attempt costs the whole timeout.
            Err(_) => {
                sample.errors += 1;
                sample.time_out(case.limit());
                return sample;
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    sample
}

/// Whether the same request may go through in a moment.
fn is_passing(error: &CloudError) -> bool {
    matches!(error.kind, Kind::Busy | Kind::Unreachable)
}
