//! The project template as an object in S3, where Studio finds it without Service Catalog.

use serde_json::json;

use super::plan::{self, both};
use super::role;
use super::settings::Settings;
use super::template::{self, Template};
use crate::cloud::Caller;
use crate::cloud::aws::Aws;
use crate::commands::interruption;
use crate::commands::session::Session;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::platform::catalog::launch_role::{Launch, STACKS};
use crate::domain::platform::catalog::placement::{file_name, https};
use crate::domain::platform::catalog::studio::{Found, Step, Wanted, choose, location};
use crate::domain::platform::change::Plan;
use crate::domain::platform::project_template::RepositorySource;
use crate::error::{Exit, Failure, Result};

pub(super) async fn run(settings: &Settings, template: &Template, session: &Session, aws: &Aws) -> Result<()> {
    let name = file_name(&settings.product).map_err(|finding| Failure::invalid([finding]))?;
    let prefix = settings.prefix.trim_matches('/');
    let key = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
    let place = S3Uri { bucket: template.bucket.clone(), key };
    let launch = Launch {
        region: aws.region(),
        by: STACKS,
        template: &place,
        seed: template.seed.as_ref(),
        has_repository: settings.template.source == RepositorySource::CodeCommit,
    };
    let (role, found, seed_doubts) = futures::join!(
        role::reviewed(aws, settings.launch_role.as_ref(), launch),
        found(settings, &place, aws),
        template::seed_doubts(template, aws)
    );
    let ((role, doubts), found) = both(role, found)?;
    let obstacles = found.obstacles();
    if !obstacles.is_empty() {
        return Err(Failure { exit: Exit::Failed, findings: obstacles });
    }
    let wanted = Wanted { place: &place, digest: &template.digest };
    let (steps, mut plan) = found.decide(&wanted);
    plan.notes.extend(doubts.into_iter().chain(seed_doubts));
    plan.notes.extend(role::readers(aws, &found.domain, &place, &role).await);
    if settings.dry_run {
        return plan::show(&plan, session);
    }
    plan::agree(&plan, settings, session).await?;
    interruption::ahead(steps.iter().map(|step| told(step, &place, &found)));
    for step in &steps {
        let done = take(step, &place, &template.text, &found, aws).await?;
        session.console.note(&done);
    }
    if !steps.is_empty() {
        Box::pin(verify(settings, &wanted, aws)).await?;
    }
    let url = https(&place, aws.region());
    let lines = [
        format!("template     {place}"),
        format!("url          {url}"),
        format!("domain       {}  {}", found.domain.id, found.domain.name),
        format!("location     {}", location(&place)),
        format!("launch role  {role}"),
    ];
    let facts = json!({
        "template": {"bucket": place.bucket, "key": place.key, "sha256": template.digest, "url": url},
        "domain": {"id": found.domain.id, "name": found.domain.name},
        "location": location(&place),
        "launchRole": role.to_string(),
    });
    finish(&plan, session, &lines, facts, &role.to_string())
}

fn finish(plan: &Plan, session: &Session, lines: &[String], facts: serde_json::Value, role: &str) -> Result<()> {
    plan::report(plan, session, lines, facts)?;
    session.console.note(&format!(
        "next, in Studio: Deployments, Projects, Create project, Organization templates, S3 Templates; as role give {role}"
    ));
    Ok(())
}

/// What is there; all that cannot be read is said at once.
async fn found(settings: &Settings, place: &S3Uri, aws: &Aws) -> Result<Found> {
    let object = async {
        let object = aws.stored_template(place).await;
        object.map_err(|error| error.failure("cannot read what is in the template's place"))
    };
    let rules = async {
        let rules = aws.cors_rules(&place.bucket).await;
        rules.map_err(|error| error.failure(format!("cannot read the CORS rules of bucket {}", place.bucket)))
    };
    let domain = async {
        let domains = aws.domains().await.map_err(|error| error.failure("cannot list the SageMaker domains"))?;
        let domain = choose(settings.domain.as_deref(), domains, aws.region()).map_err(Failure::failed)?;
        let location = aws.template_location(&domain).await;
        let location = location.map_err(|error| error.failure(format!("cannot read the tags of domain {}", domain.id)));
        Ok((domain, location?))
    };
    let (object, rules, domain) = futures::join!(object, rules, domain);
    let ((object, rules), (domain, location)) = both(both(object, rules), domain)?;
    Ok(Found { object, rules, domain, location })
}

fn told(step: &Step, place: &S3Uri, found: &Found) -> String {
    match step {
        Step::Put(_) => format!("upload template {place}"),
        Step::Tag(_) => format!("tag template {place}"),
        Step::PutCors(_) => format!("write the CORS rules of bucket {}", place.bucket),
        Step::TagDomain(location) => format!("tag domain {} with {location}", found.domain.id),
    }
}

async fn take(step: &Step, place: &S3Uri, text: &str, found: &Found, aws: &Aws) -> Result<String> {
    let what = told(step, place, found);
    interruption::begins(&what);
    let done = match step {
        Step::Put(tags) => aws.put_template(place, text, tags).await,
        Step::Tag(tags) => aws.tag_template(place, tags).await,
        Step::PutCors(rules) => aws.put_cors_rules(&place.bucket, rules).await,
        Step::TagDomain(location) => aws.put_template_location(&found.domain, location).await,
    };
    match done {
        Ok(()) => {
            interruption::is_done();
            Ok(format!("done: {what}"))
        }
        Err(error) => Err(plan::again(error.failure(format!("cannot {what}")))),
    }
}

/// Reads everything again: what was written has to be there.
async fn verify(settings: &Settings, wanted: &Wanted<'_>, aws: &Aws) -> Result<()> {
    let (steps, plan) = Box::pin(found(settings, wanted.place, aws)).await?.decide(wanted);
    if steps.is_empty() {
        return Ok(());
    }
    let left: Vec<String> = plan.changes.into_iter().map(|change| change.subject).collect();
    Err(Failure::failed(
        Finding::error("not everything that was written is there")
            .cause(format!("not there: {}", left.join(", ")))
            .hint("does somebody else write the same? run it again"),
    ))
}
