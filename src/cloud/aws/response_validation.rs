//! What an answer holds at least, by AWS's models: an HTTP 200 without it is not an answer, and counts as nothing.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use super::xml::xml;
use crate::domain::document::json_document;

/// Written by `make models`; its head says what a line means.
const TABLE: &str = include_str!("../../../models/answers.txt");

/// Answers that are passed on as they come: objects and what models say, and to HEAD, which has no body.
const PASSED_ON: [(&str, &str); 6] = [
    ("S3", "GetObject"),
    ("S3", "HeadBucket"),
    ("S3", "HeadObject"),
    ("SageMaker Runtime", "InvokeEndpoint"),
    ("SageMaker Runtime", "InvokeEndpointAsync"),
    ("SageMaker Runtime", "InvokeEndpointWithResponseStream"),
];

/// Holds every good answer to what the model says of it; for our own calls and for those of the SDK's clients.
#[derive(Debug)]
pub(super) struct ResponseValidation;

impl Intercept for ResponseValidation {
    fn name(&self) -> &'static str {
        "response validation"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = bag.load::<Metadata>().filter(|_| context.output_or_error().is_ok()) else { return Ok(()) };
        if PASSED_ON.contains(&(call.service(), call.name())) {
            return Ok(());
        }
        let model =
            ResponseModel::of(call.service(), call.name()).ok_or("it is not known what such an answer holds")?;
        Ok(model.check(call.name(), context.response().body().bytes().unwrap_or_default())?)
    }
}

/// What an answer lacks.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum InvalidResponse {
    #[error("nothing is in it")]
    Empty,
    #[error("a key stands twice in it")]
    Ambiguous,
    #[error("it is of another kind")]
    OfAnotherKind,
    #[error("it lacks {}", .0.trim_end_matches("{}"))]
    Lacks(&'static str),
}

/// Whether a call failed by what its answer lacks.
pub(super) fn is_invalid_response(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<InvalidResponse>)
}

/// What the answer to an operation holds at least.
struct ResponseModel {
    form: &'static str,
    paths: &'static str,
}

impl ResponseModel {
    fn of(service: &str, operation: &str) -> Option<Self> {
        let mut sections = TABLE.split("\nservice ").filter_map(|section| section.split_once('\n'));
        let (_, lines) = sections.find(|(id, _)| *id == service)?;
        let line = lines.lines().find_map(|line| line.strip_prefix(operation)?.strip_prefix(' '))?;
        let (form, paths) = line.split_once(' ').unwrap_or((line, ""));
        Some(Self { form, paths })
    }

    fn check(&self, operation: &str, body: &[u8]) -> Result<(), InvalidResponse> {
        let is_blank = body.iter().all(u8::is_ascii_whitespace);
        let members = match (self.form, is_blank) {
            ("empty" | "none", true) | ("text", false) => return Ok(()),
            // Emulators answer a word; what is marked up is a page, or an error that came late.
            ("empty", false) if !body.trim_ascii_start().starts_with(b"<") => return Ok(()),
            (_, true) => return Err(InvalidResponse::Empty),
            ("json" | "none", _) => match json_document(body) {
                Err(error) if error.is_data() => return Err(InvalidResponse::Ambiguous),
                read => read.ok().filter(Value::is_object),
            },
            ("xml", _) => xml(body).ok().map(|(_, members)| members),
            ("root" | "query", _) => {
                let response = xml(body).ok().filter(|(root, _)| root.strip_suffix("Response") == Some(operation));
                response.and_then(|(_, mut response)| match self.form {
                    "root" => Some(response),
                    _ => response.get_mut(format!("{operation}Result")).map(Value::take),
                })
            }
            _ => None,
        };
        let members = members.ok_or(InvalidResponse::OfAnotherKind)?;
        let lists_have_elements = self.form != "json";
        match self.paths.split_whitespace().find(|path| !is_in(&members, path, lists_have_elements)) {
            Some(path) => Err(InvalidResponse::Lacks(path)),
            None => Ok(()),
        }
    }
}

