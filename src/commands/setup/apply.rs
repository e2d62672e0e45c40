//! Takes the steps of a plan, one after another; one that fails keeps back only what builds on it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::interruption;
use super::super::pauses::Pauses;
use super::super::session::Session;
use super::inputs::Inputs;
use crate::cloud::aws::Aws;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult, ModelRegistry};
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::DELEGATION;
use crate::domain::aws::stack_operation::Operation;
use crate::domain::digest::sha256;
use crate::domain::finding::Finding;
use crate::domain::platform::setup::{Order, POLICY_NAME, Step};

const FIRST_POLL: Duration = Duration::from_millis(500);
const SLOWEST_POLL: Duration = Duration::from_secs(10);
/// So long at most a stack set may be called busy while no operation is seen to run.
const LONGEST_UNSEEN: Duration = Duration::from_secs(30);

pub(super) struct Applying<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) cloud: &'a Aws,
    pub(super) session: &'a Session,
    pub(super) wait: Duration,
}

impl Applying<'_> {
    /// Takes all steps that can be taken; answers with what went wrong.
    pub(super) async fn all(&self, steps: &[Step]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut broken = BTreeSet::new();
        interruption::ahead(steps.iter().map(|step| step.change.subject.clone()));
        for Step { change, order } in steps {
            let subject = &change.subject;
            if let Some(name) = order.stack_set().filter(|name| broken.contains(name)) {
                let finding = Finding::error(format!("{subject}: not done")).cause(format!("stack set {name} failed"));
                findings.push(finding.hint("run it again when that is fixed"));
                continue;
            }
            interruption::begins(subject);
            let wrong = match self.carry_out(order).await {
                Ok(wrong) => wrong,
                Err(error) => {
                    let mut finding = error.finding(format!("cannot change {subject}"));
                    if error.kind == ErrorKind::Conflict {
                        finding.hint = Some("somebody else changes the same thing: run this again".to_owned());
                    }
                    vec![finding]
                }
            };
            if wrong.is_empty() {
                interruption::is_done();
                self.session.console.note(&format!("done: {subject}"));
            } else {
                broken.extend(order.stack_set());
                findings.extend(wrong);
            }
        }
        findings
    }

    async fn carry_out(&self, order: &Order) -> CloudResult<Vec<Finding>> {
        let (cloud, call_as) = (self.cloud, self.inputs.call_as());
        match order {
            Order::EnableTrustedAccess => cloud.enable_trusted_access().await?,
            Order::RegisterDelegatedAdmin(account) => {
                cloud.register_delegated_administrator(account, DELEGATION).await?;
            }
            Order::PutRolePolicy { role, document } => cloud.put_role_policy(role, POLICY_NAME, document).await?,
            Order::PutBucketPolicy { bucket, policy } => cloud.put_bucket_policy(bucket, policy).await?,
            Order::PutGroupPolicy { group, policy } => cloud.put_group_policy(group, policy).await?,
            Order::CreateStackSet(set) => cloud.create_stack_set(set, call_as, &token(&set.name)).await?,
            Order::UpdateStackSet(set) => {
                return self.roll_out(&set.name, async |id| cloud.update_stack_set(set, call_as, id).await).await;
            }
            Order::CreateStackInstances { name, units } => {
                let start = async |id: &str| cloud.create_stack_instances(name, units, call_as, id).await;
                return self.roll_out(name, start).await;
            }
        }
        Ok(Vec::new())
    }

    /// Starts an operation as soon as no other one runs, and waits for its end.
    async fn roll_out(
        &self,
        name: &str,
        start: impl AsyncFn(&str) -> CloudResult<String>,
    ) -> CloudResult<Vec<Finding>> {
        let (cloud, call_as) = (self.cloud, self.inputs.call_as());
        let started = Instant::now();
        let new_pauses = || Pauses::new(FIRST_POLL, SLOWEST_POLL, self.wait.min(LONGEST_UNSEEN));
        let mut pauses = new_pauses();
        let id = loop {
            match start(&token(name)).await {
                Err(error)
                    if error.kind == ErrorKind::Conflict && started.elapsed() < self.wait && !pauses.are_over() =>
                {
                    // What the service calls busy, its list may not show yet.
                    pauses.pause().await;
                    if wait_until_idle(cloud, call_as, name, self.session, self.wait).await? {
                        pauses = new_pauses();
                    }
                }
                answer => break answer?,
            }
        };
        let ended = follow(cloud, call_as, (name, &id), self.session, self.wait).await?;
        let (_, failed) = cloud.stack_results(name, &id, call_as).await?;
        Ok(ended.findings(name, &failed))
    }
}

/// Waits for every operation that runs on a stack set, and tells whether there was one.
pub(super) async fn wait_until_idle(
    cloud: &Aws,
    call_as: CallAs,
    name: &str,
    session: &Session,
    wait: Duration,
) -> CloudResult<bool> {
    let mut was_busy = false;
    while let Some(id) = cloud.running_operation(name, call_as).await? {
        was_busy = true;
        session.console.note(&format!("stack set {name}: waiting for operation {id}, which runs already"));
        follow(cloud, call_as, (name, &id), session, wait).await?;
    }
    Ok(was_busy)
}

/// Waits for the end of an operation and says how far it is.
async fn follow(
    cloud: &Aws,
    call_as: CallAs,
    (name, id): (&str, &str),
    session: &Session,
    wait: Duration,
) -> CloudResult<Operation> {
    let mut pauses = Pauses::new(FIRST_POLL, SLOWEST_POLL, wait);
    let mut said = 0;
    loop {
        let operation = cloud.stack_operation(name, id, call_as).await?;
        if !operation.is_running() {
            return Ok(operation);
        }
        if pauses.are_over() {
            let waited = humantime::format_duration(wait);
            let message = format!("operation {id} has not ended within {waited}; it goes on, run this again later");
            return Err(CloudError::new(ErrorKind::Other, "cloudformation:DescribeStackSetOperation", message));
        }
        pauses.pause().await;
        let (done, _) = cloud.stack_results(name, id, call_as).await?;
        if done > said {
            session.console.note(&format!("stack set {name}: {done} accounts done"));
            said = done;
        }
    }
}

/// A name for one operation that no other has.
fn token(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    sha256(format!("{name} {now} {}", std::process::id()).as_bytes())[..32].to_owned()
}
