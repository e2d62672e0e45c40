//! The properties that take a place in S3, as resource types have them.

/// A property that takes a place in S3, with the spelling of that place.
pub(super) struct Property {
    pub(super) resource: &'static str,
    pub(super) path: &'static [&'static str],
    pub(super) form: Form,
    /// A file that is not a zip archive is put into one.
    pub(super) zip: bool,
    /// The file is a template, which may name files itself.
    pub(super) is_template: bool,
}

/// How a property spells a place in S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `s3://bucket/key`
    Uri,
    /// `https://s3.eu-west-1.amazonaws.com/bucket/key`
    Url,
    Map {
        bucket: &'static str,
        key: &'static str,
        version: Option<&'static str>,
    },
}

const fn property(resource: &'static str, path: &'static [&'static str], form: Form) -> Property {
    Property { resource, path, form, zip: false, is_template: false }
}

const fn zipped(resource: &'static str, path: &'static [&'static str], form: Form) -> Property {
    Property { zip: true, ..property(resource, path, form) }
}

const fn template(resource: &'static str, path: &'static [&'static str]) -> Property {
    Property { is_template: true, ..property(resource, path, Form::Url) }
}

pub(super) const LAMBDA: Form = Form::Map { bucket: "S3Bucket", key: "S3Key", version: Some("S3ObjectVersion") };
pub(super) const PLAIN: Form = Form::Map { bucket: "Bucket", key: "Key", version: Some("Version") };

/// The list of awscli 1.46 (`artifact_exporter.py`) without what service-managed stack sets refuse, which are nested
/// stacks and the Serverless transform; besides, two properties of the same kind that it lacks: `CodeS3Location` of
/// AppSync and the body of an API Gateway version 2 API.
pub(super) const PROPERTIES: [Property; 14] = [
    zipped("AWS::Lambda::Function", &["Code"], LAMBDA),
    zipped("AWS::Lambda::LayerVersion", &["Content"], LAMBDA),
    property("AWS::StepFunctions::StateMachine", &["DefinitionS3Location"], PLAIN),
    property("AWS::ApiGateway::RestApi", &["BodyS3Location"], PLAIN),
    property("AWS::ApiGatewayV2::Api", &["BodyS3Location"], PLAIN),
    property("AWS::Glue::Job", &["Command", "ScriptLocation"], Form::Uri),
    property("AWS::AppSync::GraphQLSchema", &["DefinitionS3Location"], Form::Uri),
    property("AWS::AppSync::Resolver", &["RequestMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::Resolver", &["ResponseMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::Resolver", &["CodeS3Location"], Form::Uri),
    property("AWS::AppSync::FunctionConfiguration", &["RequestMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::FunctionConfiguration", &["ResponseMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::FunctionConfiguration", &["CodeS3Location"], Form::Uri),
    property(
        "AWS::ElasticBeanstalk::ApplicationVersion",
        &["SourceBundle"],
        Form::Map { bucket: "S3Bucket", key: "S3Key", version: None },
    ),
];
pub(super) const REPOSITORY: Property = zipped(
    "AWS::CodeCommit::Repository",
    &["Code", "S3"],
    Form::Map { bucket: "Bucket", key: "Key", version: Some("ObjectVersion") },
);

/// The rest of that list, for those who take it; besides, two properties that the SAM CLI packs: the definition of an
/// HTTP API, and the schema of a GraphQL API.
pub(super) const EXPANDED: [Property; 8] = [
    template("AWS::CloudFormation::Stack", &["TemplateURL"]),
    template("AWS::Serverless::Application", &["Location"]),
    zipped("AWS::Serverless::Function", &["CodeUri"], Form::Uri),
    zipped("AWS::Serverless::LayerVersion", &["ContentUri"], Form::Uri),
    property("AWS::Serverless::Api", &["DefinitionUri"], Form::Uri),
    property("AWS::Serverless::HttpApi", &["DefinitionUri"], Form::Uri),
    property("AWS::Serverless::StateMachine", &["DefinitionUri"], PLAIN),
    property("AWS::Serverless::GraphQLApi", &["SchemaUri"], Form::Uri),
];

/// What `Globals` of the Serverless transform say of all resources of a type.
pub(super) const GLOBALS: [Property; 2] =
    [zipped("Function", &["CodeUri"], Form::Uri), property("Api", &["DefinitionUri"], Form::Uri)];

/// `Location` of `AWS::Include`.
pub(super) const INCLUDE: Property = property("AWS::Include", &["Location"], Form::Uri);
