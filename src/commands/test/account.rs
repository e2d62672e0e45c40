//! One account: take on the role, wait for the endpoint, prove what is live, send the cases.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use futures::join;

use super::super::pauses::Pauses;
use super::cases;
use super::end::add_not_run;
use super::kept::KeptAnswers;
use super::recorder::Recorder;
use super::target::LiveEndpoint;
use super::under_way::UnderWay;
use crate::cloud::{Cloud, CloudResult};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::endpoint::{
    Endpoint, LiveAs, Readiness, Serves, compare, explain, image_mismatches, readiness, registered_containers,
};
use crate::domain::registry::model_package::{Container, ModelPackage};
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{AccountReport, Failure as Problem, VariantReport};
use crate::domain::suite::test_suite::Suite;
use crate::output::Console;

/// Soon at first, since most endpoints are ready; an endpoint that is being created takes minutes.
const FIRST_POLL: Duration = Duration::from_millis(500);
const SLOWEST_POLL: Duration = Duration::from_secs(15);

/// What is the same for every account.
pub(super) struct Plan<'a> {
    pub(super) endpoint: &'a str,
    /// The package that the build config names.
    pub(super) expected: Option<&'a str>,
    /// What the registry says of it; none where it could not be asked.
    pub(super) package: Option<&'a ModelPackage>,
    /// The variants that it has to be live on.
    pub(super) live_as: LiveAs,
    pub(super) suite: &'a Suite,
    pub(super) kept: &'a KeptAnswers,
    pub(super) recorder: Option<&'a Recorder>,
    pub(super) wait: Duration,
    pub(super) session_name: &'a str,
    pub(super) console: Console,
}

/// Tests one account; whatever happens stands in `state`, also when the run is interrupted in the middle.
pub(super) async fn test<C: Cloud>(
    cloud: &C,
    role: &Arn,
    region: &str,
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
    under_way: &UnderWay,
) {
    let session_name = plan.session_name;
    let account = &role.account;
    let fail = |kind: FailureKind, message: String| {
        plan.console.note(&format!("{account}: {message}"));
        state.borrow_mut().errors.push(Problem::new(kind, message));
    };
    let nothing_sent = |reason: &str| add_not_run(&mut state.borrow_mut(), plan.suite, reason);
    let access = match cloud.assume_role(role, region, session_name).await {
        Ok(access) => access,
        Err(error) => {
            fail(FailureKind::AssumeRole, format!("cannot assume {role}: {}", error.message()));
            return nothing_sent("the role of the account cannot be assumed, so nothing was sent");
        }
    };
    let endpoint = match wait_until_ready(cloud, &access, (account, region), plan, state).await {
        Ok(endpoint) => endpoint,
        Err(problem) => {
            fail(problem.kind, problem.message);
            return nothing_sent("the endpoint is not in service, so nothing was sent to it");
        }
    };
    match prove(cloud, &access, &endpoint, plan, state).await {
        Ok(problems) => {
            for problem in problems {
                fail(problem.kind, problem.message);
            }
        }
        Err(error) => fail(FailureKind::LiveModelUnknown, format!("cannot tell what is live: {}", error.message())),
    }
    let target = LiveEndpoint { cloud, access: &access, name: &endpoint.name, run_id: session_name };
    cases::run(plan.suite, state, under_way, plan.kept, plan.recorder, &target).await;
    let state = state.borrow();
    let passed = state.cases.iter().filter(|case| case.success).count();
    plan.console.note(&format!("{account}: {passed} of {} cases passed", state.cases.len()));
}

/// Asks for the endpoint until it is in service; says every change of its status once.
async fn wait_until_ready<C: Cloud>(
    cloud: &C,
    access: &C::Access,
    (account, region): (&str, &str),
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
) -> Result<Endpoint, Problem> {
    let Plan { endpoint: name, wait, console, .. } = plan;
    let mut pauses = Pauses::new(FIRST_POLL, SLOWEST_POLL, *wait);
    let mut last_status = String::new();
    loop {
        let endpoint = match cloud.endpoint(access, name).await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => {
                let message = format!("there is no endpoint {name} in Region {region}");
                return Err(Problem::new(FailureKind::EndpointAbsent, message));
            }
            Err(error) => {
                let message = format!("cannot describe endpoint {name}: {}", error.message());
                return Err(Problem::new(FailureKind::EndpointUnknown, message));
            }
        };
        {
            let mut state = state.borrow_mut();
            state.endpoint_status = Some(endpoint.status.clone());
            state.data_capture.clone_from(&endpoint.data_capture);
        }
        let Endpoint { status, failure_reason, pending_config, .. } = &endpoint;
        let because = failure_reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let update = pending_config.as_ref().map(|config| format!("; an update to {config} is under way"));
        let because = format!("{because}{}", update.unwrap_or_default());
        match readiness(status) {
            Readiness::Ready => return Ok(endpoint),
            Readiness::Broken => {
                let message = format!("endpoint {name} is \"{status}\" ({}){because}", explain(status));
                return Err(Problem::new(FailureKind::EndpointBroken, message));
            }
            Readiness::Pending if pauses.are_over() => {
                let message = format!(
                    "endpoint {name} is \"{status}\", expected \"InService\" (waited {} of {}){because}",
                    humantime::format_duration(Duration::from_secs(pauses.waited().as_secs())),
                    humantime::format_duration(*wait),
                );
                return Err(Problem::new(FailureKind::EndpointNotReady, message));
            }
            Readiness::Pending => {
                if *status != last_status {
                    console.note(&format!("{account}: endpoint {name} is {status}: {}{because}", explain(status)));
                    last_status.clone_from(status);
                }
            }
        }
        pauses.pause().await;
    }
}

