//! The SageMaker runtime: requests to live endpoints.

use std::time::Instant;

use aws_sdk_sagemakerruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint_with_response_stream::InvokeEndpointWithResponseStreamError;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sagemakerruntime::types::ResponseStream;
use aws_sdk_sagemakerruntime::types::error::{ModelError, ResponseStreamError};

use super::assumed_role::AssumedRole;
use super::error::cloud_error;
use super::http::Intake;
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult, Invocation, MOST_ANSWER_BYTES, Streamed, Ticket, too_long};
use crate::domain::expectation::Answer;
use crate::domain::s3_uri::S3Uri;

pub(super) async fn invoke(access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Answer> {
    let options = invocation.options;
    let sent = access
        .runtime()
        .invoke_endpoint()
        .endpoint_name(invocation.endpoint)
        .content_type(&options.content_type)
        .accept(&options.accept)
        .set_target_variant(options.target_variant.clone())
        .set_target_model(options.target_model.clone())
        .set_inference_component_name(options.inference_component.clone())
        .set_custom_attributes(options.custom_attributes.clone())
        .set_enable_explanations(options.enable_explanations.clone())
        .set_session_id(options.session_id.clone())
        .body(Blob::new(invocation.body))
        .customize()
        .config_override(access.invoking())
        .mutate_request(|request| request.add_extension(Intake::Whole(MOST_ANSWER_BYTES)))
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
                Ok(refusal(model))
            }
            _ => Err(access.explained(cloud_error("sagemaker:InvokeEndpoint", &error))),
        },
    }
}

pub(super) async fn stream(access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
    const OPERATION: &str = "sagemaker:InvokeEndpointWithResponseStream";
    let options = invocation.options;
    let started = Instant::now();
    let sent = access
        .runtime()
        .invoke_endpoint_with_response_stream()
        .endpoint_name(invocation.endpoint)
        .content_type(&options.content_type)
        .accept(&options.accept)
        .set_target_variant(options.target_variant.clone())
        .set_inference_component_name(options.inference_component.clone())
        .set_custom_attributes(options.custom_attributes.clone())
        .set_session_id(options.session_id.clone())
        .body(Blob::new(invocation.body))
        .customize()
        .config_override(access.invoking())
        // The events around the parts take some.
        .mutate_request(|request| request.add_extension(Intake::Parts(2 * MOST_ANSWER_BYTES)))
        .send()
        .await;
    let mut answer = match sent {
        Ok(answer) => answer,
        Err(error) => {
            return match &error {
                SdkError::ServiceError(context)
                    if let InvokeEndpointWithResponseStreamError::ModelError(model) = context.err() =>
                {
                    Ok(Streamed { answer: refusal(model), first_byte: None })
                }
                _ => Err(access.explained(cloud_error(OPERATION, &error))),
            };
        }
    };
    let mut bytes = Vec::new();
    let mut first_byte = None;
    loop {
        match answer.body.recv().await {
            Ok(Some(ResponseStream::PayloadPart(part))) => {
                let part = part.bytes.map(Blob::into_inner).unwrap_or_default();
                if !part.is_empty() {
                    first_byte.get_or_insert_with(|| started.elapsed());
                }
                bytes.extend(part);
                if bytes.len() > MOST_ANSWER_BYTES {
                    return Err(too_long(OPERATION));
                }
            }
            // An event that this version does not know says nothing about the payload.
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Err(broken(OPERATION, bytes.len(), &error)),
        }
    }
    let variant = answer.invoked_production_variant;
    Ok(Streamed { answer: Answer::Body { content_type: answer.content_type, bytes, variant }, first_byte })
}

/// A stream that ended before its end: by an error event of the service, or by the connection.
fn broken<R: std::fmt::Debug + 'static>(
    operation: &str,
    received: usize,
    error: &SdkError<ResponseStreamError, R>,
) -> CloudError {
    let (code, reason) = match error {
        SdkError::ServiceError(context) => match context.err() {
            ResponseStreamError::ModelStreamError(model) => {
                let code = model.error_code().map(|code| format!("ModelStreamError {code}"));
                (code.or(Some("ModelStreamError".to_owned())), model.message().map(str::to_owned))
            }
            other => (other.code().map(str::to_owned), other.message().map(str::to_owned)),
        },
        _ => (None, None),
    };
    let reason = reason.unwrap_or_else(|| super::error::innermost(error));
    let message = format!("the stream broke off after {received} bytes: {reason}");
    // What the model did it does again; what the connection did may pass.
    let kind = if code.is_some() { Kind::Other } else { Kind::Unreachable };
    CloudError { code, ..CloudError::new(kind, operation, message) }
}

pub(super) async fn invoke_async(
    access: &AssumedRole,
    invocation: &Invocation<'_>,
    input: Option<&S3Uri>,
) -> CloudResult<Ticket> {
    const OPERATION: &str = "sagemaker:InvokeEndpointAsync";
    let options = invocation.options;
    let inline = input.is_none().then(|| Blob::new(invocation.body));
    let sent = access
        .runtime()
        .invoke_endpoint_async()
        .endpoint_name(invocation.endpoint)
        .content_type(&options.content_type)
        .accept(&options.accept)
        .set_custom_attributes(options.custom_attributes.clone())
        .set_input_location(input.map(ToString::to_string))
        .set_body(inline)
        .customize()
        .config_override(access.invoking())
        .send()
        .await
        .map_err(|error| access.explained(cloud_error(OPERATION, &error)))?;
    let place = |text: Option<String>| text.and_then(|text| text.parse().ok());
    let output = place(sent.output_location)
        .ok_or_else(|| CloudError::new(Kind::Other, OPERATION, "the answer names no output location"))?;
    Ok(Ticket { output, failure: place(sent.failure_location) })
}

fn refusal(model: &ModelError) -> Answer {
    Answer::ModelError {
        // The service's own 424 where it does not tell the container's status.
        status: model.original_status_code().and_then(|status| u16::try_from(status).ok()).unwrap_or(424),
        message: model.original_message().or(model.message()).unwrap_or_default().to_owned(),
        log: model.log_stream_arn().map(str::to_owned),
    }
}
