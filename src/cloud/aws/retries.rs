//! Calls that are made again: by rules of our own, unless the user chose those of AWS's SDKs.
//!
//! Each attempt is one call of a client whose own retries are off. The SDK's would not do. Its standard mode gives up at
//! the third attempt, after a second of pauses. Its adaptive mode charges a retry 5 to 10 tokens of a bucket that a lone
//! caller fills at 0.5 a second (aws-smithy-runtime 1.16.2, `client_rate_limiter.rs`), and is of one client, whatever it
//! calls. And nothing of ours can take their place: generated clients keep `RetryStrategy` and runtime plugins to
//! themselves.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::retry::{RetryConfig, RetryMode};
use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetrySpec;
use tokio::sync::Semaphore;

use super::rate_limiter::RateLimiter;
use super::response_validation::is_invalid_response;
use super::service_clock;
use super::settings::{Mode, RetrySettings};

/// The pause before the second attempt is at most this long, and each may be twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// No attempt begins later than this after the call, so that a call that is throttled for ever ends within a minute.
const PATIENCE: Duration = Duration::from_secs(55);
/// What is broken may stay so, and whoever mistyped an address shall not wait a minute for the error.
const MAX_BROKEN: u32 = 8;
/// As many calls of a service are on their way at once: each holds a connection, with 33 kB and more of buffers.
const AT_ONCE: usize = 40;

/// Answers to a request whose signature is too old or too young, among other reasons (`aws_runtime`, `service_clock_skew`).
const SKEW_ERRORS: [&str; 5] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "RequestTimeTooSkewed",
    "AccessDeniedException",
];
const MAX_SKEW: Duration = Duration::from_mins(4);
/// Throttling to some services; to those that are called here, a quota that no pause fills again.
const QUOTA_ERROR: &str = "LimitExceededException";

/// The calls of one account in one Region.
#[derive(Clone, Debug)]
pub(super) struct Retries {
    /// None where the clients retry by themselves
    max_attempts: Option<u32>,
    patience: Duration,
    account: Arc<str>,
    region: Arc<str>,
    limits: Arc<Mutex<Limits>>,
}

/// What holds over all accounts.
#[derive(Debug, Default)]
struct Limits {
    /// By operation and Region
    rates: BTreeMap<(String, Arc<str>), Arc<RateLimiter>>,
    /// By service and Region: what a call holds while it is on its way. A call that takes on a role again holds one of
    /// its own service meanwhile, and waits for one of another.
    places: BTreeMap<(String, Arc<str>), Arc<Semaphore>>,
}

/// A client whose calls are made again.
#[derive(Clone, Debug)]
pub(super) struct Retrying<C> {
    pub(super) client: C,
    pub(super) retries: Retries,
}

impl<C> Retrying<C> {
    /// As [`Retries::call`]; an attempt makes its request anew.
    pub(super) async fn call<T, E, F>(
        &self,
        operation: &str,
        attempt: impl Fn(&C) -> F,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.retries.call(operation, || attempt(&self.client)).await
    }
}

/// Why a call did not do, as far as that decides about another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Throttled,
    /// No answer, or one that is not the service's own
    Broken,
    /// The client has learned the service's time by now.
    Skewed,
    Final,
}

impl Retries {
    /// Retries of our own, unless the user chose a mode of AWS's tools; and those of the clients beside them.
    pub(super) fn chosen(user: RetrySettings) -> (Self, RetryConfig) {
        let Some(mode) = user.mode else {
            let max_attempts = user.attempts.unwrap_or(u32::MAX);
            return (Self::ours(max_attempts), RetryConfig::disabled());
        };
        // botocore 1.44.8: five attempts in legacy mode, which the SDK has not, and three in the others, by the rules of
        // 2026 unless told otherwise. The legacy pauses are those of the SDK's rules before.
        let (mode, attempts, revised) = match mode {
            Mode::Legacy => (RetryMode::Standard, 5, false),
            Mode::Standard => (RetryMode::Standard, 3, user.revised != Some(false)),
            Mode::Adaptive => (RetryMode::Adaptive, 3, user.revised != Some(false)),
        };
        let config = RetryConfig::standard().with_retry_mode(mode).with_max_attempts(user.attempts.unwrap_or(attempts));
        let rules = if revised { RetrySpec::v2_1() } else { RetrySpec::v2_0() };
        (Self { max_attempts: None, ..Self::ours(1) }, config.with_retry_spec(rules))
    }

