//! Who calls, and what time it is at AWS.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use jiff::fmt::rfc2822;

use super::connection::Aws;
use super::error::cloud_error;
use super::home::CALLER;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::platform::doctor::CallerIdentity;

/// Keeps by how many seconds the service's clock, in header `Date`, is ahead of this machine's.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Option<i64>>>);

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(there) = date.and_then(|text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok()) {
            let here = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
            let ahead = there.as_second() - i64::try_from(here.as_secs()).unwrap_or_default();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
        Ok(())
    }
}

impl Aws {
    /// Who calls; and by how many seconds AWS's clock is ahead, if an answer came, whatever it was.
    pub(crate) async fn identity(&self) -> (CloudResult<CallerIdentity>, Option<i64>) {
        let clock = Clock::default();
        let request =
            |client: &aws_sdk_sts::Client| client.get_caller_identity().customize().interceptor(clock.clone()).send();
        let asked = self.sts.call(CALLER, request).await;
        let identity = asked.map_err(|error| cloud_error(CALLER, &error)).and_then(|caller| {
            let strange = |text: String| CloudError::new(ErrorKind::Other, CALLER, text);
            let account = caller.account.unwrap_or_default();
            self.home.check(&account)?;
            let account = account.parse();
            let arn = caller.arn.unwrap_or_default().parse();
            Ok(CallerIdentity {
                account: account.map_err(|error| strange(format!("{error}")))?,
                arn: arn.map_err(|error| strange(format!("{error}")))?,
            })
        });
        let ahead = *clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        (identity, ahead)
    }
}