/// Whether what the path leads to is there, in every item of the lists on it. A list without items is there; in XML, its
/// element is.
fn is_in(value: &Value, path: &str, lists_have_elements: bool) -> bool {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (names, is_list) = first.strip_suffix("[]").map_or((first, false), |names| (names, true));
    let (names, has_members) = names.strip_suffix("{}").map_or((names, rest.is_some()), |names| (names, true));
    let is_there = |found: &&Value| match found {
        Value::Null => false,
        Value::Array(_) => is_list,
        _ if is_list => lists_have_elements,
        Value::Object(members) => has_members && !members.is_empty(),
        _ if has_members => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    match (names.split('|').filter_map(|name| value.get(name)).find(is_there), rest) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(Value::Array(items)), Some(rest)) => items.iter().all(|item| is_in(item, rest, lists_have_elements)),
        (Some(_), Some(_)) if is_list => true,
        (Some(found), Some(rest)) => is_in(found, rest, lists_have_elements),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: &str, operation: &str, body: &str) -> Result<(), InvalidResponse> {
        ResponseModel::of(service, operation).expect("in the table").check(operation, body.as_bytes())
    }

    #[test]
    fn a_list_may_be_empty_and_not_absent() {
        let check = |body| check("Organizations", "ListAccountsForParent", body);
        assert_eq!(check(r#"{"Accounts": []}"#), Ok(()));
        assert_eq!(check(r#"{"Accounts": [{"Id": "1", "Status": "ACTIVE"}, {"Id": "2", "State": "x"}]}"#), Ok(()));
        for lacking in ["{}", r#"{"Accounts": null}"#, r#"{"Accounts": ""}"#, r#"{"NextToken": "a"}"#] {
            assert_eq!(check(lacking), Err(InvalidResponse::Lacks("Accounts[].Id")), "{lacking}");
        }
        let stateless = r#"{"Accounts": [{"Id": "1", "State": "ACTIVE"}, {"Id": "2", "State": ""}]}"#;
        assert_eq!(check(stateless), Err(InvalidResponse::Lacks("Accounts[].State|Status")));
        for (body, broken) in
            [("", InvalidResponse::Empty), (" \n", InvalidResponse::Empty), ("[]", InvalidResponse::OfAnotherKind)]
        {
            assert_eq!(check(body), Err(broken), "{body}");
        }
    }

    #[test]
    fn an_answer_that_says_two_things_is_none() {
        let check = |body| check("Organizations", "ListAccountsForParent", body);
        for body in [
            r#"{"Accounts": [], "Accounts": []}"#,
            r#"{"Accounts": [{"Id": "1", "Status": "ACTIVE", "Id": "2"}]}"#,
            r#"{"Accounts": [], "a": {"b": 1, "\u0062": 2}}"#,
        ] {
            assert_eq!(check(body), Err(InvalidResponse::Ambiguous), "{body}");
        }
        assert_eq!(check(r#"{"Accounts": [], "a": {"b": 1}, "b": {"a": 1}}"#), Ok(()));
    }

    #[test]
    fn an_answer_in_xml_has_its_root_and_its_result() {
        let put = |body| check("IAM", "PutRolePolicy", body);
        assert_eq!(put("<PutRolePolicyResponse><ResponseMetadata/></PutRolePolicyResponse>"), Ok(()));
        assert_eq!(put("<html><body/></html>"), Err(InvalidResponse::OfAnotherKind));
        let list = |inner: &str| {
            let body = format!("<ListStackInstancesResponse>{inner}</ListStackInstancesResponse>");
            check("CloudFormation", "ListStackInstances", &body)
        };
        let result = |inner: &str| list(&format!("<ListStackInstancesResult>{inner}</ListStackInstancesResult>"));
        assert_eq!(result("<Summaries/>"), Ok(()));
        assert_eq!(result("<Summaries><member><Account>1</Account><Status>x</Status></member></Summaries>"), Ok(()));
        assert_eq!(result(""), Err(InvalidResponse::Lacks("Summaries[].Account")));
        let half = "<Summaries><member><Account>1</Account></member></Summaries>";
        assert_eq!(result(half), Err(InvalidResponse::Lacks("Summaries[].Status")));
        assert_eq!(list(""), Err(InvalidResponse::OfAnotherKind));
    }

    #[test]
    fn what_is_of_another_type_is_not_there() {
        let endpoint = |status: &str| {
            check(
                "SageMaker",
                "DescribeEndpoint",
                &format!(r#"{{"EndpointArn": "arn:x", "EndpointStatus": {status}}}"#),
            )
        };
        assert_eq!(endpoint(r#""InService""#), Ok(()));
        for status in [r#"{"a": 1}"#, "[]", r#"["InService"]"#, "{}"] {
            assert_eq!(endpoint(status), Err(InvalidResponse::Lacks("EndpointStatus")), "{status}");
        }
        let repository =
            |metadata: &str| check("CodeCommit", "GetRepository", &format!(r#"{{"repositoryMetadata": {metadata}}}"#));
        assert_eq!(repository(r#"{"repositoryId": "1"}"#), Ok(()));
        for metadata in [r#""text""#, "1", "[]", "{}"] {
            assert_eq!(repository(metadata), Err(InvalidResponse::Lacks("repositoryMetadata{}")), "{metadata}");
        }
    }

    #[test]
    fn s3_answers_with_an_element_a_text_or_nothing() {
        assert_eq!(check("S3", "GetObjectTagging", "<Tagging><TagSet/></Tagging>"), Ok(()));
        assert_eq!(check("S3", "GetObjectTagging", "<Tagging/>"), Err(InvalidResponse::Lacks("TagSet[]")));
        assert_eq!(check("S3", "GetBucketPolicy", "{}"), Ok(()));
        assert_eq!(check("S3", "GetBucketPolicy", ""), Err(InvalidResponse::Empty));
        assert_eq!(check("S3", "PutBucketPolicy", ""), Ok(()));
        assert_eq!(check("S3", "PutBucketPolicy", "True"), Ok(()));
        assert_eq!(check("S3", "PutBucketPolicy", "<html/>"), Err(InvalidResponse::OfAnotherKind));
    }

    #[test]
    fn a_write_names_what_was_written() {
        let put = |body| check("SageMaker", "PutModelPackageGroupPolicy", body);
        assert_eq!(put(r#"{"ModelPackageGroupArn": "arn:x"}"#), Ok(()));
        assert_eq!(put("{}"), Err(InvalidResponse::Lacks("ModelPackageGroupArn")));
        assert_eq!(put(""), Err(InvalidResponse::Empty));
        let register = |body| check("Organizations", "RegisterDelegatedAdministrator", body);
        assert_eq!((register(""), register("{}")), (Ok(()), Ok(())));
        assert_eq!(register("<html/>"), Err(InvalidResponse::OfAnotherKind));
    }
}
