//! `s3://bucket/key`.

use std::fmt;
use std::str::FromStr;

/// A place in S3: an object's, or the prefix of several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Uri {
    pub bucket: String,
    pub key: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is no S3 URI (write s3://bucket/key)")]
pub struct NotAnS3Uri(String);

impl FromStr for S3Uri {
    type Err = NotAnS3Uri;

    fn from_str(text: &str) -> Result<Self, NotAnS3Uri> {
        let place = text.strip_prefix("s3://").ok_or_else(|| NotAnS3Uri(text.to_owned()))?;
        let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            Err(NotAnS3Uri(text.to_owned()))
        } else {
            Ok(Self { bucket: bucket.into(), key: key.into() })
        }
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl S3Uri {
    /// Whether it is the place of several objects: that of uncompressed model data ends with a slash (SageMaker API,
    /// `S3ModelDataSource`).
    pub fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// An object of that name under this place.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let prefix = self.key.trim_end_matches('/');
        let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        Self { bucket: self.bucket.clone(), key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_survives_the_round_trip_and_takes_names_under_it() {
        let uri: S3Uri = "s3://bucket/a/b".parse().expect("valid");
        assert_eq!(uri.to_string(), "s3://bucket/a/b");
        assert_eq!(uri.join("c").to_string(), "s3://bucket/a/b/c");
        assert_eq!("s3://bucket".parse::<S3Uri>().expect("valid").join("c").to_string(), "s3://bucket/c");
        for text in ["", "bucket/a", "s3://", "s3:///a", "https://bucket/a"] {
            assert!(text.parse::<S3Uri>().is_err(), "{text}");
        }
    }
}
