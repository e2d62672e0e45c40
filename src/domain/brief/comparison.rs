//! The figures of cases over all accounts, beside those of the run on the model before.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::verdict::Passed;
use crate::domain::report::results::{CaseReport, TestReport};
use crate::domain::suite::baseline::figure::figure;

/// What is told of every case that has it; what else its baseline was held against, and its metrics, come behind.
const FIGURES: [&str; 9] = [
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "ttft_p95_ms",
    "inter_token_p99_ms",
    "tokens_per_second",
    "achieved_rate",
    "error_rate",
    "goodput",
];

/// A case in all accounts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComparedCase {
    pub name: String,
    /// In how many of the accounts that have it.
    pub accounts: Passed,
    pub figures: Vec<Figure>,
}

/// A figure of a case, named as an `against_baseline` names it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figure {
    pub name: String,
    pub now: Range,
    /// That of the baseline.
    pub before: Option<Range>,
    /// Whether it differs from the baseline by no more than the case allows; none where the case does not say.
    pub within_bounds: Option<bool>,
    /// Whether it is a score of a dataset or of captured traffic.
    pub is_score: bool,
}

/// The lowest and the highest of all accounts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Range {
    pub lowest: f64,
    pub highest: f64,
}

/// Every case of a run, in the order of the first account that has it.
pub(super) fn cases(results: &TestReport, baseline: Option<&TestReport>) -> Vec<ComparedCase> {
    let before = baseline.map(by_name).unwrap_or_default();
    let before: BTreeMap<&str, Vec<&CaseReport>> = before.into_iter().collect();
    let compare = |(name, reports): (&str, Vec<&CaseReport>)| ComparedCase {
        name: name.to_owned(),
        accounts: Passed { passed: reports.iter().filter(|case| case.success).count(), all: reports.len() },
        figures: figures(&reports, before.get(name).map(Vec::as_slice).unwrap_or_default()),
    };
    by_name(results).into_iter().map(compare).collect()
}

