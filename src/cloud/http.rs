//! HTTP as all of this program speaks it.

use std::sync::Arc;

use reqwest::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore};

/// A client that trusts whom these certificates vouch for; for `http:` alone, none are needed.
///
/// # Panics
/// Never: the provider has protocol versions that are considered safe.
pub(super) fn client(roots: RootCertStore) -> ClientBuilder {
    // ring instead of the default provider: as good, and over a megabyte less
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls)
}
