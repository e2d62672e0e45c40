//! Domains of SageMaker Studio, and where they find project templates.

use aws_sdk_sagemaker::types::Tag;

use super::Aws;
use super::error::cloud_error;
use crate::cloud::CloudResult;
use crate::domain::catalog::studio::{Domain, LOCATION_TAG};

impl Aws {
    /// The domains of this account in this Region.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn domains(&self) -> CloudResult<Vec<Domain>> {
        let mut domains = Vec::new();
        let mut pages = self.sagemaker.list_domains().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = self.explain(page.map_err(|error| cloud_error("sagemaker:ListDomains", &error))).await?;
            domains.extend(page.domains.unwrap_or_default().into_iter().map(|domain| Domain {
                id: domain.domain_id.unwrap_or_default(),
                name: domain.domain_name.unwrap_or_default(),
                arn: domain.domain_arn.unwrap_or_default(),
            }));
        }
        Ok(domains)
    }

    /// Where a domain looks for templates.
    ///
    /// # Errors
    /// Its tags cannot be read.
    pub async fn template_location(&self, domain: &Domain) -> CloudResult<Option<String>> {
        let mut pages = self.sagemaker.list_tags().resource_arn(&domain.arn).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = self.explain(page.map_err(|error| cloud_error("sagemaker:ListTags", &error))).await?;
            if let Some(tag) =
                page.tags.unwrap_or_default().into_iter().find(|tag| tag.key.as_deref() == Some(LOCATION_TAG))
            {
                return Ok(tag.value);
            }
        }
        Ok(None)
    }

    /// Tells a domain where to look for templates; another place is replaced.
    ///
    /// # Errors
    /// SageMaker refuses.
    pub async fn put_template_location(&self, domain: &Domain, location: &str) -> CloudResult<()> {
        const OPERATION: &str = "sagemaker:AddTags";
        let tag = Tag::builder().key(LOCATION_TAG).value(location).build();
        let added = self.sagemaker.add_tags().resource_arn(&domain.arn).tags(tag).send().await;
        self.explain(added.map(|_| ()).map_err(|error| cloud_error(OPERATION, &error))).await
    }

    /// The role of a domain's users, unless a user has one of their own.
    ///
    /// # Errors
    /// The domain cannot be read.
    pub async fn execution_role(&self, domain: &Domain) -> CloudResult<Option<String>> {
        let described = self.sagemaker.describe_domain().domain_id(&domain.id).send().await;
        let described = described.map_err(|error| cloud_error("sagemaker:DescribeDomain", &error));
        Ok(self.explain(described).await?.default_user_settings.and_then(|settings| settings.execution_role))
    }
}
