//! `modeldeploy test`: what is live in every account of a unit, and how it answers.

mod account;
mod cases;
mod dataset;
mod judging;
mod kept;
mod load;
mod results;
mod sites;
mod tally;
mod target;

use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Instant;

use futures::StreamExt;
use jiff::Timestamp;

use self::cases::{ReadSuite, read_suite};
use self::kept::KeptAnswers;
use self::results::Results;
use self::sites::{Site, Sites};
use super::interruption::{Heeding, interruption};
use super::{Session, targets_of, verify};
use crate::cli::{TestArgs, variable};
use crate::cloud::Cloud;
use crate::cloud::model_server::ModelServer;
use crate::domain::arn::{AccountId, Arn};
use crate::domain::build_plan::{MODEL_PACKAGE_NAME, PROJECT_NAME};
use crate::domain::count::counted;
use crate::domain::endpoint::MAX_NAME_LENGTH;
use crate::domain::finding::Finding;
use crate::domain::model_package::ModelPackage;
use crate::domain::organization::{Account, LeftOut, Targets};
use crate::domain::partition::partition_of_region;
use crate::domain::session_name::session_name;
use crate::domain::stage::check_role_name;
use crate::domain::stage_config::{ExportedConfig, STAGE_NAME};
use crate::domain::test_report::{
    AccountReport, CaseReport, Failure as Problem, LeftOutReport, ReleaseReport, TestReport,
};
use crate::domain::test_suite::Suite;
use crate::error::{Failure, Result};
use crate::files;

/// Tests every account of the unit; a rehearsal runs this as well.
pub(super) async fn run(args: &TestArgs, inputs: Inputs, session: &Session, cloud: &impl Cloud) -> Result<TestReport> {
    let Inputs { config, release, suite, endpoint, role } = inputs;
    let deadline = args.suite.deadline.map(|deadline| Instant::now() + deadline);
    let results = Results::open(args)?;
    let _heeding = Heeding::unhurried();
    let mut report = TestReport::new(Timestamp::now());
    config.name_in(&mut report);
    report.release = release;
    let suite = match until_ended(Box::pin(suite.complete(cloud, session.console)), deadline).await {
        Err(end) => {
            report.errors.push(end.problem());
            return results.conclude(report, session);
        }
        Ok(suite) => suite?,
    };
    let live_as = args.suite.live_as.into();
    report.live_as = Some(live_as);
    let regions = if args.regions.is_empty() { vec![cloud.region().to_owned()] } else { args.regions.clone() };
    let progress = session.console.progress("endpoints tested");
    let (sites, waiting) = Sites::new(&regions, &endpoint, &progress);
    let left_out = OnceCell::new();
    // An account is tested as soon as it is known: the last page of a large unit may take a while.
    let listing = async {
        let found = find_accounts(args, session, cloud, &config, &|account| sites.add(account)).await?;
        sites.are_complete();
        let (accounts, cases) = (counted(sites.accounts(), "account"), counted(suite.cases.len(), "case"));
        session.console.note(&format!("testing endpoint {endpoint} in {accounts}, {cases}"));
        _ = left_out.set(found);
        Ok::<_, Failure>(())
    };
    let testing = async {
        let expected = config.0.as_ref().and_then(|config| config.value(MODEL_PACKAGE_NAME));
        let package = registered(cloud, expected, session).await;
        let plan = account::Plan {
            endpoint: &endpoint,
            expected,
            package: package.as_ref(),
            live_as,
            suite: &suite,
            kept: &KeptAnswers::default(),
            wait: args.suite.wait,
            session_name: &session_name(session.environment.get(variable::BUILD_ID).map(String::as_str)),
            console: session.console,
        };
        let test = async |site: Rc<Site>| {
            let role = role_arn(&site.region, &site.account, &role);
            account::test(cloud, &role, &site.region, &plan, &site.state).await;
            site.done.set(true);
            progress.advance();
        };
        waiting.map(test).buffer_unordered(usize::from(args.suite.concurrency)).collect::<()>().await;
        Ok(())
    };
    let both = async { futures::try_join!(Box::pin(listing), Box::pin(testing)) };
    let done = until_ended(both, deadline).await;
    let (ended, failure) = match done {
        Ok(Ok(_)) => (None, None),
        Ok(Err(failure)) => (Some(End::Unit), Some(failure)),
        Err(end) => (Some(end), None),
    };
    report.accounts = sites.reports(ended, &suite);
    drop(progress);
    if args.accounts.is_empty() {
        report.accounts.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    }
    if let Some(failure) = failure {
        report.errors = failure.findings.iter().map(|finding| Problem::new("unit", describe(finding))).collect();
        let lost = results.write(&mut report, session).err();
        return Err(Failure {
            findings: failure.findings.into_iter().chain(lost.into_iter().flat_map(|lost| lost.findings)).collect(),
            ..failure
        });
    }
    // What a deadline cut short is told of each account, where the accounts are known.
    report.errors.extend(ended.filter(|end| end.is_signal() || left_out.get().is_none()).map(End::problem));
    report.left_out = left_out
        .into_inner()
        .unwrap_or_default()
        .into_iter()
        .map(|left| LeftOutReport { account_id: left.id.to_string(), reason: left.reason })
        .collect();
    results.conclude(report, session)
}

