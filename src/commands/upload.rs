//! Content that is put into S3 once, under a key that its content says.

use super::interruption;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, Storage, Upload};
use crate::domain::aws::s3_uri::S3Uri;
use crate::error::Result;

/// Where content goes, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination<'a> {
    pub(super) place: &'a S3Uri,
    pub(super) kms_key: Option<&'a str>,
    /// What names the bucket, for a hint.
    pub(super) setting: &'a str,
}

/// Puts the content unless it is there, or this is a dry run; answers whether it was not there yet.
pub(super) async fn put_once(
    cloud: &impl Storage,
    source: &str,
    bytes: &[u8],
    destination: Destination<'_>,
    dry_run: bool,
) -> Result<bool> {
    let Destination { place, kms_key, setting } = destination;
    let failed = |error: CloudError| {
        let mut failure = error.failure(format!("cannot upload {source} to {place}"));
        let hint = &mut failure.findings[0].hint;
        *hint = match (error.kind, kms_key, hint.take()) {
            (ErrorKind::Denied, Some(key), Some(hint)) => {
                Some(format!("{hint}, and kms:GenerateDataKey and kms:Decrypt with key {key}"))
            }
            (ErrorKind::NotFound | ErrorKind::Other, _, None) => {
                Some(format!("check {setting}: it has to be a bucket in {}", cloud.region()))
            }
            (_, _, hint) => hint,
        };
        failure
    };
    let is_new = !cloud.has_object(place).await.map_err(failed)?;
    if is_new && !dry_run {
        interruption::begins(&format!("upload of {place}"));
        let is_new = cloud.upload(place, &Upload { bytes, kms_key }).await.map_err(failed)?;
        interruption::is_done();
        return Ok(is_new);
    }
    Ok(is_new)
}
