//! The catalogue: what each rule of a check is for, and where AWS says so.
//!
//! One entry is one rule, so the file is as long as the catalogue is.

use super::super::finding::rule::Rule;
use super::declaration::{MAX_PARAMETER_NAME, MAX_PARAMETERS};
use super::deployment::{ENDPOINT, ENDPOINT_CONFIG, MODEL};
use super::parameter_value::MAX_PARAMETER_BYTES;
use super::place::REFUSES_NO_INSTANCE;
use super::schema::{Limits, api_date, limits, registry_date};
use super::serverless::MEMORY_STEP_MB;
use super::structure::{MAX_DESCRIPTION_BYTES, MAX_DYNAMIC_REFERENCES, MAX_OUTPUTS, MAX_RESOURCES};
use super::update_policy::{BATCH_PERCENT, CANARY_PERCENT, LINEAR_PERCENT};
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::suite::payload::{REAL_TIME_BYTES, SERVERLESS_BYTES};

struct Entry {
    /// With `{}` for each of the limits.
    explanation: &'static str,
    source: &'static str,
    limits: fn() -> Vec<String>,
}

macro_rules! catalogue {
    ($($rule:ident $explanation:literal $source:ident $(($($limit:expr),+))?;)+) => {
        fn entry(rule: Rule) -> Entry {
            match rule {
                $(Rule::$rule => Entry {
                    explanation: $explanation,
                    source: $source,
                    limits: || vec![$($(shown(&$limit)),+)?],
                },)+
            }
        }
    };
}

/// A limit or a range as an explanation shows it.
fn shown(limit: &impl std::fmt::Debug) -> String {
    format!("{limit:?}").replace("..=", " to ").replace('"', "")
}

fn of_model(definition: &str, property: &str) -> Limits {
    limits(MODEL, definition, property)
}

fn of_config(definition: &str, property: &str) -> Limits {
    limits(ENDPOINT_CONFIG, definition, property)
}

fn of_endpoint(definition: &str, property: &str) -> Limits {
    limits(ENDPOINT, definition, property)
}

// Guides and API models of AWS, as they are called there.
const CONTRACT: &str = "modeldeploy, `modeldeploy build --help` and the README: the files of a repository";
const RENDERED: &str = "modeldeploy, docs/templates.md: templates that are rendered";
const LOCAL_FILES: &str = "modeldeploy, docs/templates.md: local files; `aws cloudformation package` takes the same";
const CDK: &str =
    "AWS CDK Developer Guide, \"Assets and the AWS CDK\"; modeldeploy, docs/templates.md: assets of the CDK";
const PARAMETERS: &str = "CloudFormation User Guide, \"Parameters\" and \"CloudFormation-supplied parameter types\"";
const QUOTAS: &str = "CloudFormation User Guide, \"Understand CloudFormation quotas\"";
const ANATOMY: &str = "CloudFormation User Guide, \"Template sections\" and \"Resource attribute reference\"";
const FORMATS: &str = "CloudFormation User Guide, \"Template formats\": YAML 1.1 without aliases; yaml.org/type";
const FUNCTIONS: &str = "CloudFormation User Guide, \"Intrinsic function reference\"";
const ATTRIBUTES: &str =
    "CloudFormation Template Reference, \"Return values\" of each type; the read-only properties of registry schemas";
const STACK_SETS: &str = "CloudFormation API Reference, CreateStackSet: Capabilities, as of 2026-11-20; CloudFormation User \
                          Guide, \"Create StackSets with service-managed permissions\"";
const ACTION: &str = "CodePipeline User Guide, \"CloudFormation StackSets deploy action reference\"";
const NAME_TYPE: &str = "CloudFormation User Guide, \"Name type\"; registry schemas: ModelName and all of EndpointConfig are \
                         create-only";
const REF: &str = "CloudFormation User Guide, AWS::SageMaker::Model, EndpointConfig and Endpoint: return values";
const RULES: &str = "CloudFormation User Guide, \"Rules\" and \"Rule functions\"; CloudFormation's answer \"Following functions are \
                     not supported in the Rules block of the template\", as in aws-cloudformation/cfn-lint, issue 3710";
