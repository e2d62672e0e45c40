//! What is live against what was asked for: told once for all accounts that serve the same.

use serde::Serialize;

use super::figures::{counted, short};
use super::listing::{Listing, Subject};
use crate::domain::endpoint::Serves;
use crate::domain::report::results::{AccountReport, PartReport, VariantReport};

/// More values that differ from account to account than these are counted.
const VALUES_SHOWN: usize = 2;

#[derive(Serialize)]
pub(super) struct Live {
    asked: Option<String>,
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    /// `pass`, `fail` or `none`
    state: &'static str,
    word: &'static str,
    accounts: Listing,
    line: &'static str,
    /// The asked ARN, where it differs from what is live.
    asked: Option<Parts>,
    packages: Vec<Parts>,
    variants: Vec<Variant>,
    status: Option<String>,
    capture: Option<String>,
}

/// An ARN, parted where it begins to differ from another.
#[derive(Serialize)]
struct Parts {
    same: String,
    differs: String,
}

#[derive(Serialize)]
struct Variant {
    name: String,
    role: String,
    /// What the variant serves beside what was asked for; of each part, where it has several.
    says: Vec<String>,
    models: String,
    packages: Vec<Parts>,
    images: Vec<String>,
}

impl Live {
    /// `None` where nothing was to be compared, as with a local model server.
    pub(super) fn new(subject: &Subject) -> Option<Self> {
        let report = subject.report;
        let silent = |account: &AccountReport| {
            account.account_id.is_none() && account.live_model_package_arns.is_empty() && account.variants.is_empty()
        };
        if report.accounts.iter().all(silent) {
            return None;
        }
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (place, account) in report.accounts.iter().enumerate() {
            match groups.iter_mut().find(|places| serves_the_same(&report.accounts[places[0]], account)) {
                Some(places) => places.push(place),
                None => groups.push(vec![place]),
            }
        }
        groups.sort_by_key(|places| match report.accounts[places[0]].live_model_matches {
            Some(false) => 0,
            None => 1,
            Some(true) => 2,
        });
        let asked = report.model_package_arn.clone();
        let groups = groups.iter().map(|places| Group::new(subject, places)).collect();
        Some(Self { asked, groups })
    }
}

/// All but what AWS names anew in every account.
fn serves_the_same(a: &AccountReport, b: &AccountReport) -> bool {
    let same_variant = |(a, b): (&VariantReport, &VariantReport)| {
        let of_part = |part: &PartReport| (part.name(), part.model_package_arns.clone(), part.serves);
        (&a.name, &a.role, &a.model_package_arns, &a.images) == (&b.name, &b.role, &b.model_package_arns, &b.images)
            && a.parts.iter().map(of_part).eq(b.parts.iter().map(of_part))
    };
    a.live_model_matches == b.live_model_matches
        && a.live_model_package_arns == b.live_model_package_arns
        && a.endpoint_status == b.endpoint_status
        && capture(a) == capture(b)
        && a.variants.len() == b.variants.len()
        && a.variants.iter().zip(&b.variants).all(same_variant)
}

fn tell_match(variants: &[VariantReport]) -> &'static str {
    let serves = |serves: Serves| variants.iter().flat_map(|one| &one.parts).any(|part| part.serves == Some(serves));
    if serves(Serves::Other) {
        "The variants that were meant serve the package that was asked for; the others serve something else."
    } else if serves(Serves::Beside) {
        "The endpoint serves the package that was asked for, and other models beside it."
    } else {
        "The endpoint serves the package that was asked for, and nothing else."
    }
}

fn tell_mismatch(account: &AccountReport, asked: Option<&str>) -> &'static str {
    let live = &account.live_model_package_arns;
    if account.variants.iter().any(|variant| variant.serves == Some(Serves::Unknown)) {
        "It cannot be proved what the endpoint serves."
    } else if live.is_empty() {
        "The endpoint serves a model that comes from no model package."
    } else if live.iter().any(|arn| Some(arn.as_str()) == asked) {
        "The endpoint serves more than the package that was asked for."
    } else {
        "The endpoint serves another package than the one asked for."
    }
}

fn capture(account: &AccountReport) -> Option<String> {
    let capture = account.data_capture.as_ref()?;
    if !capture.enabled {
        return Some("off".to_owned());
    }
    let mut text = "on".to_owned();
    if let Some(status) = &capture.status {
        text = format!("{text} ({status})");
    }
    if let Some(percentage) = capture.sampling_percentage {
        text = format!("{text}, {}% of requests", short(f64::from(percentage), 0));
    }
    Some(text)
}