    fn ours(max_attempts: u32) -> Self {
        let nowhere: Arc<str> = "".into();
        Self {
            max_attempts: Some(max_attempts),
            patience: PATIENCE,
            account: Arc::clone(&nowhere),
            region: nowhere,
            limits: Arc::default(),
        }
    }

    /// The same for another account.
    pub(super) fn of_account(&self, account: &str) -> Self {
        Self { account: account.into(), ..self.clone() }
    }

    pub(super) fn in_region(&self, region: &str) -> Self {
        Self { region: region.into(), ..self.clone() }
    }

    /// Where clients retry by themselves, no account uses up what another one is allowed.
    pub(super) fn partition(&self, service: &str) -> RetryPartition {
        RetryPartition::new(format!("{service}/{}/{}", self.region, self.account))
    }

    /// Makes a call until it does, or no further attempt will.
    pub(super) async fn call<T, E, F>(
        &self,
        operation: &str,
        attempt: impl Fn() -> F,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        // On the heap, so that a thousand calls that wait for their turn hold none of it.
        let attempt = || Box::pin(attempt());
        let Some(max_attempts) = self.max_attempts else { return attempt().await };
        let (rate_limiter, places) = self.limits(operation);
        let mut end = Instant::now() + self.patience;
        let mut number = 1;
        loop {
            turn(&rate_limiter, number > 1, &mut end).await;
            let permit = places.acquire().await;
            let sent = Instant::now();
            let answer = attempt().await;
            drop(permit);
            let refusal = answer.as_ref().map_or_else(Refusal::of, |_| Refusal::Final);
            rate_limiter.note(sent, refusal == Refusal::Throttled, &self.account);
            let Err(error) = &answer else { return answer };
            let left = end.saturating_duration_since(Instant::now());
            if number >= max_attempts || refusal.is_final_after(number) || left.is_zero() {
                return answer;
            }
            let pause = refusal.pause(number, fastrand::f64(), asked_for(error)).min(left);
            tracing::debug!("{operation}: attempt {number}: {refusal:?}; the next one in {pause:?}");
            drop(answer);
            tokio::time::sleep(pause).await;
            number += 1;
        }
    }

    /// How long to wait after an answer broke off so often; `None` where that is often enough.
    pub(super) fn pause_after_break(&self, breaks: u32) -> Option<Duration> {
        let most = self.max_attempts.unwrap_or(MAX_BROKEN).min(MAX_BROKEN);
        (breaks < most).then(|| Refusal::Broken.pause(breaks, fastrand::f64(), None))
    }

    fn limits(&self, operation: &str) -> (Arc<RateLimiter>, Arc<Semaphore>) {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let (service, _) = operation.split_once(':').unwrap_or((operation, ""));
        let here = |name: &str| (name.to_owned(), Arc::clone(&self.region));
        let rate = Arc::clone(limits.rates.entry(here(operation)).or_default());
        let places = limits.places.entry(here(service)).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
        (rate, Arc::clone(places))
    }
}

/// Waits for the turn of a call, whose time stands still as long as others get through.
async fn turn(rate_limiter: &RateLimiter, again: bool, end: &mut Instant) {
    let mut turn = pin!(rate_limiter.turn(again));
    let mut since = Instant::now();
    loop {
        let came = tokio::time::timeout_at((*end).into(), turn.as_mut()).await.is_ok();
        let others_got_through = rate_limiter.answered_since(since);
        if others_got_through {
            *end += since.elapsed();
            since = Instant::now();
        }
        if came || !others_got_through {
            return;
        }
    }
}

