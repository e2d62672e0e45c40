//! Every rule of the catalogue, broken once: what a check must find, and nothing else but what comes with it.

use std::collections::BTreeSet;
use std::fmt::Write;

use modeldeploy::domain::aws::arn::AccountId;
use modeldeploy::domain::check::{CaseFile, CaseFiles, Checked, File, Subject, check};
use modeldeploy::domain::cloudformation::deployer::Deployer;
use modeldeploy::domain::finding::rule::Rule;
use modeldeploy::domain::finding::{Finding, Severity};
use modeldeploy::domain::project::build_plan::ProjectFacts;
use modeldeploy::domain::project::stage::StageSettings;
use modeldeploy::domain::project::stage_file::StageFile;
use modeldeploy::domain::registry::model_package::{Container, ModelPackage};

/// A template, a config and cases that are right.
#[derive(Clone)]
struct Files {
    template: String,
    configs: Vec<String>,
    cases: String,
    named: CaseFiles,
    region: Option<&'static str>,
    deployer: Deployer,
    package: Option<ModelPackage>,
}

const TEMPLATE: &str = "\
Parameters:
  StageName: {Type: String}
  SageMakerProjectName: {Type: String}
  SageMakerProjectId: {Type: String}
  ModelPackageName: {Type: String}
  # parameters
Mappings:
  Sizes: {staging: {type: ml.m5.large}, prod: {type: ml.c5.large}}
Conditions:
  Never: !Equals [a, b]
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      Containers: [{ModelPackageName: !Ref ModelPackageName}]
      # model
      Tags: &tags
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: all, ModelName: !GetAtt Model.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: 1} # variant
      # config
      Tags: &tags
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Sub ${SageMakerProjectName}-${StageName}
      EndpointConfigName: !GetAtt Config.EndpointConfigName
      # endpoint
      Tags: &tags
  # resources
";
const TAGS: &str = "[{Key: sagemaker:project-name, Value: a}, {Key: sagemaker:project-id, Value: b}]";
const VARIANT: &str =
    "VariantName: all, ModelName: !GetAtt Model.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: 1";
const SERVERLESS: &str =
    "VariantName: all, ModelName: !GetAtt Model.ModelName, ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5}";

