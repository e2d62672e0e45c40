//! Chat requests to live endpoints: the route that is compatible with OpenAI's API, which no SDK has. A bearer token lets
//! the caller in. Tried against a stand-in only: what AWS answers where it refuses is unverified.

use aws_sdk_sagemakerruntime::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde_json::Value;

use super::assumed_role::AssumedRole;
use super::error::{innermost, kind_of_code, unsendable};
use super::http::Intake;
use super::settings::own_url;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult, Incoming, Invocation, MOST_ANSWER_BYTES, Streamed};
use crate::domain::suite::chat::PATH_OF_ENDPOINTS;
use crate::domain::suite::expectation::Answer;

const OPERATION: &str = "sagemaker:CallWithBearerToken";
pub(super) async fn send(access: &AssumedRole, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
    let (config, region) = (&access.api().config, access.region());
    let token = access.bearer_token(OPERATION, region).await?;
    let base = match own_url(config, "SageMaker Runtime") {
        Some(url) => url,
        None => place(region, config.use_fips(), config.use_dual_stack()).await?,
    };
    let component = invocation.options.inference_component.as_ref();
    let component = component.map(|name| format!("/inference-components/{name}")).unwrap_or_default();
    let base = base.trim_end_matches('/');
    let url = format!("{base}/endpoints/{}{component}/{PATH_OF_ENDPOINTS}", invocation.endpoint);
    let request = http::Request::post(&url)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", &invocation.options.content_type)
        .header("accept", &invocation.options.accept)
        .extension(Intake::Parts(MOST_ANSWER_BYTES))
        .body(SdkBody::from(invocation.body));
    let request = request.map_err(|error| unsendable(OPERATION, error))?;
    let request = HttpRequest::try_from(request).map_err(|error| unsendable(OPERATION, error))?;
    let lost = |error: &(dyn std::error::Error + 'static), at: &str| {
        CloudError::new(ErrorKind::Unreachable, OPERATION, format!("{at}{}", innermost(error)))
    };
    let mut incoming = Incoming::now();
    let response = access.http().send(request).await.map_err(|error| lost(&error, ""))?;
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(str::to_owned);
    let (content_type, code, request_id) =
        (header("content-type"), header("x-amzn-errortype"), header("x-amzn-requestid"));
    // As the other ways to invoke an endpoint answer it.
    let variant = header("x-amzn-invoked-production-variant").filter(|variant| !variant.is_empty());
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            lost(error.as_ref(), &format!("the stream broke off after {} bytes: ", incoming.bytes.len()))
        })?;
        if let Ok(part) = frame.into_data() {
            incoming.take(&part, || OPERATION.to_owned())?;
        }
    }
    let Incoming { bytes, arrivals, .. } = incoming;
    if (200..300).contains(&status) {
        return Ok(Streamed { answer: Answer::Body { content_type, bytes, variant }, arrivals, session: None });
    }
    let message = String::from_utf8_lossy(&bytes).trim().to_owned();
    if let Some(kind) = refused_by_aws(status, code.as_deref()) {
        let code = code.map(|code| code.split(':').next().unwrap_or_default().to_owned());
        let error = CloudError { code, request_id, ..CloudError::new(kind, OPERATION, told(&message)) };
        return Err(access.explained(error));
    }
    Ok(Streamed { answer: Answer::ModelError { status, message, log: None }, arrivals: Vec::new(), session: None })
}

/// Where the runtime is, by the rules of its own client.
async fn place(region: &str, fips: Option<bool>, dual_stack: Option<bool>) -> CloudResult<String> {
    let params = Params::builder().region(region).set_use_fips(fips).set_use_dual_stack(dual_stack).build();
    let params = params.map_err(|error| unsendable(OPERATION, error))?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await;
    endpoint.map(|endpoint| endpoint.url().to_owned()).map_err(|error| unsendable(OPERATION, error))
}

/// What a refusal is that did not come from the container: AWS names the error's type in a header, and lets nobody in
/// without a right.
fn refused_by_aws(status: u16, code: Option<&str>) -> Option<ErrorKind> {
    let code = code.map(|code| code.split(':').next().unwrap_or_default());
    match (status, code) {
        (_, Some("ModelError")) => None,
        (_, Some(code)) => Some(kind_of_code(code)),
        (401 | 403, None) => Some(ErrorKind::Denied),
        (_, None) => None,
    }
}

/// The reason in an answer of AWS, else the answer.
fn told(message: &str) -> String {
    let json: Value = serde_json::from_str(message).unwrap_or_default();
    let reason = [&json["message"], &json["Message"], &json["error"]["message"]].into_iter().find_map(Value::as_str);
    reason.unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_refuses_is_no_answer_of_the_model() {
        assert_eq!(refused_by_aws(403, None), Some(ErrorKind::Denied));
        assert_eq!(refused_by_aws(400, Some("ThrottlingException:http://x")), Some(ErrorKind::Busy));
        assert_eq!(refused_by_aws(424, Some("ModelError")), None);
        assert_eq!(refused_by_aws(400, None), None);
        assert_eq!(told("{\"message\": \"no\"}"), "no");
        assert_eq!(told("no"), "no");
    }
}