const CREATE_MODEL: &str = "SageMaker API Reference, CreateModel";
const CREATE_CONFIG: &str = "SageMaker API Reference, CreateEndpointConfig and ProductionVariant";
const CREATE_ENDPOINT: &str = "SageMaker API Reference, CreateEndpoint and DeploymentConfig";
const REGISTRY: &str = "CloudFormation's registry schemas and the API models of SageMaker, Application Auto Scaling and CloudWatch, \
                        as models/schemas.txt has them";
const POOLS: &str = "SageMaker Developer Guide, \"Deploy models with heterogeneous endpoints\"";
const MANAGED_SCALING: &str = "SageMaker's answer to CreateEndpointConfig, as in hashicorp/terraform-provider-aws, pull request \
                               45926, and DIAGNijmegen/rse-grand-challenge, issue 4659";
const VOLUMES: &str = "SageMaker's answer to CreateEndpointConfig, \"VolumeSize parameter is not allowed for the selected \
                       Instance type\", and volume_size_supported of sagemaker-core 2.27.0";
const COMPONENTS: &str = "SageMaker API Reference, CreateInferenceComponent";
const COMPONENT_ENDPOINT: &str =
    "SageMaker's answer to CreateInferenceComponent, as in hashicorp/terraform-provider-aws, issue 40644";
const COMPONENT_COPIES: &str = "stdapi-ai/stdapi.ai, issue 43";
const COMPONENT_HEADER: &str =
    "SageMaker's answer to InvokeEndpoint, as in aws-samples/amazon-kendra-langchain-extensions, issue 64";
const INVOKE: &str = "SageMaker Runtime API Reference, InvokeEndpoint: TargetVariant, TargetModel";
const PAYLOAD: &str = "SageMaker Developer Guide, \"Model Hosting FAQs\" and \"Invoke a serverless endpoint\"";
const SERVERLESS_IMAGE: &str =
    "SageMaker's answer to CreateEndpointConfig, as in aws/amazon-sagemaker-feedback, issue 181";
const SCALING_LEAST: &str = "SageMaker Developer Guide, \"Register a model\" (automatic scaling) and \"Autoscale an asynchronous \
                             endpoint\"";
const BURSTABLE: &str =
    "SageMaker Developer Guide, \"Automatic scaling of Amazon SageMaker AI models\": burstable instances";
const CONCURRENCY: &str =
    "SageMaker Developer Guide, \"Automatically scale Provisioned Concurrency for a serverless endpoint\"";
const CAPTURE: &str = "SageMaker API Reference, DataCaptureConfig and CaptureContentTypeHeader";
const SERVERLESS: &str = "SageMaker Developer Guide, \"Deploy models with Amazon SageMaker Serverless Inference\": feature \
                          exclusions; SageMaker API Reference, ProductionVariantServerlessConfig";
const KMS: &str = "SageMaker API Reference, CreateEndpointConfig: KmsKeyId encrypts the volume of an instance. That a \
                   serverless endpoint is refused for it is not verified";
const ASYNC: &str =
    "SageMaker Developer Guide, \"Asynchronous inference\"; SageMaker API Reference, AsyncInferenceConfig";
const SCALING: &str = "Application Auto Scaling API Reference, RegisterScalableTarget; CloudFormation User Guide, \
                       AWS::ApplicationAutoScaling::ScalableTarget";
const RETAIN: &str = "CloudFormation User Guide, AWS::SageMaker::Endpoint: RetainAllVariantProperties";
const PARTITIONS: &str = "IAM User Guide, \"Identify AWS resources with Amazon Resource Names\": partitions";
const PACKAGE: &str = "SageMaker API Reference, InferenceSpecification: SupportedRealtimeInferenceInstanceTypes";
const PACKAGE_CONTAINERS: &str = "SageMaker API Reference, ModelPackageContainerDefinition and DescribeModelPackage; \
                                  sagemaker-serve 1.27.0, which deploys such packages";
const TAGS: &str = "SageMaker Developer Guide, \"MLOps Projects\": resources of a project carry these tags, and AWS managed \
                    policies for projects ask for them. That a role of yours asks for them is not verified";

