//! A model server on this machine: the HTTP contract of a SageMaker container, over plain HTTP.

mod connection;
mod connections;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION};
use hyper::http::uri::InvalidUri;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use self::connections::{Connections, Sender};
use super::error::{CloudError, ErrorKind};
use super::{CloudResult, Invocation, Streamed, session};
use crate::domain::suite::chat::PATH_OF_SERVERS;
use crate::domain::suite::expectation::Answer;

/// `GET /ping` must be answered within two seconds (SageMaker developer guide, "Custom Inference Code").
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Statuses of a server, or of what stands before it, that may be healthy in a moment.
const LOADING: [StatusCode; 2] = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];

/// How a container names the session that it opened.
const NEW_SESSION: &str = "X-Amzn-SageMaker-New-Session-Id";

/// Where a server that is not a SageMaker container answers, and what it wants to know beside the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    /// Instead of `ping`, under the base URL.
    pub health_path: Option<String>,
    /// Instead of `invocations`.
    pub invocations_path: Option<String>,
    /// Instead of `v1/chat/completions`.
    pub chat_path: Option<String>,
    /// Go with every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// A server that answers `/ping` and `/invocations` under one base URL.
#[derive(Clone, Debug)]
pub(crate) struct ModelServer {
    connections: Arc<Connections>,
    base: Url,
    ping: Place,
    invocations: Place,
    chat: Place,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Where requests go, as it is shown and as it is sent.
#[derive(Clone, Debug)]
struct Place {
    url: Url,
    uri: Arc<Result<Uri, InvalidUri>>,
}

impl Place {
    /// The place of a path under the base URL, whose query stays behind it.
    fn under(base: &Url, path: &str) -> Self {
        let url = under(base, path);
        Self { uri: Arc::new(url.as_str().parse()), url }
    }
}

impl ModelServer {
    /// Prepares to speak to the server under `base`; nothing is sent.
    pub(crate) fn new(mut base: Url, manners: Manners) -> Self {
        let mut headers = manners.headers;
        if !headers.iter().any(|(name, _)| name == AUTHORIZATION) {
            headers.extend(credentials(&base).map(|credentials| (AUTHORIZATION, credentials)));
        }
        // A URL without a host cannot have them, and this one has a host.
        _ = (base.set_username(""), base.set_password(None));
        let place = |path: Option<String>, usual: &str| Place::under(&base, path.as_deref().unwrap_or(usual));
        let (ping, invocations) = (place(manners.health_path, "ping"), place(manners.invocations_path, "invocations"));
        let chat = place(manners.chat_path, PATH_OF_SERVERS);
        let is_near = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let uri = base.as_str().parse::<Uri>().ok().filter(|_| !is_near);
        let proxy = uri.and_then(|uri| Matcher::from_env().intercept(&uri));
        let of_proxy = proxy.as_ref().and_then(|proxy| proxy.basic_auth());
        headers.extend(of_proxy.map(|secret| (hyper::header::PROXY_AUTHORIZATION, secret.clone())));
        if !headers.iter().any(|(name, _)| name == HOST) {
            headers.extend(host(&base).map(|host| (HOST, host)));
        }
        let connections = Arc::new(Connections::new(proxy.map(|proxy| proxy.uri().clone())));
        Self { connections, base, ping, invocations, chat, headers }
    }

    pub(crate) fn url(&self) -> &str {
        self.base.as_str()
    }

    pub(crate) fn health_url(&self) -> &str {
        self.ping.url.as_str()
    }

    /// The head of the answer, and the connection that its body comes over.
    async fn send(
        &self,
        method: Method,
        place: &Place,
        mut request: Request<Full<Bytes>>,
    ) -> CloudResult<(Response<Incoming>, Sender)> {
        let failed = |error: &dyn std::error::Error| unreachable(&format!("{method} {}", place.url), &place.url, error);
        let uri = place.uri.as_ref().as_ref().map_err(|error| failed(error))?;
        *request.method_mut() = method.clone();
        for (name, _) in &self.headers {
            request.headers_mut().remove(name);
        }
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        // As SageMaker does, a redirect is the answer: nobody named the place that it leads to, and the request is not for it.
        self.connections.send(uri, request).await.map_err(|error| failed(&*error))
    }

