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
use super::{Session, print, print_json};
use crate::cli::Format;
use crate::cloud::aws::Aws;
use crate::domain::doctor::{Facts, Report, Seen, Status, Subject, examine};
use crate::error::{Exit, Failure, Result};

/// Reads all that is named, judges it, and fails if a check does.
///
/// # Errors
/// A check failed, or stdout refuses.
pub(super) async fn run(inputs: Inputs, session: &Session, cloud: &Aws) -> Result<()> {
    let (subject, facts) = Box::pin(read(&inputs, cloud)).await;
    let report = Report::of(examine(&subject, &facts));
    match session.console.format {
        Format::Json => print_json(&report.json())?,
        Format::Text => print(&report.page(session.console.paper().width), session)?,
    }
    if report.count(Status::Fail) > 0 {
        return Err(Failure { exit: Exit::Failed, findings: Vec::new() });
    }
    Ok(())
}

/// First who calls: without credentials or a network, every further call would say the same. Then what the project is,
/// which tells what else there is to read; then all of that at once.
async fn read(inputs: &Inputs, cloud: &Aws) -> (Subject, Facts) {
    let look = Look { cloud };
    let named = inputs.subject(cloud, None);
    let (caller, clock) = look.identity().await;
    let caller = match caller {
        Ok(caller) => caller,
        Err(unseen) => {
            let facts = Facts::of_nobody(&named, unseen, clock);
            return (named, facts);
        }
    };
    let (administration, project) = futures::join!(look.administration(), look.project(&named));
    let subject = inputs.subject(cloud, there(&project.build));
    let home = &caller.account;
    let call_as = administration.call_as(home);
    let events_and_roles = async {
        let events = look.rules(&project).await;
        let roles = look.roles(&subject, &project, &events).await;
        (events, roles)
    };
    let stages_and_model = async {
        let (stages, registry) =
            futures::join!(look.stages(&subject, &project, inputs, call_as), look.registry(&subject));
        let model = look.model(&subject, home, &stages, registry).await;
        (stages, model)
    };
    let bucket = subject.artifact_bucket();
    let (trusted_access, (events, roles), (stages, model), repository, artifact_bucket, seed, product) = futures::join!(
        look.trusted_access(call_as),
        events_and_roles,
        stages_and_model,
        look.repository(&project),
        look.bucket_region(bucket.as_deref()),
        look.seed(subject.seed.as_ref()),
        look.product(subject.product.as_deref()),
    );
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
    (subject, facts)
}

/// What is known, if it is there.
fn there<T>(seen: &Seen<Option<T>>) -> Option<&T> {
    seen.as_ref().ok()?.as_ref()
}
