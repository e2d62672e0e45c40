//! What a test is given, held together before any call.

use super::super::session::Session;
use super::build_config::BuildConfig;
use super::cases::{ReadSuite, read_suite};
use super::end::{End, until_ended};
use super::settings::Settings;
use crate::cli::variable;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::UnitId;
use crate::domain::endpoint::MAX_NAME_LENGTH;
use crate::domain::finding::Finding;
use crate::domain::project::stage::check_role_name;
use crate::domain::report::results::ReleaseReport;
use crate::error::{Failure, Result};

/// Everything that a person gave, held together before any call.
pub(in super::super) struct Inputs {
    pub(super) settings: Settings,
    pub(super) config: BuildConfig,
    pub(super) release: Option<ReleaseReport>,
    /// Or what ended the run before it was read.
    pub(super) suite: std::result::Result<ReadSuite, End>,
    pub(super) endpoint: String,
    pub(super) role: String,
    pub(super) tested: Tested,
}

/// Whose endpoints are tested.
pub(super) enum Tested {
    Accounts(Vec<AccountId>),
    Unit(UnitId),
}

fn tested(settings: &Settings) -> std::result::Result<Tested, Finding> {
    match &settings.unit {
        _ if !settings.accounts.is_empty() => Ok(Tested::Accounts(settings.accounts.clone())),
        Some(Ok(unit)) => Ok(Tested::Unit(unit.clone())),
        Some(Err(error)) => {
            let finding = Finding::error(format!("variable {} cannot be used", variable::UNIT));
            let hint = "copy the id from AWS Organizations, for example ou-ab12-cdef3456";
            Err(finding.cause(error.to_string()).hint(hint))
        }
        None => Err(Finding::error("neither --organizational-unit nor --accounts is given")
            .hint(format!("set variable {} or one of the two", variable::UNIT))),
    }
}

impl Inputs {
    pub(in super::super) async fn read(settings: Settings, session: &Session) -> Result<Self> {
        let mut findings = Vec::new();
        let mut keep = |failure: Failure| findings.extend(failure.findings);
        let config = BuildConfig::read(&settings.build_config).map_err(|mut failure| {
            if !settings.build_config.exists() {
                for finding in &mut failure.findings {
                    finding.hint =
                        Some("run \"modeldeploy build\" first, or name its export with --build-config".to_owned());
                }
            }
            keep(failure);
        });
        let config = config.ok();
        let release = config.as_ref().map(|(config, text)| config.verify(text, &settings, session).map_err(&mut keep));
        let release = release.and_then(std::result::Result::ok).flatten();
        let config = config.map(|(config, _)| config);
        let suite = until_ended(Box::pin(read_suite(&settings.suite, session.console)), settings.suite.deadline).await;
        let suite = suite.map(|suite| suite.map_err(&mut keep).ok());
        match settings.role.as_deref().map(check_role_name) {
            None => findings.push(
                Finding::error("--role-name is not given")
                    .hint(format!("set variable {} or --role-name", variable::ROLE_NAME)),
            ),
            Some(Err(cause)) => findings.push(
                Finding::error("--role-name cannot be used").cause(cause).hint("give the role's name, not its ARN"),
            ),
            Some(Ok(())) => {}
        }
        let tested = tested(&settings).map_err(|finding| findings.push(finding)).ok();
        if settings.record_answers.is_some() && (settings.accounts.len() != 1 || settings.regions.len() > 1) {
            let what = "--record-answers records one endpoint or server";
            findings.push(Finding::error(what).hint("give --model-url, or --accounts with a single account"));
        }
        let endpoint = match (&settings.endpoint, &config) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(config)) => config
                .endpoint_name()
                .map_err(|missing| {
                    findings.push(
                        Finding::error(format!("does not set \"{missing}\""))
                            .in_file(&settings.build_config.display().to_string())
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
                    .cause(format!("SageMaker takes {MAX_NAME_LENGTH}"))
                    .hint("shorten the names that it is made of, or give --endpoint-name"),
            );
        }
        let role = settings.role.clone();
        match (config, suite.transpose(), endpoint, role, tested) {
            (Some(config), Some(suite), Some(endpoint), Some(role), Some(tested)) if findings.is_empty() => {
                Ok(Self { settings, config, release, suite, endpoint, role, tested })
            }
            _ => Err(Failure::invalid(findings)),
        }
    }
}
