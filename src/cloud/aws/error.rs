//! The SDK's errors in our terms: operation, code, message, request id; no match on a message's text where a
//! service has a code.

use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;

use super::http::TooLong;
use crate::cloud::CloudError;
use crate::cloud::error::ErrorKind;

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

/// Whether SageMaker says these words of what is not there. It has one code for that and for all else that is invalid, so
/// there is nothing but the words to tell one from the other.
pub(super) fn is_absent<E>(error: &SdkError<E>, words: &str) -> bool
where
    SdkError<E>: ProvideErrorMetadata,
{
    error.code() == Some(VALIDATION) && error.message().is_some_and(|message| message.contains(words))
}

/// The same of a call through `Api`.
pub(super) fn says_absent(error: &CloudError, words: &[&str]) -> bool {
    error.code.as_deref() == Some(VALIDATION) && words.iter().any(|words| error.message.contains(words))
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
