//! The HTTP client of every AWS call: one pool of connections, the proxy of the environment, and whom to trust.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;
use reqwest::redirect::Policy;
use reqwest::{Body, Client, Proxy, Request, Response};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::proxies::Proxies;
use super::settings::SdkSettings;
use super::timeout::CONNECT_TIMEOUT;
use crate::cloud::http::client;
use crate::domain::finding::Finding;
use crate::domain::text::masking::{is_secret_header, secrets_of_header};
use crate::error::{Failure, Result};
use crate::files::{Most, bytes, plain};
use crate::secrets;

/// The clients of a command, by way of the proxies that the variables name, trusting whom the settings say; the SDK's
/// own clients know neither.
#[derive(Clone, Debug)]
pub struct Http(Arc<Clients>);

impl Http {
    /// # Errors
    /// The certificates or a proxy cannot be used.
    pub fn new(settings: &SdkSettings) -> Result<Self> {
        let trust = settings.ca_bundle().map(|bundle| {
            let pem = bytes(bundle.value.as_ref(), Most::Written).map_err(|error| plain(&error));
            pem.and_then(|pem| certificates(&pem)).map_err(|cause| {
                let what = format!("the certificates of {} ({}) cannot be used", bundle.name, bundle.value);
                Failure::invalid([Finding { place: bundle.place.cloned(), ..Finding::error(what).cause(cause) }])
            })
        });
        let proxies = settings.proxies.clone();
        Ok(Self(Arc::new(Clients { trust: trust.transpose()?, proxies, made: Default::default() })))
    }

    /// For services.
    pub fn of_services(&self) -> SharedHttpClient {
        SharedHttpClient::new(Pool { clients: Arc::clone(&self.0), by_proxy: true })
    }

    /// For one request that no client of a service makes, part by part: no retries, and no limit but the caller's own.
    pub(super) async fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, ConnectorError> {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        Connector { pool: Pool { clients: Arc::clone(&self.0), by_proxy: true }, settings }.call(request).await
    }

    /// For addresses of this machine, which hand out credentials. As botocore, a proxy is never asked for those.
    pub(super) fn of_this_machine(&self) -> SharedHttpClient {
        SharedHttpClient::new(Pool { clients: Arc::clone(&self.0), by_proxy: false })
    }
}

type Made = OnceLock<std::result::Result<Client, String>>;

/// One client a scheme and a way, made for the first URL that asks for it: to read the system's certificates takes longer
/// than the rest of a start, and an emulator's URL needs none.
#[derive(Debug)]
struct Clients {
    /// Whom to trust instead of whom the system trusts
    trust: Option<RootCertStore>,
    proxies: Proxies,
    /// By scheme, then by whether a proxy is asked
    made: [[Made; 2]; 2],
}

impl Clients {
    fn of(
        &self,
        uri: &str,
        by_proxy: bool,
        settings: &HttpConnectorSettings,
    ) -> std::result::Result<&Client, ConnectorError> {
        let is_secure = !uri.starts_with("http:");
        let proxy = by_proxy.then(|| self.proxies.of_url(uri)).flatten();
        let client = self.made[usize::from(is_secure)][usize::from(proxy.is_some())].get_or_init(|| {
            let of_bundle = || self.trust.clone().unwrap_or_else(of_the_system);
            let roots = if is_secure || proxy.is_some_and(|proxy| proxy.scheme() == "https") {
                of_bundle()
            } else {
                RootCertStore::empty()
            };
            // The SDK signs a request for one host; it must not go to another one.
            let mut builder = client(roots).redirect(Policy::none()).no_proxy();
            if let Some(proxy) = proxy {
                builder = builder.proxy(Proxy::all(proxy.clone()).map_err(|error| error.to_string())?);
            }
            if let Some(limit) = settings.connect_timeout() {
                builder = builder.connect_timeout(limit);
            }
            builder.build().map_err(|error| error.to_string())
        });
        client.as_ref().map_err(|error| ConnectorError::user(error.clone().into()))
    }
}

#[derive(Clone, Debug)]
struct Pool {
    clients: Arc<Clients>,
    by_proxy: bool,
}

