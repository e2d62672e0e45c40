//! In what an answer is not what was expected.

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::text::excerpt::bounded;

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    pub kind: FailureKind,
    pub message: String,
}

/// More reasons of one answer help nobody, and a million of them fill the memory.
const MOST_TOLD: usize = 20;

/// The first reasons, and how many there are beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub unmet: Vec<Unmet>,
    pub untold: u64,
}

impl Verdict {
    /// Adds a reason, put into words only if it is told.
    pub(crate) fn add(&mut self, kind: FailureKind, message: impl FnOnce() -> String) {
        if self.unmet.len() < MOST_TOLD {
            self.unmet.push(Unmet { kind, message: bounded(message()) });
        } else {
            self.untold += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_counted_and_not_put_into_words() {
        let mut verdict = Verdict::default();
        for number in 0..1000 {
            verdict.add(FailureKind::WrongJson, || {
                assert!(number < 20);
                number.to_string()
            });
        }
        assert_eq!((verdict.unmet.len(), verdict.untold), (20, 980));
    }
}
