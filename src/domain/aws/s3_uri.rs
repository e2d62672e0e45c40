//! `s3://bucket/key`, and the addresses by `https://` that mean the same.

use std::fmt;
use std::str::FromStr;

use super::partition::Partition;

/// A place in S3: an object's, or the prefix of several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Uri {
    pub bucket: String,
    pub key: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not an S3 URI (write s3://bucket/key)")]
pub struct NotAnS3Uri(String);

impl FromStr for S3Uri {
    type Err = NotAnS3Uri;

    fn from_str(text: &str) -> Result<Self, NotAnS3Uri> {
        let Some(place) = text.strip_prefix("s3://") else {
            let address = Address::of(text).and_then(|address| address.place);
            return address.ok_or_else(|| NotAnS3Uri(text.to_owned()));
        };
        let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            Err(NotAnS3Uri(text.to_owned()))
        } else {
            Ok(Self { bucket: bucket.into(), key: key.into() })
        }
    }
}

/// An address of S3, which SageMaker takes for model data, captures and results, too: the pattern of `ModelDataUrl`,
/// `DestinationS3Uri` and `S3OutputPath` is `(https|s3)://`.
pub(crate) struct Address<'a> {
    /// The Region, where the address names one.
    pub region: Option<&'a str>,
    /// None without a bucket.
    pub place: Option<S3Uri>,
}

impl<'a> Address<'a> {
    /// S3 User Guide, "Methods for accessing a bucket" and "Making requests to Amazon S3 over IPv6": the bucket in the host
    /// or in the path, with or without a Region, by dual stack, FIPS or acceleration.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let (host, path) = text.strip_prefix("https://").map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
        let labels: Vec<&str> = Partition::without_dns_suffix(host)?.split('.').collect();
        let mut hosts = (0..labels.len()).rev().map(|at| (at, host_of(&labels[at..])));
        let (start, region) = hosts.find_map(|(at, host)| match host {
            Host::Elsewhere => None,
            Host::Everywhere => Some((at, None)),
            Host::Of(region) => Some((at, Some(region))),
        })?;
        let in_host = labels[..start].join(".");
        let (bucket, key) = match in_host.as_str() {
            "" => path.split_once('/').unwrap_or((path, "")),
            bucket => (bucket, path),
        };
        let place = (!bucket.is_empty()).then(|| S3Uri { bucket: bucket.to_owned(), key: key.to_owned() });
        Some(Self { region, place })
    }
}

/// What a host is to S3.
enum Host<'a> {
    Elsewhere,
    /// S3's, of no Region.
    Everywhere,
    Of(&'a str),
}

fn host_of<'a>(labels: &[&'a str]) -> Host<'a> {
    let region = match labels {
        ["s3" | "s3-accelerate"] | ["s3-accelerate", "dualstack"] => return Host::Everywhere,
        ["s3-external-1"] => "us-east-1",
        ["s3" | "s3-fips", region] | ["s3" | "s3-fips", "dualstack", region] => region,
        // As they were written until 2019
        [service] => match service.strip_prefix("s3-") {
            Some(rest) => rest.strip_prefix("fips-").unwrap_or(rest),
            None => return Host::Elsewhere,
        },
        _ => return Host::Elsewhere,
    };
    if Partition::knows(region) { Host::Of(region) } else { Host::Elsewhere }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl S3Uri {
    /// Whether it is the place of several objects: that of uncompressed model data ends with a slash (SageMaker API,
    /// `S3ModelDataSource`).
    pub(crate) fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// An object of that name under this place.
    #[must_use]
    pub(crate) fn join(&self, name: &str) -> Self {
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

    #[test]
    fn an_address_by_https_is_the_place_that_it_names() {
        for (address, place, region) in [
            ("https://b.s3.amazonaws.com/k/l", "s3://b/k/l", None),
            ("https://b.s3.eu-west-1.amazonaws.com/k", "s3://b/k", Some("eu-west-1")),
            ("https://b.s3-eu-west-1.amazonaws.com/k", "s3://b/k", Some("eu-west-1")),
            ("https://b.s3.dualstack.eu-west-1.amazonaws.com/k", "s3://b/k", Some("eu-west-1")),
            ("https://b.s3-fips.us-gov-west-1.amazonaws.com/k", "s3://b/k", Some("us-gov-west-1")),
            ("https://b.s3-fips.dualstack.us-east-1.amazonaws.com/k", "s3://b/k", Some("us-east-1")),
            ("https://b.s3-accelerate.amazonaws.com/k", "s3://b/k", None),
            ("https://b.s3-accelerate.dualstack.amazonaws.com/k", "s3://b/k", None),
            ("https://b.s3.cn-north-1.amazonaws.com.cn/k", "s3://b/k", Some("cn-north-1")),
            ("https://b.s3.eusc-de-east-1.amazonaws.eu/k", "s3://b/k", Some("eusc-de-east-1")),
            ("https://a.s3.b.s3.us-west-2.amazonaws.com/", "s3://a.s3.b/", Some("us-west-2")),
            ("https://s3.amazonaws.com/b/k/l", "s3://b/k/l", None),
            ("https://s3.eu-west-1.amazonaws.com/b/k", "s3://b/k", Some("eu-west-1")),
            ("https://s3-us-west-2.amazonaws.com/b", "s3://b/", Some("us-west-2")),
            ("https://s3-fips-us-gov-west-1.amazonaws.com/b/k", "s3://b/k", Some("us-gov-west-1")),
            ("https://s3.dualstack.eu-west-1.amazonaws.com/b/k/", "s3://b/k/", Some("eu-west-1")),
            ("https://s3-external-1.amazonaws.com/b/k", "s3://b/k", Some("us-east-1")),
        ] {
            assert_eq!(address.parse::<S3Uri>().expect(address).to_string(), place, "{address}");
            assert_eq!(Address::of(address).expect(address).region, region, "{address}");
        }
        for text in [
            "http://b.s3.amazonaws.com/k",
            "https://s3.amazonaws.com/",
            "https://s3.amazonaws.com",
            "https://b.s3.example.com/k",
            "https://b.s3.eu-west-1.amazonaws.com.example/k",
            "https://sagemaker.eu-west-1.amazonaws.com/b/k",
            "https://b.s3-website-us-east-1.amazonaws.com/k",
            "https://a-111122223333.s3-accesspoint.eu-west-1.amazonaws.com/k",
            "https://b.s3.nowhere.amazonaws.com/k",
        ] {
            assert!(text.parse::<S3Uri>().is_err(), "{text}");
        }
    }
}
