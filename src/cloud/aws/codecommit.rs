//! CodeCommit: whether a repository and a branch of it are there.

use serde_json::json;

use super::api::Api;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::answer::unless_missing;

/// Whether there is a repository of that name.
///
/// # Errors
/// The call failed.
pub(crate) async fn has_repository(api: &Api, name: &str) -> CloudResult<bool> {
    let asked = api.call(Service::CodeCommit, "GetRepository", json!({"repositoryName": name})).await;
    Ok(unless_missing(asked)?.is_some())
}

/// Whether the repository has that branch.
///
/// # Errors
/// The call failed.
pub(crate) async fn has_branch(api: &Api, repository: &str, branch: &str) -> CloudResult<bool> {
    let input = json!({"repositoryName": repository, "branchName": branch});
    Ok(unless_missing(api.call(Service::CodeCommit, "GetBranch", input).await)?.is_some())
}
