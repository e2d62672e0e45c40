//! What an endpoint says of the variants that run: images and capacity.

use std::collections::BTreeMap;

/// A variant that runs, as `DescribeEndpoint` summarises it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunningVariant {
    pub name: String,
    pub shadow: bool,
    /// None where the endpoint does not say.
    pub images: Vec<DeployedImage>,
    pub capacity: Capacity,
    /// How many instances of each pool run, by their type, where the endpoint says so.
    pub pools: Vec<(String, Option<u64>)>,
    /// The stage of a deployment of it that is under way.
    pub stage: Option<String>,
    /// As in `VariantConfig`: members that nothing here knows.
    pub strange: Vec<String>,
}

/// An image that runs. AWS resolves what was specified to `registry/repository@digest` when instances start, and need
/// not say either of them (botocore 1.44.8, `DeployedImage`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeployedImage {
    pub specified: Option<String>,
    pub resolved: Option<String>,
}

/// By name: weights, instances and the like, current and desired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capacity(pub BTreeMap<String, String>);

/// What a running image is beside one that is known.
/// Of several that are known, the least counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    Same,
    /// The endpoint does not say enough.
    Untold,
    Other,
}

/// The parts of an image's name.
struct ImageName<'a> {
    repository: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> ImageName<'a> {
    fn of(name: &'a str) -> Self {
        let (name, digest) = name.split_once('@').map_or((name, None), |(name, digest)| (name, Some(digest)));
        // A colon before the last slash belongs to the port of the registry.
        let start = name.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match name[start..].find(':') {
            Some(at) => (&name[..start + at], Some(&name[start + at + 1..])),
            None => (name, None),
        };
        Self { repository, tag, digest: digest.filter(|digest| !digest.is_empty()) }
    }

    fn tag(&self) -> &str {
        self.tag.unwrap_or("latest")
    }
}

/// The digest in an image's name.
pub(super) fn digest_in(image: &str) -> Option<&str> {
    ImageName::of(image).digest
}

impl DeployedImage {
    /// As it is told to people.
    pub(crate) fn name(&self) -> Option<&str> {
        self.resolved.as_deref().or(self.specified.as_deref())
    }

    fn digest(&self) -> Option<&str> {
        let names = [&self.resolved, &self.specified];
        names.into_iter().flatten().find_map(|name| digest_in(name))
    }

    /// What it is beside a known image: by digest, where that has one; else by what was specified.
    pub(super) fn identity(&self, image: &str, digest: Option<&str>) -> Identity {
        let known = ImageName::of(image);
        let same_if = |is_same| if is_same { Identity::Same } else { Identity::Other };
        let Some(name) = self.name() else { return Identity::Untold };
        let is_of_repository = ImageName::of(name).repository == known.repository;
        match (digest, self.digest()) {
            (Some(digest), Some(running)) => same_if(running.eq_ignore_ascii_case(digest)),
            (Some(_), None) if is_of_repository => Identity::Untold,
            (Some(_), None) => Identity::Other,
            (None, _) => {
                let specified = self.specified.as_deref().map(ImageName::of);
                let has_tag = specified.is_none_or(|one| one.digest.is_some() || one.tag() == known.tag());
                same_if(is_of_repository && has_tag)
            }
        }
    }
}

impl Capacity {
    /// A figure, by its name.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.trim_matches('"').parse().ok()
    }

    /// Whether it is on its way to what is desired.
    pub(super) fn changes(&self) -> bool {
        let current = self.0.iter().filter_map(|(name, is)| Some((name.strip_prefix("Current")?, is)));
        current.into_iter().any(|(name, is)| self.0.get(&format!("Desired{name}")).is_some_and(|wanted| wanted != is))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(specified: Option<&str>, resolved: Option<&str>) -> DeployedImage {
        DeployedImage { specified: specified.map(str::to_owned), resolved: resolved.map(str::to_owned) }
    }

    #[test]
    fn a_name_has_a_repository_a_tag_and_a_digest() {
        for (name, tag, digest) in [
            ("h:1/a/b", None, None),
            ("h:1/a/b:2", Some("2"), None),
            ("h:1/a/b@sha256:aa", None, Some("sha256:aa")),
            ("h:1/a/b:2@sha256:aa", Some("2"), Some("sha256:aa")),
            ("h:1/a/b@", None, None),
        ] {
            let of = ImageName::of(name);
            assert_eq!((of.repository, of.tag, of.digest), ("h:1/a/b", tag, digest), "{name}");
        }
    }

    #[test]
    fn a_digest_is_compared_as_a_whole() {
        let is = |resolved: &str| image(None, Some(resolved)).identity("h/a:1", Some("sha256:aa"));
        assert_eq!((is("h/a@sha256:aa"), is("h/a@SHA256:AA")), (Identity::Same, Identity::Same));
        for other in ["h/a@sha256:aab", "h/sha256:aa@sha256:bb", "h/a:sha256-aa@sha256:bb", "h/a@sha256:aa@sha256:bb"] {
            assert_eq!(is(other), Identity::Other, "{other}");
        }
    }

    #[test]
    fn an_image_without_a_digest_is_not_told_apart_from_others_of_its_repository() {
        let is = |specified, resolved| image(specified, resolved).identity("h/a:1", Some("sha256:aa"));
        assert_eq!(is(Some("h/a:1"), None), Identity::Untold);
        assert_eq!(is(Some("h/a:1"), Some("h/a:1")), Identity::Untold);
        assert_eq!(is(None, None), Identity::Untold);
        assert_eq!(is(Some("h/b:1"), None), Identity::Other);
        assert_eq!(is(Some("h/a@sha256:aa"), None), Identity::Same);
        // What runs decides, and not what was asked for.
        assert_eq!(is(Some("h/a@sha256:aa"), Some("h/a@sha256:bb")), Identity::Other);
    }

    #[test]
    fn an_image_that_is_registered_without_a_digest_is_known_by_its_name() {
        let is = |specified, resolved| image(specified, resolved).identity("h/a:1", None);
        assert_eq!(is(Some("h/a:1"), Some("h/a@sha256:aa")), Identity::Same);
        assert_eq!(is(None, Some("h/a@sha256:aa")), Identity::Same);
        assert_eq!(is(Some("h/a:2"), Some("h/a@sha256:aa")), Identity::Other);
        assert_eq!(is(Some("h/b:1"), None), Identity::Other);
    }

    #[test]
    fn what_is_not_yet_as_desired_changes() {
        let capacity = |members: &[(&str, &str)]| {
            Capacity(members.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert!(capacity(&[("CurrentInstanceCount", "1"), ("DesiredInstanceCount", "2")]).changes());
        assert!(!capacity(&[("CurrentInstanceCount", "1"), ("DesiredInstanceCount", "1")]).changes());
        assert!(!capacity(&[("CurrentInstanceCount", "1")]).changes());
    }
}
