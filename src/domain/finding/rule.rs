//! The rules of a check: their ids and how severe each is. What each is for, and where AWS says so, is in `check::catalogue`.

use super::severity::Severity::{self, Error, Warning};

macro_rules! rules {
    ($($rule:ident $severity:ident $id:literal;)+) => {
        /// A rule of a check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($rule,)+
        }

        impl Rule {
            /// Every rule, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$rule),+];

            /// The rule's name, which never changes.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$rule => $id,)+
                }
            }

            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$rule => $severity,)+
                }
            }
        }
    };
}

rules! {
    FileUnreadable Error "file-unreadable";
    FileSyntax Error "file-syntax";
    Rendering Error "rendering";
    RenderingLater Warning "rendering-later";
    YamlAlias Error "yaml-alias";
    DuplicateKey Error "duplicate-key";
    ConfigShape Error "config-shape";
    ConfigValue Error "config-value";
    ConfigStageName Error "config-stage-name";
    StageNameShared Warning "stage-name-shared";
    ParameterUnknown Error "parameter-unknown";
    ParameterMissing Error "parameter-missing";
    ParameterUnset Error "parameter-unset";
    ParameterComputed Error "parameter-computed";
    ParameterEmpty Warning "parameter-empty";
    ParameterType Error "parameter-type";
    ParameterAllowedValues Error "parameter-allowed-values";
    ParameterAllowedPattern Error "parameter-allowed-pattern";
    ParameterPattern Error "parameter-pattern";
    ParameterPatternUndecided Warning "parameter-pattern-undecided";
    ParameterLength Error "parameter-length";
    ParameterRange Error "parameter-range";
    ParameterSize Error "parameter-size";
    ParameterDefault Error "parameter-default";
    ParameterDeclaration Error "parameter-declaration";
    ParameterCount Error "parameter-count";
    LogicalId Error "logical-id";
    TemplateShape Error "template-shape";
    TemplateSection Error "template-section";
    TemplateSize Error "template-size";
    TemplateDescription Error "template-description";
    LocalFile Error "local-file";
    CdkAsset Warning "cdk-asset";
    ResourceCount Error "resource-count";
    OutputCount Error "output-count";
    DynamicReferenceCount Error "dynamic-reference-count";
    ResourceType Error "resource-type";
    PropertyUnknown Error "property-unknown";
    PropertyUnlisted Warning "property-unlisted";
    PropertyApiOnly Warning "property-api-only";
    PropertyReadOnly Error "property-read-only";
    PropertyMissing Error "property-missing";
    PropertyMissingInApi Warning "property-missing-in-api";
    PropertyExclusive Error "property-exclusive";
    PropertyType Error "property-type";
    PropertyValue Error "property-value";
    PropertyRange Error "property-range";
    PropertyLength Error "property-length";
    PropertyPattern Error "property-pattern";
    PropertyCount Error "property-count";
    ResourceAttribute Error "resource-attribute";
    StackSetTransform Error "stackset-transform";
    StackSetNestedStack Error "stackset-nested-stack";
    ReferenceUnresolved Error "reference-unresolved";
    AttributeUnresolved Error "attribute-unresolved";
    AttributeUnknown Warning "attribute-unknown";
    SubstitutionSyntax Error "substitution-syntax";
    Interpolation Error "interpolation";
    InterpolationLikely Warning "interpolation-likely";
    DependsOnUnresolved Error "depends-on-unresolved";
    ConditionUnresolved Error "condition-unresolved";
    MappingUnresolved Error "mapping-unresolved";
    MappingEntry Error "mapping-entry";
    FunctionUnknown Error "function-unknown";
    FunctionArgument Error "function-argument";
    CircularDependency Error "circular-dependency";
    RuleDeclaration Error "rule-declaration";
    RuleAssertion Error "rule-assertion";
    YamlBoolean Warning "yaml-boolean";
    YamlOctal Warning "yaml-octal";
    YamlBase60 Warning "yaml-base-60";
    YamlAccountId Warning "yaml-account-id";
    ConstantName Error "constant-name";
    ConstantNameLikely Warning "constant-name-likely";
    ArnForName Error "arn-for-name";
    EndpointName Error "endpoint-name";
    ResourceName Error "resource-name";
    ModelContainers Error "model-containers";
    ContainerImage Error "container-image";
    ContainerData Warning "container-data";
    MultiModelData Error "multi-model-data";
    ContainerHostname Error "container-hostname";
    RegistryAuth Error "registry-auth";
    ModelVpc Error "model-vpc";
    PlaceRegion Error "place-region";
    TypeRegion Warning "type-region";
    ProjectTags Warning "project-tags";
    RolePartition Warning "role-partition";
    VariantCount Error "variant-count";
    VariantName Error "variant-name";
    VariantModel Error "variant-model";
    VariantInstances Error "variant-instances";
    VariantRange Error "variant-range";
    VariantAccelerator Error "variant-accelerator";
    InstanceType Error "instance-type";
    InstanceTypeUnlisted Warning "instance-type-unlisted";
    InstanceTypeSupported Error "instance-type-supported";
    PackageUndeployable Error "package-undeployable";
    PackageManaged Warning "package-managed";
    InstancePoolsBesideType Warning "instance-pools-beside-type";
    ManagedScaling Error "managed-scaling";
    ManagedScalingToZero Warning "managed-scaling-to-zero";
    Routing Error "routing";
    VolumeSize Error "volume-size";
    CrossRegionTraffic Error "cross-region-traffic";
    ShadowVariants Error "shadow-variants";
    ServerlessInstances Error "serverless-instances";
    ServerlessMemory Error "serverless-memory";
    ServerlessConcurrency Error "serverless-concurrency";
    ServerlessVpc Error "serverless-vpc";
    ServerlessKms Warning "serverless-kms";
    ServerlessAsync Error "serverless-async";
    ServerlessImage Error "serverless-image";
    ServerlessCapture Error "serverless-capture";
    ServerlessVariants Error "serverless-variants";
    ServerlessContainers Error "serverless-containers";
    CaptureContentType Warning "capture-content-type";
    CaptureRange Error "capture-range";
    AsyncConcurrency Error "async-concurrency";
    ComponentVariant Error "component-variant";
    ComponentEndpoint Error "component-endpoint";
    ComponentSpecifications Warning "component-specifications";
    ComponentCopies Warning "component-copies";
    EndpointTested Warning "endpoint-tested";
    AsyncInvokedDirectly Error "async-invoked-directly";
    DirectInvokedAsync Error "direct-invoked-async";
    CaseVariant Error "case-variant";
    CaseComponent Error "case-component";
    CaseModel Error "case-model";
    CaseContainer Error "case-container";
    CaseSize Error "case-size";
    CaseFile Error "case-file";
    CaseFileOutside Error "case-file-outside";
    CasesUnreadable Error "cases-unreadable";
    UpdatePolicyExclusive Error "update-policy-exclusive";
    TrafficRouting Error "traffic-routing";
    UpdatePolicyRange Error "update-policy-range";
    AlarmUnresolved Error "alarm-unresolved";
    AlarmElsewhere Warning "alarm-elsewhere";
    ScalingResourceId Error "scaling-resource-id";
    ScalingDimension Error "scaling-dimension";
    ScalingCapacity Error "scaling-capacity";
    ScalingToZero Error "scaling-to-zero";
    ScalingBurstable Error "scaling-burstable";
    ScalingNotProvisioned Error "scaling-not-provisioned";
    ScalingConcurrency Warning "scaling-concurrency";
    ScalingRetain Warning "scaling-retain";
}

impl Rule {
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_an_id_of_its_own() {
        let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        for rule in Rule::ALL {
            let id = rule.id();
            assert_eq!(Rule::of_id(id), Some(*rule));
            assert!(id.bytes().all(|any| any.is_ascii_lowercase() || any.is_ascii_digit() || any == b'-'), "{id}");
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
