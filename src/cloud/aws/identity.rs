//! Who calls, and what time it is at AWS.

use super::connection::Aws;
use super::error::cloud_error;
use super::home::CALLER;
use super::service_clock::ServiceClock;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::platform::doctor::CallerIdentity;

impl Aws {
    /// Who calls; and by how many seconds AWS's clock is ahead, if an answer came, whatever it was.
    pub(crate) async fn identity(&self) -> (CloudResult<CallerIdentity>, Option<i64>) {
        let clock = ServiceClock::default();
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
        (identity, clock.ahead())
    }
}
