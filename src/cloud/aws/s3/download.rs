//! A download that goes on where it broke off.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::super::error::{cloud_error, innermost};
use super::{S3, about};
use crate::cloud::error::Kind;
use crate::cloud::{CloudError, CloudResult, Object};
use crate::domain::s3_uri::S3Uri;

const OPERATION: &str = "s3:GetObject";
/// A break after so much more of the object is no sign that the next try will break off, too.
const PROGRESS: usize = 8 * 1024 * 1024;
/// What S3 answers to a condition that does not hold, and to a range behind the object's end.
const OTHER_OBJECT: [u16; 2] = [412, 416];

/// An object, whole; `None` where it does not exist.
pub(in super::super) async fn object(s3: &S3, uri: &S3Uri) -> CloudResult<Option<Object>> {
    let mut download = Download::default();
    let mut breaks = 0;
    loop {
        let before = download.bytes.len();
        let reason = match download.go_on(s3, uri).await? {
            Went::ToItsEnd => return Ok(Some(Object { content_type: download.content_type, bytes: download.bytes })),
            Went::Nowhere => return Ok(None),
            Went::Broken(reason) => reason,
        };
        breaks = if download.bytes.len() >= before + PROGRESS { 1 } else { breaks + 1 };
        let Some(pause) = s3.client.retries.pause_after_break(breaks) else {
            let message = format!("{uri} broke off after {} bytes: {reason}", download.bytes.len());
            return Err(CloudError::new(Kind::Unreachable, OPERATION, message));
        };
        tracing::debug!("{OPERATION}: {uri} broke off after {} bytes: {reason}", download.bytes.len());
        tokio::time::sleep(pause).await;
    }
}

/// What there is of an object.
#[derive(Default)]
struct Download {
    content_type: Option<String>,
    /// By which its parts are known to be of one object.
    tag: Option<String>,
    bytes: Vec<u8>,
}

/// How far a try got.
enum Went {
    ToItsEnd,
    /// There is no such object.
    Nowhere,
    Broken(String),
}

impl Download {
    async fn go_on(&mut self, s3: &S3, uri: &S3Uri) -> CloudResult<Went> {
        // Of an object without a tag, nobody could tell that it is still the same.
        let from = self.tag.as_ref().map_or(0, |_| self.bytes.len());
        let request = |client: &Client| {
            let request = client.get_object().bucket(&uri.bucket).key(&uri.key);
            let request = if from == 0 {
                request
            } else {
                request.range(format!("bytes={from}-")).set_if_match(self.tag.clone())
            };
            request.customize().config_override(s3.acting()).send()
        };
        match s3.client.call(OPERATION, request).await {
            Ok(answer) => Ok(self.take(answer).await),
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(Went::Nowhere),
            Err(error) if from > 0 && status(&error).is_some_and(|status| OTHER_OBJECT.contains(&status)) => {
                *self = Self::default();
                Ok(Went::Broken("the object was replaced meanwhile".to_owned()))
            }
            Err(error) => Err(about(uri, cloud_error(OPERATION, &error))),
        }
    }

    async fn take(&mut self, answer: GetObjectOutput) -> Went {
        let GetObjectOutput { content_type, content_length, content_range, e_tag, mut body, .. } = answer;
        let begins = content_range.as_deref().and_then(begin);
        if begins != Some(self.bytes.len()) {
            // The whole object, since none of it was asked for by itself or the other side knows no ranges.
            self.bytes.clear();
            if begins.is_some_and(|begin| begin > 0) {
                return Went::Broken("another part of the object came than was asked for".to_owned());
            }
        }
        (self.content_type, self.tag) = (content_type, e_tag);
        let length = content_length.and_then(|length| usize::try_from(length).ok());
        let whole = length.map(|length| self.bytes.len() + length);
        while let Some(part) = body.next().await {
            match part {
                Ok(part) => self.bytes.extend_from_slice(&part),
                Err(error) => return Went::Broken(innermost(&error)),
            }
        }
        match whole {
            Some(whole) if self.bytes.len() != whole => {
                Went::Broken(format!("{} bytes of {whole} came", self.bytes.len()))
            }
            _ => Went::ToItsEnd,
        }
    }
}

/// Where a part begins, of a header such as `bytes 5-9/10`.
fn begin(range: &str) -> Option<usize> {
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn status(error: &SdkError<GetObjectError, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
