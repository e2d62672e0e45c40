//! A download that goes on where it broke off.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::DateTime;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::super::error::{cloud_error, innermost};
use super::super::http::Intake;
use super::super::service_clock::ServiceClock;
use super::super::timeout::ATTEMPT_TIMEOUT;
use super::client::{S3, about};
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::aws::s3_uri::S3Uri;
use crate::files::{Opened, plain};

const OPERATION: &str = "s3:GetObject";
/// A break after so much more of the object is no sign that the next try will break off, too.
const PROGRESS: u64 = 8 * 1024 * 1024;
/// What S3 answers to a condition that does not hold, and to a range behind the object's end.
const OTHER_OBJECT: [u16; 2] = [412, 416];

/// What takes in the bytes of an object.
pub(super) trait Sink {
    /// So many bytes it has room for.
    fn most(&self) -> u64;

    /// Takes in what follows.
    ///
    /// # Errors
    /// Why it takes no more, in words.
    fn add(&mut self, part: &[u8]) -> Result<(), String>;

    /// Forgets all that it has.
    ///
    /// # Errors
    /// Why it cannot, in words.
    fn clear(&mut self) -> Result<(), String>;
}

/// No larger dataset is copied to the disk.
const MOST_ON_DISK: u64 = 16 << 30;

impl Sink for &Opened {
    fn most(&self) -> u64 {
        MOST_ON_DISK
    }

    fn add(&mut self, part: &[u8]) -> Result<(), String> {
        Opened::add(self, part).map_err(|error| unwritable(&error))
    }

    fn clear(&mut self) -> Result<(), String> {
        Opened::clear(self).map_err(|error| unwritable(&error))
    }
}

fn unwritable(error: &std::io::Error) -> String {
    format!("cannot store a copy: {}", plain(error))
}

/// Bytes in memory, up to so many.
pub(super) struct Bounded {
    pub(super) bytes: Vec<u8>,
    pub(super) most: usize,
}

impl Sink for Bounded {
    fn most(&self) -> u64 {
        self.most as u64
    }

    fn add(&mut self, part: &[u8]) -> Result<(), String> {
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    fn clear(&mut self) -> Result<(), String> {
        self.bytes.clear();
        Ok(())
    }
}

/// What is told of an object that came whole.
pub(super) struct Whole {
    pub(super) content_type: Option<String>,
    pub(super) entity_tag: Option<String>,
    pub(super) size: u64,
    /// How long it had been there when it was read.
    pub(super) age: Option<Duration>,
}

/// Reads an object to its end; `None` where it does not exist.
pub(super) async fn download(s3: &S3, uri: &S3Uri, sink: &mut impl Sink) -> CloudResult<Option<Whole>> {
    let mut download = Download { sink, at: 0, whole: None, content_type: None, tag: None, age: None };
    let mut breaks = 0;
    loop {
        let before = download.at;
        let reason = match download.go_on(s3, uri).await? {
            Went::ToItsEnd => {
                let Download { content_type, tag: entity_tag, at: size, age, .. } = download;
                return Ok(Some(Whole { content_type, entity_tag, size, age }));
            }
            Went::Nowhere => return Ok(None),
            Went::Broken(reason) => reason,
        };
        breaks = if download.at >= before + PROGRESS { 1 } else { breaks + 1 };
        let Some(pause) = s3.client.retries.pause_after_break(breaks) else {
            let message = format!("{uri} broke off after {} bytes: {reason}", download.at);
            return Err(CloudError::new(ErrorKind::Unreachable, OPERATION, message));
        };
        tracing::debug!("{OPERATION}: {uri} broke off after {} bytes: {reason}", download.at);
        tokio::time::sleep(pause).await;
    }
}

/// What there is of an object.
struct Download<'a, S> {
    sink: &'a mut S,
    /// How many bytes there are.
    at: u64,
    /// How many there will be, if the answers say so.
    whole: Option<u64>,
    content_type: Option<String>,
    /// By which its parts are known to be of one object.
    tag: Option<String>,
    age: Option<Duration>,
}

/// How far a try got.
enum Went {
    ToItsEnd,
    /// There is no such object.
    Nowhere,
    Broken(String),
}

