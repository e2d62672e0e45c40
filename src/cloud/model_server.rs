//! A model server on this machine: the HTTP contract of a SageMaker container, over plain HTTP.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use rustls::RootCertStore;

use super::error::{CloudError, Kind};
use super::http::client;
use super::{CloudResult, Invocation, MOST_ANSWER_BYTES, Streamed, too_long};
use crate::domain::expectation::Answer;

/// `GET /ping` must be answered within two seconds (SageMaker developer guide, "Custom Inference Code").
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// A server that answers `/ping` and `/invocations` under one base URL.
#[derive(Clone, Debug)]
pub struct ModelServer {
    client: reqwest::Client,
    base: reqwest::Url,
}

impl ModelServer {
    /// Prepares to speak to the server under `base`; nothing is sent.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(base: reqwest::Url) -> CloudResult<Self> {
        // As SageMaker does: a redirect is the answer. Nobody named the place that it leads to, and the request is not for it.
        let mut builder = client(RootCertStore::empty()).redirect(Policy::none());
        if matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| unreachable("GET", base.as_str(), &error))?;
        Ok(Self { client, base })
    }

    pub fn url(&self) -> &str {
        self.base.as_str()
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Whether the server says that it is healthy.
    ///
    /// # Errors
    /// It does not answer in time, or with something else than 200.
    pub async fn ping(&self) -> CloudResult<()> {
        let url = self.path("ping");
        let request = self.client.get(&url).timeout(PING_TIMEOUT).send();
        let response = request.await.map_err(|error| unreachable("GET", &url, &error))?;
        if response.status() == StatusCode::OK {
            Ok(())
        } else {
            let redirect = redirection(&response).map(|text| format!(": {text}")).unwrap_or_default();
            let message = format!("answered {} to the health check{redirect}", response.status());
            Err(CloudError { place: Some(url.clone()), ..CloudError::new(Kind::Other, format!("GET {url}"), message) })
        }
    }

    /// Sends one request once.
    ///
    /// # Errors
    /// No answer came; an answer with an error status is an answer.
    pub async fn invoke(&self, invocation: &Invocation<'_>) -> CloudResult<Answer> {
        self.stream(invocation).await.map(|streamed| streamed.answer)
    }

    /// Sends one request once and says when the first byte of its answer came.
    ///
    /// # Errors
    /// No answer came, or it broke off.
    pub async fn stream(&self, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        let url = self.path("invocations");
        let options = invocation.options;
        let mut request = self
            .client
            .post(&url)
            .header(CONTENT_TYPE, &options.content_type)
            .header(ACCEPT, &options.accept)
            .body(invocation.body.to_vec());
        // The headers that SageMaker passes on to a container.
        for (name, value) in [
            ("X-Amzn-SageMaker-Custom-Attributes", &options.custom_attributes),
            ("X-Amzn-SageMaker-Target-Model", &options.target_model),
            ("X-Amzn-SageMaker-Session-Id", &options.session_id),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let started = Instant::now();
        let mut response = request.send().await.map_err(|error| unreachable("POST", &url, &error))?;
        let status = response.status();
        let redirection = redirection(&response);
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut bytes = Vec::new();
        let mut first_byte = None;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    first_byte.get_or_insert_with(|| started.elapsed());
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MOST_ANSWER_BYTES {
                        return Err(CloudError { place: Some(url.clone()), ..too_long(&format!("POST {url}")) });
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    let error = unreachable("POST", &url, &error);
                    let message = format!("the answer broke off after {} bytes: {}", bytes.len(), error.message);
                    return Err(CloudError { message, ..error });
                }
            }
        }
        let answer = if status.is_success() {
            Answer::Body { content_type, bytes, variant: None }
        } else {
            let message = redirection.unwrap_or_else(|| String::from_utf8_lossy(&bytes).trim().to_owned());
            Answer::ModelError { status: status.as_u16(), message, log: None }
        };
        Ok(Streamed { answer, first_byte })
    }
}

/// What an answer says that sends the caller elsewhere, which SageMaker does not follow.
fn redirection(response: &reqwest::Response) -> Option<String> {
    let place = response.status().is_redirection().then(|| response.headers().get(LOCATION)).flatten()?;
    let place = String::from_utf8_lossy(place.as_bytes()).into_owned();
    Some(format!("it redirects to \"{place}\", and a container must answer at /ping and /invocations itself"))
}

fn unreachable(method: &str, url: &str, error: &reqwest::Error) -> CloudError {
    // The innermost source says what happened; the outer ones only where.
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let reason = reason.to_string();
    let reason = reason.split(" (os error").next().unwrap_or(&reason).to_lowercase();
    let message = if error.is_timeout() { "no answer in time".to_owned() } else { reason };
    CloudError { place: Some(url.to_owned()), ..CloudError::new(Kind::Unreachable, format!("{method} {url}"), message) }
}
