//! The secrets that this process knows, wherever it learnt them, and texts without them: all that is printed passes here,
//! and so do reports.

use std::borrow::Cow;
use std::sync::{LazyLock, PoisonError, RwLock};

use crate::domain::text::known_secrets::Secrets;
use crate::domain::text::masking;

static KNOWN: LazyLock<RwLock<Secrets>> = LazyLock::new(RwLock::default);

/// Keeps a secret from now on out of all that is shown.
pub(crate) fn learn(secret: &str) {
    let secret = secret.trim();
    if !KNOWN.read().unwrap_or_else(PoisonError::into_inner).knows(secret) {
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).learn(secret);
    }
}

/// Keeps them all out.
pub(crate) fn learn_all(secrets: &[String]) {
    for secret in secrets {
        learn(secret);
    }
}

/// A text without secrets: those that are known, and what a URL or a field of credentials gives away.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    match without_known(text) {
        Cow::Borrowed(text) => masking::by_place(text),
        Cow::Owned(text) => Cow::Owned(masking::by_place(&text).into_owned()),
    }
}

/// An answer as it is kept; a text is masked where it is written.
pub(crate) fn masked_answer(bytes: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Cow::Borrowed(bytes),
        Err(_) => Cow::Owned(KNOWN.read().unwrap_or_else(PoisonError::into_inner).masked_bytes(bytes)),
    }
}

/// A JSON document without secrets in its texts; its fields stay what they are.
pub(crate) fn masked_json(json: &str) -> Cow<'_, str> {
    masking::in_json(json, masked)
}

/// A JSON document that a later step reads. A value of `NoEcho` that is a word, too, such as the name of a stage, stays: it
/// would be lost where it means something else.
pub(crate) fn masked_record(json: &str) -> Cow<'_, str> {
    masking::in_json(json, |text| KNOWN.read().unwrap_or_else(PoisonError::into_inner).masked_but_words(text))
}

fn without_known(text: &str) -> Cow<'_, str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).masked(text)
}

/// Keeps the secrets that the process was started with.
pub fn learn_environment() {
    for (name, value) in
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
    {
        if masking::names_a_secret(&name) {
            learn(&value);
        } else if name.to_ascii_lowercase().ends_with("_proxy") || value.contains("://") {
            learn_url(&value);
        }
    }
}

/// Keeps the password of a URL, or of a proxy without a scheme, as it is written and as it is sent.
pub(crate) fn learn_url(url: &str) {
    for secret in masking::secrets_of_url(url) {
        learn(&secret);
    }
}
