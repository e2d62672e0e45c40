//! How long a call is waited for.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;

/// A call that got lost on its way is made again after this; every call but an invocation answers within seconds.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The SDK's own (aws-config 1.13, `timeout_config.rs`)
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// A command that prints credentials may ask a person; botocore waits for ever.
pub(super) const CREDENTIALS_TIMEOUT: Duration = Duration::from_mins(5);

/// For what takes as long as it takes: an answer of a model, an object of any size.
pub(super) fn patient(config: &SdkConfig) -> Option<TimeoutConfig> {
    config.timeout_config().map(|timeouts| timeouts.to_builder().disable_operation_attempt_timeout().build())
}
