//! The report as one HTML page that needs nothing else.

use jiff::Timestamp;
use serde::Serialize;

use super::report::{StageStatus, StatusReport};
use super::row::EndpointRow;
use crate::domain::report::html;
use crate::domain::text::page::Ink;

const PAGE: &str = "page.html";
const TEMPLATES: [(&str, &str); 1] = [(PAGE, include_str!("html/page.html.j2"))];

#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    project: &'a str,
    is_well: bool,
    /// Also a word for whoever sees no colour.
    word: &'static str,
    line: String,
    read_at: String,
    groups: Vec<String>,
    notes: &'a [String],
    stages: Vec<Stage<'a>>,
}

#[derive(Serialize)]
struct Stage<'a> {
    name: &'a str,
    stack_set: Option<String>,
    error: Option<&'a str>,
    heads: Vec<&'static str>,
    rows: Vec<Row<'a>>,
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    account: &'a str,
    region: &'a str,
    cells: Vec<Cell>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    /// `pass`, `fail` or nothing
    class: &'static str,
}

impl StatusReport {
    /// # Errors
    /// The template does not fit what it is given, which is a defect of this module.
    pub(crate) fn html(&self) -> Result<String, html::Error> {
        let is_well = self.complete && self.endpoints().all(|row| row.is_ready);
        let page = Page {
            style: html::STYLE,
            project: &self.project,
            is_well,
            word: if is_well { "IN SERVICE" } else { "NOT ALL IN SERVICE" },
            line: self.summary(),
            read_at: self.at(),
            groups: self.model_package_groups.iter().map(|group| group.in_words(self.read_at)).collect(),
            notes: &self.notes,
            stages: self.stages.iter().map(|stage| Stage::new(stage, self.read_at)).collect(),
        };
        html::rendered(&TEMPLATES, PAGE, page)
    }
}

impl<'a> Stage<'a> {
    fn new(stage: &'a StageStatus, now: Timestamp) -> Self {
        let columns = stage.columns(now);
        let row = |row: &'a EndpointRow| Row {
            account: &row.account_id,
            region: &row.region,
            cells: columns.iter().map(|column| Cell::new(column.of(row, now))).collect(),
            remarks: row.remarks(),
        };
        Self {
            name: &stage.stage,
            stack_set: stage.stack_set_in_words(),
            error: stage.error.as_deref(),
            heads: columns.iter().map(|column| column.title()).collect(),
            rows: stage.endpoints.iter().map(row).collect(),
            left_out: stage.left_out_in_words().collect(),
        }
    }
}

impl Cell {
    fn new((text, ink): (String, Option<Ink>)) -> Self {
        let class = match ink {
            Some(Ink::Good) => "pass",
            Some(Ink::Bad | Ink::Doubtful) => "fail",
            Some(Ink::Heading | Ink::Aside) | None => "",
        };
        Self { text, class }
    }
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, ParsingOptions};

    use super::super::report::tests::report;

    #[test]
    fn the_page_is_well_formed_whatever_aws_says() {
        const HOSTILE: &str = "</style><script>alert(1)</script>\" onload='x' &amp; \0\u{1b}\u{202e}";
        let mut report = report();
        report.project = HOSTILE.to_owned();
        report.notes.push(HOSTILE.to_owned());
        for row in &mut report.stages[0].endpoints {
            row.failure_reason = Some(HOSTILE.to_owned());
            row.region = HOSTILE.to_owned();
        }
        let page = report.html().expect("a page");
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        let document = Document::parse_with_options(&page, options).expect("well-formed");
        let has = |name: &str| document.descendants().any(|node| node.has_tag_name(name));
        assert!(!has("script") && has("table"), "{page}");
        let linked = ["http://", "https://", "src=", "url("];
        assert!(linked.iter().all(|link| !page.contains(link)), "{page}");
    }

    #[test]
    fn every_row_and_remark_is_on_the_page() {
        let page = report().html().expect("a page");
        for word in ["222222222222", "NOT ALL IN SERVICE", "2 behind", "drift:", "AccessDenied", "deploys version 5"] {
            assert!(page.contains(word), "{word} is not in {page}");
        }
    }
}
