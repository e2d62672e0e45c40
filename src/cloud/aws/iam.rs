//! IAM: roles of the caller's own account, and the inline policies on them.

use serde_json::json;

use super::{Aws, Service};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::setup::Holder;

impl Aws {
    /// Whether the role exists, and its inline policy of that name.
    ///
    /// # Errors
    /// A call that failed.
    pub async fn role_policy(&self, role: &str, policy: &str) -> CloudResult<Holder> {
        let asked = self.api.call(Service::Iam, "GetRole", json!({"RoleName": role})).await;
        if self.explain(unless_missing(asked)).await?.is_none() {
            return Ok(Holder::Missing);
        }
        let input = json!({"RoleName": role, "PolicyName": policy});
        let asked = self.api.call(Service::Iam, "GetRolePolicy", input).await;
        let answer = self.explain(unless_missing(asked)).await?;
        // IAM API, "GetRolePolicy": the document comes percent-encoded
        let text = answer.as_ref().and_then(|answer| answer["PolicyDocument"].as_str());
        Ok(Holder::There { is: (), policy: text.map(decoded) })
    }

    /// Puts an inline policy on a role.
    ///
    /// # Errors
    /// The call failed.
    pub async fn put_role_policy(&self, role: &str, policy: &str, document: &str) -> CloudResult<()> {
        let input = json!({"RoleName": role, "PolicyName": policy, "PolicyDocument": document});
        self.explain(self.api.call(Service::Iam, "PutRolePolicy", input).await.map(|_| ())).await
    }
}

fn unless_missing<T>(answer: CloudResult<T>) -> CloudResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(CloudError { kind: Kind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A text that is percent-encoded as RFC 3986 has it.
fn decoded(text: &str) -> String {
    if text.starts_with('{') {
        return text.to_owned();
    }
    let url = reqwest::Url::parse(&format!("http://iam/?document={text}")).ok();
    let document = url.as_ref().and_then(|url| url.query_pairs().next());
    document.map_or_else(|| text.to_owned(), |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_was_put() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22b%2Bc%26%23%22%7D"), "{\"a\": \"b+c&#\"}");
        assert_eq!(decoded("{\"a\": \"%\"}"), "{\"a\": \"%\"}");
    }
}
