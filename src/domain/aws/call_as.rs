//! As whom an account speaks to StackSets.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// As people write it, `self` or `delegated-admin`; as AWS does, `SELF` or `DELEGATED_ADMIN`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all(deserialize = "kebab-case", serialize = "SCREAMING_SNAKE_CASE"))]
pub enum CallAs {
    /// The organization's management account.
    #[default]
    #[serde(rename(deserialize = "self", serialize = "SELF"))]
    #[value(name = "self")]
    Management,
    /// A delegated administrator for StackSets.
    DelegatedAdmin,
}

impl CallAs {
    /// What a command of the AWS CLI ends with.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::Management => "",
            Self::DelegatedAdmin => " --call-as DELEGATED_ADMIN",
        }
    }
}
