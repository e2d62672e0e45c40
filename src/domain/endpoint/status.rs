//! An endpoint as it is described, and what its status means.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::running::RunningVariant;

/// Endpoint, model and endpoint config names are at most this long (botocore sagemaker.EndpointName).
pub(crate) const MAX_NAME_LENGTH: usize = 63;

/// An endpoint as `DescribeEndpoint` gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Endpoint {
    pub name: String,
    /// `EndpointStatus`; a value that AWS adds later is data like any other.
    pub status: String,
    pub config_name: String,
    pub failure_reason: Option<String>,
    pub data_capture: Option<DataCapture>,
    /// The variants that run; none where it does not say.
    pub running: Vec<RunningVariant>,
    /// The config of a deployment that is under way.
    pub pending_config: Option<String>,
    /// `CreationTime` and `LastModifiedTime`, as they were answered.
    pub created: Option<String>,
    pub modified: Option<String>,
}

/// What an endpoint really captures, as `DescribeEndpoint` summarises it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataCapture {
    pub enabled: bool,
    pub status: Option<String>,
    pub sampling_percentage: Option<i32>,
    pub destination: Option<String>,
}

/// What a status means for whoever waits to test the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    /// On its way: asking again makes sense.
    Pending,
    /// It stays as it is until somebody acts.
    Broken,
}

/// Statuses of botocore sagemaker.EndpointStatus; an unknown one is waited for, as it may pass.
pub(crate) fn readiness(status: &str) -> Readiness {
    match status {
        "InService" => Readiness::Ready,
        "Failed" | "OutOfService" | "UpdateRollbackFailed" | "Deleting" => Readiness::Broken,
        _ => Readiness::Pending,
    }
}

impl Endpoint {
    /// What its status means, and a deployment beside it: until that is done, instances of two configs may answer.
    pub(crate) fn readiness(&self) -> Readiness {
        match readiness(&self.status) {
            Readiness::Ready if self.pending_config.is_some() || self.deployment_stages().next().is_some() => {
                Readiness::Pending
            }
            readiness => readiness,
        }
    }

    /// The variants of which a deployment is under way, with its stage.
    pub(crate) fn deployment_stages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.running.iter().filter_map(|variant| Some((variant.name.as_str(), variant.stage.as_deref()?)))
    }
}

/// What a broken status means, for somebody who has not met it before.
pub(crate) fn explain(status: &str) -> &'static str {
    match status {
        "Failed" => "the endpoint could not be created or updated",
        "OutOfService" => "the endpoint takes no requests",
        "UpdateRollbackFailed" => "an update failed and so did its rollback: old and new instances serve side by side",
        "Deleting" => "the endpoint is being deleted",
        "RollingBack" => "an update failed and the endpoint goes back to its former config",
        _ => "the endpoint is not in service yet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_not_known_is_waited_for() {
        assert_eq!(readiness("InService"), Readiness::Ready);
        assert_eq!(readiness("Warming"), Readiness::Pending);
        assert_eq!(readiness("UpdateRollbackFailed"), Readiness::Broken);
    }

    #[test]
    fn an_endpoint_in_service_with_a_deployment_under_way_is_not_ready() {
        let readiness = |status: &str, pending: Option<&str>| {
            let pending_config = pending.map(str::to_owned);
            Endpoint { status: status.to_owned(), pending_config, ..Endpoint::default() }.readiness()
        };
        assert_eq!(readiness("InService", None), Readiness::Ready);
        assert_eq!(readiness("InService", Some("next")), Readiness::Pending);
        assert_eq!(readiness("Failed", Some("next")), Readiness::Broken);
        let variant = RunningVariant { stage: Some("Baking".to_owned()), ..RunningVariant::default() };
        let status = "InService".to_owned();
        let baking = Endpoint { status, running: vec![variant], ..Endpoint::default() };
        assert_eq!(baking.readiness(), Readiness::Pending);
    }
}
