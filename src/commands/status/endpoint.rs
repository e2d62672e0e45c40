//! One endpoint, in the role that the stage has in its account.

use super::super::targets::role_arn;
use super::look::Look;
use crate::cloud::Cloud;
use crate::domain::status::{EndpointRow, Site};

impl<C: Cloud> Look<'_, C> {
    pub(super) async fn endpoint(&self, site: &Site, role: Option<&str>, session_name: &str) -> EndpointRow {
        let unread = |why: String| EndpointRow::unread(site, why);
        let Some(role) = role else {
            return unread(
                "no role is named for the stage (SAGEMAKER_EXECUTION_ROLE_<STAGE>_NAME, --role-name)".to_owned(),
            );
        };
        let Ok(account) = site.account.parse() else {
            return unread("the stack set names no account there".to_owned());
        };
        let role = role_arn(&site.region, &account, role);
        let access = match Box::pin(self.cloud.assume_role(&role, &site.region, session_name)).await {
            Ok(access) => access,
            Err(error) => return unread(format!("cannot assume {role}: {}", error.message())),
        };
        let endpoint = match Box::pin(self.cloud.endpoint(&access, &site.endpoint)).await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => return EndpointRow::new(site, None, Ok(&[])),
            Err(error) => {
                return unread(format!("cannot describe endpoint {}: {}", site.endpoint, error.message()));
            }
        };
        let variants = Box::pin(self.cloud.variants(&access, &endpoint)).await;
        let variants = variants.map_err(|error| format!("cannot tell what is live: {}", error.message()));
        EndpointRow::new(site, Some(&endpoint), variants.as_deref().map_err(Clone::clone))
    }
}
