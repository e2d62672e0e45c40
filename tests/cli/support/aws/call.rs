//! One call to AWS: what it asks, of whom, and in which of AWS's protocols.

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::Value;

/// How a service speaks, which is how it has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// JSON 1.1: SageMaker, Organizations, ECR, KMS and what the platform's commands speak to
    Json,
    /// Query in, XML out: STS, IAM and CloudFormation
    Query,
    /// REST with JSON errors: the SageMaker runtime
    Rest,
    /// REST with XML errors: S3
    S3,
}

#[derive(Debug)]
pub(crate) struct Call {
    /// As IAM names it: `sagemaker:ListModelPackages`.
    pub(crate) action: String,
    /// The account that it acts in; for `AssumeRole`, the role's.
    pub(crate) account: String,
    pub(crate) protocol: Protocol,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// Recognises a call by its headers, path and body.
    pub(super) fn parse(method: &Method, path: &str, headers: HeaderMap, body: Bytes, account: &str) -> Self {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let (action, protocol) = if let Some(operation) = target.strip_prefix("SageMaker.") {
            (format!("sagemaker:{operation}"), Protocol::Json)
        } else if let Some(operation) = target.strip_prefix("AWSOrganizationsV20161128.") {
            (format!("organizations:{operation}"), Protocol::Json)
        } else if let Some(operation) = target.strip_prefix("AmazonEC2ContainerRegistry_V20150921.") {
            (format!("ecr:{operation}"), Protocol::Json)
        } else if let Some(operation) = target.strip_prefix("TrentService.") {
            (format!("kms:{operation}"), Protocol::Json)
        } else if let Some(action) = of_platform(target) {
            (action, Protocol::Json)
        } else if path.starts_with("/endpoints/") && path.ends_with("/invocations") {
            ("sagemaker:InvokeEndpoint".to_owned(), Protocol::Rest)
        } else if path.starts_with("/endpoints/") && path.ends_with("/invocations-response-stream") {
            ("sagemaker:InvokeEndpointWithResponseStream".to_owned(), Protocol::Rest)
        } else if path.starts_with("/endpoints/") && path.ends_with("/openai/v1/chat/completions") {
            ("sagemaker:CallWithBearerToken".to_owned(), Protocol::Rest)
        } else if path.starts_with("/endpoints/") && path.ends_with("/async-invocations") {
            ("sagemaker:InvokeEndpointAsync".to_owned(), Protocol::Rest)
        } else if signed_for(&headers) == Some("s3") {
            (format!("s3:{}", s3_operation(method, path, &headers)), Protocol::S3)
        } else if let Some(operation) = form_value(&body, "Action") {
            (format!("{}:{operation}", signed_for(&headers).unwrap_or("sts")), Protocol::Query)
        } else {
            (path.to_owned(), Protocol::Rest)
        };
        let role_account = form_value(&body, "RoleArn").and_then(|arn| arn.split(':').nth(4).map(str::to_owned));
        let account = role_account.unwrap_or_else(|| account.to_owned());
        Self { action, account, protocol, path: path.to_owned(), headers, body }
    }

    /// Whether it is not a question.
    pub(super) fn writes(&self) -> bool {
        !["Describe", "List", "Get", "Head", "Search"].iter().any(|verb| self.operation().starts_with(verb))
    }

    /// The operation without its service.
    pub(crate) fn operation(&self) -> &str {
        self.action.split_once(':').map_or(&self.action, |(_, operation)| operation)
    }

    /// The account of the registry's object that the request names by its ARN.
    pub(super) fn owner(&self) -> Option<String> {
        if self.protocol != Protocol::Json {
            return None;
        }
        let request = self.json();
        let name = ["ModelPackageGroupName", "ModelPackageName"].iter().find_map(|key| request[key].as_str())?;
        name.split(':').nth(4).map(str::to_owned)
    }

    /// The request, where it is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request is JSON")
    }

    /// A parameter of the request, where it is a form.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        form_value(&self.body, name)
    }
}

fn s3_operation(method: &Method, path: &str, headers: &HeaderMap) -> &'static str {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| query.split('&').any(|part| part.split('=').next() == Some(name));
    let copies = headers.contains_key("x-amz-copy-source");
    match *method {
        Method::GET if has("policy") => "GetBucketPolicy",
        Method::GET if has("acl") => "GetBucketAcl",
        Method::GET if has("tagging") => "GetObjectTagging",
        Method::GET if has("cors") => "GetBucketCors",
        Method::PUT if has("tagging") => "PutObjectTagging",
        Method::PUT if has("cors") => "PutBucketCors",
        Method::GET if has("list-type") => "ListObjectsV2",
        Method::POST if has("uploads") => "CreateMultipartUpload",
        Method::POST if has("uploadId") => "CompleteMultipartUpload",
        Method::DELETE if has("uploadId") => "AbortMultipartUpload",
        Method::PUT if copies && has("partNumber") => "UploadPartCopy",
        Method::PUT if copies => "CopyObject",
        Method::PUT if has("partNumber") => "UploadPart",
        Method::PUT if has("policy") => "PutBucketPolicy",
        Method::PUT => "PutObject",
        Method::HEAD if !path.trim_matches('/').contains('/') => "HeadBucket",
        Method::HEAD => "HeadObject",
        _ => "GetObject",
    }
}

/// The service from `Credential=KEY/20261124/us-east-1/s3/aws4_request`.
fn signed_for(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()?.split_once("Credential=")?.1.split('/').nth(3)
}

/// Calls of the services that only the platform's commands speak to.
fn of_platform(target: &str) -> Option<String> {
    let (service, operation) = target.split_once('.')?;
    let service = match service {
        "AWS242ServiceCatalogService" => "servicecatalog",
        "AWSEvents" => "events",
        "CodeBuild_20161006" => "codebuild",
        "CodeCommit_20150413" => "codecommit",
        "CodePipeline_20150709" => "codepipeline",
        "ServiceQuotasV20190624" => "servicequotas",
        _ => return None,
    };
    Some(format!("{service}:{operation}"))
}

fn form_value(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let url = reqwest::Url::parse(&format!("http://form/?{text}")).ok()?;
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