catalogue! {
    FileUnreadable
        "A file that is to be checked is not there or is not UTF-8 text." CONTRACT;
    FileSyntax
        "A file is not JSON or YAML, is empty, or is nested deeper than CloudFormation takes." FORMATS;
    Rendering
        "A template that is rendered (.j2) is not valid, or uses an unknown name." RENDERED;
    RenderingLater
        "A template that is rendered uses the model package. Without one, only the build renders and checks it." RENDERED;
    YamlAlias
        "The template uses a YAML alias. CloudFormation accepts no aliases: write out the value." FORMATS;
    DuplicateKey
        "A key occurs twice in one mapping. Which of the two counts depends on the parser."
        FORMATS;
    ConfigShape
        "A stage's config is neither a list of ParameterKey and ParameterValue nor a mapping with Parameters and Tags."
        CONTRACT;
    ConfigValue
        "A parameter of a stage's config is not a string, number or boolean, or asks for its previous value, which a \
         new stack does not have." ACTION;
    ConfigStageName
        "A stage's config does not set StageName, which becomes a part of the endpoint's name." CONTRACT;
    StageNameShared
        "Two stages set the same StageName. In one account, they would be one endpoint." CONTRACT;
    ParameterUnknown
        "A stage's config sets a parameter that the template does not declare. CloudFormation refuses it when the \
         stage is rolled out." PARAMETERS;
    ParameterMissing
        "The template declares a parameter without a default, and a stage's config does not set it." PARAMETERS;
    ParameterUnset
        "The template declares a parameter that the build computes, and the variable that it is computed from is not \
         set."
        CONTRACT;
    ParameterComputed
        "A stage's config sets a parameter that only the build may set: it would deploy something other than what was \
         approved." CONTRACT;
    ParameterEmpty
        "A stage's config sets a parameter without a default to an empty string, and the template gives it no meaning: \
         it is not compared with an empty string, and an empty string is not among AllowedValues. Somebody probably \
         forgot to fill it in." PARAMETERS;
    ParameterType
        "A value does not have the shape of the parameter's type: a number, a list of numbers, an EC2 id, the name of \
         a Systems Manager parameter. Whether it exists is not checked." PARAMETERS;
    ParameterAllowedValues
        "A value, or an item of a list, is not among the parameter's AllowedValues." PARAMETERS;
    ParameterAllowedPattern
        "A value, or an item of a list, does not match the parameter's AllowedPattern. CloudFormation matches the \
         whole value, anchored or not, in Java's syntax." PARAMETERS;
    ParameterPattern
        "An AllowedPattern is not valid in java.util.regex, which CloudFormation uses, so no value matches it. It may \
         be valid in Python, JavaScript or Rust." PARAMETERS;
    ParameterPatternUndecided
        "An AllowedPattern, or a value of it, cannot be judged: versions of Java differ, characters are named by \\N, \
         or it takes too many steps. CloudFormation may refuse the value." PARAMETERS;
    ParameterLength
        "A value is shorter than MinLength or longer than MaxLength." PARAMETERS;
    ParameterRange
        "A number is below MinValue or above MaxValue." PARAMETERS;
    ParameterSize
        "A value has more than {} bytes." QUOTAS (MAX_PARAMETER_BYTES);
    ParameterDefault
        "A parameter's default breaks the parameter's own type or rules." PARAMETERS;
    ParameterDeclaration
        "A parameter is declared without a type, with an unknown one, with an attribute that parameters do not have, \
         or with rules that no value can satisfy." PARAMETERS;
    ParameterCount
        "The template declares more than {} parameters." QUOTAS (MAX_PARAMETERS);
    LogicalId
        "The name of a parameter, a rule, a resource or an output has characters other than letters and digits, or, \
         for a parameter, more than {} of them." QUOTAS (MAX_PARAMETER_NAME);
    TemplateShape
        "The template is not a mapping, has no resources, or has a section of the wrong type." ANATOMY;
    TemplateSection
        "The template has a top-level section that CloudFormation does not know." ANATOMY;
    TemplateSize
        "The template has more than {} bytes, or, exported for a plain CloudFormation action, more than {}." ACTION
        (Deployer::StackSet.max_template_bytes(), Deployer::CloudFormation.max_template_bytes());
    TemplateDescription
        "The template's Description has more than {} bytes." QUOTAS (MAX_DESCRIPTION_BYTES);
    LocalFile
        "A property that takes an S3 location names a file or folder that cannot be packed and uploaded: it does not \
         exist, is empty, or is outside of the repository." LOCAL_FILES;
    CdkAsset
        "The template names a CDK asset, a file or an image, in the bootstrap bucket or repository of the account that \
         it is deployed to, and the build cannot pack it: it exists only if somebody publishes it in every account of \
         the stages." CDK;
    ResourceCount
        "The template has more than {} resources." QUOTAS (MAX_RESOURCES);
    OutputCount
        "The template has more than {} outputs." QUOTAS (MAX_OUTPUTS);
    DynamicReferenceCount
        "The template has more than {} dynamic references, such as resolve:ssm in double braces." QUOTAS (MAX_DYNAMIC_REFERENCES);
    ResourceType
        "A resource has no Type, or an invalid one." ANATOMY;
    PropertyUnknown
        "A resource has a property that its type does not have, and whose spelling is close to one that it has. Known \
         are the properties, at every depth, of SageMaker's models, packages, groups, endpoints, configs and inference \
         components, of scalable targets and policies, and of alarms." REGISTRY;
    PropertyUnlisted
        "A resource has a property that its type did not have on {}. It is a warning, because the property may be \
         newer; so is a misspelt one if no stage is known to use it: in a branch of Fn::If, or under a condition." REGISTRY
        (registry_date());
    PropertyApiOnly
        "A resource has a property, or a value, that the service's API takes and CloudFormation did not on {}. \
         CloudFormation may accept it by now; its content is checked against the API's limits." REGISTRY (registry_date());
    PropertyReadOnly
        "A resource sets a property that only AWS sets, such as an ARN." REGISTRY;
    PropertyMissing
        "A resource, or an object in it, lacks a property that it must have." REGISTRY;
    PropertyMissingInApi
        "A resource lacks a property that the service's API requires and CloudFormation's schema does not. That \
         CloudFormation fills it in is not verified." REGISTRY;
    PropertyExclusive
        "A resource must have exactly one of several properties and has none or more than one, or has two properties \
         that exclude each other."
        REGISTRY;
    PropertyType
        "A property has the wrong type; types are string, integer, number, boolean, list and mapping. Numbers and \
         booleans may be written as strings, as parameters give them." REGISTRY;
    PropertyValue
        "A property has a value that is not allowed." REGISTRY;
    PropertyRange
        "A number is below the minimum or above the maximum of the property." REGISTRY;
    PropertyLength
        "A string is shorter or longer than the property allows." REGISTRY;
    PropertyPattern
        "A string does not match the property's pattern, such as that of a role ARN." REGISTRY;
    PropertyCount
        "A list or a mapping has fewer or more entries than the property allows." REGISTRY;
    ResourceAttribute
        "A resource has a key next to Type and Properties that resources do not have; it usually belongs under \
         Properties." ANATOMY;
    StackSetTransform
        "The template needs a transform or a macro: Transform, Fn::Transform, AWS::Include, or the functions of \
         AWS::LanguageExtensions. Stack sets with service-managed permissions and the execution role that StackSets \
         makes by itself take none." STACK_SETS;
    StackSetNestedStack
        "The template has a nested stack. Stack sets with service-managed permissions and the execution role that \
         StackSets makes by itself take none." STACK_SETS;
    ReferenceUnresolved
        "Ref or Fn::Sub names what is not a parameter, resource or pseudo parameter; or a condition or a rule names a \
         resource."
        FUNCTIONS;
    AttributeUnresolved
        "Fn::GetAtt or Fn::Sub asks for an attribute of what is not a resource." FUNCTIONS;
    AttributeUnknown
        "Fn::GetAtt or Fn::Sub asks a resource for an attribute that its type does not have. Known are the attributes \
         of SageMaker's models, endpoints and their configs, and of roles, Lambda functions, alarms, log groups, \
         buckets, keys, scalable targets and REST APIs; other types are not judged. It is a warning, because AWS adds \
         attributes."
        ATTRIBUTES;
    SubstitutionSyntax
        "A text of Fn::Sub has ${ without }, or contains a name with characters other than letters, digits, \"_\", \
         \".\" and \":\"." FUNCTIONS;
    Interpolation
        "A text outside of Fn::Sub has ${ with a pseudo parameter, or, in a resource whose properties are known, with \
         a parameter or a resource. It stays as it is written." FUNCTIONS;
    InterpolationLikely
        "A text outside of Fn::Sub, in a resource whose properties are not known or in the default of a parameter, has \
         ${ with the name of a parameter or a resource. It stays as written, which may be intended." FUNCTIONS;
    DependsOnUnresolved
        "DependsOn names what is not a resource." ANATOMY;
    ConditionUnresolved
        "A resource, an output, Fn::If or a condition names a condition that is not defined." FUNCTIONS;
    MappingUnresolved
        "Fn::FindInMap names a mapping or a key that does not exist." FUNCTIONS;
    MappingEntry
        "With a stage's values, Fn::FindInMap asks for a key that the mapping does not have." FUNCTIONS;
    FunctionUnknown
        "The template uses a function that CloudFormation does not have." FUNCTIONS;
    FunctionArgument
        "A function has the wrong kind of argument." FUNCTIONS;
    CircularDependency
        "Resources, or conditions, depend on each other in a circle. References under Fn::If do not count, because a \
         condition may remove them." FUNCTIONS;
    RuleDeclaration
        "A rule of the template's Rules has no assertions, has a condition or an assertion that is neither true nor \
         false, or uses a function that rules do not have." RULES;
    RuleAssertion
        "With a stage's values, an assertion of the template's Rules does not hold: CloudFormation refuses the stack \
         before it makes any resource. What AWS looks up, such as the VPC of a subnet, is not decided." RULES;
    YamlBoolean
        "A word without quotes, such as yes, no, on or off, is a boolean in YAML 1.1, which CloudFormation reads." FORMATS;
    YamlOctal
        "Digits without quotes that begin with 0, such as 0644, are an octal number in YAML 1.1." FORMATS;
    YamlBase60
        "Digits and colons without quotes, such as 12:30, are a base 60 number in YAML 1.1." FORMATS;
    YamlAccountId
        "Twelve digits without quotes are a number: an account id loses its leading zeros, or is written with an \
         exponent." FORMATS;
    ConstantName
        "ModelName or EndpointConfigName is the same for every model version. A new version replaces both resources, \
         and CloudFormation does not replace a resource with a name of its own: the second roll-out fails. Leave the \
         name out, or put the version into it." NAME_TYPE;
    ConstantNameLikely
        "ModelName or EndpointConfigName is fixed, and a property takes a parameter that replaces the resource when \
         its value changes. CloudFormation does not replace a resource with a name of its own: that roll-out fails." NAME_TYPE;
    ArnForName
        "Ref of a SageMaker resource returns its ARN, but a name is needed. Use Fn::GetAtt." REF;
    EndpointName
        "With a stage's values, the endpoint's name does not have {} characters, or has others than letters, digits \
         and hyphens." CREATE_ENDPOINT (of_endpoint("", "EndpointName"));
    ResourceName
        "The name of a model or an endpoint config does not have {} characters, or has others than letters, digits and \
         hyphens." CREATE_MODEL (of_config("", "EndpointConfigName"));
    ModelContainers
        "A model has exactly one of PrimaryContainer and Containers, and of these one or more, {}." CREATE_MODEL
        (of_model("", "Containers"));
    ContainerImage
        "A container has neither an Image nor a ModelPackageName, so that there is nothing to run." CREATE_MODEL;
    ContainerData
        "A container has both a ModelDataUrl and a ModelDataSource. That SageMaker refuses it is not verified." CREATE_MODEL;
    MultiModelData
        "A multi-model container has a ModelDataSource, which is for a single model." CREATE_MODEL;
    ContainerHostname
        "Of several containers, some have a ContainerHostname and some have none." CREATE_MODEL;
    RegistryAuth
        "A container has a RepositoryAuthConfig, and takes its image from ECR: it is for a registry in a VPC." CREATE_MODEL;
    ModelVpc
        "A model's VpcConfig has {} security groups and {} subnets." CREATE_MODEL
        (of_model("VpcConfig", "SecurityGroupIds"), of_model("VpcConfig", "Subnets"));
    PlaceRegion
        "An image, model data, a key, a topic or a package is in a Region other than that of the roll-out. Known is \
         the Region where a build runs, or where --region or AWS_REGION name it." CREATE_MODEL;
    TypeRegion
        "The Region of the roll-out did not have the resource's type on {}." REGISTRY (registry_date());
    ProjectTags
        "A SageMaker resource does not carry the tags sagemaker:project-name and sagemaker:project-id, by which \
         SageMaker shows what belongs to a project and policies decide who may touch it." TAGS;
    RolePartition
        "The ARN of a role names one partition, such as arn:aws:. In China and GovCloud, the role is not found there."
        PARTITIONS;
    VariantCount
        "An endpoint config has {} production variants." CREATE_CONFIG (of_config("", "ProductionVariants"));
    VariantName
        "A variant has no name, one that SageMaker does not accept, or the name of another variant." CREATE_CONFIG;
    VariantModel
        "A variant names no model, nor does each of its instance pools, and the config has no ExecutionRoleArn as it \
         has for inference components."
        CREATE_CONFIG;
    VariantInstances
        "A variant says neither on which instances it runs nor that it is serverless." CREATE_CONFIG;
    VariantRange
        "A number of a variant or of its instance pools is out of its range: timeouts for model data and health checks \
         {} s, for capacity {} s, volumes {} GB, at least one instance, {} instance pools of priority {}, or a least \
         count above the most." CREATE_CONFIG
        (
            of_config("ProductionVariant", "ModelDataDownloadTimeoutInSeconds"),
            of_config("ProductionVariant", "VariantInstanceProvisionTimeoutInSeconds"),
            of_config("ProductionVariant", "VolumeSizeInGB"),
            of_config("ProductionVariant", "InstancePools"),
            of_config("InstancePool", "Priority")
        );
    VariantAccelerator
        "A variant has an AcceleratorType, which SageMaker no longer supports, and CloudFormation no longer takes." CREATE_CONFIG;
    InstanceType
        "An instance type is not of the form that SageMaker's types have, such as ml.m5.large. Whether the type exists \
         in a Region is not checked." CREATE_CONFIG;
    InstanceTypeUnlisted
        "An instance type has the form of SageMaker's, and is not among those that there were on {}. It may be newer."
        CREATE_CONFIG (api_date());
    InstanceTypeSupported
        "A variant's instance type, or that of one of its pools, is not among those that the model package was \
         registered for. The rule says nothing without a package, or of a package without a list." PACKAGE;
    PackageUndeployable
        "A container takes a model package that has no inference specification, or one whose container has no image, \
         and names no image itself. The rule says nothing without a package." PACKAGE_CONTAINERS;
    PackageManaged
        "A container takes a model package that is made from a base model, or whose model data AWS does not disclose, \
         and names no image: AWS's own SDK does not deploy such packages this way. That a model of it is refused is \
         not verified. The rule says nothing without a package." PACKAGE_CONTAINERS;
    InstancePoolsBesideType
        "A variant has both an InstanceType and InstancePools, which replace it. That SageMaker refuses both together \
         is not verified." POOLS;
    ManagedScaling
        "A variant that names its model has ManagedInstanceScaling, which SageMaker takes for inference components \
         only."
        MANAGED_SCALING;
    ManagedScalingToZero
        "The managed scaling of a variant goes down to zero instances in {}. That the Region refuses it was reported, \
         and is not verified; us-east-1 accepts it." COMPONENT_COPIES (REFUSES_NO_INSTANCE);
    Routing
        "PrefixAwareRoutingConfig goes with the RoutingStrategy PREFIX_AWARE only, which needs its PrefixLength and \
         its ConcurrencyThreshold." CREATE_CONFIG;
    VolumeSize
        "A variant has a VolumeSizeInGB on instances with their own storage, such as ml.g5 and ml.m5d, to which no \
         volume can be attached." VOLUMES;
    CrossRegionTraffic
        "A config with serverless variants or an AsyncInferenceConfig has a CrossRegionTrafficConfig." CREATE_CONFIG;
    ShadowVariants
        "An endpoint config with a shadow variant has exactly one of them, and exactly one production variant."
        CREATE_CONFIG;
    ServerlessInstances
        "A serverless variant also has settings that are for instances." SERVERLESS;
    ServerlessMemory
        "A serverless variant has no memory size or concurrency, or a size other than {} MB in steps of {}."
        SERVERLESS (of_config("ServerlessConfig", "MemorySizeInMB"), MEMORY_STEP_MB);
    ServerlessConcurrency
        "MaxConcurrency and ProvisionedConcurrency are {}, the latter at most the former." SERVERLESS
        (of_config("ServerlessConfig", "MaxConcurrency"));
    ServerlessVpc
        "A serverless variant's model or config has a VPC or network isolation, which serverless endpoints cannot \
         have."
        SERVERLESS;
    ServerlessKms
        "The endpoint config of a serverless variant has a KmsKeyId. It is for volumes of instances, and there are \
         none."
        KMS;
    ServerlessAsync
        "The endpoint config of a serverless variant has an AsyncInferenceConfig, which is for instances." SERVERLESS;
    ServerlessImage
        "A serverless endpoint runs an image that is neither AWS's own nor in ECR in the account of the endpoint. \
         Known is the account in a build only." SERVERLESS_IMAGE;
    ServerlessCapture
        "The endpoint config of a serverless variant captures data, which serverless endpoints cannot." SERVERLESS;
    ServerlessVariants
        "An endpoint config with a serverless variant has more than this one." SERVERLESS;
    ServerlessContainers
        "The model of a serverless variant has several containers, many models in one, or a ModelDataSource." SERVERLESS;
    CaptureContentType
        "Data capture has no CaptureContentTypeHeader: SageMaker stores every payload as base64, and Model Monitor \
         cannot read it." CAPTURE;
    CaptureRange
        "Data capture samples {} percent, to a place in S3, with {} CaptureOptions, and must say all three." CAPTURE
        (
            of_config("DataCaptureConfig", "InitialSamplingPercentage"),
            of_config("DataCaptureConfig", "CaptureOptions")
        );
    AsyncConcurrency
        "MaxConcurrentInvocationsPerInstance of an asynchronous endpoint is {}." ASYNC
        (of_config("AsyncInferenceClientConfig", "MaxConcurrentInvocationsPerInstance"));
    ComponentVariant
        "An inference component is put on a variant that its endpoint does not have." COMPONENTS;
    ComponentEndpoint
        "An inference component is put on a variant that has a model of its own." COMPONENT_ENDPOINT;
    ComponentSpecifications
        "An inference component has two specifications for one instance type. That SageMaker refuses it is not \
         verified."
        COMPONENTS;
    ComponentCopies
        "An inference component is created with no copies. That this fails was reported, and is not verified."
        COMPONENT_COPIES;
    EndpointTested
        "A stage creates no endpoint named PROJECT-STAGE, which `modeldeploy test` looks for unless --endpoint-name \
         gives another."
        CONTRACT;
    AsyncInvokedDirectly
        "A test case invokes the endpoint directly, and its config has an AsyncInferenceConfig: such an endpoint \
         answers asynchronous requests only." ASYNC;
    DirectInvokedAsync
        "A test case is sent asynchronously, and the endpoint's config has no AsyncInferenceConfig." ASYNC;
    CaseVariant
        "A test case asks for a production variant that the endpoint does not have." INVOKE;
    CaseComponent
        "A test case names no inference component, and the endpoint has nothing else; or it names one, and the \
         endpoint's variants have models." COMPONENT_HEADER;
    CaseModel
        "A test case names no model, and the endpoint has many; or it names one, and the endpoint has one only." INVOKE;
    CaseContainer
        "A test case asks for a container by a name that no container of the endpoint's model has." INVOKE;
    CaseSize
        "A test case sends more than {} bytes to a serverless endpoint, or more than {} to a real-time one." PAYLOAD
        (SERVERLESS_BYTES, REAL_TIME_BYTES);
    CaseFile
        "A test case names a file that does not exist." CONTRACT;
    CaseFileOutside
        "A test case names a file outside of the folder that the cases are in, which `modeldeploy test` does not read \
         unless --files-within names a folder above both." CONTRACT;
    CasesUnreadable
        "The file of test cases cannot be read, so nothing in it was checked against the template." CONTRACT;
    UpdatePolicyExclusive
        "A DeploymentConfig has both a blue/green and a rolling update policy." CREATE_ENDPOINT;
    TrafficRouting
        "Traffic routing is ALL_AT_ONCE, CANARY with a CanarySize or LINEAR with a LinearStepSize; a size is of type \
         INSTANCE_COUNT or CAPACITY_PERCENT." CREATE_ENDPOINT;
    UpdatePolicyRange
        "A number of a DeploymentConfig is out of its range: waits {} s, execution {} s, canary {} %, linear steps {} \
         %, batches {} %, {} alarms." CREATE_ENDPOINT
        (
            of_endpoint("TrafficRoutingConfig", "WaitIntervalInSeconds"),
            of_endpoint("BlueGreenUpdatePolicy", "MaximumExecutionTimeoutInSeconds"),
            CANARY_PERCENT,
            LINEAR_PERCENT,
            BATCH_PERCENT,
            of_endpoint("AutoRollbackConfig", "Alarms")
        );
    AlarmUnresolved
        "A roll-back refers to a resource of the template that is not an alarm, or that the stage does not have."
        CREATE_ENDPOINT;
    AlarmElsewhere
        "A roll-back names an alarm that the template does not create. It must exist in every account before the \
         endpoint."
        CREATE_ENDPOINT;
    ScalingResourceId
        "A scalable target's ResourceId does not name an endpoint and a variant of the template, as \
         endpoint/NAME/variant/NAME, or a component of it, as inference-component/NAME." SCALING;
    ScalingDimension
        "A scalable target's ScalableDimension does not fit what it scales: instances of a variant with instances, \
         provisioned concurrency of a serverless one, copies of a component." SCALING;
    ScalingCapacity
        "A scalable target's MinCapacity is above its MaxCapacity." SCALING;
    ScalingToZero
        "A scalable target scales a variant to zero instances, or to zero provisioned concurrency. Only asynchronous \
         endpoints and inference components can be scaled to zero." SCALING_LEAST;
    ScalingBurstable
        "A scalable target scales a variant of burstable instances, such as ml.t2.medium." BURSTABLE;
    ScalingNotProvisioned
        "A scalable target scales the provisioned concurrency of a serverless variant that has none." CONCURRENCY;
    ScalingConcurrency
        "A scalable target scales provisioned concurrency. That CloudFormation can create it is not verified."
        CONCURRENCY;
    ScalingRetain
        "A variant is scaled, and its endpoint does not set RetainAllVariantProperties: every new model version sets \
         the number of instances back to InitialInstanceCount." RETAIN;
}

/// What the rule is for, in a paragraph.
pub(crate) fn explanation(rule: Rule) -> String {
    let Entry { explanation, limits, .. } = entry(rule);
    limits().iter().fold(explanation.to_owned(), |text, limit| text.replacen("{}", limit, 1))
}

/// Where AWS, or this tool, says so.
pub(crate) fn source(rule: Rule) -> &'static str {
    entry(rule).source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_explained() {
        for rule in Rule::ALL {
            let (id, explanation) = (rule.id(), explanation(*rule));
            assert!(!explanation.contains("{}"), "{id}: a limit is missing");
            assert!(explanation.ends_with('.') && !source(*rule).is_empty(), "{id}");
        }
    }

    #[test]
    fn explanations_show_the_limits_of_the_code() {
        assert!(explanation(Rule::TemplateSize).contains("460800"));
        assert!(explanation(Rule::VariantRange).contains("60 to 3600 s, for capacity 300 to 3600 s"));
    }
}
