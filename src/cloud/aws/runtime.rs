//! The SageMaker runtime: requests to live endpoints.

use aws_sdk_sagemakerruntime::error::SdkError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::primitives::Blob;

use super::assumed_role::AssumedRole;
use super::error::cloud_error;
use crate::cloud::{CloudResult, Invocation};
use crate::domain::expectation::Answer;

pub(super) async fn invoke(access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Answer> {
    let sent = access
        .runtime
        .invoke_endpoint()
        .endpoint_name(invocation.endpoint)
        .content_type(invocation.content_type)
        .accept(invocation.accept)
        .body(Blob::new(invocation.body))
        .send()
        .await;
    match sent {
        Ok(answer) => Ok(Answer::Body {
            content_type: answer.content_type,
            bytes: answer.body.map(Blob::into_inner).unwrap_or_default(),
            variant: answer.invoked_production_variant,
        }),
        Err(error) => match &error {
            SdkError::ServiceError(context) if let InvokeEndpointError::ModelError(model) = context.err() => {
                Ok(Answer::ModelError {
                    // The service's own 424 where it does not tell the container's status.
                    status: model.original_status_code().and_then(|status| u16::try_from(status).ok()).unwrap_or(424),
                    message: model.original_message().or(model.message()).unwrap_or_default().to_owned(),
                    log: model.log_stream_arn().map(str::to_owned),
                })
            }
            _ => Err(access.explained(cloud_error("sagemaker:InvokeEndpoint", &error))),
        },
    }
}