impl HttpClient for Pool {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        Connector { pool: self.clone(), settings: settings.clone() }.into_shared()
    }
}

/// How an answer is taken in: a mark on a request that asks for another one than a service's own small ones.
#[derive(Clone, Copy, Debug)]
pub(super) enum Intake {
    /// As a whole, up to so many bytes.
    Whole(usize),
    /// Part by part by whoever asked, up to so many bytes.
    Parts(usize),
}

impl Default for Intake {
    /// Sixteen times what a service has to say of its own: a template of CloudFormation has 1 MB, a page of S3's keys about
    /// as much.
    fn default() -> Self {
        Self::Whole(16 << 20)
    }
}

/// No faster than this, a request is sent on any line that it makes sense to wait for.
const SLOWEST_UPLOAD: u64 = 64 << 10;

/// An answer that is longer than any that is meant.
#[derive(Debug, thiserror::Error)]
#[error("the answer has more than {0} bytes")]
pub(super) struct TooLong(usize);

#[derive(Debug)]
struct Connector {
    pool: Pool,
    settings: HttpConnectorSettings,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        learn_secrets(&request);
        let intake = request.extension::<Intake>().copied().unwrap_or_default();
        // The time until the first byte begins when all is sent.
        let sending = request.body().content_length().unwrap_or_default() / SLOWEST_UPLOAD;
        let patience = self.settings.read_timeout();
        let sent = self.pool.clients.of(request.uri(), self.pool.by_proxy, &self.settings).and_then(|client| {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request: Request = request
                .map(Body::wrap)
                .try_into()
                .map_err(|error: reqwest::Error| ConnectorError::user(error.into()))?;
            Ok(client.execute(request))
        });
        HttpConnectorFuture::new(async move {
            let first = patience.map(|patience| patience + Duration::from_secs(sending));
            let response = within(first, sent?).await?;
            let response = match intake {
                Intake::Parts(most) => {
                    http::Response::<Body>::from(response).map(|body| SdkBody::from_body_1_x(Limited::new(body, most)))
                }
                Intake::Whole(most) => whole(response, most, patience).await?,
            };
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What is sent may come back in an answer, in words that are shown.
fn learn_secrets(request: &HttpRequest) {
    for (_, value) in request.headers().iter().filter(|(name, _)| is_secret_header(name)) {
        // A signature is good for one request, and is masked by its name.
        if !value.starts_with("AWS4-") {
            secrets::learn_all(&secrets_of_header(value));
        }
    }
}

/// Takes in all of an answer.
async fn whole(
    mut response: Response,
    most: usize,
    patience: Option<Duration>,
) -> std::result::Result<http::Response<SdkBody>, ConnectorError> {
    let mut bytes = Vec::new();
    while let Some(part) = within(patience, response.chunk()).await? {
        if bytes.len() + part.len() > most {
            return Err(ConnectorError::other(TooLong(most).into(), None));
        }
        bytes.extend_from_slice(&part);
    }
    let (head, _) = http::Response::<Body>::from(response).into_parts();
    Ok(http::Response::from_parts(head, SdkBody::from(bytes)))
}

/// Waits no longer than that for what the other side sends next.
async fn within<T>(
    patience: Option<Duration>,
    next: impl Future<Output = reqwest::Result<T>>,
) -> std::result::Result<T, ConnectorError> {
    let next = match patience {
        Some(patience) => tokio::time::timeout(patience, next).await,
        None => Ok(next.await),
    };
    next.map_err(|error| ConnectorError::timeout(error.into()))?.map_err(failure)
}

/// What the SDK has to know of a failure is whether another attempt may help.
fn failure(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

/// What the system trusts; what it cannot read of that, a call to that server will say.
fn of_the_system() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    store
}

/// The certificates of a bundle, every one of which must be usable.
fn certificates(pem: &[u8]) -> std::result::Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        let certificate = certificate.map_err(|error| format!("certificate {number} is not PEM: {error}"))?;
        store.add(certificate).map_err(|error| format!("certificate {number}: {error}"))?;
    }
    if store.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(store) }
}
