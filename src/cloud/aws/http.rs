//! The HTTP client of every AWS call: one pool of connections, the proxy of the environment, and whom to trust.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::files::plain;

/// The bundle of certificates to trust instead of the system's, as other AWS tools read it.
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// A client that heeds `HTTPS_PROXY`, `NO_PROXY` and `AWS_CA_BUNDLE`, which the SDK's default one does not.
///
/// # Errors
/// The bundle cannot be read or holds no certificates.
pub fn http_client() -> Result<SharedHttpClient> {
    let bundle = std::env::var_os(CA_BUNDLE).filter(|path| !path.is_empty());
    let unusable = |cause: String| {
        let place = bundle.as_deref().unwrap_or_default().to_string_lossy();
        let what = format!("the certificates of {CA_BUNDLE} ({place}) cannot be used");
        Failure::invalid([Finding::error(what).cause(cause)])
    };
    let trust = match &bundle {
        Some(path) => {
            let pem = std::fs::read(path).map_err(|error| unusable(plain(&error)))?;
            check_bundle(&pem).map_err(unusable)?;
            TrustStore::empty().with_pem_certificate(pem)
        }
        None => TrustStore::empty().with_native_roots(true),
    };
    let context = TlsContext::builder().with_trust_store(trust).build().map_err(|error| unusable(error.to_string()))?;
    let connector = |settings: Option<&HttpConnectorSettings>, components: Option<&RuntimeComponents>| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector
    };
    let plain = Builder::new()
        .build_with_connector_fn(move |settings, components| connector(settings, components).build_http());
    let secure = Builder::new().build_with_connector_fn(move |settings, components| {
        let provider = Provider::Rustls(CryptoMode::Ring);
        connector(settings, components).tls_provider(provider).tls_context(context.clone()).build()
    });
    Ok(SharedHttpClient::new(ByScheme { plain, secure }))
}

/// Reading the system's certificates takes longer than the rest of a start, so it waits for a URL that needs them:
/// an emulator's does not.
#[derive(Clone, Debug)]
struct ByScheme {
    plain: SharedHttpClient,
    secure: SharedHttpClient,
}

impl HttpClient for ByScheme {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let (settings, components) = (settings.clone(), components.clone());
        SharedHttpConnector::new(SchemeConnector { clients: self.clone(), settings, components })
    }
}

/// Asks the client of the request's scheme, which keeps its connections itself.
#[derive(Debug)]
struct SchemeConnector {
    clients: ByScheme,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for SchemeConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let clients = &self.clients;
        let client = if request.uri().starts_with("http:") { &clients.plain } else { &clients.secure };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

/// The connector panics at a certificate that it cannot read, and trusts nobody where there is none.
fn check_bundle(pem: &[u8]) -> std::result::Result<(), String> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        let certificate = certificate.map_err(|error| format!("certificate {number} is not PEM: {error}"))?;
        store.add(certificate).map_err(|error| format!("certificate {number}: {error}"))?;
    }
    if store.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(()) }
}
