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
    Endpoint, ImageComparison, LiveAs, Readiness, Serves, Variant, changes, compare, compare_images, data_beside,
    explain, registered_containers,
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
    // Each step is on the heap while it lasts, so that hundreds of accounts at once hold no room for the largest.
    let access = match Box::pin(cloud.assume_role(role, region, session_name)).await {
        Ok(access) => access,
        Err(error) => {
            fail(FailureKind::AssumeRole, format!("cannot assume {role}: {}", error.message()));
            return nothing_sent("the role of the account cannot be assumed, so nothing was sent");
        }
    };
    let endpoint = match Box::pin(wait_until_ready(cloud, &access, (account, region), plan, state)).await {
        Ok(endpoint) => endpoint,
        Err(problem) => {
            fail(problem.kind, problem.message);
            return nothing_sent("the endpoint is not in service, so nothing was sent to it");
        }
    };
    // The cases do not wait for the proof, which says of each answer what gave it: nothing may change until the last one.
    let target = LiveEndpoint::new(cloud, &access, &endpoint.name, session_name);
    let cases = Box::pin(cases::run(plan.suite, state, under_way, plan.kept, plan.recorder, &target));
    let (proof, ()) = join!(Box::pin(prove(cloud, &access, &endpoint, plan, state)), cases);
    let variants = match proof {
        Ok(Proof { variants, problems }) => {
            for problem in problems {
                fail(problem.kind, problem.message);
            }
            Some(variants)
        }
        Err(error) => {
            fail(FailureKind::LiveModelUnknown, format!("cannot tell what is live: {}", error.message()));
            None
        }
    };
    let strangers = variants.as_deref().map(|variants| target.strangers(variants)).unwrap_or_default();
    let changed = Box::pin(what_changed(cloud, &access, &endpoint, variants.as_deref())).await;
    for message in strangers.into_iter().chain(changed) {
        let matches = state.borrow().live_model_matches.map(|_| false);
        state.borrow_mut().live_model_matches = matches;
        fail(FailureKind::LiveModelUnknown, message);
    }
    let state = state.borrow();
    let passed = state.cases.iter().filter(|case| case.success).count();
    plan.console.note(&format!("{account}: {passed} of {} cases passed", state.cases.len()));
}

/// What is no longer as it was proved, now that the cases were answered: what was proved of another config, or of an
/// endpoint in the middle of a deployment, says nothing of the answers.
async fn what_changed<C: Cloud>(
    cloud: &C,
    access: &C::Access,
    proved: &Endpoint,
    variants: Option<&[Variant]>,
) -> Vec<String> {
    let name = &proved.name;
    // A component gets another model without its endpoint getting another config.
    let variants = variants.filter(|variants| variants.iter().any(Variant::has_components));
    let components = async {
        match variants {
            Some(before) => cloud.variants(access, proved).await.map(|now| now != before),
            None => Ok(false),
        }
    };
    let (now, components) = join!(cloud.endpoint(access, name), components);
    let mut changed: Vec<String> = match now {
        Ok(Some(now)) => changes(proved, &now),
        Ok(None) => vec!["it is gone".to_owned()],
        Err(error) => return vec![format!("cannot tell whether endpoint {name} changed: {}", error.message())],
    };
    match components {
        Ok(true) => changed.push("its inference components are not what was proved".to_owned()),
        Ok(false) => {}
        Err(error) => return vec![format!("cannot tell whether endpoint {name} changed: {}", error.message())],
    }
    let told = |change| format!("endpoint {name} changed while the cases ran, so nothing is proved: {change}");
    changed.into_iter().map(told).collect()
}

