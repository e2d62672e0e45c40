//! Rows that go into one request.

use std::ops::Range;

use super::Dataset;
use super::body::{Body, BodyFormat};
use super::case::DatasetCase;
use super::row::{Cell, Row};
use super::template::BodyTemplate;
use crate::domain::finding::Finding;
use crate::domain::suite::payload::REAL_TIME_BYTES;

/// The rows of one request, the first one of the dataset being row 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub rows: Range<usize>,
    pub body: Vec<u8>,
    pub(super) labels: Vec<Cell>,
    /// Empty where rows are not ranked by query.
    pub(super) queries: Vec<Cell>,
}

/// The requests that send a dataset, in order; every row is in exactly one.
pub(crate) struct Batches<'a> {
    rows: Box<dyn Iterator<Item = Result<Row, Vec<Finding>>> + 'a>,
    expected: usize,
    next: usize,
    size: usize,
    format: BodyFormat,
    template: Option<&'a BodyTemplate>,
    is_over: bool,
}

impl Dataset {
    /// Reads the rows again, batch by batch.
    pub(crate) fn batches<'a>(&'a self, case: &'a DatasetCase, format: BodyFormat) -> Batches<'a> {
        let rows = super::rows(case, &*self.source);
        let (size, template) = (case.batch_size.max(1), case.template.as_ref());
        Batches { rows, expected: self.rows, next: 0, size, format, template, is_over: false }
    }
}

impl Batches<'_> {
    fn batch(&mut self) -> Result<Option<Batch>, String> {
        let first = self.next;
        let (mut body, mut labels, mut queries) = (Body::new(self.format, self.template), Vec::new(), Vec::new());
        while labels.len() < self.size {
            let row = match self.rows.next().transpose() {
                Ok(Some(row)) => row,
                Ok(None) if self.next == self.expected => break,
                Ok(None) => return Err(format!("the dataset had {} rows, and has {} now", self.expected, self.next)),
                Err(findings) => {
                    let first = findings.first().map(ToString::to_string).unwrap_or_default();
                    return Err(format!("the dataset is no longer what it was: {first}"));
                }
            };
            self.next += 1;
            labels.push(row.label.clone());
            queries.extend(row.query.clone());
            body.push(row);
            if body.len() > REAL_TIME_BYTES {
                let hint = "make dataset.batch_size smaller";
                return Err(format!(
                    "rows {} to {} take more than {REAL_TIME_BYTES} bytes: {hint}",
                    first + 1,
                    self.next
                ));
            }
        }
        let rows = first..self.next;
        if rows.is_empty() {
            return Ok(None);
        }
        let body = body.finish().map_err(|reason| format!("rows {} to {}: {reason}", first + 1, self.next))?;
        Ok(Some(Batch { rows, body, labels, queries }))
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.batch().transpose();
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};
    use std::sync::{Arc, Mutex};

    use super::super::source::Source;
    use super::super::spec::DatasetSpec;
    use super::*;

    fn case(more: &str) -> DatasetCase {
        let yaml = format!("{{file: x.csv, label: y, prediction: $, {more}}}");
        serde_yaml::from_str::<DatasetSpec>(&yaml).expect("valid").compile().expect("compiles")
    }

    fn batches(case: &DatasetCase, source: impl Source + 'static) -> Vec<Result<Batch, String>> {
        let dataset = Dataset::read(case, Arc::new(source)).expect("a dataset");
        dataset.batches(case, BodyFormat::Csv { header: false }).collect()
    }

    #[test]
    fn every_row_is_in_exactly_one_batch() {
        let of_size = |size: usize| {
            let batches = batches(&case(&format!("batch_size: {size}")), b"a,y\n1,6\n2,7\n3,8\n4,9\n5,9".to_vec());
            batches.into_iter().map(|batch| batch.expect("a batch")).collect::<Vec<_>>()
        };
        let two = of_size(2);
        assert_eq!(two.iter().map(|batch| batch.rows.clone()).collect::<Vec<_>>(), [0..2, 2..4, 4..5]);
        assert_eq!(
            (two[1].body.as_slice(), &two[1].labels[..]),
            (&b"3\n4"[..], &["8", "9"].map(|text| Cell::Untyped(text.to_owned()))[..])
        );
        assert_eq!((of_size(5).len(), of_size(10_000).len()), (1, 1));
    }

    #[test]
    fn a_request_that_no_endpoint_takes_is_not_made() {
        let long = format!("a,y\n{}", format!("{},1\n", "x".repeat(10_000_000)).repeat(3));
        let made = batches(&case("batch_size: 3"), long.into_bytes());
        let message = "rows 1 to 3 take more than 25000000 bytes: make dataset.batch_size smaller";
        assert_eq!(made, [Err(message.to_owned())]);
    }

    /// Another text each time that it is read.
    #[derive(Debug)]
    struct Changing(Mutex<Vec<&'static str>>);

    impl Source for Changing {
        fn open(&self) -> Box<dyn Read + '_> {
            Box::new(Cursor::new(self.0.lock().expect("one reader").remove(0)))
        }
    }

    #[test]
    fn a_dataset_that_changes_while_it_is_sent_is_told() {
        for (then, message) in [
            ("a,y\n1,1\n", "the dataset had 2 rows, and has 1 now"),
            ("a,y\n1,1\n1\n", "the dataset is no longer what it was: x.csv:3:1: has 1 column, and its header has 2"),
        ] {
            let made = batches(&case(""), Changing(Mutex::new(vec!["a,y\n1,1\n1,1\n", then])));
            assert_eq!((made.len(), made[1].clone()), (2, Err(message.to_owned())));
        }
    }
}