impl<S: Sink> Download<'_, S> {
    async fn go_on(&mut self, s3: &S3, uri: &S3Uri) -> CloudResult<Went> {
        // Of an object without a tag, nobody could tell that it is still the same.
        let from = self.tag.as_ref().map_or(0, |_| self.at);
        let clock = ServiceClock::default();
        let request = |client: &Client| {
            let request = client.get_object().bucket(&uri.bucket).key(&uri.key);
            let request = if from == 0 {
                request
            } else {
                request.range(format!("bytes={from}-")).set_if_match(self.tag.clone())
            };
            let request = request.customize().config_override(s3.acting()).interceptor(clock.clone());
            request.mutate_request(|request| request.add_extension(Intake::Parts(usize::MAX))).send()
        };
        let refused = |reason| about(uri, CloudError::new(ErrorKind::Other, OPERATION, reason));
        match s3.client.call(OPERATION, request).await {
            Ok(answer) => {
                let now = clock.told().unwrap_or_else(SystemTime::now);
                self.age = answer.last_modified().map(|put| age(*put, now.into()));
                self.take(answer).await.map_err(refused)
            }
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(Went::Nowhere),
            Err(error) if from > 0 && status(&error).is_some_and(|status| OTHER_OBJECT.contains(&status)) => {
                self.clear().map_err(refused)?;
                Ok(Went::Broken("the object was replaced meanwhile".to_owned()))
            }
            Err(error) => Err(about(uri, cloud_error(OPERATION, &error))),
        }
    }

    fn hold(&self, bytes: u64) -> Result<(), String> {
        let most = self.sink.most();
        let too_many = || format!("it has more than the {most} bytes that are read of an object");
        if bytes > most { Err(too_many()) } else { Ok(()) }
    }

    fn clear(&mut self) -> Result<(), String> {
        (self.at, self.whole, self.tag) = (0, None, None);
        self.sink.clear()
    }

    async fn take(&mut self, answer: GetObjectOutput) -> Result<Went, String> {
        let GetObjectOutput { content_type, content_length, content_range, e_tag, mut body, .. } = answer;
        let length = content_length.and_then(|length| u64::try_from(length).ok());
        let fits = match &content_range {
            Some(range) => Part::parse(range).is_some_and(|part| part.ends_an_object(self.at, self.whole, length)),
            // All of it, since no part was asked for or the other side knows none.
            None => self.tag.is_none() || self.at == 0 || length.is_some() && length == self.whole,
        };
        if content_range.is_none() || !fits {
            self.clear()?;
        }
        if !fits {
            return Ok(Went::Broken("another part of the object came than was asked for".to_owned()));
        }
        (self.content_type, self.tag) = (content_type, e_tag);
        self.whole = length.map(|length| self.at + length);
        self.hold(self.whole.unwrap_or_default())?;
        loop {
            match tokio::time::timeout(ATTEMPT_TIMEOUT, body.next()).await {
                Ok(Some(Ok(part))) => {
                    self.hold(self.at + part.len() as u64)?;
                    self.sink.add(&part)?;
                    self.at += part.len() as u64;
                }
                Ok(Some(Err(error))) => return Ok(Went::Broken(innermost(&error))),
                Ok(None) => break,
                Err(_) => return Ok(Went::Broken("nothing more came in time".to_owned())),
            }
        }
        Ok(match self.whole {
            Some(whole) if self.at != whole => Went::Broken(format!("{} bytes of {whole} came", self.at)),
            _ => Went::ToItsEnd,
        })
    }
}

/// How long before a time it was put.
fn age(put: DateTime, now: DateTime) -> Duration {
    Duration::from_secs(u64::try_from(now.secs().saturating_sub(put.secs())).unwrap_or_default())
}

/// A part of an object, of a header such as `bytes 5-9/10`.
struct Part {
    first: u64,
    last: u64,
    whole: u64,
}

impl Part {
    fn parse(range: &str) -> Option<Self> {
        let (part, whole) = range.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = part.split_once('-')?;
        Some(Self { first: first.parse().ok()?, last: last.parse().ok()?, whole: whole.parse().ok()? })
    }

    /// Whether it is all from there on, of as many bytes as are known of the object and of the part.
    fn ends_an_object(&self, from: u64, whole: Option<u64>, length: Option<u64>) -> bool {
        self.first == from
            && self.last.checked_add(1) == Some(self.whole)
            && whole.is_none_or(|whole| whole == self.whole)
            && length.is_none_or(|length| self.whole.checked_sub(from) == Some(length))
    }
}

fn status(error: &SdkError<GetObjectError, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_as_old_as_the_service_says() {
        let at = DateTime::from_secs;
        assert_eq!(age(at(10), at(70)), Duration::from_mins(1));
        assert_eq!(age(at(70), at(10)), Duration::ZERO);
        assert_eq!(age(at(i64::MIN), at(i64::MAX)), Duration::from_secs(i64::MAX.unsigned_abs()));
    }

    #[test]
    fn a_part_is_all_that_was_missing_of_the_same_object() {
        let fits =
            |range: &str, length| Part::parse(range).is_some_and(|part| part.ends_an_object(5, Some(10), Some(length)));
        assert!(fits("bytes 5-9/10", 5));
        for range in ["bytes 4-9/10", "bytes 6-9/10", "bytes 5-8/10", "bytes 5-10/11", "bytes 5-9/*", "5-9/10", "bytes"]
        {
            assert!(!fits(range, 5), "{range}");
        }
        assert!(!fits("bytes 5-9/10", 4));
        assert!(Part::parse("bytes 5-18446744073709551615/0").is_some_and(|part| !part.ends_an_object(5, None, None)));
    }
}
