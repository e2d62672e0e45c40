//! Values of flags that are more than a text.

use std::path::PathBuf;
use std::time::Duration;

use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue};

use crate::domain::aws::partition::{NotARegion, check_region};
use crate::domain::text::duration;

pub(super) fn stage_and_ids(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, ids) = text.split_once('=').ok_or("write for example staging=ou-ab12-cdef3456")?;
    Ok((name.trim().to_owned(), ids.split(',').map(|id| id.trim().to_owned()).collect()))
}

pub(super) fn region(text: &str) -> Result<String, NotARegion> {
    check_region(text).map(|()| text.to_owned())
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    duration::parse(text, Duration::ZERO..=duration::LONGEST)
}

/// Between two readings; less would only load the services.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    duration::parse(text, Duration::from_secs(1)..=duration::LONGEST)
}

pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err("there is no such folder".to_owned()) }
}

/// The name of a header, where that is told from its value.
pub(crate) fn header_name(text: &str) -> Option<&str> {
    let name = text.split_once(':')?.0.trim();
    name.parse::<HeaderName>().is_ok().then_some(name)
}

pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let example = "write for example \"X-Api-Key: abc\"";
    let (name, value) = text.split_once(':').ok_or(example)?;
    let name = name.trim().parse().map_err(|error| format!("{error}; {example}"))?;
    let value = value.trim().parse().map_err(|error| format!("{error}; {example}"))?;
    match name {
        CONTENT_TYPE | ACCEPT => Err("a case says that itself: write content_type or accept into the cases".to_owned()),
        CONTENT_LENGTH | TRANSFER_ENCODING | CONNECTION => Err("each request makes that header itself".to_owned()),
        _ => Ok((name, value)),
    }
}

pub(super) fn http_url(text: &str) -> Result<reqwest::Url, String> {
    let url =
        reqwest::Url::parse(text).map_err(|error| format!("{error} (write for example http://127.0.0.1:8080)"))?;
    if url.fragment().is_some() {
        return Err("no server is told what stands behind \"#\": leave it out".to_owned());
    }
    if url.scheme() == "http" && url.has_host() {
        Ok(url)
    } else {
        Err("a local model server speaks plain HTTP: write for example http://127.0.0.1:8080".to_owned())
    }
}
