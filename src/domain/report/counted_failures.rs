//! Failures of many requests, equal ones told once.

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::Failure;

/// So many failures are told in full; a thousand of one kind help nobody.
const MOST_TOLD: usize = 10;

/// Failures, each with how often it was the same, and how many there are beside them.
#[derive(Default)]
pub(crate) struct CountedFailures {
    told: Vec<(Failure, u64)>,
    untold: u64,
}

impl CountedFailures {
    pub(crate) fn add(&mut self, failure: Failure) {
        self.add_times(failure, 1);
    }

    /// Adds a failure that happened so often.
    pub(crate) fn add_times(&mut self, failure: Failure, number: u64) {
        let same = |(known, _): &&mut (Failure, u64)| known.kind == failure.kind && known.message == failure.message;
        if let Some((_, times)) = self.told.iter_mut().find(same) {
            *times += number;
        } else if self.told.len() < MOST_TOLD {
            self.told.push((failure, number));
        } else {
            self.untold += number;
        }
    }

    /// Failures of which nothing is known but that there were so many.
    pub(crate) fn add_untold(&mut self, number: u64) {
        self.untold += number;
    }

    /// Those that are told, and at the end that there are others; none are left.
    pub(crate) fn tell(&mut self) -> Vec<Failure> {
        let Self { told, untold } = std::mem::take(self);
        let told = told.into_iter().map(|(failure, times)| match times {
            1 => failure,
            _ => Failure { message: format!("{} ({times} times)", failure.message), ..failure },
        });
        let untold = (untold > 0).then(|| Failure::new(FailureKind::More, format!("and {untold} other findings")));
        told.chain(untold).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: impl IntoIterator<Item = String>, untold: u64) -> Vec<String> {
        let mut failures = CountedFailures::default();
        messages.into_iter().for_each(|message| failures.add(Failure::new(FailureKind::WrongJson, message)));
        failures.add_untold(untold);
        let told = failures.tell().into_iter().map(|failure| failure.message).collect();
        assert!(failures.tell().is_empty());
        told
    }

    #[test]
    fn equal_failures_are_told_once_and_more_than_anybody_reads_are_counted() {
        let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(told([], 0), [""; 0]);
        assert_eq!(told(of(&["a", "b", "a"]), 0), ["a (2 times)", "b"]);
        assert_eq!(told(of(&["a"]), 2), ["a", "and 2 other findings"]);
        let mut failures = CountedFailures::default();
        failures.add_times(Failure::new(FailureKind::Timeout, "late"), 3);
        assert_eq!(failures.tell()[0].message, "late (3 times)");
        let many = told((0..13).map(|number| number.to_string()), 0);
        assert_eq!((many.len(), many[MOST_TOLD].as_str()), (MOST_TOLD + 1, "and 3 other findings"));
    }

    #[test]
    fn failures_of_two_kinds_are_two() {
        let mut failures = CountedFailures::default();
        failures.add(Failure::new(FailureKind::WrongJson, "a"));
        failures.add(Failure::new(FailureKind::WrongCsv, "a"));
        assert_eq!(failures.tell().len(), 2);
    }
}