/// What the registry says of the package, to hold what runs against it. A test role that may not ask still proves the
/// package by its ARN.
async fn registered(cloud: &impl Cloud, package: Option<&str>, session: &Session) -> Option<ModelPackage> {
    let arn = package.and_then(|package| package.parse().ok())?;
    match cloud.model_package(&arn).await {
        Ok(package) => package,
        Err(error) => {
            session.console.note(&format!("image and model data are not compared with the registry: {error}"));
            None
        }
    }
}

/// Tests a model server on this machine, with no cloud at all.
pub(super) async fn run_local(args: &TestArgs, session: &Session, server: &ModelServer) -> Result<TestReport> {
    let deadline = args.suite.deadline.map(|deadline| Instant::now() + deadline);
    let suite = read_suite(&args.suite, session.console)?.without_cloud()?;
    let config = BuildConfig::read_if_there(args)?;
    let results = Results::open(args)?;
    let _heeding = Heeding::unhurried();
    let mut report = TestReport::new(Timestamp::now());
    config.name_in(&mut report);
    session.console.note(&format!(
        "testing the model server at {}, {}",
        server.url(),
        counted(suite.cases.len(), "case")
    ));
    let state = RefCell::new(AccountReport::default());
    let run = async {
        match server.ping().await {
            Ok(()) => cases::run(&suite, &state, &KeptAnswers::default(), server).await,
            Err(error) => {
                let action = "start the server, or correct --model-url: GET URL/ping must answer 200";
                state.borrow_mut().errors.push(Problem::new("unhealthy", format!("{error} ({action})")));
            }
        }
    };
    if let Err(end) = until_ended(run, deadline).await {
        end.note_in(&mut state.borrow_mut(), &suite);
        report.errors.extend(end.is_signal().then(|| end.problem()));
    }
    report.accounts.push(state.into_inner().judged());
    results.conclude(report, session)
}

/// The build config, where there is one.
struct BuildConfig(Option<ExportedConfig>);

impl BuildConfig {
    /// The config, with the text that it was read from.
    fn read(args: &TestArgs) -> Result<(Self, String)> {
        let text = files::read_text(&args.build_config)?;
        let config =
            ExportedConfig::parse(&text, &args.build_config.display().to_string()).map_err(Failure::invalid)?;
        Ok((Self(Some(config)), text))
    }

    fn read_if_there(args: &TestArgs) -> Result<Self> {
        if args.build_config.exists() { Self::read(args).map(|(config, _)| config) } else { Ok(Self(None)) }
    }

    /// What the release record beside it says of it.
    fn verify(&self, text: &str, args: &TestArgs, session: &Session) -> Result<Option<ReleaseReport>> {
        let package = self.0.as_ref().and_then(|config| config.value(MODEL_PACKAGE_NAME));
        verify::beside(&args.build_config, text, package, args.no_verify, session)
    }

    fn name_in(&self, report: &mut TestReport) {
        let value = |key| self.0.as_ref().and_then(|config| config.value(key)).map(str::to_owned);
        report.project = value(PROJECT_NAME);
        report.stage = value(STAGE_NAME);
        report.model_package_arn = value(MODEL_PACKAGE_NAME);
    }
}

/// Everything that a person gave, held together before any call.
pub(super) struct Inputs {
    config: BuildConfig,
    release: Option<ReleaseReport>,
    suite: ReadSuite,
    endpoint: String,
    role: String,
}

impl Inputs {
    pub(super) fn read(args: &TestArgs, session: &Session) -> Result<Self> {
        let mut findings = Vec::new();
        let mut keep = |failure: Failure| findings.extend(failure.findings);
        let config = BuildConfig::read(args).map_err(|mut failure| {
            if !args.build_config.exists() {
                for finding in &mut failure.findings {
                    finding.hint =
                        Some("run \"modeldeploy build\" first, or name its export with --build-config".to_owned());
                }
            }
            keep(failure);
        });
        let config = config.ok();
        let release = config.as_ref().map(|(config, text)| config.verify(text, args, session).map_err(&mut keep));
        let release = release.and_then(std::result::Result::ok).flatten();
        let config = config.map(|(config, _)| config);
        let suite = read_suite(&args.suite, session.console).map_err(&mut keep).ok();
        let role = session.setting(args.role_name.as_deref(), variable::ROLE_NAME);
        match role.as_deref().map(check_role_name) {
            None => findings.push(
                Finding::error("--role-name is not given")
                    .hint(format!("set variable {} or --role-name", variable::ROLE_NAME)),
            ),
            Some(Err(cause)) => findings.push(
                Finding::error("--role-name cannot be used").cause(cause).hint("give the role's name, not its ARN"),
            ),
            Some(Ok(())) => {}
        }
        if args.accounts.is_empty()
            && args.organizational_unit.is_none()
            && !session.environment.contains_key(variable::UNIT)
        {
            findings.push(
                Finding::error("neither --organizational-unit nor --accounts is given")
                    .hint(format!("set variable {} or one of the two", variable::UNIT)),
            );
        }
        let endpoint = match (&args.endpoint_name, &config) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(config)) => config
                .endpoint_name()
                .map_err(|missing| {
                    findings.push(
                        Finding::error(format!("does not set \"{missing}\""))
                            .in_file(&args.build_config.display().to_string())
                            .hint(format!("let the template declare {missing}, or give --endpoint-name")),
                    );
                })
                .ok(),
            (None, None) => None,
        };
        if let Some(name) = &endpoint
            && name.len() > MAX_NAME_LENGTH
        {
            findings.push(
                Finding::error(format!("endpoint name \"{name}\" has {} characters", name.len()))
                    .cause(format!("SageMaker takes {MAX_NAME_LENGTH}")),
            );
        }
        match (config, suite, endpoint, role) {
            (Some(config), Some(suite), Some(endpoint), Some(role)) if findings.is_empty() => {
                Ok(Self { config, release, suite, endpoint, role })
            }
            _ => Err(Failure::invalid(findings)),
        }
    }
}

