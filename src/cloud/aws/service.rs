//! The services that are called through [`super::api`]: what each needs to be spoken to.

use crate::domain::arn::{dns_suffix, partition_of_region};

/// A service, or a part of one, that this binary calls too seldom to carry what its SDK crate generates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    CloudFormation,
    CodeBuild,
    CodeCommit,
    CodePipeline,
    Ecr,
    EventBridge,
    Iam,
    Kms,
    Organizations,
    /// Studio's domains: generated, they alone are as large as the whole model registry
    SageMaker,
    ServiceCatalog,
    ServiceQuotas,
}

/// How a service writes its requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// AWS JSON 1.1: the operation's name follows this in a header
    Json { target: &'static str },
    /// AWS Query: a form of this version, answered in XML
    Query { version: &'static str },
}

pub(super) struct Model {
    /// What IAM actions and the signature call it
    pub(super) name: &'static str,
    /// What `AWS_ENDPOINT_URL_<ID>` and profiles call it
    pub(super) id: &'static str,
    host: &'static str,
    /// One for all Regions of a partition
    global: bool,
    pub(super) protocol: Protocol,
}

impl Service {
    /// From botocore's service models: metadata of `service-2.json`.
    pub(super) fn model(self) -> Model {
        let model = |name, id, protocol| Model { name, id, host: name, global: false, protocol };
        let json = |name, id, target| model(name, id, Protocol::Json { target });
        let query = |name, id, version| model(name, id, Protocol::Query { version });
        match self {
            Self::CloudFormation => query("cloudformation", "CloudFormation", "2010-05-15"),
            Self::CodeBuild => json("codebuild", "CodeBuild", "CodeBuild_20161006"),
            Self::CodeCommit => json("codecommit", "CodeCommit", "CodeCommit_20150413"),
            Self::CodePipeline => json("codepipeline", "CodePipeline", "CodePipeline_20150709"),
            Self::Ecr => Model { host: "api.ecr", ..json("ecr", "ECR", "AmazonEC2ContainerRegistry_V20150921") },
            Self::EventBridge => json("events", "EventBridge", "AWSEvents"),
            Self::Iam => Model { global: true, ..query("iam", "IAM", "2010-05-08") },
            Self::Kms => json("kms", "KMS", "TrentService"),
            Self::Organizations => {
                Model { global: true, ..json("organizations", "Organizations", "AWSOrganizationsV20161128") }
            }
            Self::SageMaker => Model { host: "api.sagemaker", ..json("sagemaker", "SageMaker", "SageMaker") },
            Self::ServiceCatalog => json("servicecatalog", "Service Catalog", "AWS242ServiceCatalogService"),
            Self::ServiceQuotas => json("servicequotas", "Service Quotas", "ServiceQuotasV20190624"),
        }
    }
}

impl Model {
    /// The Region to sign for, and the URL to call. Global services live in one Region of each partition
    /// (AWS General Reference, "Service endpoints and quotas").
    pub(super) fn place(&self, region: &str, fips: bool) -> (String, String) {
        let partition = partition_of_region(region);
        let region = match (self.global, partition, self.name) {
            (false, ..) => region,
            (_, "aws", _) => "us-east-1",
            (_, "aws-cn", "organizations") => "cn-northwest-1",
            (_, "aws-cn", _) => "cn-north-1",
            (_, "aws-us-gov", _) => "us-gov-west-1",
            _ => region,
        };
        let host = match (fips, self.host) {
            (false, host) => host.to_owned(),
            (true, "api.ecr") => "ecr-fips".to_owned(),
            (true, "api.sagemaker") => "api-fips.sagemaker".to_owned(),
            (true, host) => format!("{host}-fips"),
        };
        let suffix = dns_suffix(partition);
        let url = match (self.name, partition) {
            ("iam", "aws") => format!("https://{host}.{suffix}"),
            ("iam", "aws-us-gov") => format!("https://iam.us-gov.{suffix}"),
            _ => format!("https://{host}.{region}.{suffix}"),
        };
        (region.to_owned(), url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_called_where_aws_documents_it() {
        for (service, region, fips, signed_for, url) in [
            (
                Service::CloudFormation,
                "eu-west-1",
                false,
                "eu-west-1",
                "https://cloudformation.eu-west-1.amazonaws.com",
            ),
            (Service::Ecr, "cn-north-1", false, "cn-north-1", "https://api.ecr.cn-north-1.amazonaws.com.cn"),
            (Service::Ecr, "us-east-1", true, "us-east-1", "https://ecr-fips.us-east-1.amazonaws.com"),
            (Service::SageMaker, "eu-west-1", false, "eu-west-1", "https://api.sagemaker.eu-west-1.amazonaws.com"),
            (Service::SageMaker, "us-east-1", true, "us-east-1", "https://api-fips.sagemaker.us-east-1.amazonaws.com"),
            (Service::Iam, "eu-west-1", false, "us-east-1", "https://iam.amazonaws.com"),
            (Service::Iam, "us-gov-east-1", false, "us-gov-west-1", "https://iam.us-gov.amazonaws.com"),
            (Service::Iam, "cn-northwest-1", false, "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn"),
            (Service::Organizations, "eu-west-1", false, "us-east-1", "https://organizations.us-east-1.amazonaws.com"),
            (
                Service::Organizations,
                "cn-north-1",
                false,
                "cn-northwest-1",
                "https://organizations.cn-northwest-1.amazonaws.com.cn",
            ),
        ] {
            assert_eq!(service.model().place(region, fips), (signed_for.to_owned(), url.to_owned()), "{service:?}");
        }
    }
}
