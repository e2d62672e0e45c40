//! Partitions of AWS: which one a Region is in, and what the names of its hosts end with.

use std::sync::LazyLock;

/// Written by `make models`; its head says of what.
const TABLE: &str = include_str!("../../../models/partitions.txt");

static PARTITIONS: LazyLock<Vec<Partition>> =
    LazyLock::new(|| TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(Partition::read).collect());

/// A part of AWS with Regions, accounts and names of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    pub id: &'static str,
    pub dns_suffix: &'static str,
    pub dual_stack_dns_suffix: &'static str,
    /// What the names of its Regions begin with.
    prefixes: Vec<&'static str>,
    /// Names that stand in a Region's stead.
    others: Vec<&'static str>,
}

impl Partition {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split(' ');
        let mut next = || fields.next();
        let (id, dns_suffix, dual_stack_dns_suffix) = (next()?, next()?, next()?);
        let mut list = || Some(next()?.split(',').filter(|one| *one != "-").collect());
        Some(Self { id, dns_suffix, dual_stack_dns_suffix, prefixes: list()?, others: list()? })
    }

    /// The one that a Region is in, as far as its name tells; what no partition knows is AWS's own, as AWS's rules have it.
    pub(crate) fn of_region(region: &str) -> &'static Self {
        PARTITIONS.iter().find(|partition| partition.has(region)).unwrap_or_else(|| Self::named("aws"))
    }

    /// The one of that name; AWS's own for a name that is not known.
    pub(crate) fn named(id: &str) -> &'static Self {
        PARTITIONS.iter().find(|partition| partition.id == id).unwrap_or(&PARTITIONS[0])
    }

    /// What stands before the suffix of some partition's hosts.
    pub(crate) fn without_dns_suffix(host: &str) -> Option<&str> {
        PARTITIONS.iter().find_map(|partition| host.strip_suffix(partition.dns_suffix)?.strip_suffix('.'))
    }

    /// Whether some partition has a Region of that name, as far as names tell.
    pub(crate) fn knows(region: &str) -> bool {
        PARTITIONS.iter().any(|partition| partition.has(region))
    }

    fn has(&self, region: &str) -> bool {
        let is_region = |prefix: &&str| {
            let rest = region.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')?.split_once('-'));
            rest.is_some_and(|(word, number)| {
                let is = |text: &str, kind: fn(u8) -> bool| !text.is_empty() && text.bytes().all(kind);
                is(word, |byte| byte == b'_' || byte.is_ascii_alphanumeric())
                    && is(number, |byte| byte.is_ascii_digit())
            })
        };
        self.others.contains(&region) || self.prefixes.iter().any(is_region)
    }
}

/// The name of the partition that a Region is in.
pub(crate) fn partition_of_region(region: &str) -> &'static str {
    Partition::of_region(region).id
}

/// Why a text is not a Region's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not a Region name: a part of a host name has 1 to 63 letters, digits and inner hyphens")]
pub(crate) struct NotARegion(String);

/// Holds the name of a Region to what part of a host's name can be: it becomes one, and the request carries credentials.
///
/// # Errors
/// It cannot be part of a host's name.
pub(crate) fn check_region(region: &str) -> Result<(), NotARegion> {
    let inner = |byte: u8| byte == b'-' || byte.is_ascii_alphanumeric();
    let is_label = (1..=63).contains(&region.len()) && region.bytes().all(inner);
    // botocore refuses a number, too.
    if is_label
        && !region.starts_with('-')
        && !region.ends_with('-')
        && !region.bytes().all(|byte| byte.is_ascii_digit())
    {
        Ok(())
    } else {
        Err(NotARegion(region.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_in_the_partition_that_its_name_tells() {
        for (region, partition, suffix) in [
            ("eu-central-2", "aws", "amazonaws.com"),
            ("mx-central-1", "aws", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-east-1", "aws-us-gov", "amazonaws.com"),
            ("us-iso-west-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
            ("us-gov-nowhere-7", "aws-us-gov", "amazonaws.com"),
            ("aws-cn-global", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-east", "aws", "amazonaws.com"),
            ("local", "aws", "amazonaws.com"),
        ] {
            let found = Partition::of_region(region);
            assert_eq!((found.id, found.dns_suffix), (partition, suffix), "{region}");
            assert_eq!(Partition::named(found.id), found);
        }
        assert_eq!(PARTITIONS.len(), 8);
    }

    #[test]
    fn a_region_is_part_of_a_host_name() {
        for good in ["us-east-1", "local", "x", "aws-global", &"a".repeat(63)] {
            assert_eq!(check_region(good), Ok(()), "{good}");
        }
        for bad in
            ["", "x@elsewhere.example/", "us-east-1.x", "-us", "us-", "us east", "us_east_1", "443", &"a".repeat(64)]
        {
            assert!(check_region(bad).is_err(), "{bad}");
        }
    }
}
