//! The SDK's errors in our terms: operation, code, message, request id; no match on a message's text where a
//! service has a code.

use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;

use super::http::TooLong;
use crate::cloud::CloudError;
use crate::cloud::error::ErrorKind;
use crate::domain::aws::arn::Arn;

/// What SageMaker answers for something that is not there; it models no error of its own for it.
pub(super) const VALIDATION: &str = "ValidationException";

/// Turns an SDK error into ours; `operation` is the IAM action of the call.
pub(super) fn cloud_error<E>(operation: &str, error: &SdkError<E>) -> CloudError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    SdkError<E>: RequestId + ProvideErrorMetadata,
{
    if let Some(error) = of_credentials(error) {
        return error.clone();
    }
    let request_id = error.request_id().map(str::to_owned);
    let (kind, message) = match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) if error.code().is_some() => {
            let kind = kind_of_code(error.code().unwrap_or_default());
            (kind, error.message().unwrap_or("the service gave no reason").to_owned())
        }
        SdkError::TimeoutError(_) => (ErrorKind::Unreachable, "no answer in time".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            (ErrorKind::Unreachable, innermost(error))
        }
        // Another attempt would bring as much.
        SdkError::DispatchFailure(_) if chain(error).any(<dyn std::error::Error>::is::<TooLong>) => {
            (ErrorKind::Other, innermost(error))
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => (ErrorKind::Unreachable, innermost(error)),
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => {
            // Not in the service's own words: a gateway or a proxy in front of it answered.
            let status = error.raw_response().map_or(0, |response| response.status().as_u16());
            let kind = if status >= 500 { ErrorKind::Busy } else { ErrorKind::Unreachable };
            (kind, format!("HTTP {status} with an answer that is not the service's own ({})", innermost(error)))
        }
        _ => (ErrorKind::Other, innermost(error)),
    };
    CloudError {
        kind,
        operation: operation.to_owned(),
        code: error.code().map(str::to_owned),
        message,
        request_id,
        principal: None,
        place: None,
        advice: None,
    }
}

/// A request that cannot be put together.
pub(super) fn unsendable(operation: &str, error: impl std::fmt::Display) -> CloudError {
    CloudError::new(ErrorKind::Other, operation, error.to_string())
}

/// What a call asked for.
pub(super) struct Asked<'a> {
    pub region: &'a str,
    /// Where it is known.
    pub account: Option<&'a str>,
    /// As in its ARN, `endpoint/churn`; an answer may name what it is in, too.
    pub resources: &'a [String],
}

/// Whether SageMaker says these words of what is not there, and of nothing but what was asked for. It has one code for
/// that and for all else that is invalid, so there is nothing but the words to tell one from the other.
pub(super) fn says_absent(error: &CloudError, words: &[&str], asked: &Asked<'_>) -> bool {
    let behind = words.iter().find_map(|words| error.message.split_once(words)).map(|(_, behind)| behind);
    error.code.as_deref() == Some(VALIDATION) && behind.is_some_and(|behind| asked.is_meant(&error.message, behind))
}

impl Asked<'_> {
    /// Whether a message names nothing else: by an ARN, or by the one word behind what it says.
    fn is_meant(&self, message: &str, behind: &str) -> bool {
        let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()).to_owned();
        let mut arns = message.split_whitespace().filter_map(|word| bare(word).parse::<Arn>().ok()).peekable();
        if arns.peek().is_some() {
            return arns.all(|arn| {
                let is_named = self.resources.iter().any(|resource| arn.resource.eq_ignore_ascii_case(resource));
                is_named && arn.region == self.region && self.account.is_none_or(|account| arn.account == account)
            });
        }
        let behind = behind.trim_start();
        let behind = ["for ", "for:"].iter().find_map(|word| behind.strip_prefix(word)).unwrap_or(behind);
        let words: Vec<String> = behind.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
        let mut names = self.resources.iter().filter_map(|resource| resource.split_once('/')).map(|(_, name)| name);
        let [only] = &words[..] else { return true };
        names.any(|name| name.eq_ignore_ascii_case(only))
    }
}

pub(super) fn kind_of_code(code: &str) -> ErrorKind {
    match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "AuthorizationError" => ErrorKind::Denied,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => ErrorKind::Expired,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => ErrorKind::NoCredentials,
        "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServiceException"
        | "ServiceException"
        | "InternalDependencyException"
        | "ModelNotReadyException" => ErrorKind::Busy,
        "ConflictException"
        | "ConditionalRequestConflict"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "OperationInProgressException" => ErrorKind::Conflict,
        "ParentNotFoundException"
        | "OrganizationalUnitNotFoundException"
        | "ResourceNotFound"
        | "ResourceNotFoundException"
        | "NotFoundException"
        | "NoSuchEntity"
        | "StackSetNotFoundException"
        | "NoSuchResourceException"
        | "RepositoryDoesNotExistException"
        | "BranchDoesNotExistException"
        | "PipelineNotFoundException"
        | "NoSuchBucket"
        | "NoSuchKey" => ErrorKind::NotFound,
        _ => ErrorKind::Other,
    }
}

/// Why the credentials of a call could not be had, which is an error of another call or of none.
fn of_credentials<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e CloudError> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error and what is behind it.
fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The innermost source, which says what happened; the outer ones say only "dispatch failure".
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let text = chain(error).last().unwrap_or(error).to_string();
    if text.is_empty() { DisplayErrorContext(error).to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_absent_is_what_was_asked_for() {
        let resources = ["model-package-group/churn".to_owned()];
        let asked = Asked { region: "us-east-1", account: Some("111111111111"), resources: &resources };
        let absent = |message: &str| {
            let error = CloudError::new(ErrorKind::Other, "sagemaker:GetModelPackageGroupPolicy", message);
            let error = CloudError { code: Some(VALIDATION.to_owned()), ..error };
            says_absent(&error, &["Cannot find resource policy", "does not exist"], &asked)
        };
        let group = |region: &str, account: &str, name: &str| {
            format!("arn:aws:sagemaker:{region}:{account}:model-package-group/{name}")
        };
        for name in [group("us-east-1", "111111111111", "Churn"), "churn".to_owned(), "\"churn\".".to_owned()] {
            assert!(absent(&format!("Cannot find resource policy for: {name}")), "{name}");
        }
        for other in [
            group("us-east-1", "111111111111", "fraud"),
            group("eu-west-1", "111111111111", "churn"),
            group("us-east-1", "222222222222", "churn"),
            "other-group".to_owned(),
        ] {
            assert!(!absent(&format!("Cannot find resource policy for: {other}")), "{other}");
        }
        assert!(absent("Cannot find resource policy"));
        assert!(absent("Cannot find resource policy for this model package group"));
        assert!(absent(&format!("ModelPackageGroup {} does not exist.", group("us-east-1", "111111111111", "churn"))));
        assert!(!absent(&format!("ModelPackageGroup {} does not exist.", group("us-east-1", "111111111111", "fraud"))));
        assert!(absent("Model Package Group does not exist."));
        assert!(!absent("the service is not itself"));
    }
}
