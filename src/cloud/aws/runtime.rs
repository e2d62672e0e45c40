//! The SageMaker runtime: requests to live endpoints.

use aws_sdk_sagemakerruntime::config::timeout::TimeoutConfig;
use aws_sdk_sagemakerruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint_with_response_stream::InvokeEndpointWithResponseStreamError;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sagemakerruntime::types::ResponseStream;
use aws_sdk_sagemakerruntime::types::error::{ModelError, ResponseStreamError};

use super::assumed_role::AssumedRole;
use super::connection::Aws;
use super::error::cloud_error;
use super::http::Intake;
use super::timeout::ATTEMPT_TIMEOUT;
use crate::cloud::Runtime;
use crate::cloud::error::ErrorKind;
use crate::cloud::{AsyncOutput, CloudError, CloudResult, Incoming, Invocation, MOST_ANSWER_BYTES, Streamed, session};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::suite::expectation::Answer;

pub(super) async fn invoke(access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
    let options = invocation.options;
    let sent = access
        .runtime()
        .invoke_endpoint()
        .endpoint_name(invocation.endpoint)
        .content_type(&options.content_type)
        .accept(&options.accept)
        .set_target_variant(options.target_variant.clone())
        .set_target_model(options.target_model.clone())
        .set_target_container_hostname(options.target_container_hostname.clone())
        .set_inference_id(options.inference_id.clone())
        .set_prefix_aware_id(options.prefix_aware_id.clone())
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
        Ok(answer) => Ok(Streamed {
            session: answer.new_session_id.as_deref().map(session),
            arrivals: Vec::new(),
            answer: Answer::Body {
                content_type: answer.content_type,
                bytes: answer.body.map(Blob::into_inner).unwrap_or_default(),
                variant: answer.invoked_production_variant.filter(|variant| !variant.is_empty()),
            },
        }),
        Err(error) => match &error {
            SdkError::ServiceError(context) if let InvokeEndpointError::ModelError(model) = context.err() => {
                Ok(Streamed { answer: refusal(model), arrivals: Vec::new(), session: None })
            }
            _ => Err(access.explained(cloud_error("sagemaker:InvokeEndpoint", &error))),
        },
    }
}

pub(super) async fn stream(access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
    const OPERATION: &str = "sagemaker:InvokeEndpointWithResponseStream";
    let options = invocation.options;
    let mut incoming = Incoming::now();
    let sent = access
        .runtime()
        .invoke_endpoint_with_response_stream()
        .endpoint_name(invocation.endpoint)
        .content_type(&options.content_type)
        .accept(&options.accept)
        .set_target_variant(options.target_variant.clone())
        .set_target_container_hostname(options.target_container_hostname.clone())
        .set_inference_id(options.inference_id.clone())
        .set_prefix_aware_id(options.prefix_aware_id.clone())
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
                    Ok(Streamed { answer: refusal(model), arrivals: Vec::new(), session: None })
                }
                _ => Err(access.explained(cloud_error(OPERATION, &error))),
            };
        }
    };
    loop {
        match answer.body.recv().await {
            Ok(Some(ResponseStream::PayloadPart(part))) => {
                let part = part.bytes.map(Blob::into_inner).unwrap_or_default();
                incoming.take(&part, || OPERATION.to_owned())?;
            }
            // An event that this version does not know says nothing about the payload.
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Err(broken(OPERATION, incoming.bytes.len(), &error)),
        }
    }
    let variant = answer.invoked_production_variant.filter(|variant| !variant.is_empty());
    let Incoming { bytes, arrivals, .. } = incoming;
    let answer = Answer::Body { content_type: answer.content_type, bytes, variant };
    Ok(Streamed { answer, arrivals, session: None })
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
    let kind = if code.is_some() { ErrorKind::Other } else { ErrorKind::Unreachable };
    CloudError { code, ..CloudError::new(kind, operation, message) }
}

pub(super) async fn invoke_async(
    access: &AssumedRole,
    invocation: &Invocation<'_>,
    input: Option<&S3Uri>,
) -> CloudResult<AsyncOutput> {
    const OPERATION: &str = "sagemaker:InvokeEndpointAsync";
    let options = invocation.options;
    let inline = input.is_none().then(|| Blob::new(invocation.body));
    // The request is put in a queue, and that takes no longer than any other call.
    let in_time = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let sent = access
        .runtime()
        .invoke_endpoint_async()
        .endpoint_name(invocation.endpoint)
        .content_type(&options.content_type)
        .accept(&options.accept)
        .set_custom_attributes(options.custom_attributes.clone())
        .set_inference_id(options.inference_id.clone())
        .set_input_location(input.map(ToString::to_string))
        .set_body(inline)
        .customize()
        .config_override(access.invoking().timeout_config(in_time))
        .send()
        .await
        .map_err(|error| access.explained(cloud_error(OPERATION, &error)))?;
    let place = |text: Option<String>| text.and_then(|text| text.parse().ok());
    let output = place(sent.output_location)
        .ok_or_else(|| CloudError::new(ErrorKind::Other, OPERATION, "the answer names no output location"))?;
    Ok(AsyncOutput { output, failure: place(sent.failure_location) })
}

fn refusal(model: &ModelError) -> Answer {
    Answer::ModelError {
        // The service's own 424 where it does not tell the container's status.
        status: model.original_status_code().and_then(|status| u16::try_from(status).ok()).unwrap_or(424),
        message: model.original_message().or(model.message()).unwrap_or_default().to_owned(),
        log: model.log_stream_arn().map(str::to_owned),
    }
}

impl Runtime for Aws {
    async fn invoke(&self, access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        invoke(access, invocation).await
    }

    async fn stream(&self, access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        stream(access, invocation).await
    }

    async fn chat(&self, access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        super::chat::send(access, invocation).await
    }

    async fn invoke_async(
        &self,
        access: &AssumedRole,
        invocation: &Invocation<'_>,
        input: Option<&S3Uri>,
    ) -> CloudResult<AsyncOutput> {
        invoke_async(access, invocation, input).await
    }
}
