//! How often a second an operation is called while its service throttles several accounts at once.
//!
//! As long as nothing is throttled, or one account alone, nobody waits here. Then calls go out one after the other, at a
//! rate that grows with every answer and shrinks with every refusal: about a twentieth of them are refused while the
//! service gives all that it has.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Two accounts throttled within this time share a limit; when nobody was for as long, there is none.
const MEMORY: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);
/// Calls a second.
const FIRST_RATE: f64 = 10.0;
const LOWEST_RATE: f64 = 2.0;
/// Of the rate's logarithm in a second: how fast it grows until it is too high for the first time, how fast soon after
/// a refusal, how much faster with every second since, and how fast it falls where all is refused.
const START: f64 = 1.0;
const GROWTH: f64 = 0.05;
const ACCELERATION: f64 = 0.1;
const FALL: f64 = 2.0;

/// The calls of one operation in one Region, over all accounts.
#[derive(Debug, Default)]
pub(super) struct RateLimiter {
    rate: Mutex<Rate>,
    /// Whoever calls for the first time comes in one by one, so that those who were refused go before.
    door: tokio::sync::Mutex<()>,
    next: tokio::sync::Mutex<()>,
}

impl RateLimiter {
    /// Waits until a call may go out.
    pub(super) async fn turn(&self, again: bool) {
        if !self.rate().comes(Instant::now()) {
            return;
        }
        let _leaves = Leaves(self);
        let _door = if again { None } else { Some(self.door.lock().await) };
        let _next = self.next.lock().await;
        loop {
            let wait = self.rate().take(Instant::now());
            let Some(wait) = wait else { return };
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes note of an answer to a call that went out then.
    pub(super) fn note(&self, sent: Instant, throttled: bool, account: &str) {
        let now = Instant::now();
        if throttled { self.rate().throttled(sent, now, account) } else { self.rate().answered(sent, now) }
    }

    pub(super) fn answered_since(&self, then: Instant) -> bool {
        self.rate().last_answer.is_some_and(|last| last >= then)
    }

    fn rate(&self) -> std::sync::MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One less waits when this is gone, however that came.
struct Leaves<'p>(&'p RateLimiter);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.rate().waiting -= 1;
    }
}

/// Knows no clock, so that a test can be one.
#[derive(Debug, Default)]
struct Rate {
    limit: Option<Limit>,
    waiting: usize,
    /// Who was throttled last, while there is no limit.
    suspect: Option<(String, Instant)>,
    /// Answers since the beginning of a second.
    answers: (Option<Instant>, f64),
    last_answer: Option<Instant>,
}

#[derive(Debug)]
struct Limit {
    calls_per_second: f64,
    since: Instant,
    /// Since when nobody was throttled who called after the limit was set.
    calm_since: Instant,
    is_found: bool,
    last_call: Instant,
}

impl Rate {
    /// Whether a call that comes now has to wait for its turn. The limit goes when nobody waits: else all would go at
    /// once, and it would be back.
    fn comes(&mut self, now: Instant) -> bool {
        let unused = self.waiting == 0;
        self.limit.take_if(|limit| unused && now.duration_since(limit.calm_since) > MEMORY);
        let waits = self.limit.is_some();
        self.waiting += usize::from(waits);
        waits
    }

