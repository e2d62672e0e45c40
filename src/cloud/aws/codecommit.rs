//! CodeCommit: whether a repository and a branch of it are there.

use serde_json::json;

use super::{Api, Service};
use crate::cloud::CloudResult;

/// Whether there is a repository of that name.
///
/// # Errors
/// The call failed.
pub async fn has_repository(api: &Api, name: &str) -> CloudResult<bool> {
    let asked = api.call(Service::CodeCommit, "GetRepository", json!({"repositoryName": name})).await;
    is_there(asked, "RepositoryDoesNotExistException")
}

/// Whether the repository has that branch.
///
/// # Errors
/// The call failed.
pub async fn has_branch(api: &Api, repository: &str, branch: &str) -> CloudResult<bool> {
    let input = json!({"repositoryName": repository, "branchName": branch});
    is_there(api.call(Service::CodeCommit, "GetBranch", input).await, "BranchDoesNotExistException")
}

fn is_there<T>(asked: CloudResult<T>, absent: &str) -> CloudResult<bool> {
    match asked {
        Ok(_) => Ok(true),
        Err(error) if error.code.as_deref() == Some(absent) => Ok(false),
        Err(error) => Err(error),
    }
}
