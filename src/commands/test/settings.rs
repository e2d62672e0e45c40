//! What a test is asked for: flags, and variables behind them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::session::Session;
use crate::cli::test::{SuiteArgs, TestArgs};
use crate::cli::{CASES_FILE, variable};
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::{NotAUnit, UnitId};
use crate::domain::endpoint::LiveAs;
use crate::files::{self, Folders, Pending, Readers};

/// Whom a test is about, and what it leaves.
pub(in super::super) struct Settings {
    pub(in super::super) build_config: PathBuf,
    pub(in super::super) results: PathBuf,
    pub(in super::super) junit: Option<PathBuf>,
    pub(in super::super) html: Option<PathBuf>,
    /// Where to write cases that expect what is answered now.
    pub(in super::super) record_answers: Option<PathBuf>,
    /// Whether what the release record speaks against is tested, too.
    pub(in super::super) no_verify: bool,
    pub(in super::super) role: Option<String>,
    /// Instead of a unit's.
    pub(in super::super) accounts: Vec<AccountId>,
    pub(in super::super) unit: Option<Result<UnitId, NotAUnit>>,
    /// None: the command's own.
    pub(in super::super) regions: Vec<String>,
    pub(in super::super) recursive: bool,
    /// Else what the build config says.
    pub(in super::super) endpoint: Option<String>,
    pub(in super::super) suite: SuiteSettings,
}

/// How the cases are run, against whatever answers.
#[derive(Clone)]
pub(in super::super) struct SuiteSettings {
    pub(in super::super) cases: PathBuf,
    pub(in super::super) files_within: Option<PathBuf>,
    /// Instead of the one that the cases name.
    pub(super) baseline: Option<PathBuf>,
    /// Unless it is said, endpoints and model servers are waited for differently.
    pub(super) wait: Option<Duration>,
    /// When the whole run ends, done or not.
    pub(in super::super) deadline: Option<Instant>,
    pub(super) concurrency: usize,
    pub(super) live_as: LiveAs,
}

impl Settings {
    pub(in super::super) fn of(args: &TestArgs, session: &Session) -> Self {
        let told = || session.environment.get(variable::UNIT).map(|text| text.parse());
        Self {
            build_config: args.build_config.clone(),
            results: args.export_test_results.clone(),
            junit: args.junit.clone(),
            html: args.html.clone(),
            record_answers: args.record_answers.clone(),
            no_verify: args.no_verify,
            role: session.setting(args.role_name.as_deref(), variable::ROLE_NAME),
            accounts: each_once(&args.accounts),
            unit: args.organizational_unit.clone().map(Ok).or_else(told),
            regions: each_once(&args.regions),
            recursive: !args.no_recursive,
            endpoint: args.endpoint_name.clone(),
            suite: SuiteSettings::of(&args.suite),
        }
    }

    /// Proves that a file can be written, by the deadline at the latest.
    pub(super) fn output(&self, path: &Path) -> crate::error::Result<Pending> {
        Pending::with(path, Folders::AreThere, Readers::OwnerAlone, self.suite.deadline)
    }
}

impl SuiteSettings {
    pub(in super::super) fn of(args: &SuiteArgs) -> Self {
        let deadline = args.deadline.map(|deadline| Instant::now() + deadline);
        if let Some(deadline) = deadline {
            files::ends_by(deadline);
        }
        Self {
            cases: args.cases.clone().unwrap_or_else(|| CASES_FILE.into()),
            files_within: args.folder.files_within.clone(),
            baseline: args.baseline.clone(),
            wait: args.wait,
            deadline,
            concurrency: usize::from(args.concurrency),
            live_as: args.live_as,
        }
    }
}

/// What was named, in its order.
fn each_once<T: Clone + PartialEq>(named: &[T]) -> Vec<T> {
    let mut once: Vec<T> = Vec::new();
    for name in named {
        if !once.contains(name) {
            once.push(name.clone());
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_twice_is_tested_once() {
        assert_eq!(each_once(&["us-east-1", "eu-west-1", "us-east-1"]), ["us-east-1", "eu-west-1"]);
    }
}
