//! Versions of a product, which Service Catalog calls provisioning artifacts.

use crate::domain::aws::s3_uri::S3Uri;

/// A version, as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version {
    pub id: String,
    pub name: String,
    pub description: String,
    /// Seconds since 1970.
    pub created: f64,
    /// Whether it can be launched: active, and not marked as deprecated.
    pub is_offered: bool,
}

/// A version, as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Where its template was loaded from.
    pub url: Option<String>,
    pub state: State,
}

/// `Status` of a product, version or constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Available,
    Creating,
    Failed,
    /// A value that is not known here.
    Other(String),
}

impl From<&str> for State {
    fn from(text: &str) -> Self {
        match text {
            "AVAILABLE" => Self::Available,
            "CREATING" => Self::Creating,
            "FAILED" => Self::Failed,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The version that new projects get: `CreateProject` takes the latest one where none is named (botocore).
pub(crate) fn latest(versions: &[Version]) -> Option<&Version> {
    let offered = versions.iter().filter(|version| version.is_offered);
    offered.max_by(|one, other| one.created.total_cmp(&other.created))
}

impl Version {
    /// Whether it is the template of this digest. The URL says so, since a template's key is its digest; the description
    /// is read where there is no URL, as anybody can change or copy one.
    pub(crate) fn holds(&self, content: &Content, digest: &str) -> bool {
        content.state != State::Failed
            && match &content.url {
                Some(url) => url.contains(digest),
                None => self.description.contains(digest),
            }
    }
}

/// A version to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewVersion {
    pub name: String,
    pub description: String,
    pub url: String,
    /// The version that is the latest before it. It is in the idempotency token, so that a template which comes back
    /// after another makes a version again.
    pub after: String,
}

impl NewVersion {
    pub(crate) fn new(versions: &[Version], digest: &str, place: &S3Uri, url: &str) -> Self {
        const SHOWN: usize = 8;
        let short = digest.get(..SHOWN).unwrap_or(digest);
        Self {
            // The name of a version has no spaces.
            name: format!("v{}-{short}", versions.len() + 1),
            description: format!("modeldeploy {}, sha256 {digest}, {place}", env!("CARGO_PKG_VERSION")),
            url: url.to_owned(),
            after: latest(versions).map(|version| version.id.clone()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, created: f64, is_offered: bool) -> Version {
        Version { id: id.to_owned(), name: id.to_owned(), description: format!("sha256 of-{id}"), created, is_offered }
    }

    fn content(url: Option<&str>, state: State) -> Content {
        Content { url: url.map(str::to_owned), state }
    }

    #[test]
    fn the_newest_version_that_can_be_launched_is_the_latest() {
        let versions =
            [version("a", 1.0, true), version("b", 3.0, true), version("c", 2.0, true), version("d", 4.0, false)];
        assert_eq!(latest(&versions).map(|version| version.id.as_str()), Some("b"));
        assert_eq!(latest(&versions[3..]), None);
    }

    #[test]
    fn the_url_says_which_template_it_is_and_the_description_only_without_one() {
        let version = version("a", 1.0, true);
        assert!(version.holds(&content(Some("https://b/of-a.template"), State::Available), "of-a"));
        assert!(!version.holds(&content(Some("https://b/other.template"), State::Available), "of-a"));
        assert!(version.holds(&content(None, State::Creating), "of-a"));
        assert!(!version.holds(&content(None, State::Available), "of-b"));
        assert!(!version.holds(&content(Some("https://b/of-a.template"), State::Failed), "of-a"));
    }

    #[test]
    fn a_new_version_says_what_it_is_made_of_and_what_it_follows() {
        let place = S3Uri { bucket: "seeds".to_owned(), key: "a.template".to_owned() };
        let digest = "0123456789abcdef";
        let new = NewVersion::new(&[version("a", 1.0, true), version("b", 2.0, false)], digest, &place, "https://x");
        assert_eq!((new.name.as_str(), new.after.as_str()), ("v3-01234567", "a"));
        assert!(new.description.ends_with(", sha256 0123456789abcdef, s3://seeds/a.template"), "{}", new.description);
    }
}