fn by_name(results: &TestReport) -> Vec<(&str, Vec<&CaseReport>)> {
    let mut cases: Vec<(&str, Vec<&CaseReport>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for case in results.accounts.iter().flat_map(|account| &account.cases) {
        let at = *places.entry(&case.name).or_insert_with(|| {
            cases.push((&case.name, Vec::new()));
            cases.len() - 1
        });
        cases[at].1.push(case);
    }
    cases
}

/// What the reports of one case have, and what those of the run before have of it.
fn figures(now: &[&CaseReport], before: &[&CaseReport]) -> Vec<Figure> {
    // What the baseline has of it, and whether every account is within its bounds.
    let mut held: BTreeMap<&str, (Vec<f64>, bool)> = BTreeMap::new();
    for one in now.iter().flat_map(|case| &case.baseline) {
        let (values, passes) = held.entry(&one.name).or_insert_with(|| (Vec::new(), true));
        values.push(one.before);
        *passes &= one.passes;
    }
    let scores = now.iter().flat_map(|case| case.dataset.iter().flat_map(|dataset| dataset.metrics.keys()));
    // Those by class are as many as there are classes.
    let scores: BTreeSet<&str> = scores.map(String::as_str).filter(|name| !name.contains('[')).collect();
    let others = held.keys().copied().chain(scores.iter().copied());
    let others: BTreeSet<&str> = others.filter(|name| !FIGURES.contains(name)).collect();
    let compared = |name: &str| {
        let range = range(now.iter().filter_map(|case| figure(case, name)))?;
        let of_run = self::range(before.iter().filter_map(|case| figure(case, name)));
        let held = held.get(name);
        let compared = Figure {
            name: name.to_owned(),
            now: range,
            before: of_run.or_else(|| self::range(held?.0.iter().copied())),
            within_bounds: held.map(|(_, passes)| *passes),
            is_score: scores.contains(name),
        };
        // Nobody looks for errors that there were none of, neither now nor before.
        let is_error_rate = name == "error_rate" && compared.within_bounds.is_none();
        let none = |range: Range| range.highest == 0.0;
        Some(compared).filter(|it| !(is_error_rate && none(it.now) && it.before.is_none_or(none)))
    };
    FIGURES.into_iter().chain(others).filter_map(compared).collect()
}

fn range(values: impl Iterator<Item = f64>) -> Option<Range> {
    values.fold(None, |range: Option<Range>, value| {
        let Range { lowest, highest } = range.unwrap_or(Range { lowest: value, highest: value });
        Some(Range { lowest: lowest.min(value), highest: highest.max(value) })
    })
}

impl Figure {
    /// What people call it.
    pub(super) fn label(&self) -> &str {
        self.name.strip_suffix("_ms").unwrap_or(&self.name)
    }

    pub(super) fn now_in_words(&self) -> String {
        self.in_words(self.now)
    }

    pub(super) fn before_in_words(&self) -> Option<String> {
        self.before.map(|before| self.in_words(before))
    }

    /// A latency is that of the slowest account, which is the one that matters.
    fn in_words(&self, Range { lowest, highest }: Range) -> String {
        if self.name.ends_with("_ms") {
            return format!("{highest:.1} ms");
        }
        let (lowest, highest) = (plain(lowest), plain(highest));
        if lowest == highest { lowest } else { format!("{lowest} to {highest}") }
    }
}

/// Four digits are enough for a decision; what is very large or small is written with its power of ten.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::{AccountReport, BaselineFigure, DatasetReport};

    fn case(accuracy: f64, held: Option<bool>) -> CaseReport {
        let metrics = [("accuracy", accuracy), ("recall_of[a]", 1.0), ("rmse", f64::NAN)];
        let metrics = metrics.map(|(name, value)| (name.to_owned(), value)).into();
        let held = held.map(|passes| BaselineFigure {
            name: "accuracy".to_owned(),
            before: 0.9,
            now: Some(accuracy),
            allowed: String::new(),
            passes,
        });
        CaseReport {
            name: "holdout".to_owned(),
            success: held.as_ref().is_none_or(|held| held.passes),
            invocations: 1,
            dataset: Some(DatasetReport { metrics, ..DatasetReport::default() }),
            baseline: held.into_iter().collect(),
            ..CaseReport::default()
        }
    }

    fn run(cases: Vec<CaseReport>) -> TestReport {
        let account = |case| AccountReport { cases: vec![case], ..AccountReport::default() };
        TestReport { accounts: cases.into_iter().map(account).collect(), ..TestReport::new(Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn a_figure_is_that_of_all_accounts_beside_those_of_the_baseline() {
        let now = run(vec![case(0.95, Some(true)), case(0.85, Some(false))]);
        let told = |baseline: Option<&TestReport>| {
            let cases = cases(&now, baseline);
            assert_eq!((cases.len(), cases[0].figures.len()), (1, 1), "no rate of no errors, none by class: {cases:?}");
            assert_eq!(cases[0].accounts, Passed { passed: 1, all: 2 });
            let figure = &cases[0].figures[0];
            (figure.now_in_words(), figure.before_in_words(), figure.within_bounds)
        };
        let held = Some(false);
        assert_eq!(told(None), ("0.85 to 0.95".to_owned(), Some("0.9".to_owned()), held));
        let baseline = run(vec![case(0.7, None)]);
        assert_eq!(told(Some(&baseline)), ("0.85 to 0.95".to_owned(), Some("0.7".to_owned()), held));
        assert_eq!(cases(&baseline, Some(&run(Vec::new())))[0].figures[0].before, None);
    }

    #[test]
    fn a_number_is_as_long_as_it_helps() {
        for (value, text) in [
            (0.966_666_7, "0.9667"),
            (1.0, "1"),
            (0.0, "0"),
            (123.4, "123.4"),
            (1e300, "1.000e300"),
            (-2e-7, "-2.000e-7"),
        ] {
            assert_eq!(plain(value), text);
        }
    }
}
