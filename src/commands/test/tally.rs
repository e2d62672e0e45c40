//! What came of the requests of a case, added up.

use std::sync::Arc;
use std::time::Duration;

use super::judging;
use crate::cloud::{CloudError, Streamed};
use crate::domain::report::counted_failures::CountedFailures;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::latency::Latencies;
use crate::domain::report::results::{CaseReport, Failure as Problem, KeptBody, TokenReport};
use crate::domain::suite::agreement::{Agreement, Seen};
use crate::domain::suite::expectation::{Answer, Expectation};
use crate::domain::suite::slo::{Measured, Request, Slo};
use crate::domain::suite::test_suite::Case;
use crate::domain::suite::token_times::{Arrival, TokenTimes};
use crate::domain::text::count::counted;
use crate::secrets::masked_answer;

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
    /// Of a stream: when its tokens came.
    pub(super) tokens: Option<TokenTimes>,
    pub(super) problems: Vec<Problem>,
    /// Why attempts before the last one failed.
    pub(super) retried: Vec<Problem>,
    /// How many problems there are beside these.
    pub(super) untold: u64,
    /// Whether an answer came.
    pub(super) is_answered: bool,
    /// The session that was opened.
    pub(super) session: Option<String>,
    /// What it has that is compared with the answers to the other requests.
    pub(super) seen: Vec<Seen>,
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
    agreement: Agreement,
    streams: Streams,
    /// What each request is held to.
    slo: Slo,
    /// Requests within every objective.
    good: u64,
    /// The session that the last of them opened.
    session: Option<String>,
    problems: CountedFailures,
    /// Of requests that passed when they were sent again.
    retried: CountedFailures,
}

/// The tokens of all streams.
#[derive(Default)]
struct Streams {
    ttft: Latencies,
    inter_token: Latencies,
    per_output_token: Latencies,
    tokens_in: Option<u64>,
    tokens_out: u64,
    /// Streams whose server did not tell how many tokens there were.
    untold: u64,
}

impl Streams {
    fn take(&mut self, tokens: &TokenTimes) {
        self.ttft.record(tokens.first);
        tokens.between.iter().for_each(|between| self.inter_token.record(*between));
        tokens.per_output_token().into_iter().for_each(|each| self.per_output_token.record(each));
        self.count(tokens.tokens_in, tokens.tokens_out, u64::from(!tokens.is_told));
    }

    fn add(&mut self, other: &Self) {
        self.ttft.add(&other.ttft);
        self.inter_token.add(&other.inter_token);
        self.per_output_token.add(&other.per_output_token);
        self.count(other.tokens_in, other.tokens_out, other.untold);
    }

    fn count(&mut self, tokens_in: Option<u64>, tokens_out: u64, untold: u64) {
        let more = |all: u64| all.saturating_add(tokens_in.unwrap_or_default());
        self.tokens_in = self.tokens_in.map(more).or(tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(tokens_out);
        self.untold += untold;
    }

    fn report(&self, measured: &Measured, has_goodput: bool) -> Option<TokenReport> {
        Some(TokenReport {
            ttft_ms: measured.ttft?,
            inter_token_ms: measured.inter_token,
            time_per_output_token_ms: measured.per_output_token,
            tokens_per_second: measured.tokens_per_second(),
            input_tokens: self.tokens_in,
            output_tokens: self.tokens_out,
            counted_events: self.untold > 0,
            goodput: has_goodput.then(|| measured.goodput()),
        })
    }
}

impl Tally {
    /// Of requests that are held to these objectives.
    pub(super) fn of(slo: &Slo) -> Self {
        Self { slo: *slo, ..Self::default() }
    }

    pub(super) fn add(&mut self, sample: Sample) {
        self.requests += 1;
        self.good += u64::from(sample.problems.is_empty() && self.slo.is_met_by(&sample.measured()));
        self.invocations += sample.invocations;
        self.session = sample.session.or(self.session.take());
        self.errors += sample.errors;
        self.answered += u64::from(sample.is_answered);
        self.problems.add_untold(sample.untold);
        self.agreement.add(sample.seen);
        sample.latency.into_iter().for_each(|latency| self.latencies.record(latency));
        sample.first_byte.into_iter().for_each(|latency| self.first_bytes.record(latency));
        sample.tokens.iter().for_each(|tokens| self.streams.take(tokens));
        if sample.problems.is_empty() {
            sample.retried.into_iter().for_each(|problem| self.retried.add(problem));
        } else {
            self.failed += 1;
            sample.problems.into_iter().for_each(|problem| self.problems.add(problem));
        }
    }

    /// Requests of a load that were not sent while they could still be answered in time, since `most` were under way.
    pub(super) fn add_unsent(&mut self, unsent: u64, case: &Case, most: u32) {
        if unsent == 0 {
            return;
        }
        self.requests += unsent;
        self.failed += unsent;
        self.latencies.record_times(case.timeout, unsent);
        if case.mode.is_streamed() {
            self.first_bytes.record_times(case.timeout, unsent);
        }
        let timeout = humantime::format_duration(case.timeout);
        let under_way = counted(most, "request");
        let message = format!("not sent within {timeout} after it was due, with {under_way} under way");
        self.problems.add_times(Problem::new(FailureKind::Timeout, message), unsent);
    }

    /// Takes up another case's requests, for the objectives of the suite.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.latencies.add(&other.latencies);
        self.first_bytes.add(&other.first_bytes);
        self.streams.add(&other.streams);
        self.good += other.good;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    /// How many tokens streams brought; none where there were no streams.
    pub(super) fn tokens_out(&self) -> Option<u64> {
        self.streams.ttft.summary().map(|_| self.streams.tokens_out)
    }

