//! What ends a run before it is done, and what is told of what was not come to.

use std::future::Future;
use std::time::Instant;

use super::super::interruption::interruption;
use super::judging;
use super::kept::KeptAnswers;
use super::under_way::UnderWay;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{AccountReport, CaseReport, Failure as Problem};
use crate::domain::suite::test_suite::Suite;

/// What ended a run before it was done.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// The user or CodeBuild stopped it.
    Signal(&'static str),
    Deadline,
    /// The unit could not be read to its end.
    Unit,
    /// What people wrote, as it judges an answer, takes more memory than there is.
    Memory,
}

impl End {
    /// Whether it is told of the run, though it is told of each account, too.
    pub(super) fn ends_the_run(self) -> bool {
        matches!(self, Self::Signal(_) | Self::Memory)
    }

    pub(super) fn problem(self) -> Problem {
        match self {
            Self::Signal(signal) => Problem::new(FailureKind::Interrupted, format!("the run was ended by {signal}")),
            Self::Deadline => Problem::new(FailureKind::Deadline, "the run was ended by its deadline"),
            Self::Unit => Problem::new(FailureKind::Unit, "the run was ended as the unit could not be read"),
            Self::Memory => Problem::new(FailureKind::Memory, "judging took too much memory, which ended the run"),
        }
    }

    /// Says in an account's report that it was not done, what came of the case under way, and which cases were not begun.
    pub(super) fn note_in(self, report: &mut AccountReport, under_way: &UnderWay, suite: &Suite, kept: &KeptAnswers) {
        let Problem { kind, message, .. } = self.problem();
        report.errors.push(Problem::new(kind, format!("{message} before this account was done")));
        let message = format!("{message} before this case was done");
        let case = suite.cases.get(report.cases.len());
        if let Some(mut case) = case.and_then(|case| under_way.interrupted(case, Problem::new(kind, message.clone()))) {
            kept.bound(&mut case);
            report.cases.push(case);
        }
        add_not_run(report, suite, &message);
    }
}

/// Runs `work` to its end; the error is what ended it before.
pub(super) async fn until_ended<T>(
    work: impl Future<Output = T>,
    deadline: Option<Instant>,
) -> std::result::Result<T, End> {
    let deadline = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        signal = interruption() => Err(End::Signal(signal)),
        () = deadline => Err(End::Deadline),
        () = judging::exhaustion() => Err(End::Memory),
        done = work => Ok(done),
    }
}

/// Lists the cases that were not come to as not run.
pub(super) fn add_not_run(report: &mut AccountReport, suite: &Suite, message: &str) {
    let not_run = suite.cases[report.cases.len().min(suite.cases.len())..].iter().map(|case| CaseReport {
        name: case.name.clone(),
        kind: case.kind().to_owned(),
        failures: vec![Problem::new(FailureKind::NotRun, message)],
        ..CaseReport::default()
    });
    report.cases.extend(not_run);
}