/// Asks for the endpoint until it is in service and no deployment is under way; says every change of its status once.
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
        let stages = endpoint.deployment_stages().map(|(variant, stage)| format!("; variant {variant} is \"{stage}\""));
        let because = format!("{because}{}{}", update.unwrap_or_default(), stages.collect::<String>());
        match endpoint.readiness() {
            Readiness::Ready => return Ok(endpoint),
            Readiness::Broken => {
                let message = format!("endpoint {name} is \"{status}\" ({}){because}", explain(status));
                return Err(Problem::new(FailureKind::EndpointBroken, message));
            }
            Readiness::Pending if pauses.are_over() => {
                let expected = if status == "InService" { "no deployment" } else { "\"InService\"" };
                let message = format!(
                    "endpoint {name} is \"{status}\", expected {expected} (waited {} of {}){because}",
                    humantime::format_duration(Duration::from_secs(pauses.waited().as_secs())),
                    humantime::format_duration(*wait),
                );
                return Err(Problem::new(FailureKind::EndpointNotReady, message));
            }
            Readiness::Pending => {
                if *status != last_status {
                    let means = if status == "InService" { "a deployment is under way" } else { explain(status) };
                    console.note(&format!("{account}: endpoint {name} is {status}: {means}{because}"));
                    last_status.clone_from(status);
                }
            }
        }
        pauses.pause().await;
    }
}

/// What the endpoint runs, and everything that speaks against the expected package being live.
struct Proof {
    variants: Vec<Variant>,
    problems: Vec<Problem>,
}

/// Follows the endpoint to what it runs.
async fn prove<C: Cloud>(
    cloud: &C,
    access: &C::Access,
    endpoint: &Endpoint,
    plan: &Plan<'_>,
    state: &RefCell<AccountReport>,
) -> CloudResult<Proof> {
    // The registered model data does not depend on what runs.
    let tags = async {
        let package = plan.package.filter(|_| plan.expected.is_some());
        entity_tags(cloud, access, package.into_iter().flat_map(ModelPackage::all_containers)).await
    };
    let (variants, tags) = join!(cloud.variants(access, endpoint), tags);
    let variants = variants?;
    let mut live = compare(endpoint, &variants, plan.expected.unwrap_or_default(), plan.live_as);
    // A template that declares no ModelPackageName deploys something that no package proves.
    let package = plan.package.filter(|_| plan.expected.is_some());
    let images = package.map(|package| compare_images(endpoint, &variants, &live, package)).unwrap_or_default();
    let ImageComparison { mismatches: images, unproven } = images;
    live.unproven.extend(unproven);
    {
        let verdicts = |at: usize| plan.expected.map(|_| live.verdicts[at].as_slice());
        let reports = variants.iter().enumerate();
        let reports = reports.map(|(at, variant)| VariantReport::new(variant, verdicts(at), &endpoint.running));
        let mut state = state.borrow_mut();
        state.variants = reports.collect();
        state.live_model_package_arns.clone_from(&live.packages);
        state.live_model_matches = plan.expected.map(|_| live.matches());
    }
    if plan.expected.is_none() {
        return Ok(Proof { variants, problems: Vec::new() });
    }
    say_what_was_not_meant(plan, &state.borrow());
    let problem = |kind: FailureKind| move |message| Problem::new(kind, message);
    let mut problems: Vec<Problem> =
        live.mismatches.iter().cloned().map(problem(FailureKind::LiveModelMismatch)).collect();
    problems.extend(live.unproven.iter().cloned().map(problem(FailureKind::LiveModelUnknown)));
    problems.extend(images.into_iter().map(problem(FailureKind::ImageMismatch)));
    let beside = package.map(|package| data_beside(&variants, &live, package)).unwrap_or_default();
    problems.extend(beside.into_iter().map(problem(FailureKind::ModelDataChanged)));
    let data = package.map(|package| registered_containers(&variants, &live, package)).unwrap_or_default();
    for (place, registered) in data.into_iter().flat_map(Container::tagged_data) {
        let changed = changed_model_data(place, registered, tags.get(place), plan);
        problems.extend(changed.map(problem(FailureKind::ModelDataChanged)));
    }
    Ok(Proof { variants, problems })
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
