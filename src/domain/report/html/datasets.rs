//! What models made of datasets: metrics, confusion matrices, residuals; told once where accounts agree.

use std::collections::BTreeSet;

use serde::Serialize;

use super::figures::{as_float, count, counted, median, metric, metric_of, percent};
use super::listing::{Listing, Subject};
use crate::domain::report::results::{ConfusionMatrix, DatasetReport, Residuals};

/// More outcomes that differ than this and only their extremes are shown.
const GROUPS_SHOWN: usize = 3;
/// A matrix of more labels is no longer read but searched.
const MOST_LABELS: usize = 20;
const CONFUSIONS_SHOWN: usize = 20;
/// Steps of the shading.
const SHADES: f64 = 8.0;

#[derive(Serialize)]
pub(super) struct Dataset {
    rows: String,
    columns: Vec<Column>,
    metrics: Vec<Metric>,
    pictures: Vec<Picture>,
    /// How many accounts have pictures that are not shown.
    further: Option<String>,
}

/// Accounts with the same outcome, or an extreme over all.
#[derive(Serialize)]
struct Column {
    name: Option<String>,
    accounts: Option<Listing>,
}

#[derive(Serialize)]
struct Metric {
    name: String,
    values: Vec<String>,
}

#[derive(Serialize)]
struct Picture {
    accounts: Option<Listing>,
    confusion: Option<Confusion>,
    confused: Option<Confused>,
    residuals: Option<[(&'static str, String); 6]>,
}

#[derive(Serialize)]
struct Confusion {
    labels: Vec<String>,
    rows: Vec<ConfusionRow>,
    precision: Vec<String>,
    total: String,
}

#[derive(Serialize)]
struct ConfusionRow {
    label: String,
    cells: Vec<Shaded>,
    recall: String,
}

#[derive(Serialize)]
struct Shaded {
    count: String,
    /// `hit` or `miss`, and how dark
    class: String,
}

/// Of very many labels, those that were mixed up most.
#[derive(Serialize)]
struct Confused {
    labels: usize,
    rows: Vec<[String; 4]>,
}

impl Dataset {
    /// Of a case in all accounts that have an outcome, by their places in the report.
    pub(super) fn new<'a>(
        subject: &Subject,
        outcomes: impl Iterator<Item = (usize, &'a DatasetReport)>,
    ) -> Option<Self> {
        let mut groups: Vec<(&DatasetReport, Vec<usize>)> = Vec::new();
        for (place, outcome) in outcomes {
            match groups.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, places)) => places.push(place),
                None => groups.push((outcome, vec![place])),
            }
        }
        let (first, _) = groups.first()?;
        let rows = count(first.rows);
        let several = subject.has_several_accounts();
        groups.sort_by_key(|(_, places)| {
            (places.iter().all(|place| subject.report.accounts[*place].success), std::cmp::Reverse(places.len()))
        });
        let names: BTreeSet<&str> =
            groups.iter().flat_map(|(outcome, _)| outcome.metrics.keys()).map(String::as_str).collect();
        let listing = |places: &[usize]| several.then(|| Listing::new(subject, places));
        let (columns, metrics) = if groups.len() <= GROUPS_SHOWN {
            let columns = groups.iter().map(|(_, places)| Column { name: None, accounts: listing(places) }).collect();
            let values = |name: &str| {
                let value = |(outcome, _): &(&DatasetReport, Vec<usize>)| outcome.metrics.get(name).copied();
                groups.iter().map(|group| value(group).map(metric_of(name)).unwrap_or_default()).collect()
            };
            (columns, metrics(&names, values))
        } else {
            let columns = ["lowest", "median account", "highest"]
                .map(|name| Column { name: Some(name.to_owned()), accounts: None });
            (columns.into(), metrics(&names, |name| extremes(&groups, name)))
        };
        let shown = groups.iter().take(GROUPS_SHOWN);
        let pictures = shown.filter_map(|(outcome, places)| Picture::new(outcome, listing(places))).collect();
        let hidden: usize = groups.iter().skip(GROUPS_SHOWN).map(|(_, places)| places.len()).sum();
        let further = (hidden > 0).then(|| counted(hidden, "more account"));
        Some(Self { rows, columns, metrics, pictures, further })
    }
}

fn metrics(names: &BTreeSet<&str>, values: impl Fn(&str) -> Vec<String>) -> Vec<Metric> {
    names.iter().map(|name| Metric { name: (*name).to_owned(), values: values(name) }).collect()
}

fn extremes(groups: &[(&DatasetReport, Vec<usize>)], name: &str) -> Vec<String> {
    let values = || {
        let of_group = |(outcome, places): &(&DatasetReport, Vec<usize>)| {
            Some(std::iter::repeat_n(*outcome.metrics.get(name)?, places.len()))
        };
        groups.iter().filter_map(of_group).flatten()
    };
    [values().reduce(f64::min), median(values()), values().reduce(f64::max)]
        .map(|value| value.map(metric_of(name)).unwrap_or_default())
        .into()
}

impl Picture {
    fn new(outcome: &DatasetReport, accounts: Option<Listing>) -> Option<Self> {
        let small = outcome.confusion.as_ref().filter(|matrix| matrix.labels.len() <= MOST_LABELS);
        let large = outcome.confusion.as_ref().filter(|matrix| matrix.labels.len() > MOST_LABELS);
        if outcome.confusion.is_none() && outcome.residuals.is_none() {
            return None;
        }
        Some(Self {
            accounts,
            confusion: small.map(Confusion::new),
            confused: large.map(Confused::new),
            residuals: outcome.residuals.map(|residuals| {
                let Residuals { min, p5, median, mean, p95, max } = residuals;
                let named = [("min", min), ("p5", p5), ("median", median), ("mean", mean), ("p95", p95), ("max", max)];
                named.map(|(name, value)| (name, metric(value)))
            }),
        })
    }
}

