//! What an expectation asks of an answer in CSV.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::excerpt::cut;
use super::unmet::Verdict;

/// `csv` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct CsvSpec {
    /// How many rows, a header not counted.
    rows: Option<usize>,
    /// Whether the first row names the columns; no without it.
    #[serde(default)]
    header: bool,
    #[serde(default)]
    columns: Vec<CsvColumn>,
}

/// A column whose every value is a number in a range.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct CsvColumn {
    /// Counted from 0.
    index: usize,
    min: Option<f64>,
    max: Option<f64>,
}

impl CsvSpec {
    /// Adds everything in which the bytes are not what was asked for.
    pub(super) fn judge(&self, bytes: &[u8], verdict: &mut Verdict) {
        const KIND: &str = "wrong_csv";
        let mut reader = csv::ReaderBuilder::new().has_headers(self.header).flexible(true).from_reader(bytes);
        let mut rows = 0;
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    return verdict.add(KIND, || format!("expected CSV, got an answer that is none: {error}"));
                }
            };
            rows += 1;
            for CsvColumn { index, min, max } in &self.columns {
                let text = record.get(*index).map(str::trim);
                let number = text.and_then(|text| text.parse::<f64>().ok());
                let fits = number
                    .is_some_and(|got| min.is_none_or(|least| got >= least) && max.is_none_or(|most| got <= most));
                if !fits {
                    verdict.add(KIND, || {
                        let (least, most) = (min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY));
                        let got = text.map_or("nothing".to_owned(), |text| format!("\"{}\"", cut(text)));
                        format!("expected a number from {least} to {most} in row {rows}, column {index}, got {got}")
                    });
                }
            }
        }
        if let Some(wanted) = self.rows.filter(|wanted| *wanted != rows) {
            verdict.add(KIND, || format!("expected {wanted} rows of CSV, got {rows}"));
        }
    }
}
