//! The roles that launch projects and that start them, looked up and judged before anything is made that relies on them.

use crate::cloud::aws::Aws;
use crate::cloud::error::ErrorKind;
use crate::cloud::{Caller, CloudError};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::{Finding, Severity};
use crate::domain::iam::role_name;
use crate::domain::platform::catalog::launch_role::{self, Launch};
use crate::domain::platform::catalog::reader;
use crate::domain::platform::catalog::studio::Domain;
use crate::error::{Failure, Result};

/// The role's ARN, and what keeps it from launching projects.
pub(super) async fn reviewed(aws: &Aws, named: Option<&Arn>, launch: Launch<'_>) -> Result<(Arn, Vec<Finding>)> {
    let name = named.map_or(launch_role::NAME, |role| role_name(&role.resource));
    let found = match aws.role(name).await {
        Ok(found) => found,
        // Whoever names the role knows it.
        Err(error)
            if error.kind == ErrorKind::Denied
                && let Some(named) = named =>
        {
            return Ok((named.clone(), vec![unknown(&error, format!("launch role {named} could not be looked at"))]));
        }
        Err(error) => return Err(error.failure(format!("cannot look at launch role {name}"))),
    };
    let Some(found) = found else { return Err(Failure::failed(missing(name, named.is_some()))) };
    if let Some(named) = named.filter(|named| **named != found.arn) {
        return Err(Failure::invalid([Finding::error(format!("launch role {named} does not exist"))
            .cause(format!("the role of that name in this account is {}", found.arn))
            .hint("give that one with --launch-role, with its path")]));
    }
    let mut findings = launch.review_trust(&found);
    match aws.rights(name).await {
        Ok(rights) => findings.extend(launch.review_rights(&found, &rights)),
        Err(error) => {
            findings.push(unknown(&error, format!("whether launch role {} may launch is not known", found.arn)));
        }
    }
    Ok((found.arn, findings))
}

/// What keeps the domain's users from starting projects from a template in S3.
pub(super) async fn readers(aws: &Aws, domain: &Domain, place: &S3Uri, launch_role: &Arn) -> Vec<Finding> {
    let whether = format!("whether the users of domain {} may read the template is not known", domain.id);
    let role = match aws.execution_role(domain).await {
        Ok(Some(role)) => role,
        // Each user has a role of their own.
        Ok(None) => return Vec::new(),
        Err(error) => return vec![unknown(&error, whether)],
    };
    let Ok(role) = role.parse::<Arn>() else { return Vec::new() };
    match aws.rights(role_name(&role.resource)).await {
        Ok(rights) => reader::review(&role, &rights, place, launch_role, aws.region()),
        Err(error) => vec![unknown(&error, whether)],
    }
}

fn unknown(error: &CloudError, what: String) -> Finding {
    Finding { severity: Severity::Warning, ..error.finding(what) }
}

/// A launch without a role fails, so nothing is made for one.
fn missing(name: &str, is_named: bool) -> Finding {
    let finding = Finding::error(format!("launch role {name} does not exist in this account"))
        .cause("projects are created with it");
    finding.hint(if is_named {
        "check the name and the account, or leave out --launch-role for AWS's own role"
    } else {
        "enable projects for the SageMaker domain (console, domain settings), which makes it; or give another with \
         --launch-role"
    })
}
