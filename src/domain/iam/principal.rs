//! Who asks, and whom a statement names.

use serde_json::Value;

use super::element::texts;
use super::holds::Holds;
use super::wildcard::Text;
use crate::domain::aws::arn::{AccountId, Arn};

/// Who asks: a role of an account or, where it is not known which, one of its principals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    pub partition: String,
    pub account: AccountId,
    /// The role's name, with its path.
    pub role: Option<String>,
    /// The id of the account's organization.
    pub organization: Option<String>,
    /// The id of the organization's root.
    pub root: Option<String>,
    /// The whole of `aws:PrincipalOrgPaths`, if it is known.
    pub paths: Vec<String>,
}

/// Who makes a request.
#[derive(Clone, Copy, Debug)]
pub enum Requester<'a> {
    Role(&'a Caller),
    /// A service by itself, which no account's names are for.
    Service(&'a str),
}

impl Caller {
    pub(crate) fn role_arn(&self) -> Option<String> {
        self.role.as_ref().map(|role| format!("arn:{}:iam::{}:role/{role}", self.partition, self.account))
    }

    pub(crate) fn account_arn(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.account)
    }

    /// `aws:PrincipalOrgPaths`, as far as it is known: else it starts with `o-x/r-x/`, and the units below are not.
    pub(super) fn organization_paths(&self) -> Option<Vec<Text>> {
        if !self.paths.is_empty() {
            return Some(self.paths.iter().cloned().map(Text::Whole).collect());
        }
        let start = format!("{}/{}/", self.organization.as_ref()?, self.root.as_ref()?);
        Some(vec![Text::StartsWith(start)])
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Anyone,
    Account(String),
    /// A role, a user, a session.
    Arn(Arn),
    Canonical,
    Service(String),
    /// What no role and no service ever is: a federated identity, the id of a principal that is gone.
    Stranger,
}

/// The contents of `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Principals(Vec<Name>);

impl Principals {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let kinds = match value {
            Value::String(text) if text == "*" => return Ok(Self(vec![Name::Anyone])),
            Value::Object(kinds) => kinds,
            other => return Err(format!("names a principal in an unknown form: {other}")),
        };
        let mut names = Vec::new();
        for (kind, value) in kinds {
            for text in texts(value)? {
                names.push(name(kind, &text)?);
            }
        }
        Ok(Self(names))
    }

    /// Whether it names who asks.
    pub(super) fn name(&self, requester: Requester<'_>) -> Holds {
        Holds::any(self.0.iter().map(|name| name.is(requester)))
    }

    /// Whether a `NotPrincipal` leaves who asks out. Of a role, it does for certain only if role and account stand in it, since
    /// AWS may look at the account first (IAM user guide, "NotPrincipal with Deny").
    pub(super) fn spare(&self, requester: Requester<'_>) -> Holds {
        if self.0.contains(&Name::Anyone) {
            return Holds::Yes;
        }
        let Requester::Role(caller) = requester else { return self.name(requester) };
        let account = self.0.contains(&Name::Account(caller.account.to_string()));
        let role = Holds::any(self.0.iter().filter(|name| matches!(name, Name::Arn(_))).map(|name| name.is(requester)));
        let canonical = self.0.contains(&Name::Canonical);
        match (account, role) {
            (true, Holds::Yes) => Holds::Yes,
            (false, Holds::No) if !canonical => Holds::No,
            _ => Holds::Unknown(format!(
                "NotPrincipal names only a part of the role, its account {} and its session",
                caller.account
            )),
        }
    }
}

fn name(kind: &str, text: &str) -> Result<Name, String> {
    Ok(match kind {
        // `*` as a part of an ARN is not taken by AWS (IAM user guide, "Principal").
        "AWS" if text == "*" => Name::Anyone,
        "AWS" if text.parse::<AccountId>().is_ok() => Name::Account(text.to_owned()),
        "AWS" => match text.parse::<Arn>() {
            Ok(arn) if arn.resource == "root" => Name::Account(arn.account),
            Ok(arn) => Name::Arn(arn),
            // What AWS makes of the ARN of a role or user that was deleted (`AROA...`).
            Err(_) => Name::Stranger,
        },
        "CanonicalUser" => Name::Canonical,
        "Service" => Name::Service(text.to_owned()),
        "Federated" => Name::Stranger,
        other => return Err(format!("names a principal of an unknown kind: {other}")),
    })
}

