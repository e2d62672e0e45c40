//! The project template as a product of Service Catalog.

mod reading;
mod writing;

use serde_json::json;

use self::reading::Catalog;
use self::writing::Work;
use super::plan;
use super::role;
use super::settings::Settings;
use super::template::{self, Template};
use crate::cloud::Caller;
use crate::cloud::aws::Aws;
use crate::commands::session::Session;
use crate::domain::finding::Finding;
use crate::domain::platform::catalog::launch_role::{CATALOG, Launch};
use crate::domain::platform::catalog::placement::StoredTemplate;
use crate::domain::platform::catalog::principal::Principal;
use crate::domain::platform::catalog::product::{Found, Wanted};
use crate::domain::platform::change::Plan;
use crate::domain::platform::project_template::RepositorySource;
use crate::error::{Exit, Failure, Result};

pub(super) async fn run(settings: &Settings, template: &Template, session: &Session, aws: &Aws) -> Result<()> {
    let stored = StoredTemplate::new(&template.bucket, &settings.prefix, &template.digest, aws.region());
    let launch = Launch {
        region: aws.region(),
        by: CATALOG,
        template: &stored.place,
        seed: template.seed.as_ref(),
        has_repository: settings.template.source == RepositorySource::CodeCommit,
    };
    let catalog = Catalog { aws, api: aws.api(), settings, stored: &stored };
    let (role, found, seed_doubts) = futures::join!(
        role::reviewed(aws, settings.launch_role.as_ref(), launch),
        catalog.found(),
        template::seed_doubts(template, aws)
    );
    let ((role, doubts), found) = plan::both(role, found)?;
    let wanted = Wanted {
        portfolio: &settings.portfolio,
        product: &settings.product,
        template: &stored,
        launch_role: &role,
        principals: &settings.principals,
    };
    let obstacles = found.obstacles(&wanted);
    if !obstacles.is_empty() {
        return Err(Failure { exit: Exit::Failed, findings: obstacles });
    }
    let (steps, mut plan) = found.decide(&wanted);
    plan.notes.extend(doubts.into_iter().chain(seed_doubts));
    if settings.dry_run {
        return plan::show(&plan, session);
    }
    plan::agree(&plan, settings, session).await?;
    let found = if steps.is_empty() {
        found
    } else {
        let mut work = Work::new(&catalog, &wanted, &template.text, session, &found);
        work.announce(&steps);
        for step in &steps {
            work.take(step).await?;
        }
        Box::pin(catalog.settled(&wanted)).await?
    };
    finish(&found, &wanted, &plan, session)
}

/// What is there, and what to do in Studio.
fn finish(found: &Found, wanted: &Wanted<'_>, plan: &Plan, session: &Session) -> Result<()> {
    let (Some(portfolio), Some(product)) = (&found.portfolio, &found.product) else {
        return Err(Failure::failed(Finding::error("Service Catalog shows neither portfolio nor product")));
    };
    let (version, name) =
        product.holding(wanted.template).map_or(("", ""), |version| (version.id.as_str(), version.name.as_str()));
    let principals: Vec<&str> = found.principals.iter().map(Principal::arn).collect();
    let mut lines = vec![
        format!("portfolio    {}  {}", portfolio.id, portfolio.name),
        format!("product      {}  {}", product.id, product.name),
        format!("version      {version}  {name}"),
        format!("template     {}", wanted.template.place),
        format!("launch role  {}", wanted.launch_role),
    ];
    lines.extend(principals.iter().map(|arn| format!("principal    {arn}")));
    let facts = json!({
        "portfolio": {"id": portfolio.id, "name": portfolio.name},
        "product": {"id": product.id, "name": product.name},
        "version": {"id": version, "name": name, "sha256": wanted.template.digest, "url": wanted.template.url},
        "launchRole": wanted.launch_role.to_string(),
        "principals": principals,
    });
    plan::report(plan, session, &lines, facts)?;
    session.console.note(&format!(
        "next, in Studio: Deployments, Projects, Create project, Organization templates, \"{}\"; projects that are \
         there get a new version by Update project",
        product.name
    ));
    Ok(())
}
