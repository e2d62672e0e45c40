//! The constraint that says with which role a product is launched.

use serde_json::{Value, json};

use crate::domain::aws::arn::Arn;
use crate::domain::iam::role_name;

/// A constraint on a product in a portfolio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraint {
    pub id: String,
    pub kind: String,
    /// The role of a launch constraint.
    pub role: Option<Role>,
}

/// How a launch constraint names its role (`CreateConstraint`, botocore).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Arn(String),
    /// The role of that name in whichever account launches.
    Local(String),
}

pub(crate) const LAUNCH: &str = "LAUNCH";
/// Excludes a launch constraint (`CreateConstraint`, botocore).
pub(crate) const STACK_SET: &str = "STACKSET";

impl Role {
    /// Reads the parameters of a launch constraint.
    pub(crate) fn parse(parameters: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(parameters).ok()?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        text("RoleArn").map(Self::Arn).or_else(|| text("LocalRoleName").map(Self::Local))
    }

    pub(crate) fn is(&self, role: &Arn) -> bool {
        match self {
            Self::Arn(arn) => *arn == role.to_string(),
            Self::Local(name) => role_name(&role.resource) == name,
        }
    }

    /// The parameters of a constraint that names it like this.
    pub(crate) fn parameters(&self) -> String {
        match self {
            Self::Arn(arn) => json!({"RoleArn": arn}).to_string(),
            Self::Local(name) => json!({"LocalRoleName": name}).to_string(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Arn(name) | Self::Local(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_recognised_in_both_forms() {
        let ours: Arn = "arn:aws:iam::111122223333:role/service-role/Launch".parse().expect("an ARN");
        let is = |text: &str| Role::parse(text).map(|role| role.is(&ours));
        assert_eq!(is(&Role::Arn(ours.to_string()).parameters()), Some(true));
        assert_eq!(is(r#"{"RoleArn" : "arn:aws:iam::111122223333:role/Launch"}"#), Some(false));
        assert_eq!(is(r#"{"LocalRoleName":"Launch"}"#), Some(true));
        assert_eq!(is(r#"{"LocalRoleName":"Other"}"#), Some(false));
        let other = Role::Local("Other".to_owned());
        assert_eq!(Role::parse(&other.parameters()), Some(other));
        assert_eq!((is("{}"), is("no JSON")), (None, None));
    }
}