impl Name {
    fn is(&self, requester: Requester<'_>) -> Holds {
        let caller = match requester {
            Requester::Role(caller) => caller,
            Requester::Service(service) => {
                return (*self == Self::Anyone || matches!(self, Self::Service(name) if name == service)).into();
            }
        };
        match self {
            Self::Anyone => Holds::Yes,
            Self::Stranger | Self::Service(_) => Holds::No,
            Self::Account(account) => (account == caller.account.as_str()).into(),
            Self::Canonical => Holds::Unknown("which account a canonical user id belongs to is not known".to_owned()),
            Self::Arn(arn) if arn.account != caller.account.as_str() => Holds::No,
            Self::Arn(arn) => {
                let Some(role) = &caller.role else {
                    return Holds::Unknown(format!("which role of account {} asks is not known", caller.account));
                };
                match arn.resource.split_once('/') {
                    Some(("role", name)) => (name == role).into(),
                    // A session's ARN has the role's name without its path.
                    Some(("assumed-role", session))
                        if session.split('/').next() == role.rsplit('/').next() && arn.service == "sts" =>
                    {
                        Holds::Unknown("it names one session of the role, and SageMaker chooses the session".to_owned())
                    }
                    _ => Holds::No,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn caller(role: Option<&str>) -> Caller {
        Caller {
            partition: "aws".to_owned(),
            account: "222222222222".parse().expect("valid"),
            role: role.map(str::to_owned),
            organization: None,
            root: None,
            paths: Vec::new(),
        }
    }

    fn names(value: &Value, role: Option<&str>) -> Holds {
        Principals::parse(value).expect("valid").name(Requester::Role(&caller(role)))
    }

    #[test]
    fn every_form_of_a_principal_is_recognised() {
        let role = Some("path/deploy");
        for value in [
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": "222222222222"}),
            json!({"AWS": "arn:aws:iam::222222222222:root"}),
            json!({"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:role/path/deploy"]}),
            json!({"Service": "sagemaker.amazonaws.com", "AWS": ["222222222222"]}),
        ] {
            assert_eq!(names(&value, role), Holds::Yes, "{value}");
        }
        for value in [
            json!({"AWS": "arn:aws:iam::333333333333:root"}),
            json!({"AWS": "arn:aws:iam::222222222222:role/deploy"}),
            json!({"AWS": "arn:aws:iam::222222222222:user/path/deploy"}),
            json!({"AWS": "arn:aws:sts::222222222222:assumed-role/other/SageMaker"}),
            json!({"AWS": "AROAEXAMPLEID00000000"}),
            json!({"Service": "sagemaker.amazonaws.com"}),
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            json!({"AWS": []}),
        ] {
            assert_eq!(names(&value, role), Holds::No, "{value}");
        }
        for value in [
            json!({"AWS": "arn:aws:sts::222222222222:assumed-role/deploy/SageMaker"}),
            json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
        ] {
            assert!(matches!(names(&value, role), Holds::Unknown(_)), "{value}");
        }
        let other = json!({"AWS": "arn:aws:iam::222222222222:role/stacksets"});
        assert!(matches!(names(&other, None), Holds::Unknown(_)));
        for value in [json!("me"), json!({"Robot": "*"}), json!(1), json!({"AWS": {}})] {
            assert!(Principals::parse(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_not_principal_spares_a_role_only_with_its_account() {
        let spare =
            |value: Value| Principals::parse(&value).expect("valid").spare(Requester::Role(&caller(Some("deploy"))));
        let (role, account) = ("arn:aws:iam::222222222222:role/deploy", "arn:aws:iam::222222222222:root");
        assert_eq!(spare(json!({"AWS": [role, account]})), Holds::Yes);
        assert_eq!(spare(json!({"AWS": "111111111111"})), Holds::No);
        assert!(matches!(spare(json!({"AWS": role})), Holds::Unknown(_)));
        assert!(matches!(spare(json!({"AWS": account})), Holds::Unknown(_)));
    }
}