impl Refusal {
    fn of<E: std::error::Error + ProvideErrorMetadata + 'static>(error: &SdkError<E, HttpResponse>) -> Self {
        let code = error.code().unwrap_or_default();
        let response = error.raw_response();
        let status = response.map_or(0, |response| response.status().as_u16());
        if status == 429 || THROTTLING_ERRORS.contains(&code) && code != QUOTA_ERROR {
            return Self::Throttled;
        }
        if SKEW_ERRORS.contains(&code) && response.and_then(skew).is_some_and(|skew| skew > MAX_SKEW) {
            return Self::Skewed;
        }
        let broken = match error {
            // What lacks something now will lack it again, and a write may have been done.
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => !is_invalid_response(error),
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
            _ => TRANSIENT_ERRORS.contains(&code) || matches!(status, 500 | 502 | 503 | 504),
        };
        if broken { Self::Broken } else { Self::Final }
    }

    fn is_final_after(self, attempts: u32) -> bool {
        match self {
            Self::Throttled => false,
            Self::Broken => attempts >= MAX_BROKEN,
            Self::Skewed => attempts > 1,
            Self::Final => true,
        }
    }

    /// Full jitter, after the time that the service asks for; `random` is from 0 to 1.
    fn pause(self, attempts: u32, random: f64, asked_for: Option<Duration>) -> Duration {
        if self == Self::Skewed {
            return Duration::ZERO;
        }
        let longest = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_PAUSE);
        asked_for.unwrap_or_default().saturating_add(longest.mul_f64(random))
    }
}

/// What the service says of its next answer: in milliseconds to SDKs, in seconds to everybody.
fn asked_for<E>(error: &SdkError<E, HttpResponse>) -> Option<Duration> {
    let headers = error.raw_response()?.headers();
    let number = |name: &str| headers.get(name)?.trim().parse::<u64>().ok();
    number("x-amz-retry-after").map(Duration::from_millis).or_else(|| number("retry-after").map(Duration::from_secs))
}

