//! What time it is at a service, by the header `Date` of its answers: this machine's clock may be wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::fmt::rfc2822::DateTimeParser;

/// When the service answered, by its own clock.
pub(super) fn date(response: &HttpResponse) -> Option<SystemTime> {
    let date = DateTimeParser::new().parse_timestamp(response.headers().get("date")?).ok()?;
    SystemTime::try_from(date).ok()
}

/// Keeps the date of the last answer, and when it came by this machine's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceClock(Arc<Mutex<Option<(SystemTime, SystemTime)>>>);

impl ServiceClock {
    /// What the last answer said.
    pub(super) fn told(&self) -> Option<SystemTime> {
        self.last().map(|(there, _)| there)
    }

    /// By how many seconds the service is ahead of this machine.
    pub(super) fn ahead(&self) -> Option<i64> {
        let (there, here) = self.last()?;
        Some(seconds(there) - seconds(here))
    }

    fn last(&self) -> Option<(SystemTime, SystemTime)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap_or_default()
}

impl Intercept for ServiceClock {
    fn name(&self) -> &'static str {
        "clock of the service"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let told = date(context.response()).map(|there| (there, SystemTime::now()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
        Ok(())
    }
}
