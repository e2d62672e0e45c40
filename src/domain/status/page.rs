//! The report as text: a table where the terminal has room for it, else a paragraph for each endpoint.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::report::{GroupStatus, StageStatus, StatusReport};
use super::row::{Column, EndpointRow, age, version_of};
use crate::domain::text::count::counted;
use crate::domain::text::page::{Ink, Page};
use crate::domain::text::wrap::wrapped;

const BETWEEN: &str = "  ";

impl StatusReport {
    /// For a person at a terminal of that width.
    pub(crate) fn page(&self, width: usize) -> Page {
        let mut page = Page::default();
        for stage in &self.stages {
            page.heading(format!("{} {}", self.project, stage.stage));
            stage.write(&mut page, self.read_at, width);
            page.line("");
        }
        for group in &self.model_package_groups {
            page.extend(indented(&format!("registry: {}", group.in_words(self.read_at)), width, ""));
        }
        for note in &self.notes {
            page.extend(indented(&format!("note: {note}"), width, ""));
        }
        page.extend(indented(&self.summary(), width, ""));
        page
    }

    /// How many endpoints there are, and of how many there is something to say.
    pub(super) fn summary(&self) -> String {
        let count = |holds: &dyn Fn(&EndpointRow) -> bool| self.endpoints().filter(|row| holds(row)).count();
        let in_service = count(&|row| row.is_ready);
        let parts = [
            (count(&|row| row.behind() == Some(0)), "at the latest version"),
            (count(&|row| row.behind().is_some_and(|behind| behind > 0)), "behind"),
            (count(&|row| row.matches_stack_set == Some(false)), "with drift"),
            (count(&EndpointRow::is_absent), "absent"),
            (count(&|row| row.error.is_some()), "not read"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        let parts: String = parts.collect();
        format!("{}: {in_service} in service{parts}", counted(self.endpoints().count(), "endpoint"))
    }
}

impl GroupStatus {
    pub(super) fn in_words(&self, now: Timestamp) -> String {
        let name = self.arn.rsplit_once('/').map_or(self.arn.as_str(), |(_, name)| name);
        match (self.latest_version, self.latest_created_at) {
            (Some(version), Some(created)) => {
                format!("the latest of {name} is version {version}, registered {} ago", age(created, now))
            }
            _ => format!("{name} has no version that may be deployed"),
        }
    }
}

impl StageStatus {
    pub(super) fn stack_set_in_words(&self) -> Option<String> {
        let set = self.stack_set.as_ref()?;
        let deploys = set.model_package_arn.as_deref().map(|arn| match version_of(arn) {
            Some(version) => format!(" deploys version {version}"),
            None => format!(" deploys {arn}"),
        });
        Some(format!("stack set {}{}", set.name, deploys.unwrap_or_default()))
    }

    pub(super) fn left_out_in_words(&self) -> impl Iterator<Item = String> {
        self.left_out.iter().map(|left| format!("{} is left out: {}", left.account_id, left.reason))
    }

    /// Those of which something is known.
    pub(super) fn columns(&self, now: Timestamp) -> Vec<Column> {
        let is_known = |column: &Column| self.endpoints.iter().any(|row| !column.of(row, now).0.is_empty());
        Column::ALL.into_iter().filter(is_known).collect()
    }

    fn write(&self, page: &mut Page, now: Timestamp, width: usize) {
        if let Some(set) = self.stack_set_in_words() {
            page.extend(indented(&set, width, BETWEEN));
        }
        if let Some(error) = &self.error {
            page.extend(indented(&format!("error: {error}"), width, BETWEEN));
        }
        let columns = self.columns(now);
        let widths = self.widths(&columns, now);
        let needed: usize = widths.values().map(|width| width + BETWEEN.len()).sum();
        let is_table = PLACE + needed <= width;
        if is_table && !self.endpoints.is_empty() {
            let place = format!("{BETWEEN}{:<12}{BETWEEN}{:<REGION$}", "account", "Region");
            let titles =
                columns.iter().map(|column| format!("{BETWEEN}{:<1$}", column.title(), widths[column.title()]));
            page.painted(vec![(Some(Ink::Aside), format!("{place}{}", titles.collect::<String>()))]);
        }
        for row in &self.endpoints {
            let place = format!("{BETWEEN}{:<12}{BETWEEN}{:<REGION$}", row.account_id, row.region);
            if is_table {
                let mut parts = vec![(None, place)];
                for column in &columns {
                    let (text, ink) = column.of(row, now);
                    let rest = widths[column.title()].saturating_sub(text.chars().count());
                    parts.extend([(None, BETWEEN.to_owned()), (ink, text), (None, " ".repeat(rest))]);
                }
                page.painted(parts);
            } else {
                let (status, ink) = Column::Endpoint.of(row, now);
                page.painted(vec![(None, format!("{BETWEEN}{} {} ", row.account_id, row.region)), (ink, status)]);
                let rest = columns.iter().filter(|column| **column != Column::Endpoint);
                let rest = rest.map(|column| (column, column.of(row, now).0));
                let rest = rest.filter(|(_, text)| !text.is_empty()).map(|(column, text)| column.told(&text));
                page.extend(indented(&rest.collect::<Vec<_>>().join("; "), width, "    "));
            }
            for remark in row.remarks() {
                page.extend(indented(&remark, width, "    "));
            }
        }
        for left in self.left_out_in_words() {
            page.extend(indented(&left, width, BETWEEN));
        }
    }

    fn widths(&self, columns: &[Column], now: Timestamp) -> BTreeMap<&'static str, usize> {
        let widest = |column: &Column| {
            let texts = self.endpoints.iter().map(|row| column.of(row, now).0.chars().count());
            texts.chain([column.title().len()]).max().unwrap_or_default()
        };
        columns.iter().map(|column| (column.title(), widest(column))).collect()
    }
}

/// As long as Regions' names are.
const REGION: usize = 14;
const PLACE: usize = 2 + 12 + 2 + REGION;

fn indented(text: &str, width: usize, before: &str) -> Vec<String> {
    // What goes on is one step further in.
    let lines = wrapped(text, width.saturating_sub(before.len() + 2));
    let befores = std::iter::once(before.to_owned()).chain(std::iter::repeat(format!("{before}  ")));
    lines.into_iter().zip(befores).map(|(line, before)| format!("{before}{line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;

    #[test]
    fn a_wide_terminal_gets_a_table_and_a_narrow_one_loses_nothing() {
        let wide = report().page(140).to_string();
        assert!(wide.contains("account       Region"), "{wide}");
        for width in [40, 60, 100] {
            let text = report().page(width).to_string();
            let longer = text.lines().filter(|line| line.chars().count() > width && line.trim().contains(' '));
            assert_eq!(longer.collect::<Vec<_>>(), [""; 0], "{width}");
            for word in ["2 behind", "Rejected", "CURRENT", "drift:", "absent", "AccessDenied:", "4 h ago"] {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(text.contains(word), "{word} at {width}:\n{text}");
            }
        }
    }

    #[test]
    fn a_column_of_which_nothing_is_known_is_left_out() {
        let mut report = report();
        for row in &mut report.stages[0].endpoints {
            row.stack_instance = None;
            row.matches_stack_set = None;
        }
        let text = report.page(140).to_string();
        assert!(!text.contains("stack\n") && text.contains("changed\n"), "{text}");
    }

    #[test]
    fn the_summary_counts_what_there_is_to_say() {
        let expected =
            "4 endpoints: 2 in service, 1 at the latest version, 1 behind, 1 with drift, 1 absent, 1 not read";
        assert_eq!(report().summary(), expected);
    }
}
