//! Every rule of the catalogue, broken once: what a check must find, and nothing else but what comes with it.

use std::collections::BTreeSet;
use std::fmt::Write;

use modeldeploy::domain::build_plan::ProjectFacts;
use modeldeploy::domain::check::rule::Rule;
use modeldeploy::domain::check::{CaseFiles, File, StageFile, Subject, check};
use modeldeploy::domain::finding::Finding;
use modeldeploy::domain::stage::StageSettings;

/// A template, a config and cases that are right.
#[derive(Clone)]
struct Files {
    template: String,
    configs: Vec<String>,
    cases: String,
    named: CaseFiles,
    region: Option<&'static str>,
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
        let stages: Vec<StageSettings> =
            ["staging", "prod"].iter().map(|name| StageSettings::bare(&name.parse().expect("a stage"))).collect();
        let names: Vec<String> = stages.iter().map(|stage| stage.config_file.clone()).collect();
        let stages: Vec<StageFile<'_>> = stages
            .iter()
            .zip(names.iter().zip(&self.configs))
            .map(|(settings, (name, text))| StageFile { settings, config: File { name, text } })
            .collect();
        let facts = ProjectFacts { name: String::new(), id: String::new(), artifact_bucket: None };
        let subject = Subject {
            template: Some(File { name: "t.yml", text: &self.template }),
            stages: &stages,
            cases: Some(File { name: "cases.yml", text: &self.cases }),
            case_files: &self.named,
            facts: &facts,
            package: None,
            region: self.region,
            variables_come_later,
        };
        check(&subject).findings
    }
}

fn parameter(declaration: &str, value: &str) -> Files {
    files().at("parameters", &format!("P: {{{declaration}}}")).setting("P", value)
}

fn resource(body: &str) -> Files {
    files().at("resources", &format!("R: {body}"))
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

    fn case_file(mut self, name: &str, size: Option<u64>) -> Self {
        self.named.insert(name.to_owned(), size);
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
            vec![files().at("config", "CrossRegionTrafficConfig: {}"), variant("RoutingConfig: {RoutingStrategy: KV_AWARE}")],
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
                files().serverless().at("config", "CrossRegionTrafficConfig: {}"),
                files().at("config", async_config).at("config", "CrossRegionTrafficConfig: {}").cases("body: x, mode: async"),
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
        (Rule::CaseVariant, vec![files().cases("body: x, target_variant: Blue")]),
        (
            Rule::CaseComponent,
            vec![component(SPECIFICATION), files().cases("body: x, inference_component: part")],
        ),
        (Rule::CaseModel, vec![files().many_models(), files().cases("body: x, target_model: a.tar.gz")]),
        (
            Rule::CaseSize,
            vec![
                files().serverless().cases("body_file: a").case_file("a", Some(6_000_000)),
                files().cases("body_file: a").case_file("a", Some(26_000_000)),
                files().serverless().cases(&format!("body: {}", "x".repeat(4_000_001))),
            ],
        ),
        (
            Rule::CaseFile,
            ["body_file: a", "body: x, expect: {schema: a}", "dataset: {file: a, label: y, prediction: {column: 0}, gates: {accuracy: {min: 0.5}}}"]
                .map(|case| files().cases(case).case_file("a", None))
                .to_vec(),
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
        (Rule::InterpolationLikely, vec![resource("{Type: X::Y::Z, Properties: {A: 'echo ${StageName}'}}")]),
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
        (Rule::ParameterPatternUndecided, vec![parameter("Type: String, AllowedPattern: '\\p{IsLatin}'", "a")]),
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
        (Rule::YamlBoolean, vec![resource("{Type: X::Y::Z, Properties: {A: on}}")]),
        (Rule::YamlOctal, vec![resource("{Type: X::Y::Z, Properties: {Mode: 0644}}")]),
        (Rule::YamlBase60, vec![resource("{Type: X::Y::Z, Properties: {Time: 12:30}}")]),
        (Rule::YamlAccountId, vec![resource("{Type: X::Y::Z, Properties: {Account: 012345678901}}")]),
        (Rule::ConstantName, vec![files().at("model", "ModelName: churn"), files().at("config", "EndpointConfigName: !Sub '${SageMakerProjectName}-${StageName}'")]),
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
}

#[test]
fn every_rule_finds_what_breaks_it_and_points_at_it() {
    let mut seen = BTreeSet::from([
        Rule::FileUnreadable,
        Rule::InstanceTypeSupported,
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
