//! The case under way: what came of its requests counts also where the run ends before the case does.

use std::cell::{Cell, RefCell};

use super::tally::{Sample, Tally};
use super::target::Target;
use crate::cloud::{CloudResult, Streamed};
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{CaseReport, Failure as Problem};
use crate::domain::suite::slo::Slo;
use crate::domain::suite::test_suite::{Case, Mode, RequestOptions};

/// The requests so far of the one case of an account that is under way.
#[derive(Default)]
pub(super) struct UnderWay {
    /// Those that are not answered yet, too.
    sent: Cell<u64>,
    tally: RefCell<Tally>,
}

impl UnderWay {
    /// Begins to count requests that are held to these objectives.
    pub(super) fn begin(&self, slo: &Slo) {
        self.sent.take();
        self.tally.replace(Tally::of(slo));
    }

    pub(super) fn add(&self, sample: Sample) {
        self.tally.borrow_mut().add(sample);
    }

    /// Hands out what came of all requests.
    pub(super) fn finish(&self) -> Tally {
        self.sent.take();
        self.tally.take()
    }

    /// The same target, whose requests are counted as they are sent.
    pub(super) fn counting<'a, T: Target>(&'a self, target: &'a T) -> Counting<'a, T> {
        Counting { sent: &self.sent, target }
    }

    /// The report of the case that the run's end interrupted; none where nothing was sent.
    pub(super) fn interrupted(&self, case: &Case, end: Problem) -> Option<CaseReport> {
        let sent = Some(self.sent.take()).filter(|sent| *sent > 0)?;
        let mut report = self.tally.take().report(&case.name, case.kind());
        // An objective is for all requests.
        report.failures.retain(|problem| problem.kind != FailureKind::Slo);
        report.failures.insert(0, end);
        Some(CaseReport { success: false, invocations: sent, ..report })
    }
}

pub(super) struct Counting<'a, T> {
    sent: &'a Cell<u64>,
    target: &'a T,
}

impl<T: Target> Target for Counting<'_, T> {
    async fn send(&self, mode: &Mode, options: &RequestOptions, body: &[u8]) -> CloudResult<Streamed> {
        self.sent.set(self.sent.get() + 1);
        self.target.send(mode, options, body).await
    }
}
