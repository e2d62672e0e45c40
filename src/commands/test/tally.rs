//! What came of the requests of a case, added up.

use std::sync::Arc;
use std::time::Duration;

use super::judging;
use crate::cloud::{CloudError, Streamed};
use crate::domain::expectation::{Answer, Expectation};
use crate::domain::latency::Latencies;
use crate::domain::slo::{Measured, Slo};
use crate::domain::test_report::{CaseReport, Failure as Problem, KeptBody};
use crate::domain::test_suite::{Case, Mode};

/// So many failures are told in full; a thousand of one kind help nobody.
const KEPT_FAILURES: usize = 10;

/// One request with all its attempts.
#[derive(Default)]
pub(super) struct Sample {
    /// Attempts that were sent.
    pub(super) invocations: u64,
    /// Attempts that brought no answer.
    pub(super) errors: u64,
    /// How long the answer took; a request that timed out took at least that long.
    pub(super) latency: Option<Duration>,
    pub(super) first_byte: Option<Duration>,
    pub(super) problems: Vec<Problem>,
    /// How many problems there are beside these.
    pub(super) untold: u64,
    /// Whether an answer came.
    pub(super) is_answered: bool,
    /// The answer, unless judging it was given up.
    pub(super) answer: Option<Answer>,
}

/// The requests of a case.
#[derive(Default)]
pub(super) struct Tally {
    requests: u64,
    invocations: u64,
    errors: u64,
    failed: u64,
    answered: u64,
    latencies: Latencies,
    first_bytes: Latencies,
    /// Each with how often it was the same.
    problems: Vec<(Problem, u64)>,
    untold: u64,
}

impl Tally {
    pub(super) fn add(&mut self, sample: Sample) {
        self.requests += 1;
        self.invocations += sample.invocations;
        self.errors += sample.errors;
        self.answered += u64::from(sample.is_answered);
        self.untold += sample.untold;
        sample.latency.into_iter().for_each(|latency| self.latencies.record(latency));
        sample.first_byte.into_iter().for_each(|latency| self.first_bytes.record(latency));
        if !sample.problems.is_empty() {
            self.failed += 1;
            for problem in sample.problems {
                let same =
                    |(known, _): &&mut (Problem, u64)| known.kind == problem.kind && known.message == problem.message;
                if let Some((_, times)) = self.problems.iter_mut().find(same) {
                    *times += 1;
                } else if self.problems.len() < KEPT_FAILURES {
                    self.problems.push((problem, 1));
                } else {
                    self.untold += 1;
                }
            }
        }
    }

    /// Takes up another case's requests, for the objectives of the suite.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.latencies.add(&other.latencies);
        self.first_bytes.add(&other.first_bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    fn measured(&self) -> Measured {
        Measured {
            invocations: self.requests,
            failed: self.failed,
            latency: self.latencies.summary(),
            first_byte: self.first_bytes.summary(),
        }
    }

    pub(super) fn broken(&self, slo: &Slo) -> Vec<Problem> {
        slo.broken(&self.measured()).into_iter().map(|message| Problem::new("slo", message)).collect()
    }

    /// The case's report: every failure, unless the objectives tolerate as many.
    pub(super) fn report(&mut self, name: &str, kind: &str, slo: &Slo) -> CaseReport {
        let problems = std::mem::take(&mut self.problems).into_iter().map(|(problem, times)| match times {
            1 => problem,
            _ => Problem { message: format!("{} ({times} times)", problem.message), ..problem },
        });
        let untold = (self.untold > 0).then(|| Problem::new("more", format!("and {} other findings", self.untold)));
        let told: Vec<Problem> = problems.chain(untold).collect();
        let (mut failures, tolerated) = if self.within(slo) { (Vec::new(), told) } else { (told, Vec::new()) };
        failures.extend(self.broken(slo));
        CaseReport {
            name: name.to_owned(),
            kind: kind.to_owned(),
            success: failures.is_empty(),
            invocations: self.invocations,
            errors: self.errors,
            failed: self.failed,
            latency_ms: self.latencies.summary(),
            first_byte_ms: self.first_bytes.summary(),
            latency_buckets: self.latencies.buckets(),
            failures,
            tolerated,
            ..CaseReport::default()
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
    fn within(&self, slo: &Slo) -> bool {
        self.failed as f64 <= slo.tolerated() * self.requests as f64
    }
}

impl Sample {
    /// Judges an answer that came.
    pub(super) async fn judge(&mut self, streamed: Streamed, expect: &Arc<Expectation>) {
        self.is_answered = true;
        let answer = streamed.answer;
        let kept = match &answer {
            Answer::Body { content_type, bytes, .. } => KeptBody::new(content_type.as_deref(), bytes),
            Answer::ModelError { message, .. } => KeptBody::new(None, message.as_bytes()),
        };
        let judged = if expect.is_quick(&answer) {
            Ok((expect.judge(&answer), answer))
        } else {
            let expect = Arc::clone(expect);
            judging::beside(move || (expect.judge(&answer), answer)).await
        };
        match judged {
            Ok((verdict, answer)) => {
                self.problems.extend(verdict.unmet.into_iter().map(|unmet| Problem {
                    kind: unmet.kind.to_owned(),
                    message: unmet.message,
                    response: Some(kept.clone()),
                }));
                self.untold += verdict.untold;
                self.answer = Some(answer);
            }
            Err(reason) => {
                self.problems.push(Problem { response: Some(kept), ..Problem::new("not_judged", reason) });
            }
        }
    }

    /// An attempt that brought no answer, and that is not made again.
    pub(super) fn fail(&mut self, error: &CloudError) {
        self.problems.push(Problem::new("no_answer", error.message()));
    }

    /// An attempt whose time was up; its answer, and the first byte of it, would have taken at least that long.
    pub(super) fn time_out(&mut self, case: &Case, took: Duration) {
        self.latency = Some(took);
        self.first_byte = (case.mode == Mode::Stream).then_some(took);
        let timeout = humantime::format_duration(case.limit());
        self.problems.push(Problem::new("timeout", format!("no answer within {timeout}")));
    }
}
