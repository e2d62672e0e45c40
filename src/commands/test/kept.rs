//! The answers of failures that a run keeps.

use std::cell::Cell;

use crate::domain::report::results::CaseReport;

/// Of the whole run: enough for whoever looks for the reason, and little enough for whoever opens the results.
const MOST_BYTES: usize = 16 << 20;

/// How much more is kept.
pub(super) struct KeptAnswers(Cell<usize>);

impl Default for KeptAnswers {
    fn default() -> Self {
        Self(Cell::new(MOST_BYTES))
    }
}

impl KeptAnswers {
    /// Takes answers out of a report that are too many; what failed is still said.
    pub(super) fn bound(&self, report: &mut CaseReport) {
        let problems = report.failures.iter_mut().chain(&mut report.retried).chain(&mut report.tolerated);
        for body in problems.filter_map(|problem| problem.response.as_mut()) {
            match self.0.get().checked_sub(body.kept_bytes()) {
                Some(left) => self.0.set(left),
                None => body.forget(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::failure_kind::FailureKind;
    use crate::domain::report::results::{Failure, KeptBody};

    #[test]
    fn a_run_of_many_failures_keeps_the_first_answers() {
        let kept = KeptAnswers::default();
        let failure = Failure {
            response: Some(KeptBody::new(None, &vec![b'x'; 60_000])),
            ..Failure::new(FailureKind::WrongBody, "b")
        };
        let mut reports = vec![CaseReport { failures: vec![failure; 10], ..CaseReport::default() }; 50];
        for report in &mut reports {
            kept.bound(report);
        }
        let bodies = reports.iter().flat_map(|report| &report.failures).filter_map(|problem| problem.response.as_ref());
        let (whole, cut): (Vec<&KeptBody>, Vec<&KeptBody>) = bodies.partition(|body| body.text.is_some());
        assert_eq!((whole.len(), cut.len()), (MOST_BYTES / 60_000, 500 - MOST_BYTES / 60_000));
        assert!(cut.iter().all(|body| body.truncated && body.bytes == 60_000));
    }
}
