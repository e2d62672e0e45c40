//! One request to a model.

use std::time::{Duration, Instant};

use super::tally::Sample;
use super::target::Target;
use crate::cloud::CloudError;
use crate::cloud::error::ErrorKind;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::Failure as Problem;
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::test_suite::Case;

/// A model that loads or a service that throttles needs a moment before the next attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// One request, made again while what went wrong may pass.
pub(super) async fn send(case: &Case, body: &[u8], target: &impl Target) -> Sample {
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
                    let unmet = case.expect.judge(&streamed.answer).unmet;
                    sample.retried.extend(unmet.into_iter().map(|unmet| Problem::new(unmet.kind, unmet.message)));
                } else {
                    sample.latency = Some(latency);
                    sample.judge(streamed, case).await;
                    return sample;
                }
            }
            Ok(Err(error)) => {
                sample.errors += 1;
                if is_last || !is_passing(&error) {
                    sample.fail(&error);
                    return sample;
                }
                sample.retried.push(Problem::new(FailureKind::NoAnswer, error.message()));
            }
            // A model that hangs hangs again, and every attempt costs the whole timeout.
            Err(_) => {
                sample.errors += 1;
                sample.time_out(case, started.elapsed());
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
    matches!(error.kind, ErrorKind::Busy | ErrorKind::Unreachable)
}
