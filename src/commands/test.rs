//! `modeldeploy test`: what is live in every account of a unit, and how it answers.

mod account;
mod build_config;
mod capture;
mod captures;
mod cases;
mod compiling;
mod dataset;
mod end;
mod inputs;
mod judging;
mod kept;
mod load;
pub(super) mod local;
mod recorder;
mod request;
mod results;
mod settings;
mod sites;
mod tally;
mod target;
mod timer;
mod under_way;

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use jiff::Timestamp;

use self::build_config::BuildConfig;
use self::end::{End, until_ended};
pub(super) use self::inputs::Inputs;
use self::inputs::Tested;
use self::kept::KeptAnswers;
use self::recorder::Recorder;
use self::results::Results;
pub(super) use self::settings::{Settings, SuiteSettings};
use self::sites::{Site, Sites};
use super::interruption::SignalGuard;
use super::session::Session;
use super::targets::{role_arn, targets_of};
use crate::cli::variable;
use crate::cloud::Cloud;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::{Account, LeftOut, Targets};
use crate::domain::aws::session_name::session_name;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::MODEL_PACKAGE_NAME;
use crate::domain::project::stage_config::STAGE_NAME;
use crate::domain::registry::model_package::ModelPackage;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{Failure as Problem, LeftOutReport, TestReport};
use crate::domain::suite::baseline::Baseline;
use crate::domain::suite::test_suite::Suite;
use crate::domain::text::count::counted;
use crate::error::{Failure, Result};

/// How long an endpoint is waited for, unless it is said.
const ENDPOINT_WAIT: Duration = Duration::from_mins(30);

/// Tests every account of the unit; a rehearsal runs this as well.
pub(super) async fn run(inputs: Inputs, session: &Session, cloud: &impl Cloud) -> Result<TestReport> {
    let Inputs { settings, config, release, suite, endpoint, role, tested } = inputs;
    let deadline = settings.suite.deadline;
    let results = Results::open(&settings)?;
    let recorder = Recorder::open(&settings, &endpoint)?;
    let _signals = SignalGuard::graceful();
    let mut report = TestReport::new(Timestamp::now());
    config.name_in(&mut report);
    report.release = release;
    let completed = async { Ok::<_, End>(suite?.complete(cloud, session.console).await) };
    let suite = match until_ended(Box::pin(completed), deadline).await.flatten() {
        Err(end) => {
            report.errors.push(end.problem());
            return results.conclude(report, None, None, session);
        }
        Ok(suite) => suite?,
    };
    report.live_as = Some(settings.suite.live_as);
    report.baseline = suite.baseline.as_deref().map(Baseline::report);
    let run = Run { settings, config, suite, endpoint, role, tested, recorder };
    let ended = run.test(&mut report, deadline, session, cloud).await;
    if let Some(failure) = &ended {
        report.errors =
            failure.findings.iter().map(|finding| Problem::new(FailureKind::Unit, describe(finding))).collect();
    }
    results.conclude(report, run.recorder, ended, session)
}

/// The same in a cloud that is connected to first, for which a person may be asked.
pub(super) async fn run_in<C: Cloud>(
    connecting: impl Future<Output = Result<C>>,
    inputs: Inputs,
    session: &Session,
) -> Result<TestReport> {
    let _signals = SignalGuard::graceful();
    match until_ended(Box::pin(connecting), inputs.settings.suite.deadline).await {
        Ok(cloud) => Box::pin(run(inputs, session, &cloud?)).await,
        Err(end) => {
            let Inputs { settings, config, release, .. } = inputs;
            let results = Results::open(&settings)?;
            let mut report = TestReport::new(Timestamp::now());
            config.name_in(&mut report);
            report.release = release;
            report.errors.push(end.problem());
            results.conclude(report, None, None, session)
        }
    }
}

/// A run whose suite is complete.
struct Run {
    settings: Settings,
    config: BuildConfig,
    suite: Suite,
    endpoint: String,
    role: String,
    tested: Tested,
    recorder: Option<Recorder>,
}

