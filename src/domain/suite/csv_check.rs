//! What an expectation asks of an answer in CSV.

use std::cmp::Ordering;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::number::Exact;
use crate::domain::suite::unmet::Verdict;
use crate::domain::text::excerpt::cut;

/// `csv` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CsvSpec {
    /// How many rows, a header not counted.
    rows: Option<usize>,
    /// Whether the first row names the columns; no without it.
    #[serde(default)]
    header: bool,
    #[serde(default)]
    columns: Vec<CsvColumn>,
}

/// A column whose every value is a number in a range.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct CsvColumn {
    /// Counted from 0.
    index: usize,
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    min: Option<Exact>,
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    max: Option<Exact>,
}

impl CsvColumn {
    fn takes(&self, got: &Exact) -> bool {
        let is = |bound: &Option<Exact>, unwanted: Ordering| {
            bound.as_ref().is_none_or(|bound| got.compare(bound).is_some_and(|order| order != unwanted))
        };
        is(&self.min, Ordering::Less) && is(&self.max, Ordering::Greater)
    }

    fn wanted(&self) -> String {
        let told = |bound: &Option<Exact>, none: &str| bound.as_ref().map_or(none.to_owned(), Exact::to_string);
        format!("{} to {}", told(&self.min, "-inf"), told(&self.max, "inf"))
    }
}

impl CsvSpec {
    /// Adds everything in which the bytes are not what was asked for.
    pub(crate) fn judge(&self, bytes: &[u8], verdict: &mut Verdict) {
        const KIND: FailureKind = FailureKind::WrongCsv;
        let mut reader = csv::ReaderBuilder::new().has_headers(self.header).flexible(true).from_reader(bytes);
        let mut rows = 0;
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    return verdict.add(KIND, || format!("expected CSV, got an answer that is not CSV: {error}"));
                }
            };
            rows += 1;
            for column in &self.columns {
                let index = column.index;
                let text = record.get(index).map(str::trim);
                if !text.and_then(Exact::of_text).is_some_and(|got| column.takes(&got)) {
                    verdict.add(KIND, || {
                        let got = text.map_or("nothing".to_owned(), |text| format!("\"{}\"", cut(text)));
                        let wanted = column.wanted();
                        format!("expected a number from {wanted} in row {rows}, column {index}, got {got}")
                    });
                }
            }
        }
        if rows == 0 && self.rows.is_none() {
            verdict.add(KIND, || "expected rows of CSV, got none; rows: 0 expects that".to_owned());
        }
        if let Some(wanted) = self.rows.filter(|wanted| *wanted != rows) {
            verdict.add(KIND, || format!("expected {wanted} rows of CSV, got {rows}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unmet(yaml: &str, body: &str) -> Vec<String> {
        let mut verdict = Verdict::default();
        serde_yaml::from_str::<CsvSpec>(yaml).expect(yaml).judge(body.as_bytes(), &mut verdict);
        verdict.unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    #[test]
    fn an_answer_without_rows_has_to_be_expected() {
        let none = "expected rows of CSV, got none; rows: 0 expects that";
        for (yaml, body) in [
            ("columns: [{index: 0, min: 0}]", ""),
            ("columns: [{index: 0, min: 0}]", "\n\n"),
            ("{header: true, columns: [{index: 0, min: 0}]}", "score\n"),
            ("{}", ""),
        ] {
            assert_eq!(unmet(yaml, body), [none], "{yaml}");
        }
        assert_eq!(unmet("{rows: 0, header: true}", "score\n"), [""; 0]);
        assert_eq!(unmet("rows: 1", ""), ["expected 1 rows of CSV, got 0"]);
    }
}