impl Group {
    fn new(subject: &Subject, places: &[usize]) -> Self {
        let report = subject.report;
        let account = &report.accounts[places[0]];
        let asked = report.model_package_arn.as_deref();
        let (state, word, line) = match account.live_model_matches {
            Some(true) => ("pass", "MATCH", tell_match(&account.variants)),
            Some(false) => ("fail", "MISMATCH", tell_mismatch(account, asked)),
            None if account.live_model_package_arns.is_empty() => {
                ("none", "UNKNOWN", "It could not be told what the endpoint serves.")
            }
            None => ("none", "NOT COMPARED", "There was no package to compare with."),
        };
        let matches = account.live_model_matches == Some(true);
        let mismatch = account.live_model_matches == Some(false);
        // Told once: not by the group what the variants tell, nor by a match what was asked for.
        let by_group = !matches && account.variants.iter().all(|variant| variant.model_package_arns.is_empty());
        let against = asked.filter(|_| mismatch);
        let other = account.live_model_package_arns.iter().find(|live| Some(live.as_str()) != asked);
        let destinations = values(places.iter().filter_map(|&place| {
            let capture = report.accounts[place].data_capture.as_ref()?;
            capture.destination.clone().filter(|_| capture.enabled)
        }));
        Self {
            state,
            word,
            accounts: Listing::new(subject, places),
            asked: against.map(|asked| Parts::new(asked, other.map(String::as_str))),
            line,
            packages: account
                .live_model_package_arns
                .iter()
                .filter(|_| by_group)
                .map(|live| Parts::new(live, against))
                .collect(),
            variants: (0..account.variants.len())
                .map(|at| Variant::new(subject, places, at, against, matches))
                .collect(),
            status: account.endpoint_status.clone(),
            capture: capture(account).map(|text| match destinations.as_str() {
                "" => text,
                to => format!("{text}, to {to}"),
            }),
        }
    }
}

impl Variant {
    fn new(subject: &Subject, places: &[usize], at: usize, against: Option<&str>, matches: bool) -> Self {
        let report = subject.report;
        let variant = &report.accounts[places[0]].variants[at];
        let models = places.iter().flat_map(|&place| report.accounts[place].variants[at].model_names.clone());
        Self {
            name: variant.name.clone(),
            role: variant.role.clone(),
            says: says(variant, report.accounts[places[0]].variants.as_slice()),
            models: values(models),
            packages: variant
                .model_package_arns
                .iter()
                .filter(|_| !matches || variant.serves.is_some_and(|serves| serves != Serves::Package))
                .map(|arn| Parts::new(arn, against))
                .collect(),
            images: variant.images.clone(),
        }
    }
}

/// What each part serves; nothing of a variant that is one whole, where all serve the package.
fn says(variant: &VariantReport, all: &[VariantReport]) -> Vec<String> {
    let all_alike = all.iter().all(|one| one.serves == Some(Serves::Package));
    let of_part = |part: &PartReport| {
        let serves = match part.serves? {
            Serves::Package => "serves the package".to_owned(),
            Serves::Other => "serves something else".to_owned(),
            Serves::Beside => "serves another model".to_owned(),
            Serves::Unknown => format!("cannot be proved: {}", part.reason.as_deref().unwrap_or("not told")),
        };
        match part.name() {
            None if all_alike => None,
            None => Some(serves),
            Some(name) => Some(format!("{name}: {serves}")),
        }
    };
    variant.parts.iter().filter_map(of_part).collect()
}

/// The different ones among some values: all of a few, one and a number of many.
fn values(all: impl Iterator<Item = String>) -> String {
    let mut different: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for value in all {
        if known.insert(value.clone()) {
            different.push(value);
        }
    }
    let more = different.len().saturating_sub(VALUES_SHOWN);
    if more > 0 {
        return format!("{} and {}", different[0], counted(different.len() - 1, "other"));
    }
    different.join(", ")
}

impl Parts {
    /// Parts `arn` at the last border before it differs from `other`; nothing differs from nothing.
    fn new(arn: &str, other: Option<&str>) -> Self {
        let same = match other {
            None => arn.len(),
            Some(other) if other == arn => arn.len(),
            Some(other) => {
                let common = arn.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
                let common = common.map_or(arn.len().min(other.len()), |((at, _), _)| at);
                arn[..common].rfind(['/', ':']).map_or(0, |border| border + 1)
            }
        };
        Self { same: arn[..same].to_owned(), differs: arn[same..].to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::TestReport;

    const ASKED: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/42";
    const FORMER: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/41";

    fn account(live: &str, model: &str) -> AccountReport {
        let variant = VariantReport {
            name: "all".into(),
            role: "production".into(),
            model_names: vec![model.to_owned()],
            model_package_arns: vec![live.to_owned()],
            ..VariantReport::default()
        };
        AccountReport {
            account_id: Some("222222222222".into()),
            live_model_package_arns: vec![live.to_owned()],
            live_model_matches: Some(live == ASKED),
            variants: vec![variant],
            ..AccountReport::default()
        }
    }

    #[test]
    fn a_mismatch_comes_first_with_both_arns_parted_where_they_differ() {
        let mut accounts: Vec<AccountReport> = (0..5).map(|at| account(ASKED, &format!("model-{at}"))).collect();
        accounts.push(account(FORMER, "model-x"));
        let report = TestReport {
            model_package_arn: Some(ASKED.to_owned()),
            accounts,
            ..TestReport::new(Timestamp::UNIX_EPOCH)
        };
        let live = Live::new(&Subject::new(1, &report)).expect("something is live");
        let words: Vec<&str> = live.groups.iter().map(|group| group.word).collect();
        assert_eq!(words, ["MISMATCH", "MATCH"]);
        let asked = live.groups[0].asked.as_ref().expect("the ARN that was asked for");
        assert_eq!((asked.differs.as_str(), live.groups[0].variants[0].packages[0].differs.as_str()), ("42", "41"));
        assert_eq!(live.groups[1].variants[0].models, "model-0 and 4 others");
        assert!(live.groups[1].variants[0].packages.is_empty());
    }

    #[test]
    fn a_local_model_server_has_nothing_to_compare() {
        let accounts = vec![AccountReport::default()];
        let report = TestReport { accounts, ..TestReport::new(Timestamp::UNIX_EPOCH) };
        assert!(Live::new(&Subject::new(1, &report)).is_none());
    }
}
