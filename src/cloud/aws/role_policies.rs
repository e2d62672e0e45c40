//! IAM: a role with its trust and all its policies, in any account.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::answer::field;
use super::{Api, Service};
use crate::cloud::{CloudError, CloudResult};
use crate::domain::arn::Arn;

/// A role as IAM knows it.
#[derive(Clone, Debug)]
pub struct FoundRole {
    pub arn: Arn,
    /// The trust policy, as JSON.
    pub trust: String,
    pub boundary: Option<String>,
}

/// The role of that name, without its path; `None` where it does not exist.
///
/// # Errors
/// The call failed.
pub async fn role(api: &Api, name: &str) -> CloudResult<Option<FoundRole>> {
    const OPERATION: &str = "GetRole";
    let answer = match api.call(Service::Iam, OPERATION, json!({"RoleName": name})).await {
        Err(error) if error.code.as_deref() == Some("NoSuchEntity") => return Ok(None),
        answer => answer?,
    };
    let role = &answer["Role"];
    let arn = field(role, "Arn").parse();
    let boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"].as_str().map(str::to_owned);
    let trust = decoded(&field(role, "AssumeRolePolicyDocument"));
    let arn: Arn = arn.map_err(|error| {
        CloudError::new(crate::cloud::error::Kind::Other, format!("iam:{OPERATION}"), format!("{error}"))
    })?;
    Ok(Some(FoundRole { arn, trust, boundary }))
}

/// The documents of a role's inline and attached policies.
///
/// # Errors
/// A call failed.
pub async fn policies(api: &Api, role: &str) -> CloudResult<Vec<String>> {
    let of = json!({"RoleName": role});
    let (inline, attached) = futures::try_join!(
        api.list(Service::Iam, "ListRolePolicies", of.clone(), "PolicyNames"),
        api.list(Service::Iam, "ListAttachedRolePolicies", of, "AttachedPolicies"),
    )?;
    let inline = try_join_all(inline.iter().filter_map(Value::as_str).map(async |name| {
        let answer = api.call(Service::Iam, "GetRolePolicy", json!({"RoleName": role, "PolicyName": name})).await?;
        Ok::<_, CloudError>(decoded(&field(&answer, "PolicyDocument")))
    }));
    let attached = try_join_all(attached.iter().map(async |policy| {
        let arn = field(policy, "PolicyArn");
        let answer = api.call(Service::Iam, "GetPolicy", json!({"PolicyArn": arn})).await?;
        let version = field(&answer["Policy"], "DefaultVersionId");
        let input = json!({"PolicyArn": arn, "VersionId": version});
        let answer = api.call(Service::Iam, "GetPolicyVersion", input).await?;
        Ok::<_, CloudError>(decoded(&field(&answer["PolicyVersion"], "Document")))
    }));
    let (inline, attached) = futures::try_join!(inline, attached)?;
    Ok([inline, attached].concat())
}

/// IAM answers with documents in percent-encoding (RFC 3986).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        let code = code.filter(|_| *first == b'%');
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_whether_encoded_or_not() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22b%2Bc+d%22%7D"), r#"{"a": "b+c+d"}"#);
        assert_eq!(decoded(r#"{"a": "100%"}"#), r#"{"a": "100%"}"#);
    }
}
