//! Who may start projects from the product: principals of the portfolio.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::domain::aws::arn::{AccountId, Arn};

/// An IAM principal, or a pattern of them (`AssociatePrincipalWithPortfolio`, botocore).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct Principal {
    arn: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A fully defined ARN.
    One,
    /// An ARN without account, with or without wildcards.
    Pattern,
}

/// Patterns that a portfolio can have at most (`AssociatePrincipalWithPortfolio`, botocore).
pub(crate) const MAX_PATTERNS: usize = 10;

impl Principal {
    /// As Service Catalog lists it.
    pub(crate) fn listed(arn: impl Into<String>, kind: &str) -> Self {
        Self { arn: arn.into(), kind: if kind == Kind::Pattern.name() { Kind::Pattern } else { Kind::One } }
    }

    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// `PrincipalType`.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind.name()
    }

    pub(crate) fn is_pattern(&self) -> bool {
        self.kind == Kind::Pattern
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::One => "IAM",
            Self::Pattern => "IAM_PATTERN",
        }
    }
}

impl FromStr for Principal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let arn: Arn = text.parse().map_err(|error| format!("{error}; write for example {EXAMPLE}"))?;
        let named = arn.resource.split_once('/').filter(|(_, name)| !name.is_empty());
        let Some((kind, name)) = named.filter(|_| arn.service == "iam" && arn.region.is_empty()) else {
            return Err(format!("it is not a role, user or group; write for example {EXAMPLE}"));
        };
        if !["role", "user", "group"].contains(&kind) {
            return Err(format!("\"{kind}\" is not role, user or group; write for example {EXAMPLE}"));
        }
        let kind = match arn.account.as_str() {
            "" => Kind::Pattern,
            account if account.parse::<AccountId>().is_err() => {
                return Err(format!("\"{account}\" is not an account id (12 digits)"));
            }
            _ if name.contains(['*', '?']) => {
                let pattern = Arn { account: String::new(), ..arn };
                return Err(format!("Service Catalog takes wildcards only without an account: {pattern}"));
            }
            _ => Kind::One,
        };
        Ok(Self { arn: text.to_owned(), kind })
    }
}

const EXAMPLE: &str = "arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole-1";

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> Self {
        principal.arn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_without_account_is_a_pattern() {
        let kind = |text: &str| text.parse::<Principal>().expect("a principal").kind();
        assert_eq!(kind("arn:aws:iam::111122223333:role/service-role/Studio"), "IAM");
        assert_eq!(kind("arn:aws-us-gov:iam::111122223333:user/ann"), "IAM");
        assert_eq!(kind("arn:aws:iam:::role/*/AmazonSageMaker-ExecutionRole-?"), "IAM_PATTERN");
        assert_eq!(kind("arn:aws:iam:::group/data-science"), "IAM_PATTERN");
        let listed = Principal::listed("arn:aws:iam:::role/a", "IAM_PATTERN");
        assert_eq!(listed, "arn:aws:iam:::role/a".parse().expect("a principal"));
    }

    #[test]
    fn what_service_catalog_refuses_is_refused_here() {
        let refused = |text: &str| text.parse::<Principal>().expect_err(text);
        assert!(refused("arn:aws:iam::111122223333:role/Studio*").ends_with(": arn:aws:iam:::role/Studio*"));
        for text in [
            "AmazonSageMaker-ExecutionRole-1",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam:::*/Studio",
            "arn:aws:iam::1111:role/Studio",
            "arn:aws:sts::111122223333:assumed-role/Studio/ann",
            "arn:aws:sagemaker:us-east-1:111122223333:domain/d-1",
        ] {
            refused(text);
        }
    }
}
