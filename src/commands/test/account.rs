//! One account: take on the role, wait for the endpoint, prove what is live, send the cases.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::cases;
use crate::cloud::{Cloud, CloudResult};
use crate::domain::arn::Arn;
use crate::domain::endpoint::{Endpoint, Readiness, compare, explain, readiness};
use crate::domain::test_report::{AccountReport, Failure as Problem};
use crate::domain::test_suite::Suite;
use crate::output::Console;

/// Soon at first, since most endpoints are ready; an endpoint that is being created takes minutes.
const FIRST_POLL: Duration = Duration::from_millis(500);
const SLOWEST_POLL: Duration = Duration::from_secs(15);

/// What is the same for every account.
pub(super) struct Plan<'a> {
    pub(super) endpoint: &'a str,
    /// The package that the build config names.
    pub(super) expected: Option<&'a str>,
    pub(super) suite: &'a Suite,
    pub(super) wait: Duration,
    pub(super) console: Console,
}

/// Tests one account; whatever happens stands in `state`, also when the run is interrupted in the middle.
pub(super) async fn test<C: Cloud>(
    cloud: &C,
    role: &Arn,
    session_name: &str,
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
) {
    let account = &role.account;
    let fail = |kind: &str, message: String| {
        plan.console.note(&format!("{account}: {message}"));
        state.borrow_mut().errors.push(Problem::new(kind, message));
    };
    let access = match cloud.assume_role(role, session_name).await {
        Ok(access) => access,
        Err(error) => return fail("assume_role", format!("cannot take on {role}: {error}")),
    };
    let endpoint = match wait_until_ready(cloud, &access, account, plan, state).await {
        Ok(endpoint) => endpoint,
        Err(problem) => return fail(&problem.kind, problem.message),
    };
    match prove(cloud, &access, &endpoint, plan, state).await {
        Ok(mismatches) => {
            for mismatch in mismatches {
                fail("live_model_mismatch", mismatch);
            }
        }
        Err(error) => fail("live_model_unknown", format!("cannot tell what is live: {error}")),
    }
    cases::run(plan.suite, state, async |invocation| {
        cloud.invoke(&access, &crate::cloud::Invocation { endpoint: &endpoint.name, ..invocation.clone() }).await
    })
    .await;
    let state = state.borrow();
    let passed = state.cases.iter().filter(|case| case.success).count();
    plan.console.note(&format!("{account}: {passed} of {} cases passed", state.cases.len()));
}

/// Asks for the endpoint until it is in service; says every change of its status once.
async fn wait_until_ready<C: Cloud>(
    cloud: &C,
    access: &C::Access,
    account: &str,
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
) -> Result<Endpoint, Problem> {
    let Plan { endpoint: name, wait, console, .. } = plan;
    let started = Instant::now();
    let mut pause = FIRST_POLL;
    let mut last_status = String::new();
    loop {
        let endpoint = match cloud.endpoint(access, name).await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => {
                let message = format!("there is no endpoint {name} in Region {}", cloud.region());
                return Err(Problem::new("endpoint_absent", message));
            }
            Err(error) => {
                return Err(Problem::new("endpoint_unknown", format!("cannot describe endpoint {name}: {error}")));
            }
        };
        {
            let mut state = state.borrow_mut();
            state.endpoint_status = Some(endpoint.status.clone());
            state.data_capture.clone_from(&endpoint.data_capture);
        }
        let Endpoint { status, failure_reason, .. } = &endpoint;
        let because = failure_reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        match readiness(status) {
            Readiness::Ready => return Ok(endpoint),
            Readiness::Broken => {
                let message = format!("endpoint {name} is \"{status}\" ({}){because}", explain(status));
                return Err(Problem::new("endpoint_broken", message));
            }
            Readiness::Pending if started.elapsed() + pause > *wait => {
                let message = format!(
                    "endpoint {name} is \"{status}\", expected \"InService\" (waited {} of {}){because}",
                    humantime::format_duration(Duration::from_secs(started.elapsed().as_secs())),
                    humantime::format_duration(*wait),
                );
                return Err(Problem::new("endpoint_not_ready", message));
            }
            Readiness::Pending => {
                if *status != last_status {
                    console.note(&format!("{account}: endpoint {name} is {status}: {}", explain(status)));
                    last_status.clone_from(status);
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(SLOWEST_POLL);
    }
}

/// Follows the endpoint to its packages; answers everything that speaks against the expected one being live.
async fn prove<C: Cloud>(
    cloud: &C,
    access: &C::Access,
    endpoint: &Endpoint,
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
) -> CloudResult<Vec<String>> {
    let variants = cloud.variants(access, &endpoint.config_name).await?;
    let live = compare(&variants, plan.expected.unwrap_or_default());
    let mut state = state.borrow_mut();
    state.live_model_package_arns = live.packages;
    // A template that declares no ModelPackageName deploys something that no package proves.
    state.live_model_matches = plan.expected.map(|_| live.mismatches.is_empty());
    Ok(if plan.expected.is_some() { live.mismatches } else { Vec::new() })
}
