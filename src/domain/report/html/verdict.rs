//! The head of the page: how it ended, of what, and what failed first.

use serde::Serialize;

use super::failures::Failures;
use super::figures::{count, counted, duration, time};
use super::listing::{Subject, common};
use crate::domain::report::results::{ReleaseReport, TestReport};

#[derive(Serialize)]
pub(super) struct Verdict {
    passed: bool,
    /// Also a word for whoever sees no colour.
    pub(super) word: &'static str,
    title: String,
    line: String,
    /// Where it failed first, in which words, and where that stands on the page.
    first: Option<First>,
    warning: Option<&'static str>,
    facts: Vec<Fact>,
}

#[derive(Serialize)]
struct First {
    place: String,
    message: String,
    link: String,
}

#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    /// `code` where it is an identifier, else nothing
    class: &'static str,
}

impl Verdict {
    pub(super) fn new(subject: &Subject, failures: &Failures) -> Self {
        let report = subject.report;
        let word = if report.success { "PASSED" } else { "FAILED" };
        let of = [&report.project, &report.stage].into_iter().flatten().cloned().collect::<Vec<_>>().join(" · ");
        let title = if of.is_empty() { "model test".to_owned() } else { of };
        let sent: u64 = report.accounts.iter().flat_map(|account| &account.cases).map(|case| case.invocations).sum();
        let (_, cases) = report.case_counts();
        Self {
            passed: report.success,
            word,
            title,
            line: line(report),
            first: first(subject, failures),
            warning: (cases == 0 && !report.accounts.is_empty() && report.errors.is_empty()).then_some(
                "No case was sent. What is proven is the endpoint's status and the model that it serves, not one answer.",
            ),
            facts: facts(report, sent),
        }
    }
}

/// How the run ended, in one sentence.
pub(super) fn line(report: &TestReport) -> String {
    let accounts = report.accounts.len();
    let failed = report.accounts.iter().filter(|account| !account.success).count();
    let (passed, cases) = report.case_counts();
    let all =
        |number: usize, noun| if number == 1 { format!("1 {noun}") } else { format!("All {}", counted(number, noun)) };
    let mut line = match (accounts, failed, cases) {
        (0, ..) => "No account was tested.".to_owned(),
        (_, 0, 0) => format!("{} passed.", all(accounts, "account")),
        (1, 0, _) => format!("{} passed.", all(cases, "case")),
        (_, 0, _) => format!("{} passed in {}.", all(cases, "case"), counted(accounts, "account")),
        (1, ..) => format!("{} of {} passed.", count(passed as u64), counted(cases, "case")),
        _ => format!(
            "{} of {} failed; {} of {} passed.",
            count(failed as u64),
            counted(accounts, "account"),
            count(passed as u64),
            counted(cases, "case")
        ),
    };
    if !report.errors.is_empty() {
        line.push_str(" The run did not reach its end.");
    }
    line
}

fn first(subject: &Subject, failures: &Failures) -> Option<First> {
    let Subject { report, labels, .. } = subject;
    if let Some(error) = report.errors.first() {
        let link = failures.run_link();
        return Some(First { place: "the run itself".to_owned(), message: error.message.clone(), link });
    }
    report.accounts.iter().enumerate().find_map(|(place, account)| {
        if let Some(error) = account.errors.first() {
            let link = failures.link(place, None)?;
            return Some(First { place: labels[place].clone(), message: error.message.clone(), link });
        }
        account.cases.iter().find_map(|case| {
            let message = case.failures.first()?.message.clone();
            let link = failures.link(place, Some(&case.name))?;
            Some(First { place: format!("{}, case \"{}\"", labels[place], case.name), message, link })
        })
    })
}

fn facts(report: &TestReport, sent: u64) -> Vec<Fact> {
    let took = report.finished_at.duration_since(report.started_at).as_secs_f64();
    let errors: u64 = report.accounts.iter().flat_map(|account| &account.cases).map(|case| case.errors).sum();
    let region = common(report, |account| account.region.as_deref());
    let mut facts = Vec::new();
    let mut add = |name, value: Option<String>, class| {
        facts.extend(value.map(|value| Fact { name, value, class }));
    };
    add("Project", report.project.clone(), "");
    add("Stage", report.stage.clone(), "");
    add("Endpoint", common(report, |account| account.endpoint_name.as_deref()).map(str::to_owned), "");
    add("Region", region.map(str::to_owned), "");
    add("Model package", report.model_package_arn.clone(), "code wide");
    add("Release record", report.release.as_ref().map(ReleaseReport::in_words), "wide");
    add("Started", Some(time(report.started_at)), "");
    add("Took", Some(duration(took)), "");
    add("Accounts", Some(count(report.accounts.len() as u64)), "");
    add("Requests", Some(count(sent)), "");
    add("Errors", Some(count(errors)), "");
    facts
}
