//! IAM: roles with their trust, and the policies on them; in any account.

use futures::future::try_join_all;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::api::Api;
use super::connection::Aws;
use super::service::Service;
use crate::cloud::answer::{field, text, unless_missing};
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::iam::Identity;
use crate::domain::platform::catalog::rights::Rights;
use crate::domain::platform::setup::Holder;

/// The role of that name, which is without its path; `None` where it does not exist.
///
/// # Errors
/// The call failed.
pub(crate) async fn role(api: &Api, name: &str) -> CloudResult<Option<Identity>> {
    let asked = api.call(Service::Iam, "GetRole", json!({"RoleName": name})).await;
    let Some(answer) = unless_missing(asked)? else { return Ok(None) };
    let role = &answer["Role"];
    let arn = field(role, "Arn").parse();
    Ok(Some(Identity {
        arn: arn.map_err(|error| CloudError::new(ErrorKind::Other, "iam:GetRole", format!("{error}")))?,
        trust: document(&role["AssumeRolePolicyDocument"]),
        boundary: text(&role["PermissionsBoundary"]["PermissionsBoundaryArn"]),
    }))
}

/// What the policies on a role say, inline and managed ones, and which of them are managed.
///
/// # Errors
/// One of them cannot be read.
pub(crate) async fn rights(api: &Api, role: &str) -> CloudResult<Rights> {
    let of = || json!({"RoleName": role});
    let (inline, attached) = futures::join!(
        api.list(Service::Iam, "ListRolePolicies", of(), "PolicyNames"),
        api.list(Service::Iam, "ListAttachedRolePolicies", of(), "AttachedPolicies"),
    );
    let (inline, attached) = (inline?, attached?);
    let own = inline.iter().filter_map(Value::as_str).map(|policy| inline_policy(api, role, policy));
    let managed = attached.iter().filter_map(|policy| policy["PolicyArn"].as_str()).map(|arn| managed_policy(api, arn));
    let (own, managed) = futures::join!(try_join_all(own), try_join_all(managed));
    let names = attached.iter().filter_map(|policy| policy["PolicyName"].as_str());
    Ok(Rights { attached: names.map(str::to_owned).collect(), policies: [own?, managed?].concat() })
}

async fn inline_policy(api: &Api, role: &str, policy: &str) -> CloudResult<String> {
    let input = json!({"RoleName": role, "PolicyName": policy});
    let answer = api.call(Service::Iam, "GetRolePolicy", input).await?;
    Ok(document(&answer["PolicyDocument"]))
}

async fn managed_policy(api: &Api, arn: &str) -> CloudResult<String> {
    let answer = api.call(Service::Iam, "GetPolicy", json!({"PolicyArn": arn})).await?;
    let input = json!({"PolicyArn": arn, "VersionId": answer["Policy"]["DefaultVersionId"]});
    let answer = api.call(Service::Iam, "GetPolicyVersion", input).await?;
    Ok(document(&answer["PolicyVersion"]["Document"]))
}

impl Aws {
    /// The role of that name in this account.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) async fn role(&self, name: &str) -> CloudResult<Option<Identity>> {
        self.explain(role(&self.api, name).await).await
    }

    /// What the policies on a role of this account say.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) async fn rights(&self, role: &str) -> CloudResult<Rights> {
        self.explain(rights(&self.api, role).await).await
    }

    /// Whether the role exists, and its inline policy of that name.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) async fn role_policy(&self, role: &str, policy: &str) -> CloudResult<Holder> {
        if self.role(role).await?.is_none() {
            return Ok(Holder::Missing);
        }
        let policy = self.explain(unless_missing(inline_policy(&self.api, role, policy).await)).await?;
        Ok(Holder::There { is: (), policy })
    }

    /// Puts an inline policy on a role.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn put_role_policy(&self, role: &str, policy: &str, document: &str) -> CloudResult<()> {
        let input = json!({"RoleName": role, "PolicyName": policy, "PolicyDocument": document});
        self.explain(self.api.call(Service::Iam, "PutRolePolicy", input).await.map(|_| ())).await
    }
}

/// IAM answers with documents in percent-encoding (IAM API, "GetRolePolicy": RFC 3986).
fn document(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    if text.starts_with('{') {
        return text.to_owned();
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_encoded_or_not() {
        assert_eq!(document(&json!("%7B%22a%22%3A%20%22b%2Bc+%26%23%22%7D")), r#"{"a": "b+c+&#"}"#);
        assert_eq!(document(&json!(r#"{"a": "100%25"}"#)), r#"{"a": "100%25"}"#);
        assert_eq!(document(&Value::Null), "");
    }
}
