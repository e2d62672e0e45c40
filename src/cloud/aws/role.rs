//! A role of this account, with its trust and all that its policies say.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::{Aws, Service};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::catalog::launch_role::Identity;
use crate::domain::catalog::rights::Rights;

impl Aws {
    /// The role of that name, which is without its path.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn role(&self, name: &str) -> CloudResult<Option<Identity>> {
        let answer = match self.api.call(Service::Iam, "GetRole", json!({"RoleName": name})).await {
            Err(error) if error.code.as_deref() == Some("NoSuchEntity") => return Ok(None),
            answer => self.explain(answer).await?,
        };
        let role = &answer["Role"];
        let arn = role["Arn"].as_str().unwrap_or_default().parse();
        let arn = arn.map_err(|error| CloudError::new(Kind::Other, "iam:GetRole", format!("{error}")))?;
        Ok(Some(Identity {
            arn,
            trust: document(&role["AssumeRolePolicyDocument"]),
            has_boundary: role["PermissionsBoundary"].is_object(),
        }))
    }

    /// What the policies on a role say, and which of them are managed.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub async fn rights(&self, role: &str) -> CloudResult<Rights> {
        let of = || json!({"RoleName": role});
        let (inline, attached) = futures::join!(
            self.api.list(Service::Iam, "ListRolePolicies", of(), "PolicyNames"),
            self.api.list(Service::Iam, "ListAttachedRolePolicies", of(), "AttachedPolicies"),
        );
        let (inline, attached) = (self.explain(inline).await?, self.explain(attached).await?);
        let inline = inline.iter().filter_map(Value::as_str).map(async |policy| {
            let input = json!({"RoleName": role, "PolicyName": policy});
            let answer = self.api.call(Service::Iam, "GetRolePolicy", input).await?;
            CloudResult::Ok(document(&answer["PolicyDocument"]))
        });
        let managed = attached.iter().filter_map(|policy| policy["PolicyArn"].as_str()).map(async |arn| {
            let answer = self.api.call(Service::Iam, "GetPolicy", json!({"PolicyArn": arn})).await?;
            let input = json!({"PolicyArn": arn, "VersionId": answer["Policy"]["DefaultVersionId"]});
            let answer = self.api.call(Service::Iam, "GetPolicyVersion", input).await?;
            CloudResult::Ok(document(&answer["PolicyVersion"]["Document"]))
        });
        let (inline, managed) = futures::join!(try_join_all(inline), try_join_all(managed));
        let policies = [self.explain(inline).await?, self.explain(managed).await?].concat();
        let names = attached.iter().filter_map(|policy| policy["PolicyName"].as_str());
        Ok(Rights { attached: names.map(str::to_owned).collect(), policies })
    }
}

/// IAM answers with documents in percent-encoding (IAM API, "GetRolePolicy").
fn document(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    if text.starts_with('{') {
        return text.to_owned();
    }
    let url = reqwest::Url::parse(&format!("http://iam/?document={text}")).ok();
    let found = url.as_ref().and_then(|url| url.query_pairs().next());
    found.map_or_else(|| text.to_owned(), |(_, document)| document.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_encoded_or_not() {
        assert_eq!(document(&json!("%7B%22a%22%3A%20%22b%2Bc%26%23%22%7D")), "{\"a\": \"b+c&#\"}");
        assert_eq!(document(&json!("{\"a\": \"%\"}")), "{\"a\": \"%\"}");
    }
}