/// Follows the endpoint to what it runs; answers everything that speaks against the expected package being live.
async fn prove<C: Cloud>(
    cloud: &C,
    access: &C::Access,
    endpoint: &Endpoint,
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
) -> CloudResult<Vec<Problem>> {
    // The registered model data does not depend on what runs.
    let tags = async {
        let package = plan.package.filter(|_| plan.expected.is_some());
        entity_tags(cloud, access, package.into_iter().flat_map(ModelPackage::all_containers)).await
    };
    let (variants, tags) = join!(cloud.variants(access, endpoint), tags);
    let variants = variants?;
    let live = compare(endpoint, &variants, plan.expected.unwrap_or_default(), plan.live_as);
    {
        let verdicts = |at: usize| plan.expected.map(|_| live.verdicts[at].as_slice());
        let running = |name: &str| {
            let found = endpoint.deployed_images.iter().find(|(variant, _)| variant == name);
            found.map(|(_, images)| images.as_slice()).unwrap_or_default()
        };
        let reports = variants.iter().enumerate();
        let reports = reports.map(|(at, variant)| VariantReport::new(variant, verdicts(at), running(&variant.name)));
        let mut state = state.borrow_mut();
        state.variants = reports.collect();
        state.live_model_package_arns.clone_from(&live.packages);
        state.live_model_matches = plan.expected.map(|_| live.matches());
    }
    // A template that declares no ModelPackageName deploys something that no package proves.
    if plan.expected.is_none() {
        return Ok(Vec::new());
    }
    say_what_was_not_meant(plan, &state.borrow());
    let problem = |kind: FailureKind| move |message| Problem::new(kind, message);
    let mut problems: Vec<Problem> = Vec::new();
    if let Some(package) = plan.package {
        problems.extend(
            image_mismatches(endpoint, &variants, &live, package).into_iter().map(problem(FailureKind::ImageMismatch)),
        );
        let data = registered_containers(&variants, &live, package);
        for (place, registered) in data.into_iter().flat_map(Container::tagged_data) {
            let changed = changed_model_data(place, registered, tags.get(place), plan);
            problems.extend(changed.map(problem(FailureKind::ModelDataChanged)));
        }
    }
    let mismatches = live.mismatches.into_iter().map(problem(FailureKind::LiveModelMismatch));
    let unproven = live.unproven.into_iter().map(problem(FailureKind::LiveModelUnknown));
    Ok(mismatches.chain(unproven).chain(problems).collect())
}

/// What passes and still is not the package is not passed over in silence.
fn say_what_was_not_meant(plan: &Plan<'_>, state: &AccountReport) {
    let account = state.account_id.as_deref().unwrap_or_default();
    let others = state.variants.iter().filter(|_| state.live_model_matches == Some(true));
    for variant in others.filter(|variant| variant.serves == Some(Serves::Other)) {
        for part in variant.parts.iter().filter(|part| part.serves == Some(Serves::Other)) {
            let name = part.name().map(|name| format!("{name} of ")).unwrap_or_default();
            let (role, variant) = (&variant.role, &variant.name);
            plan.console.note(&format!("{account}: {name}{role} variant {variant} {}", part.in_words()));
        }
    }
}

/// By place: what S3 says of the model data that was registered.
async fn entity_tags<'p, C: Cloud>(
    cloud: &C,
    access: &C::Access,
    containers: impl Iterator<Item = &'p Container>,
) -> BTreeMap<&'p str, CloudResult<Option<String>>> {
    let places: BTreeSet<&str> = containers.flat_map(Container::tagged_data).map(|(place, _)| place).collect();
    let objects = places.into_iter().filter_map(|place| Some((place, place.parse::<S3Uri>().ok()?)));
    let objects = objects.filter(|(_, uri)| !uri.is_prefix());
    join_all(objects.map(async |(place, uri)| (place, cloud.entity_tag(access, &uri).await)))
        .await
        .into_iter()
        .collect()
}

/// Whether model data is no longer what was registered; a role that may not look at it leaves that open.
fn changed_model_data(
    place: &str,
    registered: &str,
    tag: Option<&CloudResult<Option<String>>>,
    plan: &Plan<'_>,
) -> Option<String> {
    let bare = |tag: &str| tag.trim_matches('"').to_owned();
    match tag {
        None if place.parse::<S3Uri>().is_err() => None,
        None => {
            plan.console.note(&format!("{place} is a prefix, which has no entity tag of its own to compare"));
            None
        }
        Some(Ok(Some(tag))) if bare(tag) == bare(registered) => None,
        Some(Ok(Some(tag))) => {
            Some(format!("{place} has entity tag {}, and {} was registered", bare(tag), bare(registered)))
        }
        Some(Ok(None)) => Some(format!("{place} is gone, and the next instance cannot load it")),
        Some(Err(error)) => {
            plan.console.note(&format!("whether {place} is what was registered is not known: {}", error.message()));
            None
        }
    }
}
