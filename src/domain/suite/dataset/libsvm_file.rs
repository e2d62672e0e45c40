//! Datasets in the format of LIBSVM, as XGBoost and LIBLINEAR read it, too: `LABEL [qid:QUERY] INDEX:VALUE ...` a line.

use std::io::Read;
use std::sync::Arc;

use super::case::DatasetCase;
use super::class::finite_number;
use super::lines::Lines;
use super::row::{Cell, Row, at_line};
use crate::domain::finding::Finding;

/// The rows of a file, or what is wrong with it.
pub(super) struct Rows<'a> {
    case: &'a DatasetCase,
    file: String,
    lines: Lines<'a>,
    /// Of all features, where it is known how many there are.
    names: Option<Arc<[String]>>,
    is_over: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(case: &'a DatasetCase, bytes: Box<dyn Read + 'a>) -> Self {
        let indices = |count: usize| case.first_index..case.first_index + count;
        let names = case.n_features.map(|count| indices(count).map(|index| index.to_string()).collect());
        Self { case, file: case.file.to_string(), lines: Lines::new(bytes), names, is_over: false }
    }

    fn row(&self, text: &str, line: usize) -> Result<Row, Vec<Finding>> {
        let wrong = |what: String| vec![at_line(&self.file, line, what)];
        let mut parts = text.split_ascii_whitespace().peekable();
        let label = parts.next_if(|part| !part.contains(':'));
        let label = label.ok_or_else(|| wrong("has no label before its features".to_owned()))?;
        let query = parts.next_if(|part| part.starts_with("qid:")).map(|part| Cell::Untyped(part[4..].to_owned()));
        let mut pairs = Vec::new();
        for part in parts {
            let pair = part.split_once(':').and_then(|(index, value)| Some((index.parse().ok()?, value)));
            let pair = pair.filter(|(_, value)| finite_number(value).is_some());
            let pair: (usize, &str) =
                pair.ok_or_else(|| wrong(format!("has \"{part}\", and a feature is written INDEX:VALUE")))?;
            pairs.push(pair);
        }
        pairs.sort_by_key(|(index, _)| *index);
        if let Some(twice) = pairs.windows(2).find(|two| two[0].0 == two[1].0) {
            return Err(wrong(format!("has the feature {} twice", twice[0].0)));
        }
        let first = self.case.first_index;
        if let Some((index, _)) = pairs.first().filter(|(index, _)| *index < first) {
            let finding = at_line(&self.file, line, format!("has the feature {index}, and they count from {first}"));
            return Err(vec![finding.hint("write first_index: 0 if they count from 0")]);
        }
        let (names, features) = if let Some(names) = &self.names {
            let mut features = vec![Cell::Untyped("0".to_owned()); names.len()];
            for (index, value) in pairs {
                let Some(cell) = features.get_mut(index - first) else {
                    let count = names.len();
                    return Err(wrong(format!("has the feature {index}, and n_features is {count}")));
                };
                *cell = Cell::Untyped(value.to_owned());
            }
            (Arc::clone(names), features)
        } else {
            let names = pairs.iter().map(|(index, _)| index.to_string()).collect();
            (names, pairs.iter().map(|(_, value)| Cell::Untyped((*value).to_owned())).collect())
        };
        if self.case.has_queries() && query.is_none() {
            return Err(wrong("has no qid, and rows are ranked by query".to_owned()));
        }
        Ok(Row { features, names, label: Cell::Untyped(label.to_owned()), query, line })
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Vec<Finding>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            match self.lines.next() {
                Ok(None) => self.is_over = true,
                Ok(Some(text)) => {
                    let text = text.split('#').next().unwrap_or_default();
                    if !text.trim().is_empty() {
                        return Some(self.row(text, self.lines.number));
                    }
                }
                Err(trouble) => {
                    self.is_over = true;
                    return Some(Err(vec![self.lines.trouble(&trouble, &self.file)]));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{errors, pairs, rows};

    #[test]
    fn features_that_a_line_does_not_have_are_0_where_their_number_is_known() {
        let text = "1 2:0.50 1:7 # a comment\n\n# another\n-1 qid:3 3:1e2\r\n0\n";
        let yaml = "file: x.libsvm";
        assert_eq!(rows(yaml, text), pairs([("7|0.50", "1"), ("1e2", "-1"), ("", "0")]));
        assert_eq!(
            rows("file: x.svm, n_features: 3", text),
            pairs([("7|0.50|0", "1"), ("0|0|1e2", "-1"), ("0|0|0", "0")])
        );
        assert_eq!(rows("file: x.svmlight, n_features: 2, first_index: 0", "1 0:5"), pairs([("5|0", "1")]));
    }

    #[test]
    fn what_is_wrong_with_a_libsvm_file_is_said_with_its_line() {
        for (yaml, text, message) in [
            ("", "1 1:1\n1:1 2:1", "x.libsvm:2:1: has no label before its features"),
            ("", "1 a:1", "x.libsvm:1:1: has \"a:1\", and a feature is written INDEX:VALUE"),
            ("", "1 1:x", "x.libsvm:1:1: has \"1:x\", and a feature is written INDEX:VALUE"),
            ("", "1 1:nan", "x.libsvm:1:1: has \"1:nan\", and a feature is written INDEX:VALUE"),
            ("", "1 2", "x.libsvm:1:1: has \"2\", and a feature is written INDEX:VALUE"),
            ("", "1 1:1 1:2", "x.libsvm:1:1: has the feature 1 twice"),
            ("", "1 0:1", "x.libsvm:1:1: has the feature 0, and they count from 1; write first_index: 0"),
            (", n_features: 1", "1 2:1", "x.libsvm:1:1: has the feature 2, and n_features is 1"),
            (", gates: {ndcg: {min: 0}}", "1 qid:1 1:1\n1 1:1", "x.libsvm:2:1: has no qid, and rows are ranked"),
            ("", "# nothing\n", "x.libsvm: has no rows"),
        ] {
            let shown = errors(&format!("file: x.libsvm{yaml}"), text);
            assert!(shown.len() == 1 && shown[0].starts_with(message), "{text:?}: {shown:#?}");
        }
    }
}
