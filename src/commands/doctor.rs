//! `modeldeploy doctor`: reads a platform and says what is wrong with it; it changes nothing.

mod accounts;
mod inputs;
mod look;
mod model;
mod project;
mod roles;
mod stages;

pub(super) use self::inputs::Inputs;
use self::look::Look;
use super::interruption::{self, SignalGuard, unless_interrupted};
use super::session::Session;
use super::stdout::{print, print_json};
use crate::cli::Format;
use crate::cloud::aws::Aws;
use crate::domain::platform::doctor::{Facts, ModelFacts, Report, Seed, Seen, Status, Subject, Unseen, examine};
use crate::error::{Exit, Failure, Result};

/// Reads all that is named, judges it, and fails if a check does.
///
/// # Errors
/// A check failed, a signal came, or stdout refuses.
pub(super) async fn run(inputs: Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    let _signals = SignalGuard::graceful();
    let Some((subject, facts)) = Box::pin(read(&inputs, cloud)).await else { return interruption::outcome() };
    let report = Report::of(examine(&subject, &facts));
    match session.console.format {
        Format::Json => print_json(&report.json())?,
        Format::Text => print(&report.page(session.console.paper().width), session)?,
    }
    interruption::outcome()?;
    if report.count(Status::Fail) > 0 {
        return Err(Failure { exit: Exit::Failed, findings: Vec::new() });
    }
    Ok(())
}

/// First who calls: without credentials or a network, every further call would say the same. Then what the project is,
/// which tells what else there is to read; then all of that at once. A signal ends each part where it is, and leaves what
/// the others have found; before the project is known, nothing is found.
async fn read(inputs: &Inputs, cloud: &Aws) -> Option<(Subject, Facts)> {
    let look = Look { cloud };
    let named = inputs.subject(cloud, None);
    let (caller, clock) = unless_interrupted(look.identity()).await.ok()?;
    let caller = match caller {
        Ok(caller) => caller,
        Err(unseen) => {
            let facts = Facts::of_nobody(&named, unseen, clock);
            return Some((named, facts));
        }
    };
    let first = Box::pin(async { futures::join!(look.administration(), look.project(&named)) });
    let (administration, project) = unless_interrupted(first).await.ok()?;
    let mut subject = inputs.subject(cloud, there(&project.build));
    let home = &caller.account;
    subject.group = subject.group.map(|group| group.seen_by(home.as_str(), &subject.region));
    let call_as = administration.call_as(home);
    let events_and_roles = async {
        let events = unless_interrupted(look.rules(&project)).await.unwrap_or_else(unseen);
        let roles = unless_interrupted(look.roles(&subject, &project, &events)).await.unwrap_or_default();
        (events, roles)
    };
    let stages_and_model = async {
        let (stages, registry) = futures::join!(
            unless_interrupted(look.stages(&subject, &project, inputs, call_as)),
            unless_interrupted(look.registry(&subject))
        );
        let stages = stages.unwrap_or_else(|signal| Facts::stages_unseen(&subject, &|| stopped(signal)));
        let model = match registry {
            Ok(registry) => unless_interrupted(look.model(&subject, home, &stages, registry)).await,
            Err(signal) => Err(signal),
        };
        let model = model.unwrap_or_else(|signal| ModelFacts::unseen(&|| stopped(signal)));
        (stages, model)
    };
    let bucket = subject.artifact_bucket();
    let (trusted_access, (events, roles), (stages, model), repository, artifact_bucket, seed, product) = futures::join!(
        of_part(look.trusted_access(call_as)),
        events_and_roles,
        stages_and_model,
        of_part(look.repository(&project)),
        of_part(look.bucket_region(bucket.as_deref())),
        unless_interrupted(look.seed(subject.seed.as_ref())),
        of_part(look.product(subject.product.as_deref())),
    );
    let seed = seed.unwrap_or_else(|signal| Seed::unseen(&|| stopped(signal)));
    let facts = Facts {
        clock,
        organization: administration.organization,
        trusted_access,
        delegates: administration.delegates,
        stages,
        roles,
        model,
        artifact_bucket,
        seed,
        product,
        pipeline: project.pipeline,
        last_execution: project.states,
        build_project: project.build,
        test_project: project.test,
        repository,
        rules: events,
        caller: Ok(caller),
    };
    Some((subject, facts))
}

/// One part of the look.
async fn of_part<T>(part: impl Future<Output = Seen<T>>) -> Seen<T> {
    unless_interrupted(part).await.unwrap_or_else(unseen)
}

fn unseen<T>(signal: &str) -> Seen<T> {
    Err(stopped(signal))
}

fn stopped(signal: &str) -> Unseen {
    Unseen::unasked(interruption::reason(signal))
}

/// What is known, if it is there.
fn there<T>(seen: &Seen<Option<T>>) -> Option<&T> {
    seen.as_ref().ok()?.as_ref()
}
