//! CodeCommit: whether a repository and a branch of it are there.

use serde_json::json;

use super::answer::unless_missing;
use super::{Api, Service};
use crate::cloud::CloudResult;

/// Whether there is a repository of that name.
///
/// # Errors
/// The call failed.
pub async fn has_repository(api: &Api, name: &str) -> CloudResult<bool> {
    let asked = api.call(Service::CodeCommit, "GetRepository", json!({"repositoryName": name})).await;
    Ok(unless_missing(asked)?.is_some())
}

/// Whether the repository has that branch.
///
/// # Errors
/// The call failed.
pub async fn has_branch(api: &Api, repository: &str, branch: &str) -> CloudResult<bool> {
    let input = json!({"repositoryName": repository, "branchName": branch});
    Ok(unless_missing(api.call(Service::CodeCommit, "GetBranch", input).await)?.is_some())
}