    /// Whether the server says that it is healthy.
    ///
    /// # Errors
    /// It does not answer in time, or with something else than 200. What may pass is of kind `Busy` or `Unreachable`.
    pub(crate) async fn ping(&self) -> CloudResult<()> {
        let url = &self.ping.url;
        let failed = |kind, message| CloudError {
            place: Some(url.to_string()),
            ..CloudError::new(kind, format!("GET {url}"), message)
        };
        let sent = tokio::time::timeout(PING_TIMEOUT, self.send(Method::GET, &self.ping, Request::default())).await;
        let (response, _) = sent.map_err(|_| failed(ErrorKind::Unreachable, "no answer in time".to_owned()))??;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(());
        }
        let redirect = redirection(&response).map(|text| format!(": {text}")).unwrap_or_default();
        let kind =
            if status.is_server_error() || LOADING.contains(&status) { ErrorKind::Busy } else { ErrorKind::Other };
        Err(failed(kind, format!("answered {status} to the health check{redirect}")))
    }

    /// Sends one request once, as to a container behind an asynchronous endpoint.
    ///
    /// # Errors
    /// As of `stream`; and the answer has no length, without which SageMaker does not take it there.
    pub(crate) async fn sized(&self, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        let (streamed, is_sized) = self.exchange(&self.invocations, invocation).await?;
        if is_sized || !matches!(streamed.answer, Answer::Body { .. }) {
            return Ok(streamed);
        }
        let url = self.invocations.url.to_string();
        let message = "the answer has no Content-Length, which SageMaker demands behind an asynchronous endpoint";
        Err(CloudError {
            place: Some(url.clone()),
            ..CloudError::new(ErrorKind::Other, format!("POST {url}"), message)
        })
    }

    /// Sends one request once and says when the parts of its answer came.
    ///
    /// # Errors
    /// No answer came, or it broke off; an answer with an error status is an answer.
    pub(crate) async fn stream(&self, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        self.exchange(&self.invocations, invocation).await.map(|(streamed, _)| streamed)
    }

    /// The same of a chat request, which goes to a place of its own.
    ///
    /// # Errors
    /// As of `stream`.
    pub(crate) async fn chat(&self, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        self.exchange(&self.chat, invocation).await.map(|(streamed, _)| streamed)
    }

    /// The answer, and whether it says how long it is.
    async fn exchange(&self, place: &Place, invocation: &Invocation<'_>) -> CloudResult<(Streamed, bool)> {
        let url = &place.url;
        let operation = || format!("POST {url}");
        let request = request(invocation).map_err(|error| {
            let message = format!("cannot be sent: {error}");
            CloudError { place: Some(url.to_string()), ..CloudError::new(ErrorKind::Other, operation(), message) }
        })?;
        let mut incoming = super::Incoming::now();
        let (mut response, connection) = self.send(Method::POST, place, request).await?;
        let status = response.status();
        let redirection = redirection(&response);
        let is_sized = response.headers().contains_key(CONTENT_LENGTH);
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let session = response.headers().get(NEW_SESSION).and_then(|value| value.to_str().ok()).map(session);
        while let Some(frame) = response.frame().await {
            let frame = frame.map_err(|error| {
                let error = unreachable(&operation(), url, &error);
                let message = format!("the answer broke off after {} bytes: {}", incoming.bytes.len(), error.message);
                CloudError { message, ..error }
            })?;
            let Ok(part) = frame.into_data() else { continue };
            let placed = |error| CloudError { place: Some(url.to_string()), ..error };
            incoming.take(&part, operation).map_err(placed)?;
        }
        self.connections.keep(connection);
        let super::Incoming { bytes, arrivals, .. } = incoming;
        let answer = if status.is_success() {
            Answer::Body { content_type, bytes, variant: None }
        } else {
            let message = redirection.unwrap_or_else(|| String::from_utf8_lossy(&bytes).trim().to_owned());
            Answer::ModelError { status: status.as_u16(), message, log: None }
        };
        Ok((Streamed { answer, arrivals, session }, is_sized))
    }
}

