//! Amazon Resource Names and the ids that go into them.

use std::fmt;
use std::str::FromStr;

/// `arn:partition:service:region:account:resource`; region and account are empty for global resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    pub region: String,
    pub account: String,
    pub resource: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not an ARN")]
pub struct NotAnArn(String);

impl FromStr for Arn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let mut parts = text.splitn(6, ':').map(str::to_owned);
        let mut next = || parts.next().ok_or_else(|| NotAnArn(text.to_owned()));
        let (prefix, arn) = (
            next()?,
            Self { partition: next()?, service: next()?, region: next()?, account: next()?, resource: next()? },
        );
        if prefix != "arn" || arn.partition.is_empty() || arn.service.is_empty() || arn.resource.is_empty() {
            return Err(NotAnArn(text.to_owned()));
        }
        Ok(arn)
    }
}

impl Arn {
    /// Whether both name the same: some answers change the case of a name.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let Self { partition, service, region, account, resource } = self;
        (partition, service, region, account) == (&other.partition, &other.service, &other.region, &other.account)
            && resource.eq_ignore_ascii_case(&other.resource)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// A twelve-digit account id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct AccountId(String);

impl AccountId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not an account id (12 digits)")]
pub struct NotAnAccountId(String);

impl FromStr for AccountId {
    type Err = NotAnAccountId;

    fn from_str(text: &str) -> Result<Self, NotAnAccountId> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnAccountId(text.to_owned()))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_survives_the_round_trip() {
        for text in [
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4",
            "arn:aws-cn:iam::111111111111:role/service-role/x",
            "arn:aws:secretsmanager:eu-west-1:111111111111:secret:a:b",
        ] {
            assert_eq!(text.parse::<Arn>().expect("valid").to_string(), text);
        }
        for text in ["", "arn:aws:s3", "churn", "brn:aws:s3:::x", "arn:aws:s3:::"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_account_id_has_twelve_digits() {
        assert!("012345678901".parse::<AccountId>().is_ok());
        assert!("12345678901".parse::<AccountId>().is_err());
        assert!("12345678901a".parse::<AccountId>().is_err());
    }
}