    /// How long the next call has to wait; nothing if it goes out now.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        let limit = self.limit.as_mut()?;
        let next = limit.last_call + Duration::from_secs_f64(1.0 / limit.calls_per_second);
        if next > now {
            return Some(next - now);
        }
        limit.last_call = now;
        None
    }

    fn answered(&mut self, sent: Instant, now: Instant) {
        self.last_answer = Some(now);
        match &mut self.limit {
            None => match &mut self.answers {
                (Some(begin), count) if now.duration_since(*begin) < SECOND => *count += 1.0,
                answers => *answers = (Some(now), 1.0),
            },
            Some(limit) if sent > limit.since => {
                let calm = now.duration_since(limit.calm_since).as_secs_f64();
                let growth = if limit.is_found { (GROWTH + ACCELERATION * calm * calm).min(START) } else { START };
                limit.calls_per_second *= (growth / limit.calls_per_second).exp();
            }
            Some(_) => {}
        }
    }

    fn throttled(&mut self, sent: Instant, now: Instant, account: &str) {
        match &mut self.limit {
            None => match &self.suspect {
                Some((other, when)) if other != account && now.duration_since(*when) < MEMORY => self.set_limit(now),
                _ => self.suspect = Some((account.to_owned(), now)),
            },
            Some(limit) if sent > limit.since => {
                let fall = (-FALL / limit.calls_per_second.max(FALL)).exp();
                limit.calls_per_second = (limit.calls_per_second * fall).max(LOWEST_RATE);
                (limit.is_found, limit.calm_since) = (true, now);
            }
            Some(_) => {}
        }
    }

    /// Begins with what the service answered in the last second, which a burst that it allows makes too much.
    fn set_limit(&mut self, now: Instant) {
        let calls_per_second = match self.answers {
            (Some(begin), count) if now.duration_since(begin) < 2 * SECOND => count.max(FIRST_RATE),
            _ => FIRST_RATE,
        };
        self.limit = Some(Limit { calls_per_second, since: now, calm_since: now, is_found: false, last_call: now });
        (self.suspect, self.answers) = (None, (None, 0.0));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ANSWER_AFTER: u64 = 20;

    /// A service that takes so many calls a second, and so many at once.
    struct Bucket {
        rate: f64,
        burst: f64,
        tokens: f64,
    }

    impl Bucket {
        fn a_millisecond_later(&mut self) {
            self.tokens = (self.tokens + self.rate / 1000.0).min(self.burst);
        }

        fn takes_one(&mut self) -> bool {
            let takes = self.tokens >= 1.0;
            self.tokens -= f64::from(u8::from(takes));
            takes
        }
    }

    /// Lets callers come at once, each again until it got through; answers how long it took, and the refusals.
    fn all_get_through(callers: u32, rate: f64, burst: f64) -> (Duration, u32) {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut bucket = Bucket { rate, burst, tokens: burst };
        let (mut pace, mut through, mut refused, mut now) = (Rate::default(), 0, 0, 0);
        // By millisecond: who wants to call, and answers on their way.
        let mut wanting = BTreeMap::from([(0, (0..callers).collect::<Vec<_>>())]);
        let mut answers: BTreeMap<u64, Vec<(u32, bool)>> = BTreeMap::new();
        while through < callers {
            for (caller, taken) in answers.remove(&now).unwrap_or_default() {
                let sent = at(now - ANSWER_AFTER);
                if taken {
                    pace.answered(sent, at(now));
                    through += 1;
                } else {
                    pace.throttled(sent, at(now), &caller.to_string());
                    refused += 1;
                    wanting.entry(now + 50 + u64::from(caller * 7_919 % 100)).or_default().push(caller);
                }
            }
            while let Some(mut first) = wanting.first_entry().filter(|first| *first.key() <= now) {
                if pace.take(at(now)).is_some() {
                    break;
                }
                let caller = first.get_mut().pop();
                answers.entry(now + ANSWER_AFTER).or_default().extend(caller.map(|one| (one, bucket.takes_one())));
                if first.get().is_empty() {
                    first.remove();
                }
            }
            now += 1;
            bucket.a_millisecond_later();
        }
        (Duration::from_millis(now), refused)
    }

    #[test]
    fn a_thousand_callers_take_hardly_longer_than_the_service_s_rate_sets() {
        for (callers, rate, burst) in [(1_000, 20.0, 20.0), (1_000, 20.0, 40.0), (1_000, 50.0, 100.0), (200, 5.0, 5.0)]
        {
            let (took, refused) = all_get_through(callers, rate, burst);
            let bound = Duration::from_secs_f64((f64::from(callers) - burst) / rate);
            assert!(took < bound.mul_f64(1.1), "{rate}/s: {took:?}, and {bound:?} are the bound");
            // All that came at once but the burst, and a few later.
            assert!(refused < callers * 12 / 10, "{rate}/s: {refused} refused");
        }
    }

    #[test]
    fn where_nothing_is_throttled_nobody_waits() {
        let (took, refused) = all_get_through(1_000, 1.0, 2_000.0);
        assert!(took < Duration::from_millis(50) && refused == 0, "{took:?}");
    }

    #[test]
    fn one_throttled_account_slows_no_other_one_down() {
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        let mut rate = Rate::default();
        for number in 0..20 {
            rate.throttled(later(number * 100), later(number * 100 + 20), "one");
            assert!(!rate.comes(later(number * 100 + 30)));
        }
        // Two within a few seconds share a limit, which is forgotten when it no longer throttles.
        rate.throttled(later(2_000), later(2_020), "two");
        assert!(rate.comes(later(2_021)) && rate.take(later(2_021)).is_some());
        assert!(rate.comes(later(8_000)), "somebody waits still");
        rate.waiting = 0;
        assert!(!rate.comes(later(8_000)));
        rate.throttled(later(9_000), later(9_020), "one");
        rate.throttled(later(19_000), later(19_020), "two");
        assert!(!rate.comes(later(19_030)));
    }
}
