//! Uploads in parts that are not complete: their parts cost storage until somebody takes them back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;

use super::super::retries::Retrying;
use crate::domain::aws::s3_uri::S3Uri;

/// How long the end of a run that was stopped may take for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// An upload that began.
pub(super) struct Unfinished(Option<Begun>);

struct Begun {
    s3: Retrying<Client>,
    uri: S3Uri,
    id: String,
}

/// Uploads whose work was given up on its way.
static GIVEN_UP: Mutex<Vec<Begun>> = Mutex::new(Vec::new());

impl Unfinished {
    pub(super) fn new(s3: &Retrying<Client>, uri: &S3Uri, id: &str) -> Self {
        Self(Some(Begun { s3: s3.clone(), uri: uri.clone(), id: id.to_owned() }))
    }

    /// Takes back what did not succeed, and answers what came of it: that error is the one to tell.
    pub(super) async fn ended<T, E>(mut self, outcome: Result<T, E>) -> Result<T, E> {
        if let (Some(begun), Err(_)) = (&self.0, &outcome) {
            begun.take_back().await;
        }
        self.0 = None;
        outcome
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
    }
}

impl Begun {
    async fn take_back(&self) {
        let Self { s3, uri, id } = self;
        _ = s3
            .call("s3:AbortMultipartUpload", |client| {
                client.abort_multipart_upload().bucket(&uri.bucket).key(&uri.key).upload_id(id).send()
            })
            .await;
    }
}

/// Takes back every upload whose work was given up.
pub(super) async fn take_back() {
    let given_up = std::mem::take(&mut *GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner));
    let all = futures::future::join_all(given_up.iter().map(Begun::take_back));
    _ = tokio::time::timeout(PATIENCE, all).await;
}
