//! Which captured requests are to be drawn, and from where.

use std::fmt;

use jiff::Timestamp;

use super::window::{When, Window};
use crate::domain::aws::s3_uri::S3Uri;

/// Where capture files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CaptureSource {
    /// A folder or a file, relative to the suite's own file.
    Path(String),
    S3(S3Uri),
}

/// Which requests are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    pub(crate) source: CaptureSource,
    pub(crate) since: Option<When>,
    pub(crate) until: Option<When>,
    pub(crate) most: usize,
    pub(crate) seed: u64,
}

impl Draw {
    /// Of which time they are, in a run that begins now.
    pub(crate) fn window(&self, now: Timestamp) -> Window {
        Window::new(self.since, self.until, now)
    }
}

impl fmt::Display for CaptureSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::S3(uri) => uri.fmt(f),
        }
    }
}

impl CaptureSource {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            None if text.is_empty() => Err("has a capture without a place; write capture.s3".to_owned()),
            None => Ok(Self::Path(text.to_owned())),
            Some(("s3", _)) => {
                text.parse().map(Self::S3).map_err(|_| format!("has a capture.s3 that names no bucket: \"{text}\""))
            }
            Some(_) => Err(format!("has a capture.s3 that is neither a path nor an s3:// URI: \"{text}\"")),
        }
    }
}
