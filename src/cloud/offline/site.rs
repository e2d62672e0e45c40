//! Where an object of a world is.

use crate::domain::aws::arn::Arn;

/// An account and Region: names alone are not enough, as every one has the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    pub(super) account: String,
    pub(super) region: String,
}

impl Site {
    pub(super) fn of(arn: &str) -> Option<Self> {
        arn.parse::<Arn>().ok().map(|arn| Self { account: arn.account, region: arn.region })
    }
}