/// A request with the headers that SageMaker passes on to a container.
fn request(invocation: &Invocation<'_>) -> hyper::http::Result<Request<Full<Bytes>>> {
    let options = invocation.options;
    let mut request = Request::builder().header(CONTENT_TYPE, &options.content_type).header(ACCEPT, &options.accept);
    for (name, value) in [
        ("X-Amzn-SageMaker-Custom-Attributes", &options.custom_attributes),
        ("X-Amzn-SageMaker-Target-Model", &options.target_model),
        ("X-Amzn-SageMaker-Session-Id", &options.session_id),
        ("X-Amzn-SageMaker-Inference-Id", &options.inference_id),
        // Which SageMaker sets where an inference component is an adapter (awslabs, model-hosting-container-standards).
        ("X-Amzn-SageMaker-Adapter-Identifier", &options.adapter),
    ] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request.body(Full::from(invocation.body.to_vec()))
}

fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/')));
    let queries: Vec<&str> = base.query().into_iter().chain(query).collect();
    url.set_query(Some(queries.join("&").as_str()).filter(|query| !query.is_empty()));
    url
}

/// The host as a request names it (RFC 9110, section 7.2): with the port, unless it is the scheme's own.
fn host(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    HeaderValue::from_str(&url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))).ok()
}

/// User and password of a URL as they are sent (RFC 7617).
fn credentials(url: &Url) -> Option<HeaderValue> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (decoded(url.username()), url.password().map(decoded));
    if user.is_empty() && password.is_none() {
        return None;
    }
    let encoded = STANDARD.encode(format!("{user}:{}", password.unwrap_or_default()));
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What an answer says that sends the caller elsewhere, which SageMaker does not follow; without query, fragment and
/// the parameters of its path, where a login keeps its secrets.
fn redirection(response: &Response<Incoming>) -> Option<String> {
    let place = response.status().is_redirection().then(|| response.headers().get(LOCATION)).flatten()?;
    let place = String::from_utf8_lossy(place.as_bytes());
    let shown = place.find(['?', '#', ';']).map_or(place.clone(), |end| format!("{}...", &place[..=end]).into());
    Some(format!("it redirects to \"{shown}\", and a container must answer at /ping and /invocations itself"))
}

fn unreachable(operation: &str, url: &Url, error: &dyn std::error::Error) -> CloudError {
    // The innermost source says what happened; the outer ones only where.
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let reason = reason.to_string();
    let message = reason.split(" (os error").next().unwrap_or(&reason).to_lowercase();
    CloudError { place: Some(url.to_string()), ..CloudError::new(ErrorKind::Unreachable, operation, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_base_url_stays_behind_the_path() {
        for (base, path, whole) in [
            ("http://a:1", "ping", "http://a:1/ping"),
            ("http://a:1/model/", "/ping", "http://a:1/model/ping"),
            ("http://a:1/model?key=1", "ping", "http://a:1/model/ping?key=1"),
            ("http://a:1/?key=1", "v2/infer?b=2", "http://a:1/v2/infer?key=1&b=2"),
        ] {
            assert_eq!(under(&base.parse().expect(base), path).as_str(), whole);
        }
    }

    #[test]
    fn a_password_is_sent_and_not_shown() {
        let server = ModelServer::new("http://me:p%40ss@a:1/".parse().expect("a URL"), Manners::default());
        assert_eq!(server.url(), "http://a:1/");
        assert_eq!(server.headers[0].1.as_bytes(), format!("Basic {}", STANDARD.encode("me:p@ss")).as_bytes());
        assert!(!format!("{server:?}").contains("Basic"));
    }
}