impl BuildConfig {
    /// `{SageMakerProjectName}-{StageName}`, else the parameter that is missing for it.
    fn endpoint_name(&self) -> std::result::Result<String, &'static str> {
        let value = |key: &'static str| self.0.as_ref().and_then(|config| config.value(key)).ok_or(key);
        Ok(format!("{}-{}", value(PROJECT_NAME)?, value(STAGE_NAME)?))
    }
}

/// Hands on the accounts to be tested, and answers those of the unit that are not.
async fn find_accounts(
    args: &TestArgs,
    session: &Session,
    cloud: &impl Cloud,
    config: &BuildConfig,
    found: &dyn Fn(&AccountId),
) -> Result<Vec<LeftOut>> {
    if !args.accounts.is_empty() {
        args.accounts.iter().for_each(found);
        return Ok(Vec::new());
    }
    let unit = match &args.organizational_unit {
        Some(unit) => unit.clone(),
        None => session.environment.get(variable::UNIT).map(String::as_str).unwrap_or_default().parse().map_err(
            |error| {
                Failure::invalid([
                    Finding::error(format!("variable {} cannot be used", variable::UNIT)).cause(format!("{error}"))
                ])
            },
        )?,
    };
    let stage = config.0.as_ref().and_then(|config| config.value(STAGE_NAME));
    let page = |page: &[Account]| Targets::among(page.iter().cloned()).ids().iter().for_each(found);
    let targets = targets_of(cloud, &unit, stage, variable::UNIT, !args.no_recursive, &page).await?;
    for left in &targets.left_out {
        session.console.note(&format!("account {} ({}) is left out: {}", left.id, left.name, left.reason));
    }
    Ok(targets.left_out)
}

fn role_arn(region: &str, account: &AccountId, role: &str) -> Arn {
    Arn {
        partition: partition_of_region(region).to_owned(),
        service: "iam".to_owned(),
        region: String::new(),
        account: account.to_string(),
        resource: format!("role/{role}"),
    }
}

fn describe(finding: &Finding) -> String {
    match &finding.cause {
        Some(cause) => format!("{finding}: {cause}"),
        None => finding.to_string(),
    }
}

/// What ended a run before it was done.
#[derive(Clone, Copy)]
enum End {
    /// The user or CodeBuild stopped it.
    Signal(&'static str),
    Deadline,
    /// The unit could not be read to its end.
    Unit,
    /// What people wrote, as it judges an answer, takes more memory than there is.
    Memory,
}

impl End {
    fn is_signal(self) -> bool {
        matches!(self, Self::Signal(_))
    }

    fn problem(self) -> Problem {
        match self {
            Self::Signal(signal) => Problem::new("interrupted", format!("the run was ended by {signal}")),
            Self::Deadline => Problem::new("deadline", "the run was ended by its deadline"),
            Self::Unit => Problem::new("unit", "the run was ended as the unit could not be read"),
            Self::Memory => Problem::new("memory", "the run was ended, since judging took too much memory,"),
        }
    }

    /// Says in an account's report that it was not done, and which cases were not.
    fn note_in(self, report: &mut AccountReport, suite: &Suite) {
        let Problem { kind, message, .. } = self.problem();
        report.errors.push(Problem::new(&kind, format!("{message} before this account was done")));
        let not_run = suite.cases[report.cases.len().min(suite.cases.len())..].iter().map(|case| CaseReport {
            name: case.name.clone(),
            kind: case.kind().to_owned(),
            failures: vec![Problem::new("not_run", format!("{message} before this case was done"))],
            ..CaseReport::default()
        });
        report.cases.extend(not_run);
    }
}

/// Runs `work` to its end; the error is what ended it before.
async fn until_ended<T>(work: impl Future<Output = T>, deadline: Option<Instant>) -> std::result::Result<T, End> {
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
