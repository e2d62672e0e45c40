//! The cases of a suite, read from files and sent to whatever answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult, Invocation};
use crate::domain::expectation::Answer;
use crate::domain::finding::Finding;
use crate::domain::latency::Latencies;
use crate::domain::test_report::{AccountReport, CaseReport, Failure as Problem};
use crate::domain::test_suite::{Case, Suite};
use crate::error::{Failure, Result};
use crate::files;
use crate::output::Console;

/// A model that loads or a service that throttles needs a moment before the next attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Reads a suite with every file that its cases name.
pub(super) fn read_suite(path: &Path, console: Console) -> Result<Suite> {
    let text = files::read_text(path)?;
    let name = path.display().to_string();
    let mut suite = Suite::parse(&text, &name).map_err(Failure::invalid)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut contents = BTreeMap::new();
    let mut findings = Vec::new();
    for file in suite.files() {
        match files::read(&folder.join(file)) {
            Ok(bytes) => _ = contents.insert(file.to_owned(), bytes),
            Err(failure) => findings.extend(failure.findings),
        }
    }
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    suite.fill(&contents);
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
pub(super) async fn run(
    suite: &Suite,
    state: &RefCell<AccountReport>,
    send: impl AsyncFn(&Invocation<'_>) -> CloudResult<Answer>,
) {
    for case in &suite.cases {
        let report = run_case(case, &send).await;
        state.borrow_mut().cases.push(report);
    }
}

async fn run_case(case: &Case, send: &impl AsyncFn(&Invocation<'_>) -> CloudResult<Answer>) -> CaseReport {
    let invocation =
        Invocation { endpoint: "", content_type: &case.content_type, accept: &case.accept, body: case.body() };
    let mut latencies = Latencies::default();
    let mut report = CaseReport { name: case.name.clone(), ..CaseReport::default() };
    let mut pause = FIRST_PAUSE;
    for attempt in 0..=case.retries {
        report.invocations += 1;
        let started = Instant::now();
        let answer = tokio::time::timeout(case.timeout, send(&invocation)).await;
        let problem = match answer {
            Ok(Ok(answer)) => {
                latencies.record(started.elapsed());
                let unmet = case.expect.judge(&answer);
                let may_pass = matches!(answer, Answer::ModelError { status: 500.., .. });
                if unmet.is_empty() || !may_pass || attempt == case.retries {
                    report.failures = unmet.into_iter().map(|unmet| Problem::new(unmet.kind, unmet.message)).collect();
                    break;
                }
                None
            }
            Ok(Err(error)) => {
                let problem = Problem::new("no_answer", error.to_string());
                Some((problem, is_passing(&error)))
            }
            Err(_) => {
                let timeout = humantime::format_duration(case.timeout);
                // A model that hangs hangs again, and every attempt costs the whole timeout.
                Some((Problem::new("timeout", format!("no answer within {timeout}")), false))
            }
        };
        if let Some((problem, may_pass)) = problem {
            report.errors += 1;
            if !may_pass || attempt == case.retries {
                report.failures.push(problem);
                break;
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    report.latency_ms = latencies.summary();
    report.success = report.failures.is_empty();
    report
}

/// Whether the same request may go through in a moment.
fn is_passing(error: &CloudError) -> bool {
    matches!(error.kind, Kind::Busy | Kind::Unreachable)
}