fn files() -> Files {
    let config = |stage: &str| format!(r#"{{"Parameters": {{"StageName": "{stage}"}}}}"#);
    let cases = "version: 1\ncases:\n  - {name: one, body: x}\n".to_owned();
    Files {
        template: TEMPLATE.replace("&tags", TAGS),
        configs: vec![config("staging"), config("prod")],
        cases,
        named: CaseFiles::new(),
        region: None,
        deployer: Deployer::StackSet,
        package: None,
    }
}

impl Files {
    /// A line in the place of a mark of the template, indented as the mark is.
    #[track_caller]
    fn at(mut self, mark: &str, lines: &str) -> Self {
        let mark = format!("# {mark}\n");
        let at = self.template.find(&mark).unwrap_or_else(|| panic!("no mark {mark}"));
        let start = self.template[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let gap = &self.template[start..at].to_owned();
        assert!(gap.trim().is_empty(), "a mark stands alone");
        let indented = lines.lines().fold(String::new(), |mut text, line| {
            writeln!(text, "{gap}{line}").expect("a string takes all");
            text
        });
        self.template.insert_str(start, &indented);
        self
    }

    #[track_caller]
    fn replace(mut self, from: &str, to: &str) -> Self {
        assert!(self.template.contains(from), "{from} is not in the template");
        self.template = self.template.replace(from, to);
        self
    }

    fn serverless(self) -> Self {
        self.replace(VARIANT, SERVERLESS)
    }

    fn config(mut self, text: &str) -> Self {
        text.clone_into(&mut self.configs[0]);
        self
    }

    fn setting(self, name: &str, value: &str) -> Self {
        self.config(&format!(r#"{{"Parameters": {{"StageName": "staging", "{name}": "{value}"}}}}"#))
    }

    fn findings(&self, variables_come_later: bool) -> Vec<Finding> {
        self.checked(variables_come_later).findings
    }

    fn checked(&self, variables_come_later: bool) -> Checked {
        let stages: Vec<StageSettings> =
            ["staging", "prod"].iter().map(|name| StageSettings::bare(&name.parse().expect("a stage"))).collect();
        let stages: Vec<StageFile> = stages
            .into_iter()
            .zip(&self.configs)
            .map(|(settings, text)| {
                let name = settings.config_file.clone();
                StageFile::read(settings, name, text.clone())
            })
            .collect();
        let facts = ProjectFacts { name: String::new(), id: String::new(), artifact_bucket: None };
        let subject = Subject {
            template: Some(File { name: "t.yml", text: &self.template }),
            stages: &stages,
            cases: Some(File { name: "cases.yml", text: &self.cases }),
            case_files: &self.named,
            facts: &facts,
            package: self.package.as_ref(),
            region: self.region,
            deployer: self.deployer,
            variables_come_later,
        };
        check(&subject)
    }
}

fn parameter(declaration: &str, value: &str) -> Files {
    files().at("parameters", &format!("P: {{{declaration}}}")).setting("P", value)
}

fn resource(body: &str) -> Files {
    files().at("resources", &format!("R: {body}"))
}

/// A template with a rule of its own.
fn asserted(rule: &str) -> Files {
    files().replace("Conditions:\n", &format!("Rules:\n  Large: {rule}\nConditions:\n"))
}

fn update(policy: &str) -> Files {
    files().at("endpoint", &format!("DeploymentConfig: {{{policy}}}"))
}

fn capture(config: &str) -> Files {
    let rest = "EnableCapture: true, DestinationS3Uri: s3://b, CaptureOptions: [{CaptureMode: Input}]";
    files().at("config", &format!("DataCaptureConfig: {{{rest}, {config}}}"))
}

fn scaling(properties: &str) -> Files {
    let rest = "ServiceNamespace: sagemaker, ScalableDimension: 'sagemaker:variant:DesiredInstanceCount'";
    resource(&format!("{{Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {{{rest}, {properties}}}}}"))
}

fn scaled(capacities: &str) -> Files {
    scaling(&format!("{SCALED}, {capacities}")).at("endpoint", "RetainAllVariantProperties: true")
}

const SCALED: &str = "ResourceId: !Sub 'endpoint/${Endpoint.EndpointName}/variant/all'";
const HEADER: &str = "InitialSamplingPercentage: 1, CaptureContentTypeHeader: {CsvContentTypes: [text/csv]}";

/// A variant with more beside what it has.
fn variant(with: &str) -> Files {
    files().replace("InitialInstanceCount: 1", &format!("InitialInstanceCount: 1, {with}"))
}

/// An endpoint for inference components, with one of them.
fn component(properties: &str) -> Files {
    let body = format!(
        "{{Type: AWS::SageMaker::InferenceComponent, Properties: {{InferenceComponentName: part, \
         EndpointName: !GetAtt Endpoint.EndpointName, VariantName: all, {properties}}}}}"
    );
    resource(&body)
        .replace("ModelName: !GetAtt Model.ModelName, ", "")
        .at("config", "ExecutionRoleArn: !Ref Role")
        .at("parameters", "Role: {Type: String, Default: 'arn:aws:iam::111122223333:role/a'}")
}

const SPECIFICATION: &str =
    "Specification: {ModelName: !GetAtt Model.ModelName, ComputeResourceRequirements: {MinMemoryRequiredInMb: 1024}}";

impl Files {
    fn cases(mut self, cases: &str) -> Self {
        self.cases = format!("version: 1\ncases:\n  - {{name: one, {cases}}}\n");
        self
    }

    fn case_file(mut self, name: &str, found: CaseFile) -> Self {
        self.named.insert(name.to_owned(), found);
        self
    }

    /// Files that are checked with a package: its one container has that image and that base model.
    fn package(self, image: Option<&str>, base_model: Option<&str>) -> Self {
        let container = Container {
            image: image.map(str::to_owned),
            base_model: base_model.map(str::to_owned),
            ..Container::default()
        };
        let package = ModelPackage {
            arn: "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".to_owned(),
            group: "churn".to_owned(),
            version: 4,
            containers: vec![container],
            supported_instance_types: vec!["ml.m5.large".to_owned()],
            ..ModelPackage::default()
        };
        Self { package: Some(package), ..self }
    }

    fn package_with(mut self, change: impl FnOnce(&mut ModelPackage)) -> Self {
        change(self.package.get_or_insert_default());
        self
    }

    fn in_region(self, region: &'static str) -> Self {
        Self { region: Some(region), ..self }
    }

    fn many_models(self) -> Self {
        self.replace(
            "{ModelPackageName: !Ref ModelPackageName}",
            "{Image: a, Mode: MultiModel, ModelDataUrl: s3://b/models/}",
        )
    }
}

/// Files that break each rule, most of them in several ways.
#[expect(clippy::too_many_lines, reason = "one line is one way to break a rule")]
fn broken() -> Vec<(Rule, Vec<Files>)> {
    let blue_green =
        |routing: &str| update(&format!("BlueGreenUpdatePolicy: {{TrafficRoutingConfiguration: {{{routing}}}}}"));
    let percent = |key: &str, kind: &str, value: u32| {
        blue_green(&format!(
            "Type: {kind}, WaitIntervalInSeconds: 1, {key}: {{Type: CAPACITY_PERCENT, Value: {value}}}"
        ))
    };
    let alarm = |name: &str| update(&format!("AutoRollbackConfiguration: {{Alarms: [{{AlarmName: {name}}}]}}"));
    let many = |noun: &str, count: usize, item: &str| {
        (0..count).fold(format!("{noun}:\n"), |text, number| format!("{text}  X{number}: {item}\n"))
    };
    let async_config = "AsyncInferenceConfig: {OutputConfig: {S3OutputPath: s3://b/o}}";
    vec![
        (
            Rule::PropertyUnknown,
            vec![
                variant("VolumeSizeInGb: 30"),
                files().at("model", "ExecutionRol: a"),
                files().replace("{Key: sagemaker:project-id, Value: b}", "{Key: sagemaker:project-id, Value: b, Valu: c}"),
                resource("{Type: AWS::CloudWatch::Alarm, Properties: {MetricNames: a}}"),
                component(&SPECIFICATION.replace("ModelName", "ModelNam")),
            ],
        ),
        (Rule::PropertyUnlisted, vec![variant("Zzz: 1"), files().at("model", "NetworkIsolation: true")]),
        (
            Rule::PropertyApiOnly,
            vec![files().at("config", "CrossRegionTrafficConfig: {MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5}"), variant("RoutingConfig: {RoutingStrategy: KV_AWARE}")],
        ),
        (Rule::PropertyReadOnly, vec![files().at("endpoint", "EndpointArn: a"), component(&format!("{SPECIFICATION}, CreationTime: a"))]),
        (
            Rule::PropertyMissing,
            vec![
                files().replace("EndpointConfigName: !GetAtt Config.EndpointConfigName", "RetainAllVariantProperties: true"),
                files().at("config", "AsyncInferenceConfig: {ClientConfig: {}}"),
                files().replace("{Key: sagemaker:project-id, Value: b}", "{Key: sagemaker:project-id}"),
                scaling(SCALED),
                resource("{Type: AWS::ApplicationAutoScaling::ScalingPolicy, Properties: {PolicyName: a, PolicyType: StepScaling, ResourceId: a}}"),
            ],
        ),
        (Rule::PropertyMissingInApi, vec![blue_green("Type: ALL_AT_ONCE"), variant("RoutingConfig: {}")]),
        (
            Rule::PropertyExclusive,
            vec![
                component("RuntimeConfig: {CopyCount: 1}"),
                component(&format!("{SPECIFICATION}, Specifications: []")),
                resource("{Type: AWS::CloudWatch::Alarm, Properties: {MetricName: a, Statistic: Sum, ExtendedStatistic: p90}}"),
            ],
        ),
        (
            Rule::PropertyType,
            vec![
                files().at("endpoint", "RetainAllVariantProperties: maybe"),
                files().at("model", "ExecutionRoleArn: [a]"),
                files().at("model", "VpcConfig: {Subnets: subnet-1, SecurityGroupIds: [a]}"),
                files().at("config", "KmsKeyId:"),
                files().at("endpoint", "DeploymentConfig: [a]"),
                component(&format!("{SPECIFICATION}, RuntimeConfig: {{CopyCount: many}}")),
            ],
        ),
        (
            Rule::PropertyValue,
            vec![
                variant("RoutingConfig: {RoutingStrategy: LEAST}"),
                variant("InferenceAmiVersion: al3"),
                files().at("config", "MetricsConfig: {MetricPublishFrequencyInSeconds: 15}"),
                scaling(SCALED).replace("ServiceNamespace: sagemaker", "ServiceNamespace: sagemakr"),
            ],
        ),
        (
            Rule::PropertyRange,
            vec![
                variant("RoutingConfig: {RoutingStrategy: PREFIX_AWARE, PrefixAwareRoutingConfig: {PrefixLength: 1023, ConcurrencyThreshold: 1}}"),
                component(&SPECIFICATION.replace("1024", "127")),
                resource("{Type: AWS::CloudWatch::Alarm, Properties: {MetricName: a, EvaluationPeriods: 0.5}}"),
            ],
        ),
        (Rule::PropertyLength, vec![files().replace("Key: sagemaker:project-id", &format!("Key: {}", "k".repeat(129))), files().at("model", "ExecutionRoleArn: !Ref StageName")]),
        (
            Rule::PropertyPattern,
            vec![
                files().at("model", "ExecutionRoleArn: arn:aws:iam::1:role/model-of-churn"),
                files().replace("{ModelPackageName: !Ref ModelPackageName}", "{Image: 'a b'}"),
                variant("CoreDumpConfig: {DestinationS3Uri: bucket}"),
            ],
        ),
        (Rule::PropertyCount, vec![files().at("config", "ShadowProductionVariants: []"), component(&format!("Specifications: [{{InstanceType: ml.m5.large, {}}}]", &SPECIFICATION[16..SPECIFICATION.len() - 1]))]),
        (Rule::InstanceTypeUnlisted, vec![files().replace("InstanceType: ml.m5.large", "InstanceType: ml.z9.large")]),
        (Rule::InstancePoolsBesideType, vec![variant("InstancePools: [{InstanceType: ml.m5.large, Priority: 1}]")]),
        (Rule::ManagedScaling, vec![variant("ManagedInstanceScaling: {MinInstanceCount: 1, MaxInstanceCount: 2}")]),
        (
            Rule::Routing,
            vec![
                variant("RoutingConfig: {RoutingStrategy: PREFIX_AWARE}"),
                variant("RoutingConfig: {RoutingStrategy: PREFIX_AWARE, PrefixAwareRoutingConfig: {PrefixLength: 1024}}"),
                variant("RoutingConfig: {RoutingStrategy: RANDOM, PrefixAwareRoutingConfig: {PrefixLength: 1024}}"),
            ],
        ),
        (
            Rule::VolumeSize,
            vec![
                variant("VolumeSizeInGB: 30").replace("ml.m5.large, I", "ml.g5.xlarge, I"),
                variant("VolumeSizeInGB: 30").replace("InstanceType: ml.m5.large, I", "InstancePools: [{InstanceType: ml.m5d.large, Priority: 1}], I"),
            ],
        ),
        (
            Rule::CrossRegionTraffic,
            vec![
                files().serverless().at("config", "CrossRegionTrafficConfig: {MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5}"),
                files().at("config", async_config).at("config", "CrossRegionTrafficConfig: {MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5}").cases("body: x, mode: async"),
            ],
        ),
        (Rule::ContainerImage, vec![files().replace("{ModelPackageName: !Ref ModelPackageName}", "{Mode: SingleModel}")]),
        (Rule::ContainerData, vec![files().replace("{ModelPackageName", "{ModelDataUrl: s3://b/a, ModelDataSource: {S3DataSource: {S3Uri: s3://b/a, S3DataType: S3Object, CompressionType: None}}, ModelPackageName")]),
        (Rule::MultiModelData, vec![files().many_models().replace("ModelDataUrl: s3://b/models/", "ModelDataSource: {S3DataSource: {S3Uri: s3://b/a/, S3DataType: S3Prefix, CompressionType: None}}")]),
        (Rule::ContainerHostname, vec![files().replace("[{ModelPackageName: !Ref ModelPackageName}]", "[{Image: a, ContainerHostname: one}, {Image: b}]")]),
        (Rule::RegistryAuth, vec![files().replace("{ModelPackageName", "{ImageConfig: {RepositoryAccessMode: Platform, RepositoryAuthConfig: {RepositoryCredentialsProviderArn: a}}, ModelPackageName")]),
        (
            Rule::PlaceRegion,
            [
                files().replace("{ModelPackageName: !Ref ModelPackageName}", "{Image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/a}"),
                files().at("config", "KmsKeyId: !Sub 'arn:${AWS::Partition}:kms:us-east-1:${AWS::AccountId}:key/a'"),
                files().replace("{ModelPackageName: !Ref ModelPackageName}", "{Image: a, ModelDataUrl: https://b.s3.us-east-1.amazonaws.com/a.tar.gz}"),
            ]
            .map(|files| files.in_region("eu-central-1"))
            .to_vec(),
        ),
        (Rule::TypeRegion, vec![component(SPECIFICATION).in_region("eu-west-3").cases("body: x, inference_component: part")]),
        (Rule::ServerlessAsync, vec![files().serverless().at("config", async_config).cases("body: x, mode: async")]),
        (Rule::ComponentVariant, vec![component(SPECIFICATION).replace("VariantName: all, Specification", "VariantName: al, Specification")]),
        (Rule::ComponentEndpoint, vec![component(SPECIFICATION).replace("VariantName: all, InstanceType", "VariantName: all, ModelName: a, InstanceType")]),
        (
            Rule::ComponentSpecifications,
            vec![component(&format!("Specifications: [{0}, {0}]", "{InstanceType: ml.m5.large, ModelName: a}"))],
        ),
        (Rule::ComponentCopies, vec![component(&format!("{SPECIFICATION}, RuntimeConfig: {{CopyCount: 0}}"))]),
        (
            Rule::EndpointTested,
            vec![
                files().replace("EndpointName: !Sub ${SageMakerProjectName}-${StageName}", "RetainAllVariantProperties: true"),
                files().replace("Type: AWS::SageMaker::Endpoint\n", "Type: X::Y::Z\n"),
            ],
        ),
        (
            Rule::InstanceTypeSupported,
            vec![files().package(Some("image"), None).replace("ml.m5.large, Init", "ml.c5.large, Init")],
        ),
        (
            Rule::PackageUndeployable,
            vec![
                files().package(None, None),
                files().package(Some("image"), None).package_with(|package| package.containers.clear()),
                files()
                    .package(Some("image"), None)
                    .replace("ModelPackageName: !Ref ModelPackageName", "ModelPackageName: !Ref ModelPackageName, InferenceSpecificationName: gpu"),
            ],
        ),
        (
            Rule::PackageManaged,
            vec![
                files().package(None, Some("nova")),
                files().package(Some("image"), None).package_with(|package| {
                    package.managed_storage_type = Some("Restricted".to_owned());
                }),
            ],
        ),
        (Rule::CaseVariant, vec![files().cases("body: x, target_variant: Blue")]),
        (
            Rule::CaseComponent,
            vec![component(SPECIFICATION), files().cases("body: x, inference_component: part")],
        ),
        (
            Rule::CaseContainer,
            vec![
                files()
                    .replace("ModelPackageName: !Ref ModelPackageName", "ModelPackageName: !Ref ModelPackageName, ContainerHostname: first")
                    .cases("body: x, target_container_hostname: second"),
            ],
        ),
        (Rule::CaseModel, vec![files().many_models(), files().cases("body: x, target_model: a.tar.gz")]),
        (
            Rule::CaseSize,
            vec![
                files().serverless().cases("body_file: a").case_file("a", CaseFile::There(6_000_000)),
                files().cases("body_file: a").case_file("a", CaseFile::There(26_000_000)),
                files().serverless().cases(&format!("body: {}", "x".repeat(4_000_001))),
            ],
        ),
        (
            Rule::CaseFile,
            ["body_file: a", "body: x, expect: {schema: a}", "dataset: {file: a, label: y, prediction: {column: 0}, gates: {accuracy: {min: 0.5}}}"]
                .map(|case| files().cases(case).case_file("a", CaseFile::Missing))
                .to_vec(),
        ),
        (
            Rule::CaseFileOutside,
            vec![files().cases("body_file: a").case_file("a", CaseFile::Outside { is: "/etc/a".to_owned(), may_be: "test".to_owned() })],
        ),
        (
            Rule::Interpolation,
            vec![
                files().at("model", "ExecutionRoleArn: 'arn:aws:iam::${AWS::AccountId}:role/model'"),
                files().replace("!Sub ${SageMakerProjectName}-${StageName}", "'${SageMakerProjectName}-${StageName}'"),
                resource("{Type: X::Y::Z, Properties: {A: ['${AWS::Region}']}}"),
                files().replace("Conditions:\n", "Outputs: {O: {Value: '${AWS::Region}'}}\nConditions:\n"),
            ],
        ),
        (
            Rule::InterpolationLikely,
            vec![
                resource("{Type: X::Y::Z, Properties: {A: 'echo ${StageName}'}}"),
                files().at("parameters", "Place: {Type: String, Default: 's3://a-${AWS::Region}/b'}"),
            ],
        ),
        (Rule::ScalingToZero, vec![scaled("MinCapacity: 0, MaxCapacity: 2"), scaled("MinCapacity: 0, MaxCapacity: 0")]),
        (Rule::ScalingBurstable, vec![scaled("MinCapacity: 1, MaxCapacity: 2").replace("ml.m5.large, I", "ml.t2.medium, I")]),
        (Rule::ScalingNotProvisioned, vec![scaled("MinCapacity: 1, MaxCapacity: 2").serverless()]),
        (
            Rule::ScalingConcurrency,
            vec![scaled("MinCapacity: 1, MaxCapacity: 2").serverless().replace("MaxConcurrency: 5", "MaxConcurrency: 5, ProvisionedConcurrency: 2")],
        ),
        (Rule::FileSyntax, vec![files().replace("Resources:", "Resources: ["), files().config("{\"a\": }"), files().config("")]),
        (Rule::YamlAlias, vec![files().at("resources", "A: &a {Type: X::Y::Z}\nB: *a")]),
        (
            Rule::DuplicateKey,
            vec![
                files().at("model", "Containers: []"),
                files().config(r#"{"Parameters": {"StageName": "a", "StageName": "b"}}"#),
                files().config(r#"[{"ParameterKey": "StageName", "ParameterValue": "a"}, {"ParameterKey": "StageName", "ParameterValue": "b"}]"#),
            ],
        ),
        (Rule::ConfigShape, vec![files().config("3"), files().config(r#"[{"Key": "a", "Value": "b"}]"#), files().config("[3]")]),
        (Rule::ConfigValue, vec![files().config(r#"{"Parameters": {"StageName": ["a"]}}"#), files().config(r#"{"Parameters": {"StageName": null}}"#)]),
        (Rule::ConfigStageName, vec![files().config(r#"{"Parameters": {}}"#), files().config("[]")]),
        (Rule::StageNameShared, vec![files().config(r#"{"Parameters": {"StageName": "prod"}}"#)]),
        (Rule::ParameterUnknown, vec![files().setting("StageNam", "x")]),
        (Rule::ParameterMissing, vec![files().at("parameters", "P: {Type: String}")]),
        (Rule::ParameterComputed, vec![files().setting("ModelPackageName", "arn")]),
        (Rule::ParameterEmpty, vec![parameter("Type: String", "")]),
        (
            Rule::ParameterType,
            vec![
                parameter("Type: Number", "two"),
                parameter("Type: Number", "inf"),
                parameter("Type: List<Number>", "1,b"),
                parameter("Type: AWS::EC2::Subnet::Id", "sg-12345678"),
                parameter("Type: List<AWS::EC2::SecurityGroup::Id>", "sg-12345678,sg-1"),
                parameter("Type: AWS::EC2::AvailabilityZone::Name", "us-east-1"),
                parameter("Type: AWS::SSM::Parameter::Value<String>", "a b"),
                parameter("Type: AWS::SSM::Parameter::Name", ""),
            ],
        ),
        (Rule::ParameterAllowedValues, vec![parameter("Type: String, AllowedValues: [a, b]", "c"), parameter("Type: CommaDelimitedList, AllowedValues: [a, b]", "a,c")]),
        (Rule::ParameterAllowedPattern, vec![parameter("Type: String, AllowedPattern: '[a-z]+'", "a1"), parameter("Type: CommaDelimitedList, AllowedPattern: '(?!x)[a-z]+'", "a,xy")]),
        (Rule::ParameterPattern, vec![parameter("Type: String, AllowedPattern: '[a-z]{,3}'", "ab"), files().at("parameters", "Size: {Type: String, AllowedPattern: '(?P<a>b)', Default: b}")]),
        (Rule::ParameterPatternUndecided, vec![parameter("Type: String, AllowedPattern: '\\p{IsEmoji}'", "a"), parameter("Type: String, AllowedPattern: '\\bé'", "é"), files().at("parameters", "Size: {Type: String, AllowedPattern: '(?:(?=(a+))a|(a)a?)+\\1\\2x', Default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}")]),
        (Rule::ParameterLength, vec![parameter("Type: String, MinLength: 2", "a"), parameter("Type: String, MaxLength: 2", "abc")]),
        (Rule::ParameterRange, vec![parameter("Type: Number, MinValue: 2", "1"), parameter("Type: Number, MaxValue: 2", "2.5")]),
        (Rule::ParameterSize, vec![parameter("Type: String", &"a".repeat(4097))]),
        (Rule::ParameterDefault, vec![files().at("parameters", "P: {Type: Number, Default: a}"), files().at("parameters", "P: {Type: String, Default: a, MinLength: 2}")]),
        (
            Rule::ParameterDeclaration,
            vec![
                parameter("Default: a", "a"),
                parameter("Type: Strin", "a"),
                parameter("Type: String, Min: 3", "a"),
                parameter("Type: Number, MinValue: 3, MaxValue: 2, Default: 2", "2"),
                parameter("Type: String, AllowedValues: a", "a"),
                parameter("Type: String, MinLength: a", "a"),
                parameter("Type: String, Default: [a]", "a"),
            ],
        ),
        (Rule::ParameterCount, vec![files().replace("Parameters:\n", &many("Parameters", 197, "{Type: String, Default: a}"))]),
        (Rule::LogicalId, vec![files().at("resources", "A-b: {Type: X::Y::Z}"), files().at("parameters", "A_b: {Type: String, Default: a}")]),
        (
            Rule::TemplateShape,
            vec![
                Files { template: "[]".to_owned(), ..files() },
                Files { template: "Resources: {}".to_owned(), ..files() },
                Files { template: "Parameters: {}".to_owned(), ..files() },
                files().replace("Conditions:\n", "AWSTemplateFormatVersion: 2010-09-10\nConditions:\n"),
                files().replace("Conditions:\n", "Outputs: {O: {Description: a}}\nConditions:\n"),
                files().replace("Conditions:\n", "Description: [a]\nConditions:\n"),
                files().at("resources", "A: b"),
            ],
        ),
        (Rule::TemplateSection, vec![files().replace("Conditions:\n", "Output: {}\nConditions:\n")]),
        (Rule::TemplateSize, vec![files().at("resources", &format!("# {}", "x".repeat(460_000)))]),
        (Rule::TemplateDescription, vec![files().replace("Conditions:\n", &format!("Description: {}\nConditions:\n", "x".repeat(1025)))]),
        (Rule::ResourceCount, vec![files().replace("Resources:\n", &many("Resources", 498, "{Type: X::Y::Z}"))]),
        (Rule::OutputCount, vec![files().replace("Conditions:\n", &format!("{}Conditions:\n", many("Outputs", 201, "{Value: a}")))]),
        (Rule::DynamicReferenceCount, vec![resource(&format!("{{Type: X::Y::Z, Properties: {{A: '{}'}}}}", "{{resolve:ssm:/a}}".repeat(61)))]),
        (Rule::ResourceType, vec![resource("{Properties: {}}"), resource("{Type: Endpoint}")]),
        (Rule::ResourceAttribute, vec![resource("{Type: X::Y::Z, Propertys: {}}")]),
        (
            Rule::StackSetTransform,
            vec![
                files().replace("Conditions:\n", "Transform: AWS::LanguageExtensions\nConditions:\n"),
                files().at("resources", "Fn::Transform: {Name: AWS::Include, Parameters: {Location: a}}"),
                files().at("resources", "Fn::ForEach::Loop: [X, [a], {R: {Type: X::Y::Z}}]"),
                resource("{Type: X::Y::Z, Properties: {A: !Transform {Name: M}}}"),
                resource("{Type: X::Y::Z, Properties: {A: !Length [a]}}"),
            ],
        ),
        (
            Rule::CdkAsset,
            [
                "{Type: X::Y::Z, Properties: {Keys: [{A: !Sub 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}'}]}}",
                "{Type: X::Y::Z, Properties: {Image: !Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/cdk-q1-container-assets-${AWS::AccountId}-${AWS::Region}:5d41'}}",
                "{Type: X::Y::Z, Properties: {Bucket: cdk-hnb659fds-assets-111122223333-eu-west-1}}",
                "{Type: AWS::Lambda::Function, Metadata: {'aws:asset:path': a, 'aws:asset:property': Code}, Properties: {Code: {S3Bucket: own, S3Key: k}}}",
            ]
            .map(resource)
            .into_iter()
            .chain([files().at("parameters", "AssetParameters5d41S3Bucket5D41: {Type: String, Default: b}")])
            .collect(),
        ),
        (Rule::StackSetNestedStack, vec![resource("{Type: AWS::CloudFormation::Stack}")]),
        (
            Rule::ReferenceUnresolved,
            vec![
                resource("{Type: X::Y::Z, Properties: {A: !Ref StageNam}}"),
                resource("{Type: X::Y::Z, Properties: {A: {Ref: AWS::Acount}}}"),
                resource("{Type: X::Y::Z, Properties: {A: !Sub '${StageNam}'}}"),
                resource("{Type: X::Y::Z, Properties: {A: !Sub ['${A}${B}', {A: 1}]}}"),
                resource("{Type: X::Y::Z, Properties: {A: {'Fn::Join': ['', [!Ref StageNam]]}}}"),
                files().replace("Never: !Equals [a, b]", "Never: !Equals [!Ref Model, b]"),
            ],
        ),
        (
            Rule::AttributeUnresolved,
            vec![
                resource("{Type: X::Y::Z, Properties: {A: !GetAtt Modl.ModelName}}"),
                resource("{Type: X::Y::Z, Properties: {A: {'Fn::GetAtt': [Modl, ModelName]}}}"),
                resource("{Type: X::Y::Z, Properties: {A: !Sub '${Modl.ModelName}'}}"),
            ],
        ),
        (
            Rule::AttributeUnknown,
            vec![
                resource("{Type: X::Y::Z, Properties: {A: !GetAtt Model.ModelNam}}"),
                resource("{Type: X::Y::Z, Properties: {A: {'Fn::GetAtt': [Config, Arn]}}}"),
                resource("{Type: X::Y::Z, Properties: {A: !Sub '${Model.Id}'}}"),
            ],
        ),
        (Rule::SubstitutionSyntax, vec![resource("{Type: X::Y::Z, Properties: {A: !Sub 'a${B'}}"), resource("{Type: X::Y::Z, Properties: {A: !Sub '${B:-c}'}}")]),
        (Rule::DependsOnUnresolved, vec![resource("{Type: X::Y::Z, DependsOn: Modl}"), resource("{Type: X::Y::Z, DependsOn: [Model, [a]]}")]),
        (
            Rule::ConditionUnresolved,
            vec![
                resource("{Type: X::Y::Z, Condition: Of}"),
                resource("{Type: X::Y::Z, Properties: {A: !If [Of, 1, 2]}}"),
                files().replace("Never: !Equals [a, b]", "Never: !Not [!Condition Of]"),
            ],
        ),
        (Rule::MappingUnresolved, vec![resource("{Type: X::Y::Z, Properties: {A: !FindInMap [Size, a, b]}}"), resource("{Type: X::Y::Z, Properties: {A: !FindInMap [Sizes, stagin, type]}}")]),
        (Rule::MappingEntry, vec![files().replace("InstanceType: ml.m5.large", "InstanceType: !FindInMap [Sizes, !Ref StageName, type]").config(r#"{"Parameters": {"StageName": "canary"}}"#)]),
        (Rule::FunctionUnknown, vec![resource("{Type: X::Y::Z, Properties: {A: !Subb a}}")]),
        (Rule::FunctionArgument, vec![resource("{Type: X::Y::Z, Properties: {A: !Select [1]}}"), resource("{Type: X::Y::Z, Properties: {A: !If [Never, 1]}}"), resource("{Type: X::Y::Z, Properties: {A: !GetAtt Model}}")]),
        (
            Rule::CircularDependency,
            vec![
                files().at("resources", "A: {Type: X::Y::Z, DependsOn: B}\nB: {Type: X::Y::Z, Properties: {P: !Sub '${A}'}}"),
                resource("{Type: X::Y::Z, Properties: {A: !Ref R}}"),
                files().replace("Never: !Equals [a, b]", "Never: !Not [!Condition Never]"),
            ],
        ),
        (
            Rule::RuleDeclaration,
            [
                "{}",
                "3",
                "{Assertions: {}}",
                "{Assertions: [{AssertDescription: why}]}",
                "{Assertions: [{Assert: 'yes'}]}",
                "{Assertions: [{Assert: !Ref StageName}]}",
                "{Assertions: [{Assert: !Not [!RefAll 'AWS::EC2::VPC::Id']}]}",
                "{Assertions: [{Assert: !Condition Never}]}",
                "{Assertions: [{Assert: !Equals [!Sub '${StageName}', a]}]}",
                "{Assertions: [{Assert: !Contains [[!If [Never, a, b]], a]}]}",
                "{Assertions: [{Assert: true, AssertDescription: [a]}]}",
                "{RuleCondition: !GetAtt Model.ModelName, Assertions: [{Assert: true}]}",
                "{RuleConditon: !Equals [!Ref StageName, a], Assertions: [{Assert: true}]}",
            ]
            .map(asserted)
            .to_vec(),
        ),
        (Rule::FunctionUnknown, vec![asserted("{Assertions: [{Assert: !Contain [[a], a]}]}"), files().at("resources", "R: {Type: X::Y::Z, Properties: {A: !Contains [[a], a]}}")]),
        (Rule::FunctionArgument, vec![asserted("{Assertions: [{Assert: !Contains [a]}]}"), asserted("{Assertions: [{Assert: !Equals [!ValueOf [StageName], a]}]}")]),
        (
            Rule::ReferenceUnresolved,
            ["!Equals [!Ref Model, a]", "!Not [!Equals [!Ref Model, a]]", "!Equals [!Ref Stagename, a]", "!Equals [!ValueOf [Stagename, Tags.a], a]"]
                .map(|assert| asserted(&format!("{{Assertions: [{{Assert: {assert}}}]}}")))
                .to_vec(),
        ),
        (Rule::LogicalId, vec![asserted("{Assertions: [{Assert: true}]}").replace("  Large:", "  La-rge:")]),
        (Rule::RuleAssertion, vec![asserted("{Assertions: [{Assert: !Contains [[prod], !Ref StageName]}]}")]),
        (Rule::YamlBoolean, vec![resource("{Type: X::Y::Z, Properties: {A: on}}")]),
        (Rule::YamlOctal, vec![resource("{Type: X::Y::Z, Properties: {Mode: 0644}}")]),
        (Rule::YamlBase60, vec![resource("{Type: X::Y::Z, Properties: {Time: 12:30}}")]),
        (Rule::YamlAccountId, vec![resource("{Type: X::Y::Z, Properties: {Account: 012345678901}}")]),
        (Rule::ConstantName, vec![files().at("model", "ModelName: churn"), files().at("config", "EndpointConfigName: !Sub '${SageMakerProjectName}-${StageName}'")]),
        (Rule::ConstantNameLikely, vec![files().at("resources", "Own:\n  Type: AWS::SageMaker::Model\n  Properties: {ModelName: a, PrimaryContainer: {Image: !Ref StageName}, Tags: &tags}".replace("&tags", TAGS).as_str())]),
        (Rule::ArnForName, vec![files().replace("!GetAtt Model.ModelName", "!Ref Model"), files().replace("!GetAtt Config.EndpointConfigName", "!Ref Config")]),
        (Rule::EndpointName, vec![files().replace("-${StageName}", &"x".repeat(64)), files().replace("!Sub ${SageMakerProjectName}-${StageName}", "a_b")]),
        (Rule::ResourceName, vec![files().at("model", "ModelName: !Sub 'a_${ModelPackageName}'")]),
        (
            Rule::ModelContainers,
            vec![
                files().at("model", "PrimaryContainer: {ModelPackageName: a}"),
                files().replace("Containers: [{ModelPackageName: !Ref ModelPackageName}]", "EnableNetworkIsolation: true"),
                files().replace("Containers: [{ModelPackageName: !Ref ModelPackageName}]", "Containers: []"),
            ],
        ),
        (Rule::ModelVpc, vec![files().at("model", "VpcConfig: {Subnets: [a], SecurityGroupIds: [a, b, c, d, e, f]}")]),
        (Rule::ProjectTags, vec![files().replace("Value: a}, {Key: sagemaker:project-id, Value: b}", "Value: a}")]),
        (Rule::RolePartition, vec![files().at("model", "ExecutionRoleArn: !Sub arn:aws:iam::${AWS::AccountId}:role/a"), files().at("model", "ExecutionRoleArn: !Join [':', [arn, aws, iam, '', !Ref AWS::AccountId, role/a]]")]),
        (Rule::VariantCount, vec![files().replace("ProductionVariants:", "ShadowProductionVariants:"), files().replace(&format!("- {{{VARIANT}}} # variant"), "[]")]),
        (Rule::VariantName, vec![files().replace("VariantName: all, ", ""), files().replace("VariantName: all", "VariantName: a_b")]),
        (Rule::VariantModel, vec![files().replace("ModelName: !GetAtt Model.ModelName, ", "")]),
        (Rule::VariantInstances, vec![files().replace(", InstanceType: ml.m5.large, InitialInstanceCount: 1", "")]),
        (
            Rule::VariantRange,
            ["InitialInstanceCount: 0", "InitialInstanceCount: 1, VolumeSizeInGB: 513", "InitialInstanceCount: 1, ModelDataDownloadTimeoutInSeconds: 59", "InitialInstanceCount: 1, ManagedInstanceScaling: {MinInstanceCount: 3, MaxInstanceCount: 2}"]
                .map(|with| files().replace("InitialInstanceCount: 1", with))
                .to_vec(),
        ),
        (Rule::VariantAccelerator, vec![files().replace("InitialInstanceCount: 1", "AcceleratorType: ml.eia2.large")]),
        (Rule::InstanceType, vec![files().replace("InstanceType: ml.m5.large", "InstanceType: m5.large")]),
        (Rule::ShadowVariants, vec![files().at("config", &format!("ShadowProductionVariants: [{{{}}}, {{{}}}]", VARIANT.replace("all", "s"), VARIANT.replace("all", "t")))]),
        (Rule::ServerlessInstances, vec![files().replace("InitialInstanceCount: 1", "ServerlessConfig: {MemorySizeInMB: 1024, MaxConcurrency: 1}")]),
        (Rule::ServerlessMemory, vec![files().serverless().replace("2048", "2000"), files().serverless().replace("2048", "7168"), files().serverless().replace("MemorySizeInMB: 2048, ", "")]),
        (Rule::ServerlessConcurrency, vec![files().serverless().replace("MaxConcurrency: 5", "MaxConcurrency: 201"), files().serverless().replace("MaxConcurrency: 5", "MaxConcurrency: 5, ProvisionedConcurrency: 6")]),
        (Rule::ServerlessVpc, vec![files().serverless().at("model", "VpcConfig: {Subnets: [a], SecurityGroupIds: [a]}"), files().serverless().at("model", "EnableNetworkIsolation: true")]),
        (Rule::ServerlessKms, vec![files().serverless().at("config", "KmsKeyId: alias/a")]),
        (Rule::ServerlessCapture, vec![capture(HEADER).serverless()]),
        (Rule::ServerlessVariants, vec![files().serverless().replace("# variant", &format!("\n        - {{{}}}", VARIANT.replace("all", "b")))]),
        (Rule::ServerlessContainers, vec![files().serverless().replace("[{ModelPackageName: !Ref ModelPackageName}]", "[{Image: a}, {Image: b}]"), files().serverless().replace("[{ModelPackageName: !Ref ModelPackageName}]", "[{Image: a, Mode: MultiModel}]")]),
        (Rule::CaptureContentType, vec![capture("InitialSamplingPercentage: 1")]),
        (Rule::CaptureRange, vec![capture(&HEADER.replace(": 1,", ": 101,")), capture(HEADER).replace("s3://b", "b"), capture(HEADER).replace("CaptureOptions: [{CaptureMode: Input}], ", "")]),
        (Rule::AsyncConcurrency, vec![Files { cases: "version: 1\n".to_owned(), ..files().at("config", "AsyncInferenceConfig: {ClientConfig: {MaxConcurrentInvocationsPerInstance: 1001}}") }]),
        (Rule::AsyncInvokedDirectly, vec![files().at("config", async_config)]),
        (Rule::DirectInvokedAsync, vec![Files { cases: "version: 1\ncases:\n  - {name: one, body: x, mode: async}\n".to_owned(), ..files() }]),
        (Rule::CasesUnreadable, vec![Files { cases: "cases: [".to_owned(), ..files() }]),
        (Rule::UpdatePolicyExclusive, vec![update("BlueGreenUpdatePolicy: {}, RollingUpdatePolicy: {}")]),
        (
            Rule::TrafficRouting,
            vec![
                blue_green("Type: CANARI, WaitIntervalInSeconds: 1"),
                blue_green("Type: CANARY, WaitIntervalInSeconds: 1"),
                blue_green("Type: LINEAR, WaitIntervalInSeconds: 1"),
                percent("CanarySize", "ALL_AT_ONCE", 10),
                percent("CanarySize", "CANARY", 10).replace("CAPACITY_PERCENT", "PERCENT"),
            ],
        ),
        (
            Rule::UpdatePolicyRange,
            vec![
                percent("CanarySize", "CANARY", 51),
                percent("LinearStepSize", "LINEAR", 9),
                blue_green("Type: ALL_AT_ONCE, WaitIntervalInSeconds: 3601"),
                update("BlueGreenUpdatePolicy: {TerminationWaitInSeconds: 3601}"),
                update("BlueGreenUpdatePolicy: {MaximumExecutionTimeoutInSeconds: 599}"),
                update("RollingUpdatePolicy: {MaximumBatchSize: {Type: CAPACITY_PERCENT, Value: 4}}"),
                update("AutoRollbackConfiguration: {Alarms: []}"),
            ],
        ),
        (Rule::AlarmUnresolved, vec![alarm("!Ref Model"), alarm("!Ref R").at("resources", "R: {Type: AWS::CloudWatch::Alarm, Condition: Never}")]),
        (Rule::AlarmElsewhere, vec![alarm("errors")]),
        (
            Rule::ScalingResourceId,
            ["endpoint/churn", "!Sub 'endpoint/${Endpoint.EndpointName}/variant/al'", "!Sub 'endpoint/${Endpoint}/variant/all'"]
                .map(|id| scaling(&format!("ResourceId: {id}")))
                .to_vec(),
        ),
        (Rule::ScalingDimension, vec![scaling(SCALED).replace("DesiredInstanceCount", "DesiredProvisionedConcurrency"), scaling(SCALED).serverless()]),
        (Rule::ScalingCapacity, vec![scaling(&format!("{SCALED}, MinCapacity: 3, MaxCapacity: 2"))]),
        (Rule::ManagedScalingToZero, vec![component(SPECIFICATION).replace("InitialInstanceCount: 1", "InitialInstanceCount: 1, ManagedInstanceScaling: {MinInstanceCount: 0}").in_region("eu-west-3")]),
        (Rule::ScalingRetain, vec![scaling(SCALED), scaling(SCALED).at("endpoint", "RetainAllVariantProperties: false")]),
    ]
}

fn rules(findings: &[Finding]) -> BTreeSet<Rule> {
    findings.iter().filter_map(|finding| finding.rule).collect()
}

#[test]
fn files_without_a_fault_have_no_findings() {
    assert_eq!(files().findings(true), []);
    assert_eq!(files().serverless().findings(true), []);
    assert_eq!(capture(HEADER).findings(true), []);
    assert_eq!(scaled("MinCapacity: 1, MaxCapacity: 2").findings(true), []);
    let empty = scaled("MinCapacity: 0, MaxCapacity: 2")
        .at("config", "AsyncInferenceConfig: {OutputConfig: {S3OutputPath: s3://b/o}}");
    assert_eq!(empty.cases("body: x, mode: async").findings(true), []);
    let part = component(&format!("{SPECIFICATION}, RuntimeConfig: {{CopyCount: 1}}"));
    assert_eq!(part.cases("body: x, inference_component: part").in_region("eu-central-1").findings(true), []);
    let pools =
        "InstancePools: [{InstanceType: ml.g6.xlarge, Priority: 1, ModelNameOverride: !GetAtt Model.ModelName}]";
    assert_eq!(files().replace("InstanceType: ml.m5.large", pools).findings(true), []);
    assert_eq!(files().many_models().cases("body: x, target_model: a.tar.gz").findings(true), []);
    assert_eq!(files().at("resources", "R: {Type: X::Y::Z, Description: why, Metadata: {}}").findings(true), []);
    let named = files().at("model", "ModelName: !Sub 'churn-${ModelPackageName}'");
    assert_eq!(named.findings(true), []);
    assert_eq!(files().package(Some("image"), None).findings(true), []);
    let beside = files().package(None, None).replace(
        "ModelPackageName: !Ref ModelPackageName",
        "ModelPackageName: !Ref ModelPackageName, Image: '111111111111.dkr.ecr.us-east-1.amazonaws.com/a:1'",
    );
    assert_eq!(beside.findings(true), []);
    let other = files().package(None, None).replace("ModelPackageName: !Ref ModelPackageName", "Image: 'a:1'");
    assert!(!rules(&other.findings(true)).contains(&Rule::PackageUndeployable));
}

#[test]
fn every_rule_finds_what_breaks_it_and_points_at_it() {
    let mut seen = BTreeSet::from([
        Rule::FileUnreadable,
        Rule::LocalFile,
        Rule::ServerlessImage,
        Rule::ParameterUnset,
        Rule::Rendering,
        Rule::RenderingLater,
    ]);
    for (rule, examples) in broken() {
        for files in examples {
            let findings = files.findings(true);
            let found = findings.iter().find(|finding| finding.rule == Some(rule));
            let Some(found) = found else {
                panic!("{} is not found, but {findings:#?}\n{}\n{:?}", rule.id(), files.template, files.configs);
            };
            assert_eq!(found.severity, rule.severity());
            assert!(found.place.is_some(), "{}", rule.id());
        }
        seen.insert(rule);
    }
    let missing: Vec<&str> = Rule::ALL.iter().filter(|rule| !seen.contains(rule)).map(|rule| rule.id()).collect();
    assert!(missing.is_empty(), "no example breaks {missing:?}");
    let unset = files().at("parameters", "RoleName: {Type: String}").findings(false);
    assert_eq!(rules(&unset), BTreeSet::from([Rule::ParameterUnset]));
}

#[test]
fn a_variant_that_is_not_there_is_told_with_each_name_once() {
    let id = "ResourceId: !Sub 'endpoint/${Endpoint.EndpointName}/variant/al'";
    let twice = scaling(id).replace(&format!("- {{{VARIANT}}}"), &format!("- {{{VARIANT}}}\n        - {{{VARIANT}}}"));
    for files in [scaling(id), twice] {
        let findings = files.findings(true);
        let found = findings.iter().find(|finding| finding.rule == Some(Rule::ScalingResourceId)).expect("found");
        assert_eq!(found.what, "\"R\" scales variant \"al\", which no endpoint has");
        let (cause, hint) = (found.cause.as_deref().expect("a cause"), found.hint.as_deref().expect("a hint"));
        assert_eq!((cause.matches("/variant/all").count(), hint.matches("\"all\"").count()), (1, 1), "{cause}; {hint}");
    }
}

#[test]
fn numbers_of_yaml_1_1_are_numbers_and_are_held_against_their_limits() {
    let with = |volume: &str, count: &str, timeout: &str, most: &str| {
        let more = format!("VolumeSizeInGB: {volume}, ModelDataDownloadTimeoutInSeconds: {timeout}");
        let instances = format!("InitialInstanceCount: {count}, {more}");
        files()
            .replace("InitialInstanceCount: 1", &instances)
            .at("parameters", &format!("P: {{Type: Number, Default: 1_0, MaxValue: {most}}}"))
            .findings(true)
    };
    assert_eq!(with("0x64", "0b10", "3_600", "1_00"), []);
    assert_eq!(with("0x_64", "1_0", "0x3C", "0b1010"), []);
    for (findings, rule) in [
        (with("0x201", "1", "60", "10"), Rule::VariantRange),
        (with("1", "0b0", "60", "10"), Rule::VariantRange),
        (with("1", "1", "3_601", "10"), Rule::VariantRange),
        (with("1", "1", "60", "0b1001"), Rule::ParameterDefault),
        (with("1", "1", "0o74", "10"), Rule::VariantRange),
        (with("1", "1", ".inf", "10"), Rule::VariantRange),
    ] {
        assert_eq!(rules(&findings), BTreeSet::from([rule]), "{findings:?}");
    }
    let octal = with("1", "1", "074", "10");
    assert_eq!(rules(&octal), BTreeSet::from([Rule::YamlOctal]));
    let on =
        capture(HEADER).replace("EnableCapture: true", "EnableCapture: on").replace("CaptureContentTypeHeader", "X");
    assert!(rules(&on.findings(true)).contains(&Rule::CaptureContentType));
}

#[test]
fn what_stack_sets_refuse_is_taken_by_others_and_judged_where_it_can_be() {
    let deployed = |files: Files, deployer: Deployer| Files { deployer, ..files }.findings(true);
    let nested = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://b.s3.amazonaws.com/t'}}";
    for deployer in [Deployer::StackSetWithOwnRole, Deployer::CloudFormation] {
        assert_eq!(deployed(resource(nested), deployer), []);
        let serverless = files()
            .replace("Resources:\n", "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {}}\nResources:\n");
        assert_eq!(deployed(serverless, deployer), []);
        let length = resource("{Type: X::Y::Z, Properties: {A: !Length [a]}}");
        assert_eq!(rules(&deployed(length.clone(), deployer)), BTreeSet::from([Rule::FunctionUnknown]));
        let extended = length.replace("Resources:\n", "Transform: [AWS::LanguageExtensions]\nResources:\n");
        assert_eq!(deployed(extended, deployer), []);
        let mut in_a_stack = resource(nested);
        let at = in_a_stack.template.find("  Endpoint:").expect("an endpoint");
        let end = in_a_stack.template.find("  R:").expect("the nested stack");
        in_a_stack.template.replace_range(at..end, "");
        assert_eq!(deployed(in_a_stack, deployer), [], "the endpoint may be in the nested stack");
    }
    let wide = |deployer| deployed(files().at("resources", &format!("# {}", "x".repeat(500_000))), deployer);
    assert_eq!(rules(&wide(Deployer::StackSetWithOwnRole)), BTreeSet::from([Rule::TemplateSize]));
    assert_eq!(wide(Deployer::CloudFormation), []);
}

#[test]
fn an_assertion_is_held_against_each_stage() {
    let rule = "{RuleCondition: !Equals [!Ref StageName, prod], Assertions: [{Assert: !Contains [[a], !Ref P], \
                AssertDescription: prod runs on a}]}";
    let template = asserted(rule).at("parameters", "P: {Type: String, Default: b}");
    let findings = template.findings(true);
    assert_eq!(rules(&findings), BTreeSet::from([Rule::RuleAssertion]));
    assert_eq!(findings[0].what, "breaks rule \"Large\" of the template: prod runs on a");
    assert_eq!((findings[0].stages.join(" "), findings[0].cause.as_deref()), ("prod".to_owned(), Some("P is \"b\"")));
    // What a macro makes of it, nobody can tell
    let rewritten = asserted(rule).replace("Rules:\n", "Transform: Own\nRules:\n");
    assert_eq!(rules(&rewritten.findings(true)), BTreeSet::from([Rule::StackSetTransform]));
    // A value that is refused is not held against a rule as well
    let refused =
        asserted("{Assertions: [{Assert: !Equals [!Ref P, 1]}]}").at("parameters", "P: {Type: Number, Default: 1}");
    assert_eq!(rules(&refused.setting("P", "x").findings(true)), BTreeSet::from([Rule::ParameterType]));
}

/// Properties and combinations that AWS took on, or began to refuse, since the middle of 2025.
#[test]
#[expect(clippy::too_many_lines, reason = "one line is one fact of AWS")]
fn what_came_since_2025_is_judged_at_every_depth() {
    let pools = |pools: &str| files().replace("InstanceType: ml.m5.large", &format!("InstancePools: [{pools}]"));
    let pool = |with: &str| pools(&format!("{{InstanceType: ml.g6.xlarge, Priority: 1{with}}}"));
    let one = "{InstanceType: ml.g6.xlarge, Priority: 1}";
    let routing = |strategy: &str| variant(&format!("RoutingConfig: {{RoutingStrategy: {strategy}}}"));
    let prefix = |config: &str| routing(&format!("PREFIX_AWARE, PrefixAwareRoutingConfig: {{{config}}}"));
    let managed = |with: &str| {
        component(SPECIFICATION).replace("Count: 1}", &format!("Count: 1, ManagedInstanceScaling: {{{with}}}}}"))
    };
    let policy = |with: &str| managed(&format!("ScaleInPolicy: {{{with}}}"));
    let metrics =
        |seconds: u32| files().at("config", &format!("MetricsConfig: {{MetricPublishFrequencyInSeconds: {seconds}}}"));
    let partitions = |types: &str| format!("AcceleratorPartitionLayouts: [{{AcceleratorPartitionTypes: {types}}}]");
    let ami = |name: &str| variant(&format!("InferenceAmiVersion: {name}"));
    let reserved = |with: &str| variant(&format!("CapacityReservationConfig: {{{with}}}"));
    let serverless =
        |with: &str| files().serverless().replace("MaxConcurrency: 5}", &format!("MaxConcurrency: 5}}, {with}"));
    let within = |with: &str| component(&SPECIFICATION.replace("{ModelName", &format!("{{{with}, ModelName")));
    let several = |count: usize| {
        const TYPES: [&str; 6] = ["g4dn", "g5", "g6", "m5", "m5d", "c5"];
        let bare = SPECIFICATION.trim_start_matches("Specification: ");
        let of_type = |family| bare.replace("{ModelName", &format!("{{InstanceType: ml.{family}.xlarge, ModelName"));
        format!("Specifications: [{}]", TYPES[..count].iter().map(of_type).collect::<Vec<_>>().join(", "))
    };
    let asynchronous = "AsyncInferenceConfig: {OutputConfig: {S3OutputPath: s3://b/o}}\nCrossRegionTrafficConfig: {MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5}";
    let arn = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/a";
    let rows: Vec<(Files, &[Rule])> = vec![
        (pools(one), &[]),
        (pools("{InstanceType: g6.xlarge, Priority: 1}"), &[Rule::InstanceType]),
        (pools("{InstanceType: ml.g99.xlarge, Priority: 1}"), &[Rule::InstanceTypeUnlisted]),
        (pools("{InstanceType: ml.g6.xlarge}"), &[Rule::PropertyMissing]),
        (pools("{InstanceType: ml.g6.xlarge, Priority: 6}"), &[Rule::VariantRange]),
        (pools(&[one; 6].join(", ")), &[Rule::VariantRange]),
        (pool(", ModelNameOverride: !GetAtt Model.ModelName"), &[]),
        (pool(", ModelNameOverride: !Ref Model"), &[Rule::ArnForName]),
        (variant(&format!("InstancePools: [{one}]")), &[Rule::InstancePoolsBesideType]),
        (variant("VariantInstanceProvisionTimeoutInSeconds: 300"), &[]),
        (variant("VariantInstanceProvisionTimeoutInSeconds: 3601"), &[Rule::VariantRange]),
        (routing("LEAST_OUTSTANDING_REQUESTS"), &[]),
        (routing("FASTEST"), &[Rule::PropertyValue]),
        (routing("KV_AWARE"), &[Rule::PropertyApiOnly]),
        (routing("PREFIX_AWARE"), &[Rule::Routing]),
        (routing("RANDOM, PrefixAwareRoutingConfig: {PrefixLength: 1024, ConcurrencyThreshold: 1}"), &[Rule::Routing]),
        (prefix("PrefixLength: 1024, ConcurrencyThreshold: 1024"), &[]),
        (prefix("PrefixLength: 1023, ConcurrencyThreshold: 1"), &[Rule::PropertyRange]),
        (prefix("PrefixLength: 65536, ConcurrencyThreshold: 1025"), &[Rule::PropertyRange]),
        (policy("Strategy: IDLE_RELEASE, MaximumStepSize: 100, CooldownInMinutes: 1440"), &[]),
        (policy("MaximumStepSize: 1"), &[Rule::PropertyMissing]),
        (policy("Strategy: IDLE"), &[Rule::PropertyValue]),
        (policy("Strategy: CONSOLIDATION, MaximumStepSize: 101"), &[Rule::PropertyRange]),
        (policy("Strategy: CONSOLIDATION, CooldownInMinutes: 4"), &[Rule::PropertyRange]),
        (metrics(300), &[]),
        (metrics(15), &[Rule::PropertyValue]),
        (ami("al2023-ami-sagemaker-inference-gpu-4-1"), &[]),
        (ami("al2-ami-sagemaker-inference-gpu-9"), &[Rule::PropertyValue]),
        (reserved(&format!("CapacityReservationPreference: capacity-reservations-only, MlReservationArn: {arn}")), &[]),
        (reserved("CapacityReservationPreference: perhaps"), &[Rule::PropertyValue]),
        (reserved("MlReservationArn: short"), &[Rule::PropertyLength]),
        (
            serverless("CapacityReservationConfig: {CapacityReservationPreference: capacity-reservations-only}"),
            &[Rule::ServerlessInstances],
        ),
        (serverless("VariantInstanceProvisionTimeoutInSeconds: 300"), &[Rule::ServerlessInstances]),
        (serverless(&partitions("[mig-3g.40gb]")), &[Rule::PropertyApiOnly, Rule::ServerlessInstances]),
        (
            files().serverless().at("config", "CrossRegionTrafficConfig: {MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5}"),
            &[Rule::PropertyApiOnly, Rule::CrossRegionTraffic],
        ),
        (
            files().at("config", asynchronous).cases("body: x, mode: async"),
            &[Rule::PropertyApiOnly, Rule::CrossRegionTraffic],
        ),
        (variant(&partitions("[mig-3g.40gb, mig-4g.40gb]")), &[Rule::PropertyApiOnly]),
        (variant("AcceleratorPartitionLayouts: []"), &[Rule::PropertyApiOnly, Rule::VariantRange]),
        (variant("AcceleratorPartitionLayouts: [mig-3g.40gb]"), &[Rule::PropertyApiOnly, Rule::PropertyType]),
        (variant(&partitions(&format!("[{}]", ["a"; 33].join(", ")))), &[Rule::PropertyApiOnly, Rule::PropertyCount]),
        (variant(&partitions(&format!("[{}]", "a".repeat(33)))), &[Rule::PropertyApiOnly, Rule::PropertyLength]),
        (
            files().at("config", "CrossRegionTrafficConfig: {MaxCrossRegionPercentPerEndpoint: 101}"),
            &[Rule::PropertyApiOnly, Rule::PropertyRange, Rule::PropertyMissing],
        ),
        (variant("ManagedInstanceScaling: {MinInstanceCount: 1}"), &[Rule::ManagedScaling]),
        (variant("ManagedInstanceScaling: {Status: DISABLED}"), &[]),
        (managed("MinInstanceCount: 0"), &[]),
        (managed("MinInstanceCount: 0").in_region("us-east-1"), &[]),
        (managed("MinInstanceCount: 0").in_region("eu-west-3"), &[Rule::TypeRegion, Rule::ManagedScalingToZero]),
        (managed("MinInstanceCount: -1"), &[Rule::VariantRange]),
        (managed("MinInstanceCount: 3, MaxInstanceCount: 2"), &[Rule::VariantRange]),
        (component(SPECIFICATION), &[]),
        (component(SPECIFICATION).in_region("us-west-1"), &[Rule::TypeRegion]),
        (component(&format!("{SPECIFICATION}, RuntimeConfig: {{CopyCount: 0}}")), &[Rule::ComponentCopies]),
        (component("RuntimeConfig: {CopyCount: 1}"), &[Rule::PropertyExclusive]),
        (component(&several(2)), &[]),
        (component(&several(1)), &[Rule::PropertyCount]),
        (component(&several(6)), &[Rule::PropertyCount]),
        (component(&format!("{SPECIFICATION}, {}", several(2))), &[Rule::PropertyExclusive]),
        (
            within(
                "SchedulingConfig: {PlacementStrategy: SPREAD, AvailabilityZoneBalance: {EnforcementMode: PERMISSIVE}}",
            ),
            &[],
        ),
        (within("SchedulingConfig: {PlacementStrategy: SPREAD}"), &[Rule::PropertyMissing]),
        (
            component(SPECIFICATION).replace("VariantName: all, Spec", "VariantName: al, Spec"),
            &[Rule::ComponentVariant],
        ),
        (component(&SPECIFICATION.replace("!GetAtt Model.ModelName", "!Ref Model")), &[Rule::ArnForName]),
    ];
    for (files, want) in rows {
        let is_component = files.template.contains("InferenceComponent");
        let files = if is_component && !files.cases.contains("inference_component") {
            files.cases("body: x, inference_component: part")
        } else {
            files
        };
        let found = files.findings(true);
        assert_eq!(rules(&found), want.iter().copied().collect(), "{found:#?}\n{}", files.template);
    }
}

#[test]
fn an_image_of_a_serverless_endpoint_is_in_the_account_or_is_aws_s_own() {
    let accounts = |ids: &[&str]| -> Vec<AccountId> { ids.iter().map(|id| id.parse().expect("an id")).collect() };
    let (own, both) = (accounts(&["111122223333"]), accounts(&["111122223333", "222222222222"]));
    let with = |image: &str| {
        files().serverless().replace("{ModelPackageName: !Ref ModelPackageName}", &format!("{{Image: {image}}}"))
    };
    let elsewhere = |files: &Files, accounts: &[AccountId]| -> Vec<Finding> {
        files.checked(true).serverless_images.iter().filter_map(|image| image.elsewhere(accounts)).collect()
    };
    let of_account = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1";
    assert_eq!(elsewhere(&with(of_account), &own), []);
    let found = elsewhere(&with(of_account), &both);
    let stages: Vec<&str> = found.iter().flat_map(|one| &one.stages).map(String::as_str).collect();
    assert_eq!(stages, ["staging", "prod"]);
    assert_eq!((found[0].rule, found[0].severity), (Some(Rule::ServerlessImage), Severity::Error));
    assert!(
        found[0].what.contains("is serverless in account 222222222222") && found[0].what.contains(of_account),
        "{}",
        found[0].what
    );
    assert!(found[0].place.is_some() && found[0].excerpt.is_some());
    // A registry of others is in no account's ECR
    for image in ["public.ecr.aws/a/b:1", "docker.io/library/nginx"] {
        assert_eq!(elsewhere(&with(image), &own).len(), 2, "{image}");
    }
    for files in [
        // Of AWS's own
        with("763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:2.6"),
        // In whatever account it is rolled out
        with("!Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/churn:1'"),
        // On instances
        files().replace("{ModelPackageName: !Ref ModelPackageName}", &format!("{{Image: {of_account}}}")),
        files().serverless(),
    ] {
        assert_eq!(elsewhere(&files, &both), [], "{}", files.template);
    }
    let container = Container { image: Some(of_account.to_owned()), ..Container::default() };
    let package = Some(ModelPackage { containers: vec![container], ..ModelPackage::default() });
    let of_package = Files { package, ..files().serverless() };
    assert_eq!(elsewhere(&of_package, &own), []);
    assert_eq!(elsewhere(&of_package, &both).len(), 2);
}

#[test]
fn a_name_that_no_model_version_meets_is_no_error() {
    let of = |container: &str| {
        files().replace("ModelPackageName: !Ref ModelPackageName", container).at("model", "ModelName: churn")
    };
    let config = |files: Files| files.at("config", "EndpointConfigName: churn");
    // Nothing replaces the model; where the version comes into play, it replaces the config as well
    assert_eq!(rules(&of("Image: a").findings(true)), BTreeSet::new());
    assert_eq!(rules(&of("Image: !Ref StageName").findings(true)), BTreeSet::from([Rule::ConstantNameLikely]));
    assert_eq!(rules(&config(of("Image: a")).findings(true)), BTreeSet::from([Rule::ConstantNameLikely]));
    let both = config(of("ModelPackageName: !Ref ModelPackageName")).findings(true);
    assert_eq!(both.iter().map(|one| one.rule).collect::<Vec<_>>(), [Some(Rule::ConstantName); 2]);
}

#[test]
fn what_a_condition_switches_off_is_not_reported() {
    let off = files().at("model", "ModelName: !If [Never, churn, !Ref AWS::NoValue]");
    assert_eq!(off.findings(true), []);
    let off = files().at("resources", "R: {Type: AWS::SageMaker::Model, Condition: Never}");
    assert_eq!(off.findings(true), []);
    let of_one = files()
        .replace("Never: !Equals [a, b]", "Never: !Or [!Equals [!Ref StageName, prod], !Equals [!Ref AWS::Region, x]]");
    let findings = of_one.at("model", "ModelName: !If [Never, churn, !Ref AWS::NoValue]").findings(true);
    assert_eq!(rules(&findings), BTreeSet::from([Rule::ConstantName]));
    assert_eq!(findings[0].stages, ["prod"]);
}

#[test]
fn a_misspelt_property_is_told_where_no_stage_is_known_to_use_it_too() {
    let found = |files: Files| files.findings(true).into_iter().map(|one| (one.rule, one.what)).collect::<Vec<_>>();
    let capture = "{EnableCaptur: true, InitialSamplingPercentage: 9, DestinationS3Uri: s3://b/p, CaptureOptions: []}";
    let switched_off =
        found(files().at("config", &format!("DataCaptureConfig: !If [Never, {capture}, !Ref AWS::NoValue]")));
    let what = "\"Config\" has EnableCaptur where no stage is known to use it, and AWS::SageMaker::EndpointConfig does not have it";
    assert_eq!(switched_off, [(Some(Rule::PropertyUnlisted), what.to_owned())]);
    let resource = "R: {Type: AWS::SageMaker::Model, Condition: Never, Properties: {ExecutionRolArn: x}}";
    let [(rule, what)] = &found(files().at("resources", resource))[..] else { panic!("one") };
    assert_eq!(*rule, Some(Rule::PropertyUnlisted));
    assert!(what.starts_with("\"R\" has ExecutionRolArn where"), "{what}");
    // Where a stage uses it, it is an error, and told once.
    let used = found(files().at("config", &format!("DataCaptureConfig: !If [Never, !Ref AWS::NoValue, {capture}]")));
    let named: Vec<_> = used.iter().filter(|(_, what)| what.contains("EnableCaptur,")).collect();
    assert_eq!((named.len(), named[0].0), (1, Some(Rule::PropertyUnknown)), "{used:?}");
    assert!(used.iter().all(|(_, what)| !what.contains("no stage")), "{used:?}");
}

#[test]
fn what_is_not_known_is_not_judged() {
    for expression in [
        "!Ref AWS::AccountId",
        "!Ref SageMakerProjectName",
        "!GetAtt Model.ModelName",
        "!ImportValue x",
        "'{{resolve:ssm:/a}}'",
    ] {
        let files = files().serverless().replace("MemorySizeInMB: 2048", &format!("MemorySizeInMB: {expression}"));
        let found = rules(&files.findings(true));
        assert!(expression.contains("resolve") || found.is_empty(), "{expression}: {found:?}");
    }
}
