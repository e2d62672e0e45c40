//! Container images, and whose registry they are in.

use std::fmt;

/// One account id a line, after comments.
const AWS_REGISTRIES: &str = include_str!("aws_registries.txt");

/// Where an image is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Registry {
    /// A private repository in ECR.
    Private { account: String, region: String, repository: String },
    /// `public.ecr.aws`, from which everybody pulls.
    Public,
    /// No registry of AWS's.
    Elsewhere,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Image {
    pub uri: String,
    pub registry: Registry,
    pub reference: Reference,
}

/// Which image of a repository is pulled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reference {
    Digest(String),
    Tag(String),
}

impl Image {
    pub(crate) fn parse(uri: &str) -> Self {
        let (host, path) = uri.split_once('/').unwrap_or((uri, ""));
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
        let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
        let reference = match digest {
            Some(digest) => Reference::Digest(digest.to_owned()),
            None => Reference::Tag(tag.to_owned()),
        };
        let registry = match host.split('.').collect::<Vec<_>>().as_slice() {
            ["public", "ecr", "aws"] => Registry::Public,
            // `<account>.dkr.ecr.<region>.amazonaws.com`, and the dual-stack `<account>.dkr-ecr.<region>.on.aws`
            [account, "dkr", "ecr" | "ecr-fips", region, _, ..]
            | [account, "dkr-ecr" | "dkr-ecr-fips", region, _, ..]
                if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Registry::Private {
                    account: (*account).to_owned(),
                    region: (*region).to_owned(),
                    repository: repository.to_owned(),
                }
            }
            _ => Registry::Elsewhere,
        };
        Self { uri: uri.to_owned(), registry, reference }
    }

    /// The image with the digest that it had when it was registered: its tag may name another one by now.
    pub(crate) fn registered(uri: &str, digest: Option<&str>) -> Self {
        let image = Self::parse(uri);
        match digest {
            Some(digest) => Self { reference: Reference::Digest(digest.to_owned()), ..image },
            None => image,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "digest {digest}"),
            Self::Tag(tag) => write!(f, "tag \"{tag}\""),
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// Whether the account is one from which AWS publishes images for models, as far as is known.
pub(crate) fn is_aws(account: &str) -> bool {
    AWS_REGISTRIES.lines().any(|line| line == account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(account: &str, region: &str, repository: &str) -> Registry {
        Registry::Private { account: account.into(), region: region.into(), repository: repository.into() }
    }

    #[test]
    fn the_registry_of_an_image_is_read_from_its_name() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (uri, registry) in [
            ("111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4", private("111122223333", "us-east-1", "churn")),
            (
                &format!("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b:1@{digest}"),
                private("111122223333", "cn-north-1", "a/b"),
            ),
            (
                &format!("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a@{digest}"),
                private("111122223333", "us-gov-west-1", "a"),
            ),
            ("111122223333.dkr-ecr.eu-west-1.on.aws/a", private("111122223333", "eu-west-1", "a")),
            ("public.ecr.aws/x/y:1", Registry::Public),
            ("docker.io/library/python:3", Registry::Elsewhere),
            ("python", Registry::Elsewhere),
            ("1111.dkr.ecr.us-east-1.amazonaws.com/churn", Registry::Elsewhere),
        ] {
            assert_eq!(Image::parse(uri).registry, registry, "{uri}");
        }
    }

    #[test]
    fn an_image_is_pulled_by_its_digest_if_one_is_known() {
        let repository = "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn";
        let reference = |uri: &str, digest| Image::registered(&format!("{repository}{uri}"), digest).reference;
        assert_eq!(reference("", None), Reference::Tag("latest".into()));
        assert_eq!(reference(":1.4", None), Reference::Tag("1.4".into()));
        assert_eq!(reference(":1.4@sha256:aa", None), Reference::Digest("sha256:aa".into()));
        assert_eq!(reference(":1.4", Some("sha256:bb")), Reference::Digest("sha256:bb".into()));
    }

    #[test]
    fn the_accounts_of_aws_are_listed_and_others_are_not() {
        // us-east-1: deep learning containers, scikit-learn and XGBoost, the first built-in algorithms
        for account in ["763104351884", "683313688378", "382416733822"] {
            assert!(is_aws(account), "{account}");
        }
        for account in ["111122223333", "", "#"] {
            assert!(!is_aws(account), "{account}");
        }
        let ids: Vec<&str> = AWS_REGISTRIES.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(ids.len() > 100 && ids.is_sorted() && ids.iter().all(|id| id.len() == 12));
    }
}