    /// Whether every objective is met, and no more has failed than is tolerated.
    pub(super) fn is_met(&self) -> bool {
        self.slo.tolerates(self.failed, self.requests) && self.broken().is_empty()
    }

    pub(super) fn measured(&self) -> Measured {
        Measured {
            invocations: self.requests,
            failed: self.failed,
            latency: self.latencies.summary(),
            first_byte: self.first_bytes.summary(),
            ttft: self.streams.ttft.summary(),
            inter_token: self.streams.inter_token.summary(),
            per_output_token: self.streams.per_output_token.summary(),
            good: self.good,
        }
    }

    pub(super) fn broken(&self) -> Vec<Problem> {
        self.slo.broken(&self.measured()).into_iter().map(|message| Problem::new(FailureKind::Slo, message)).collect()
    }

    /// The case's report: every failure, unless the objectives tolerate as many.
    pub(super) fn report(&mut self, name: &str, kind: &str) -> CaseReport {
        let told = self.problems.tell();
        let (mut failures, tolerated) =
            if self.slo.tolerates(self.failed, self.requests) { (Vec::new(), told) } else { (told, Vec::new()) };
        failures.extend(self.broken());
        let measured = self.measured();
        CaseReport {
            name: name.to_owned(),
            kind: kind.to_owned(),
            success: failures.is_empty(),
            invocations: self.invocations,
            errors: self.errors,
            failed: self.failed,
            latency_ms: measured.latency,
            first_byte_ms: measured.first_byte,
            tokens: self.streams.report(&measured, self.slo.goodput.is_some()),
            latency_buckets: self.latencies.buckets(),
            failures,
            retried: self.retried.tell(),
            tolerated,
            ..CaseReport::default()
        }
    }

    /// Adds in what the answers differ that should not; no error rate tolerates it.
    pub(super) fn compare(&self, expect: &Expectation, report: &mut CaseReport) {
        let differ = expect.disagreement(&self.agreement).into_iter();
        report.failures.extend(differ.map(|message| Problem::new(FailureKind::AnswersDiffer, message)));
        report.success = report.failures.is_empty();
    }
}

fn kept(answer: &Answer) -> KeptBody {
    match answer {
        Answer::Body { content_type, bytes, .. } => {
            KeptBody { bytes: bytes.len() as u64, ..KeptBody::new(content_type.as_deref(), &masked_answer(bytes)) }
        }
        Answer::ModelError { message, .. } => KeptBody::new(None, message.as_bytes()),
    }
}

/// When the tokens of a streamed answer came.
fn tokens(answer: &Answer, arrivals: &[Arrival]) -> Option<TokenTimes> {
    match answer {
        Answer::Body { content_type, bytes, .. } => {
            TokenTimes::of(content_type.as_deref().unwrap_or_default(), bytes, arrivals)
        }
        Answer::ModelError { .. } => None,
    }
}

impl Sample {
    /// Counts from the moment at which the request was due, as its latency does.
    pub(super) fn count_from(&mut self, lag: Duration) {
        self.first_byte = self.first_byte.map(|first| first + lag);
        if let Some(tokens) = &mut self.tokens {
            tokens.first += lag;
            tokens.last += lag;
        }
    }

    fn measured(&self) -> Request {
        Request {
            latency: self.latency,
            first_byte: self.first_byte,
            ttft: self.tokens.as_ref().map(|tokens| tokens.first),
            per_output_token: self.tokens.as_ref().and_then(TokenTimes::per_output_token),
        }
    }

    /// Judges an answer that came.
    pub(super) async fn judge(&mut self, streamed: Streamed, case: &Case) {
        self.is_answered = true;
        let (expect, Streamed { answer, session, arrivals }) = (&case.expect, streamed);
        let arrivals = if case.mode.is_streamed() { arrivals } else { Vec::new() };
        self.first_byte = arrivals.first().map(|first| first.at);
        self.session = session;
        let judged = if expect.is_quick(&answer) {
            Ok((expect.judge(&answer), expect.look_at(&answer), tokens(&answer, &arrivals), answer))
        } else {
            // Judging that is given up does not give back the answer.
            let (expect, unjudged) = (Arc::clone(expect), kept(&answer));
            judging::beside(move || {
                (expect.judge(&answer), expect.look_at(&answer), tokens(&answer, &arrivals), answer)
            })
            .await
            .map_err(|reason| (reason, unjudged))
        };
        match judged {
            Ok((verdict, seen, tokens, answer)) => {
                self.seen = seen;
                self.tokens = tokens;
                let kept = if verdict.unmet.is_empty() { KeptBody::default() } else { kept(&answer) };
                self.problems.extend(verdict.unmet.into_iter().map(|unmet| Problem {
                    kind: unmet.kind,
                    message: unmet.message,
                    response: Some(kept.clone()),
                }));
                self.untold += verdict.untold;
                self.answer = Some(answer);
            }
            Err((reason, unjudged)) => {
                self.problems
                    .push(Problem { response: Some(unjudged), ..Problem::new(FailureKind::NotJudged, reason) });
            }
        }
    }

    /// An attempt that brought no answer, and that is not made again.
    pub(super) fn fail(&mut self, error: &CloudError) {
        self.problems.push(Problem::new(FailureKind::NoAnswer, error.message()));
    }

    /// An attempt whose time was up; its answer, and the first byte of it, would have taken at least that long.
    pub(super) fn time_out(&mut self, case: &Case, took: Duration) {
        self.latency = Some(took);
        self.first_byte = case.mode.is_streamed().then_some(took);
        let timeout = humantime::format_duration(case.limit());
        self.problems.push(Problem::new(FailureKind::Timeout, format!("no answer within {timeout}")));
    }
}
