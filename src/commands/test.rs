//! `modeldeploy test`: what is live in every account of a unit, and how it answers.

mod account;
mod cases;
mod results;

use std::cell::RefCell;
use std::future::Future;

use futures::StreamExt;
use jiff::Timestamp;

use self::cases::read_suite;
use self::results::Results;
use super::{Session, counted};
use crate::cli::{TestArgs, variable};
use crate::cloud::model_server::ModelServer;
use crate::cloud::{Cloud, units};
use crate::domain::arn::{AccountId, Arn, partition_of_region};
use crate::domain::build_plan::{MODEL_PACKAGE_NAME, PROJECT_NAME};
use crate::domain::endpoint::MAX_NAME_LENGTH;
use crate::domain::finding::Finding;
use crate::domain::organization::LeftOut;
use crate::domain::session_name::session_name;
use crate::domain::stage::check_role_name;
use crate::domain::stage_config::{ExportedConfig, STAGE_NAME};
use crate::domain::test_report::{AccountReport, Failure as Problem, LeftOutReport, TestReport};
use crate::domain::test_suite::Suite;
use crate::error::{Failure, Result};
use crate::files;

/// Tests every account of the unit.
pub(super) async fn run(args: &TestArgs, session: &Session, cloud: &impl Cloud) -> Result<()> {
    execute(args, session, cloud).await.map(|_| ())
}

/// The test itself, which a rehearsal runs as well.
pub(super) async fn execute(args: &TestArgs, session: &Session, cloud: &impl Cloud) -> Result<TestReport> {
    let inputs = Inputs::read(args, session)?;
    let mut results = Results::open(args)?;
    let mut report = TestReport::new(Timestamp::now());
    inputs.config.name_in(&mut report);
    let accounts = match find_accounts(args, session, cloud, &inputs).await {
        Ok((accounts, left_out)) => {
            report.left_out = left_out
                .into_iter()
                .map(|left| LeftOutReport { account_id: left.id.to_string(), reason: left.reason })
                .collect();
            accounts
        }
        Err(failure) => {
            report.errors = failure.findings.iter().map(|finding| Problem::new("unit", describe(finding))).collect();
            results.write(&mut report)?;
            return Err(failure);
        }
    };
    session.console.note(&format!(
        "testing endpoint {} in {}, {}",
        inputs.endpoint,
        counted(accounts.len(), "account"),
        counted(inputs.suite.cases.len(), "case")
    ));
    let plan = account::Plan {
        endpoint: &inputs.endpoint,
        expected: inputs.config.0.as_ref().and_then(|config| config.value(MODEL_PACKAGE_NAME)),
        suite: &inputs.suite,
        wait: args.suite.wait,
        console: session.console,
    };
    let region = cloud.region();
    let session_name = session_name(session.environment.get(variable::BUILD_ID).map(String::as_str));
    let states: Vec<RefCell<AccountReport>> = accounts
        .iter()
        .map(|id| {
            RefCell::new(AccountReport {
                account_id: Some(id.to_string()),
                region: Some(region.to_owned()),
                endpoint_name: Some(inputs.endpoint.clone()),
                ..AccountReport::default()
            })
        })
        .collect();
    let done: Vec<RefCell<bool>> = vec![RefCell::new(false); states.len()];
    let all = futures::stream::iter(accounts.iter().zip(&states).zip(&done))
        .map(async |((id, state), done)| {
            let role = role_arn(region, id, &inputs.role);
            account::test(cloud, &role, &session_name, &plan, state).await;
            done.replace(true);
        })
        .buffer_unordered(usize::from(args.suite.concurrency))
        .collect::<()>();
    let interrupted = until_interrupted(all).await;
    report.accounts = states
        .into_iter()
        .zip(done)
        .map(|(state, done)| {
            let mut account = state.into_inner();
            if !done.into_inner() {
                account
                    .errors
                    .push(Problem::new("interrupted", "the run was interrupted before this account was done"));
            }
            account.judged()
        })
        .collect();
    if let Some(signal) = interrupted {
        report.errors.push(Problem::new("interrupted", format!("the run was ended by {signal}")));
    }
    results.conclude(report, session)
}

/// Tests a model server on this machine, with no cloud at all.
pub(super) async fn run_local(args: &TestArgs, session: &Session, server: &ModelServer) -> Result<()> {
    let suite = read_suite(&args.suite.cases, session.console)?;
    let config = BuildConfig::read_if_there(args)?;
    let results = Results::open(args)?;
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
            Ok(()) => cases::run(&suite, &state, async |invocation| server.invoke(invocation).await).await,
            Err(error) => state.borrow_mut().errors.push(Problem::new("unhealthy", error.to_string())),
        }
    };
    if let Some(signal) = until_interrupted(run).await {
        report.errors.push(Problem::new("interrupted", format!("the run was ended by {signal}")));
    }
    report.accounts.push(state.into_inner().judged());
    results.conclude(report, session).map(|_| ())
}

/// The build config, where there is one.
struct BuildConfig(Option<ExportedConfig>);

impl BuildConfig {
    fn read(args: &TestArgs) -> Result<Self> {
        let text = files::read_text(&args.build_config)?;
        let config =
            ExportedConfig::parse(&text, &args.build_config.display().to_string()).map_err(Failure::invalid)?;
        Ok(Self(Some(config)))
    }

    fn read_if_there(args: &TestArgs) -> Result<Self> {
        if args.build_config.exists() { Self::read(args) } else { Ok(Self(None)) }
    }

    fn name_in(&self, report: &mut TestReport) {
        let value = |key| self.0.as_ref().and_then(|config| config.value(key)).map(str::to_owned);
        report.project = value(PROJECT_NAME);
        report.stage = value(STAGE_NAME);
        report.model_package_arn = value(MODEL_PACKAGE_NAME);
    }
}

/// Everything that a person gave, held together before any call.
struct Inputs {
    config: BuildConfig,
    suite: Suite,
    endpoint: String,
    role: String,
}

impl Inputs {
    fn read(args: &TestArgs, session: &Session) -> Result<Self> {
        let mut findings = Vec::new();
        let mut keep = |failure: Failure| findings.extend(failure.findings);
        let config = BuildConfig::read(args).map_err(&mut keep).ok();
        let suite = read_suite(&args.suite.cases, session.console).map_err(&mut keep).ok();
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
                Ok(Self { config, suite, endpoint, role })
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

async fn find_accounts(
    args: &TestArgs,
    session: &Session,
    cloud: &impl Cloud,
    inputs: &Inputs,
) -> Result<(Vec<AccountId>, Vec<LeftOut>)> {
    if !args.accounts.is_empty() {
        return Ok((args.accounts.clone(), Vec::new()));
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
    let stage = inputs.config.0.as_ref().and_then(|config| config.value(STAGE_NAME));
    let targets = units::targets(cloud, &unit, !args.no_recursive)
        .await
        .map_err(|error| error.failure(format!("cannot list the accounts of unit {unit}")))?;
    targets.require_some(&unit, stage).map_err(Failure::failed)?;
    for left in &targets.left_out {
        session.console.note(&format!("account {} ({}) is left out: {}", left.id, left.name, left.reason));
    }
    Ok((targets.ids(), targets.left_out))
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

/// Runs `work` to its end, or until the user or CodeBuild stops it; answers with the signal's name then.
async fn until_interrupted(work: impl Future<Output = ()>) -> Option<&'static str> {
    tokio::select! {
        () = work => None,
        signal = interruption() => Some(signal),
    }
}

#[cfg(unix)]
async fn interruption() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        },
        // Without handlers the default action ends the process.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn interruption() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}