/// How far the service's clock is from this machine's.
fn skew(response: &HttpResponse) -> Option<Duration> {
    let there = service_clock::date(response)?;
    let now = SystemTime::now();
    Some(there.duration_since(now).unwrap_or_else(|ahead| ahead.duration()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    type Error = SdkError<ErrorMetadata, HttpResponse>;

    fn answer(status: u16, code: &str, headers: &[(&'static str, &str)]) -> Error {
        let status = StatusCode::try_from(status).expect("a status");
        let mut response = HttpResponse::new(status, SdkBody::empty());
        for (name, value) in headers {
            response.headers_mut().insert(*name, (*value).to_owned());
        }
        SdkError::service_error(ErrorMetadata::builder().code(code).build(), response)
    }

    fn throttled() -> Error {
        answer(400, "ThrottlingException", &[])
    }

    /// Calls until it does or is given up; answers the number of attempts and the time.
    fn calls(retries: &Retries, error: impl Fn(u32) -> Option<Error>) -> (u32, Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let attempts = Cell::new(0);
        let started = Instant::now();
        let attempt = || {
            attempts.set(attempts.get() + 1);
            std::future::ready(error(attempts.get()).map_or(Ok(()), Err))
        };
        _ = runtime.block_on(retries.call("operation", attempt));
        (attempts.get(), started.elapsed())
    }

    #[test]
    fn first_pauses_are_short_and_none_is_long() {
        let longest = |attempts| Refusal::Throttled.pause(attempts, 1.0, None);
        assert_eq!([1, 2, 3, 5, 6, 30].map(longest), [200, 400, 800, 3_200, 5_000, 5_000].map(Duration::from_millis));
        assert_eq!(Refusal::Throttled.pause(5, 0.0, None), Duration::ZERO, "full jitter");
        // botocore 1.44.8, retries/standard.py: rand(0, 1) * min(2 ** i, 20)
        for throttled in [1, 3, 5] {
            let ours: Duration = (1..=throttled).map(longest).sum();
            let theirs: Duration = (0..throttled).map(|number| Duration::from_secs(1 << number)).sum();
            assert!(ours < theirs / 2, "{throttled}: {ours:?}, {theirs:?}");
        }
    }

    #[test]
    fn what_the_service_asks_for_is_waited_for() {
        let pause = |headers: &[(&'static str, &str)]| {
            Refusal::Throttled.pause(1, 0.5, asked_for(&answer(503, "SlowDown", headers)))
        };
        assert_eq!(pause(&[]), Duration::from_millis(100));
        assert_eq!(pause(&[("retry-after", "3")]), Duration::from_millis(3_100));
        assert_eq!(pause(&[("x-amz-retry-after", "1500")]), Duration::from_millis(1_600));
        assert_eq!(pause(&[("x-amz-retry-after", "1500"), ("retry-after", "9")]), Duration::from_millis(1_600));
        assert_eq!(pause(&[("retry-after", "soon"), ("x-amz-retry-after", "-1")]), Duration::from_millis(100));
        assert!(pause(&[("retry-after", "18446744073709551615")]) > PATIENCE, "no overflow");
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let hour_ago = [("date", "Mon, 01 Jan 2024 00:00:00 GMT")];
        for (error, refusal) in [
            (throttled(), Refusal::Throttled),
            (answer(400, "TooManyRequestsException", &[]), Refusal::Throttled),
            (answer(503, "SlowDown", &[]), Refusal::Throttled),
            (answer(429, "", &[]), Refusal::Throttled),
            (answer(400, "LimitExceededException", &[]), Refusal::Final),
            (answer(503, "ServiceUnavailable", &[]), Refusal::Broken),
            (answer(400, "RequestTimeout", &[]), Refusal::Broken),
            (SdkError::timeout_error("no answer"), Refusal::Broken),
            (answer(403, "SignatureDoesNotMatch", &hour_ago), Refusal::Skewed),
            (answer(403, "SignatureDoesNotMatch", &[]), Refusal::Final),
            (answer(403, "AccessDenied", &hour_ago), Refusal::Final),
            (answer(400, "ValidationException", &[]), Refusal::Final),
        ] {
            assert_eq!(Refusal::of(&error), refusal, "{error:?}");
        }
    }

    #[test]
    fn attempts_end_with_success_with_their_number_or_in_time() {
        let quick = |attempts| Retries { patience: Duration::from_millis(300), ..Retries::ours(attempts) };
        assert_eq!(calls(&quick(u32::MAX), |attempt| (attempt < 3).then(throttled)).0, 3);
        assert_eq!(calls(&Retries::ours(3), |_| Some(throttled())).0, 3);
        assert_eq!(calls(&Retries::ours(1), |_| Some(throttled())).0, 1);
        assert_eq!(calls(&quick(u32::MAX), |_| Some(answer(403, "AccessDenied", &[]))).0, 1);
        let (attempts, took) = calls(&quick(u32::MAX), |_| Some(throttled()));
        assert!(attempts >= 2 && took >= Duration::from_millis(300) && took < Duration::from_secs(30), "{took:?}");
        let later = |_| Some(answer(503, "SlowDown", &[("retry-after", "3600")]));
        let (attempts, took) = calls(&quick(u32::MAX), later);
        assert!(attempts == 2 && took < Duration::from_secs(30), "{attempts} in {took:?}");
    }

    /// Each of many calls takes on its role again while it is on its way.
    #[test]
    fn calls_within_calls_do_not_wait_for_one_another() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let retries = Retries::ours(1);
        let (now, most) = (Cell::new(0), Cell::new(0));
        let inner = || retries.call("sts:AssumeRole", || std::future::ready(Ok::<_, Error>(())));
        let outer = async || {
            now.set(now.get() + 1);
            most.set(now.get().max(most.get()));
            tokio::task::yield_now().await;
            let answer = inner().await;
            now.set(now.get() - 1);
            answer
        };
        let operations = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeModel"];
        let calls = (0..4 * AT_ONCE).map(|number| retries.call(operations[number % 2], outer));
        let answers = runtime.block_on(futures::future::join_all(calls));
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(most.get(), AT_ONCE, "the operations of a service share its places");
    }

    #[test]
    fn a_chosen_mode_is_botocore_s() {
        let of = |mode, attempts, revised| {
            let (ours, clients) = Retries::chosen(RetrySettings { mode, attempts, revised });
            let revised = clients.retry_spec().is_some_and(|spec| spec.is_at_least(RetrySpec::V2_1));
            (ours.max_attempts, clients.mode(), clients.max_attempts(), revised)
        };
        assert_eq!(of(None, None, None), (Some(u32::MAX), RetryMode::Standard, 1, false));
        assert_eq!(of(None, Some(3), None), (Some(3), RetryMode::Standard, 1, false));
        assert_eq!(of(Some(Mode::Standard), None, None), (None, RetryMode::Standard, 3, true));
        assert_eq!(of(Some(Mode::Standard), Some(7), Some(false)), (None, RetryMode::Standard, 7, false));
        assert_eq!(of(Some(Mode::Adaptive), None, Some(true)), (None, RetryMode::Adaptive, 3, true));
        assert_eq!(of(Some(Mode::Legacy), None, Some(true)), (None, RetryMode::Standard, 5, false));
        let (clients_do, _) = Retries::chosen(RetrySettings { mode: Some(Mode::Standard), ..RetrySettings::default() });
        assert_eq!(calls(&clients_do, |_| Some(throttled())).0, 1);
    }
}