fn count_at(matrix: &ConfusionMatrix, truth: usize, prediction: usize) -> u64 {
    matrix.counts.get(truth).and_then(|row| row.get(prediction)).copied().unwrap_or(0)
}

/// `part` of `whole`, where there is a whole.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { percent(as_float(part) / as_float(whole)) }
}

impl Confusion {
    fn new(matrix: &ConfusionMatrix) -> Self {
        let labels = matrix.labels.len();
        let row = |truth: usize| {
            let sum: u64 = (0..labels).map(|prediction| count_at(matrix, truth, prediction)).sum();
            let cell = |prediction: usize| {
                let found = count_at(matrix, truth, prediction);
                let kind = if truth == prediction { "hit" } else { "miss" };
                let part = if sum == 0 { 0.0 } else { as_float(found) / as_float(sum) };
                Shaded { count: count(found), class: format!("{kind} h{:.0}", (part * SHADES).ceil()) }
            };
            ConfusionRow {
                label: matrix.labels[truth].clone(),
                cells: (0..labels).map(cell).collect(),
                recall: share(count_at(matrix, truth, truth), sum),
            }
        };
        let of_column = |prediction: usize| (0..labels).map(|truth| count_at(matrix, truth, prediction)).sum::<u64>();
        let precision = (0..labels).map(|label| share(count_at(matrix, label, label), of_column(label))).collect();
        let total = (0..labels).map(of_column).sum();
        let right = (0..labels).map(|label| count_at(matrix, label, label)).sum();
        Self {
            labels: matrix.labels.clone(),
            rows: (0..labels).map(row).collect(),
            precision,
            total: share(right, total),
        }
    }
}

impl Confused {
    fn new(matrix: &ConfusionMatrix) -> Self {
        let labels = matrix.labels.len();
        let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
        for truth in 0..labels {
            let others = (0..labels).filter(|prediction| *prediction != truth);
            let counts = others.map(|prediction| (count_at(matrix, truth, prediction), truth, prediction));
            pairs.extend(counts.filter(|(count, ..)| *count > 0));
        }
        pairs.sort_by_key(|&(count, truth, prediction)| (std::cmp::Reverse(count), truth, prediction));
        pairs.truncate(CONFUSIONS_SHOWN);
        let row = |(found, truth, prediction): (u64, usize, usize)| {
            let sum = (0..labels).map(|prediction| count_at(matrix, truth, prediction)).sum();
            [matrix.labels[truth].clone(), matrix.labels[prediction].clone(), count(found), share(found, sum)]
        };
        Self { labels, rows: pairs.into_iter().map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::{AccountReport, TestReport};

    fn report(accounts: usize) -> TestReport {
        let accounts = (0..accounts).map(|_| AccountReport::default()).collect();
        TestReport { accounts, ..TestReport::new(Timestamp::UNIX_EPOCH) }
    }

    fn outcome(accuracy: f64) -> DatasetReport {
        let confusion = ConfusionMatrix { labels: vec!["a".into(), "b".into()], counts: vec![vec![9, 1], vec![0, 0]] };
        let metrics = BTreeMap::from([("accuracy".to_owned(), accuracy)]);
        DatasetReport { rows: 10, metrics, confusion: Some(confusion), residuals: None }
    }

    #[test]
    fn accounts_with_the_same_outcome_share_a_column() {
        let outcomes: Vec<DatasetReport> = (0..60).map(|at| outcome(if at == 9 { 0.5 } else { 0.9 })).collect();
        let dataset = Dataset::new(&Subject::new(1, &report(60)), outcomes.iter().enumerate()).expect("a dataset");
        assert_eq!(dataset.metrics[0].values, ["0.9000", "0.5000"]);
        assert_eq!((dataset.pictures.len(), dataset.further), (2, None));
    }

    #[test]
    fn many_outcomes_show_their_extremes() {
        let outcomes: Vec<DatasetReport> = (0..11).map(|at| outcome(f64::from(at) / 10.0)).collect();
        let dataset = Dataset::new(&Subject::new(1, &report(11)), outcomes.iter().enumerate()).expect("a dataset");
        assert_eq!(dataset.metrics[0].values, ["0.0000", "0.5000", "1.0000"]);
        assert_eq!(dataset.further.as_deref(), Some("8 more accounts"));
    }

    #[test]
    fn a_confusion_matrix_counts_recall_and_precision_and_forgives_missing_rows() {
        let confusion = Confusion::new(outcome(0.9).confusion.as_ref().expect("a matrix"));
        assert_eq!((confusion.rows[0].recall.as_str(), confusion.rows[1].recall.as_str()), ("90%", "–"));
        assert_eq!(confusion.precision, ["100%", "0%"]);
        assert_eq!(confusion.rows[0].cells[0].class, "hit h8");
        let ragged = ConfusionMatrix { labels: vec!["a".into(), "b".into()], counts: vec![vec![1]] };
        assert_eq!(Confusion::new(&ragged).rows[1].cells[1].count, "0");
    }

    #[test]
    fn of_very_many_labels_the_most_confused_are_listed() {
        let labels: Vec<String> = (0..30).map(|at| format!("l{at}")).collect();
        let mut counts = vec![vec![0; 30]; 30];
        counts[3][4] = 7;
        counts[3][3] = 7;
        let confused = Confused::new(&ConfusionMatrix { labels, counts });
        assert_eq!(confused.rows, [["l3", "l4", "7", "50%"].map(str::to_owned)]);
    }
}