impl Run {
    /// Tests until all is done, or something ends it; the answer is why the accounts could not be read.
    async fn test(
        &self,
        report: &mut TestReport,
        deadline: Option<Instant>,
        session: &Session,
        cloud: &impl Cloud,
    ) -> Option<Failure> {
        let own = [cloud.region().to_owned()];
        let regions = if self.settings.regions.is_empty() { &own[..] } else { &self.settings.regions[..] };
        let progress = session.console.progress("endpoints tested");
        let (sites, waiting) = Sites::new(regions, &self.endpoint, &progress);
        let (left_out, kept) = (OnceCell::new(), KeptAnswers::default());
        // An account is tested as soon as it is known: the last page of a large unit may take a while.
        let listing = async {
            let found = self.find_accounts(session, cloud, &|account| sites.add(account)).await?;
            sites.are_complete();
            let (accounts, cases) = (counted(sites.accounts(), "account"), counted(self.suite.cases.len(), "case"));
            session.console.note(&format!("testing endpoint {} in {accounts}, {cases}", self.endpoint));
            _ = left_out.set(found);
            Ok::<_, Failure>(())
        };
        let testing = async {
            let expected = self.config.value(MODEL_PACKAGE_NAME);
            let package = registered(cloud, expected, session).await;
            let plan = account::Plan {
                endpoint: &self.endpoint,
                expected,
                package: package.as_ref(),
                live_as: self.settings.suite.live_as,
                suite: &self.suite,
                kept: &kept,
                recorder: self.recorder.as_ref(),
                wait: self.settings.suite.wait.unwrap_or(ENDPOINT_WAIT),
                session_name: &session_name(session.environment.get(variable::BUILD_ID).map(String::as_str)),
                console: session.console,
            };
            let test = async |site: Rc<Site>| {
                let role = role_arn(&site.region, &site.account, &self.role);
                account::test(cloud, &role, &site.region, &plan, &site.state, &site.under_way).await;
                site.done.set(true);
                progress.advance();
            };
            waiting.map(test).buffer_unordered(self.settings.suite.concurrency).collect::<()>().await;
            Ok(())
        };
        let both = async { futures::try_join!(Box::pin(listing), Box::pin(testing)) };
        let (ended, failure) = match until_ended(both, deadline).await {
            Ok(Ok(_)) => (None, None),
            Ok(Err(failure)) => (Some(End::Unit), Some(failure)),
            Err(end) => (Some(end), None),
        };
        report.accounts = sites.reports(ended, &self.suite, &kept);
        if matches!(self.tested, Tested::Unit(_)) {
            report.accounts.sort_by(|one, other| one.account_id.cmp(&other.account_id));
        }
        // What a deadline cut short is told of each account, where the accounts are known.
        report.errors.extend(ended.filter(|end| end.ends_the_run() || left_out.get().is_none()).map(End::problem));
        report.left_out = left_out.into_inner().unwrap_or_default().into_iter().map(LeftOutReport::from).collect();
        failure
    }

    /// Hands on the accounts to be tested, and answers those of the unit that are not.
    async fn find_accounts(
        &self,
        session: &Session,
        cloud: &impl Cloud,
        found: &dyn Fn(&AccountId),
    ) -> Result<Vec<LeftOut>> {
        let unit = match &self.tested {
            Tested::Accounts(accounts) => {
                accounts.iter().for_each(found);
                return Ok(Vec::new());
            }
            Tested::Unit(unit) => unit,
        };
        let stage = self.config.value(STAGE_NAME);
        let page = |page: &[Account]| Targets::among(page.iter().cloned()).ids().iter().for_each(found);
        let targets = targets_of(cloud, unit, stage, variable::UNIT, self.settings.recursive, &page).await?;
        for left in &targets.left_out {
            session.console.note(&format!("account {} ({}) is left out: {}", left.id, left.name, left.reason));
        }
        Ok(targets.left_out)
    }
}

/// What the registry says of the package, to hold what runs against it. A test role that may not ask still proves the
/// package by its ARN.
async fn registered(cloud: &impl Cloud, package: Option<&str>, session: &Session) -> Option<ModelPackage> {
    let arn = package.and_then(|package| package.parse().ok())?;
    match cloud.model_package(&arn).await {
        Ok(None) => {
            session
                .console
                .note(&format!("image and model data are not compared with the registry, which has no {arn}"));
            None
        }
        Ok(package) => package,
        Err(error) => {
            session.console.note(&format!("image and model data are not compared with the registry: {error}"));
            None
        }
    }
}

fn describe(finding: &Finding) -> String {
    match &finding.cause {
        Some(cause) => format!("{finding}: {cause}"),
        None => finding.to_string(),
    }
}
