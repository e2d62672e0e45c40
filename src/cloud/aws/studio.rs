//! Domains of SageMaker Studio, and where they find project templates.

use serde_json::json;

use super::connection::Aws;
use super::service::Service;
use crate::cloud::CloudResult;
use crate::cloud::answer::{field, text};
use crate::domain::platform::catalog::studio::{Domain, LOCATION_TAG};

impl Aws {
    /// The domains of this account in this Region.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(crate) async fn domains(&self) -> CloudResult<Vec<Domain>> {
        let listed = self.api.list(Service::SageMaker, "ListDomains", json!({}), "Domains").await;
        let domains = self.explain(listed).await?;
        Ok(domains
            .iter()
            .map(|domain| Domain {
                id: field(domain, "DomainId"),
                name: field(domain, "DomainName"),
                arn: field(domain, "DomainArn"),
            })
            .collect())
    }

    /// Where a domain looks for templates.
    ///
    /// # Errors
    /// Its tags cannot be read.
    pub(crate) async fn template_location(&self, domain: &Domain) -> CloudResult<Option<String>> {
        let of = json!({"ResourceArn": domain.arn});
        let tags = self.explain(self.api.list(Service::SageMaker, "ListTags", of, "Tags").await).await?;
        Ok(tags.iter().find(|tag| tag["Key"] == LOCATION_TAG).and_then(|tag| text(&tag["Value"])))
    }

    /// Tells a domain where to look for templates; another place is replaced.
    ///
    /// # Errors
    /// SageMaker refuses.
    pub(crate) async fn put_template_location(&self, domain: &Domain, location: &str) -> CloudResult<()> {
        let input = json!({"ResourceArn": domain.arn, "Tags": [{"Key": LOCATION_TAG, "Value": location}]});
        self.explain(self.api.call(Service::SageMaker, "AddTags", input).await).await.map(|_| ())
    }

    /// The role of a domain's users, unless a user has one of their own.
    ///
    /// # Errors
    /// The domain cannot be read.
    pub(crate) async fn execution_role(&self, domain: &Domain) -> CloudResult<Option<String>> {
        let input = json!({"DomainId": domain.id});
        let described = self.explain(self.api.call(Service::SageMaker, "DescribeDomain", input).await).await?;
        Ok(text(&described["DefaultUserSettings"]["ExecutionRole"]))
    }
}
