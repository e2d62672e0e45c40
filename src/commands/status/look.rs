//! One look at everything: the stages' accounts and stack sets, then their endpoints, then the registry.

use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use jiff::Timestamp;

use super::super::session::Session;
use super::found::{FoundStage, Set};
use super::settings::{Plan, Settings};
use crate::cli::variable;
use crate::cloud::Cloud;
use crate::cloud::aws::{Aws, codebuild};
use crate::domain::aws::session_name::session_name;
use crate::domain::status::{EndpointRow, StageStatus, StatusReport};
use crate::error::Result;

/// Whoever looks. Nothing that is denied or missing ends the look.
pub(super) struct Look<'a, C> {
    pub(super) settings: &'a Settings,
    pub(super) session: &'a Session,
    pub(super) cloud: &'a C,
    /// None in an offline world, which has neither stack sets nor builds.
    pub(super) aws: Option<&'a Aws>,
}

impl<C: Cloud> Look<'_, C> {
    /// # Errors
    /// Who calls is not known: every further call would fail for the same reason.
    pub(super) async fn report(&self) -> Result<StatusReport> {
        let account = self.cloud.account().await;
        let account = account.map_err(|error| error.failure("cannot tell which account this is"))?;
        let mut notes = Vec::new();
        let plan = self.plan(&mut notes).await;
        let found = join_all(plan.stages.iter().map(|stage| self.stage(stage))).await;
        notes.extend(unread_stack_sets(&found));
        let stages = self.endpoints(found).await;
        let mut report = StatusReport::new(&self.settings.project, Timestamp::now(), stages, notes);
        self.take_registry(&mut report, &account, &plan.chosen_by).await;
        Ok(report)
    }

    /// What is named here, and what the project's build names where that is not all.
    async fn plan(&self, notes: &mut Vec<String>) -> Plan {
        let Some((aws, names)) = self.aws.zip(self.settings.names.as_ref()).filter(|_| !self.settings.say_all()) else {
            return self.settings.plan(&[]);
        };
        let name = names.build_project();
        match codebuild::project(aws.api(), &name).await {
            Ok(Some(build)) => return self.settings.plan(&build.variables),
            Ok(None) => notes.push(format!("there is no build {name} that would name units and roles of the stages")),
            Err(error) => {
                notes.push(format!("build {name}, which names units and roles of the stages, cannot be read: {error}"));
            }
        }
        self.settings.plan(&[])
    }

    /// Reads the endpoints of all stages side by side.
    async fn endpoints(&self, found: Vec<FoundStage>) -> Vec<StageStatus> {
        let progress = self.session.console.progress("endpoints read");
        progress.grow(found.iter().map(|stage| stage.sites.len()).sum());
        let session_name = session_name(self.session.environment.get(variable::BUILD_ID).map(String::as_str));
        let sites =
            found.iter().enumerate().flat_map(|(at, stage)| stage.sites.iter().map(move |site| (at, stage, site)));
        let rows = stream::iter(sites).map(async |(at, stage, site)| {
            let row = Box::pin(self.endpoint(site, stage.role.as_deref(), &session_name)).await;
            progress.advance();
            (at, row)
        });
        let rows: Vec<(usize, EndpointRow)> = rows.buffer_unordered(self.settings.concurrency).collect().await;
        let mut stages: Vec<StageStatus> = found.into_iter().map(|stage| stage.status).collect();
        for (at, row) in rows {
            stages[at].endpoints.push(row);
        }
        stages
    }
}

/// Why stack sets are not shown, said once for all stages.
fn unread_stack_sets(found: &[FoundStage]) -> Vec<String> {
    let why = found.iter().find_map(|stage| match &stage.set {
        Set::Unread(why) => Some(format!("stacks and drift are not shown: {why}")),
        _ => None,
    });
    let absent = found.iter().filter_map(|stage| match &stage.set {
        Set::Absent(name) => Some(format!("stage {} has no stack set {name}", stage.status.stage)),
        _ => None,
    });
    why.into_iter().chain(absent).collect()
}
