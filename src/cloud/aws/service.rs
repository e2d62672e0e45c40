//! The services that are called through [`super::api`]: what each needs to be spoken to, and where it is.

use crate::domain::aws::partition::Partition;

/// Written by `make models` from AWS's own models and endpoint rules; its head says what a line means.
const TABLE: &str = include_str!("../../../models/services.txt");

macro_rules! services {
    ($($(#[$note:meta])* $service:ident $id:literal;)+) => {
        /// A service, or a part of one, that this binary calls too seldom to carry what its SDK crate generates.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Service {
            $($(#[$note])* $service,)+
        }

        impl Service {
            pub const ALL: &[Self] = &[$(Self::$service),+];

            /// What botocore's models call it: `serviceId`.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$service => $id,)+
                }
            }
        }
    };
}

services! {
    CloudFormation "CloudFormation";
    CodeBuild "CodeBuild";
    CodeCommit "CodeCommit";
    CodePipeline "CodePipeline";
    Ecr "ECR";
    EventBridge "EventBridge";
    Iam "IAM";
    Kms "KMS";
    Organizations "Organizations";
    /// Studio's domains: generated, they alone are as large as the whole model registry
    SageMaker "SageMaker";
    ServiceCatalog "Service Catalog";
    ServiceQuotas "Service Quotas";
}

/// How a service writes its requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// AWS JSON 1.1: the operation's name follows this in a header
    Json { target: &'static str },
    /// AWS Query: a form of this version, answered in XML
    Query { version: &'static str },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServiceModel {
    /// What IAM actions and the signature call it
    pub(super) name: &'static str,
    /// What `AWS_ENDPOINT_URL_<ID>` and profiles call it
    pub(super) id: &'static str,
    pub(super) protocol: Protocol,
    hosts: &'static str,
}

/// Where a service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEndpoint {
    pub host: String,
    /// The Region that requests are signed for: that of a service that lives in one Region of its partition, else the
    /// caller's.
    pub region: String,
}

impl Service {
    pub(super) fn model(self) -> ServiceModel {
        let mut models = TABLE.split("\nservice ").skip(1).filter_map(ServiceModel::read);
        models.find(|model| model.id == self.id()).expect("models/services.txt has every service")
    }

    /// Where AWS's endpoint rules have it; `None` where they know no such host.
    pub fn place(self, region: &str, fips: bool, dual_stack: bool) -> Option<ServiceEndpoint> {
        self.model().place(region, fips, dual_stack)
    }
}

impl ServiceModel {
    fn read(section: &'static str) -> Option<Self> {
        let (head, hosts) = section.split_once('\n')?;
        let mut fields = head.splitn(4, ' ');
        let mut next = || fields.next();
        let (name, protocol, said) = (next()?, next()?, next()?);
        let protocol = match protocol {
            "query" => Protocol::Query { version: said },
            _ => Protocol::Json { target: said },
        };
        Some(Self { name, id: next()?, protocol, hosts })
    }

    pub(super) fn place(&self, region: &str, fips: bool, dual_stack: bool) -> Option<ServiceEndpoint> {
        let partition = Partition::of_region(region);
        let row = |place: &str| {
            let rows = self.hosts.lines().filter_map(|line| line.strip_prefix("host ")?.split_once(' '));
            rows.into_iter().find_map(|(of, row)| (of == place).then_some(row))
        };
        let row = row(region).or_else(|| row(partition.id)).or_else(|| row("*"))?;
        let (signed_for, hosts) = row.split_once(' ')?;
        let host = hosts.split(' ').nth(2 * usize::from(fips) + usize::from(dual_stack)).filter(|host| *host != "-")?;
        let suffix = if dual_stack { partition.dual_stack_dns_suffix } else { partition.dns_suffix };
        let filled = |text: &str| text.replace("{region}", region).replace("{suffix}", suffix);
        Some(ServiceEndpoint { host: filled(host), region: filled(signed_for) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_in_the_table() {
        for service in Service::ALL.iter().copied() {
            assert!(service.place("us-east-1", false, false).is_some(), "{service:?}");
        }
        let catalog = Service::ServiceCatalog.model();
        assert_eq!((catalog.name, catalog.id), ("servicecatalog", "Service Catalog"));
        assert_eq!(catalog.protocol, Protocol::Json { target: "AWS242ServiceCatalogService" });
        assert_eq!(Service::Iam.model().protocol, Protocol::Query { version: "2010-05-08" });
    }

    #[test]
    fn a_region_goes_before_its_partition_and_that_before_everywhere() {
        let host = |service: Service, region, fips| service.place(region, fips, false).expect("a host").host;
        assert_eq!(host(Service::EventBridge, "us-east-1", true), "events-fips.us-east-1.amazonaws.com");
        assert_eq!(host(Service::EventBridge, "us-gov-east-1", true), "events.us-gov-east-1.amazonaws.com");
        assert_eq!(host(Service::EventBridge, "us-gov-nowhere-9", true), "events-fips.us-gov-nowhere-9.amazonaws.com");
        let china = ServiceEndpoint { host: "iam.cn-north-1.amazonaws.com.cn".into(), region: "cn-north-1".into() };
        assert_eq!(Service::Iam.place("cn-northwest-1", false, false), Some(china));
    }
}
