//! Roles: those of the data science account, and what IAM says of any.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::look::{Look, seen};
use super::project::Project;
use super::there;
use crate::cloud::aws::{Api, iam};
use crate::domain::iam::role_name;
use crate::domain::platform::doctor::{Purpose, Role, RoleFacts, Rule, Seen, Subject, Unseen};

/// The role of that name, without its path, with its policies; asked as `who`.
pub(super) async fn role(api: &Api, who: Option<&str>, name: &str) -> Seen<Option<Role>> {
    let arn = format!("arn:*:iam::*:role/*{name}");
    let (found, rights) = futures::join!(iam::role(api, name), iam::rights(api, name));
    Ok(seen(who, &arn, found)?.map(|found| Role {
        arn: found.arn,
        trust: found.trust,
        policies: seen(who, &arn, rights.map(|rights| rights.policies)),
        boundary: found.boundary,
    }))
}

impl Look<'_> {
    /// The roles that the project's parts say they run with, or else that the project template makes.
    pub(super) async fn roles(&self, subject: &Subject, project: &Project, rules: &Seen<Vec<Rule>>) -> Vec<RoleFacts> {
        let mut purposes: BTreeMap<String, Vec<Purpose>> = BTreeMap::new();
        let mut add = |purpose, told: Option<&str>, part: &str| {
            let made = || subject.project.as_ref().map(|names| names.role(part));
            if let Some(name) = told.map(|role| role_name(role).to_owned()).or_else(made) {
                purposes.entry(name).or_default().push(purpose);
            }
        };
        let events = rules.as_ref().ok().and_then(|rules| rules.iter().find_map(|rule| rule.role.as_deref()));
        add(Purpose::Build, there(&project.build).map(|project| project.role.as_str()), "build");
        add(Purpose::Test, there(&project.test).map(|project| project.role.as_str()), "test");
        add(Purpose::Pipeline, there(&project.pipeline).map(|pipeline| pipeline.role.as_str()), "pipeline");
        add(Purpose::Events, events, "events");
        purposes.entry(subject.launch_role.clone()).or_default().push(Purpose::Launch);
        let mut wanted: Vec<(String, Vec<Purpose>)> = purposes.into_iter().collect();
        wanted.sort_by_key(|(_, purposes)| purposes.first().copied());
        let api = self.api();
        join_all(wanted.into_iter().map(async |(name, purposes)| {
            let found =
                if name.is_empty() { Err(Unseen::unasked("it names no role")) } else { role(api, None, &name).await };
            RoleFacts { name, purposes, found }
        }))
        .await
    }
}
