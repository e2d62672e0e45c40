//! The results of a run: files that were proven writable before the first request, and the verdict.

use std::borrow::Cow;
use std::path::PathBuf;

use jiff::Timestamp;

use super::super::{print, print_json};
use super::Session;
use crate::cli::{Format, TestArgs};
use crate::domain::count::counted;
use crate::domain::finding::Finding;
use crate::domain::page::Page;
use crate::domain::test_report::TestReport;
use crate::domain::{html_report, junit};
use crate::error::{Exit, Failure, Result};
use crate::files::{Pending, Readers, all};
use crate::secrets::masked;

/// What a results file looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Junit,
    Html,
}

/// Every file that the run is to leave.
pub(super) struct Results {
    place: String,
    files: Vec<(Form, Pending)>,
}

impl Results {
    /// Proves that every results file can be written, so that nothing that was tested is lost.
    pub(super) fn open(args: &TestArgs) -> Result<Self> {
        let named = [
            (Form::Json, Some(&args.export_test_results)),
            (Form::Junit, args.junit.as_ref()),
            (Form::Html, args.html.as_ref()),
        ];
        let prove = |(form, path): (Form, Option<&PathBuf>)| {
            path.map(|path| Ok((form, Pending::at(path, Readers::OwnerAlone)?)))
        };
        let files = all(named.into_iter().filter_map(prove))?;
        Ok(Self { place: args.export_test_results.display().to_string(), files })
    }

    /// Ends the report and writes it to every file that takes it; the error is all that was not written. What no file
    /// has is on stdout then: nobody can get it again.
    pub(super) fn write(self, report: &mut TestReport, session: &Session) -> Result<()> {
        report.finish(Timestamp::now());
        let (shown, json) = without_secrets(report)?;
        self.write_finished(&shown, &json, session)
    }

    fn write_finished(self, report: &TestReport, json: &str, session: &Session) -> Result<()> {
        let Self { place, files } = self;
        all(files.into_iter().flat_map(|(form, file)| {
            let put = match form {
                Form::Json => file.put(format!("{json}\n").as_bytes()),
                Form::Junit => rendered("JUnit XML", junit::render(report)).and_then(|xml| file.put(xml.as_bytes())),
                Form::Html => rendered("HTML", html_report::render(&[(place.clone(), report.clone())]))
                    .and_then(|page| file.put(page.as_bytes())),
            };
            let is_lost = form == Form::Json && put.is_err() && session.console.format == Format::Text;
            [Some(put), is_lost.then(|| print_json(json))].into_iter().flatten()
        }))
        .map(drop)
    }

    /// Says the results, writes them, and turns them into the command's end.
    pub(super) fn conclude(self, mut report: TestReport, session: &Session) -> Result<TestReport> {
        report.finish(Timestamp::now());
        let (shown, json) = without_secrets(&report)?;
        let said = match session.console.format {
            Format::Json => print_json(&json),
            Format::Text if report.accounts.is_empty() => Ok(()),
            Format::Text => print(&summary(&report), session),
        };
        let place = self.place.clone();
        match all([said, self.write_finished(&shown, &json, session)]) {
            Ok(_) => match end(&report, &format!("in {place}")) {
                None => Ok(report),
                Some(failure) => Err(failure),
            },
            Err(mut lost) => {
                lost.findings.extend(end(&report, "on stdout").into_iter().flat_map(|failure| failure.findings));
                Err(lost)
            }
        }
    }
}

/// The report as it is kept, and its JSON: what a model or a service echoed of our secrets is in none of the files.
fn without_secrets(report: &TestReport) -> Result<(TestReport, String)> {
    let json = rendered("JSON", serde_json::to_string_pretty(report))?;
    Ok(match masked(&json) {
        Cow::Borrowed(_) => (report.clone(), json),
        Cow::Owned(json) => {
            let shown = serde_json::from_str(&json).map_err(|error| error.to_string());
            (rendered("JSON", shown)?, json)
        }
    })
}

fn rendered<T, E: std::fmt::Display>(what: &str, rendered: std::result::Result<T, E>) -> Result<T> {
    rendered.map_err(|error| {
        Failure::failed(Finding::error(format!("cannot render the results as {what}")).cause(error.to_string()))
    })
}

/// How the results end the command, unless all is well; `place` is where they are.
fn end(report: &TestReport, place: &str) -> Option<Failure> {
    if let Some(error) = report.errors.first() {
        let finding = Finding::error("the tests did not run to their end").cause(error.message.clone());
        return Some(Failure::failed(finding.hint(format!("what was tested until then is {place}"))));
    }
    (!report.success).then(|| Failure { exit: Exit::TestsFailed, findings: vec![verdict(report, place)] })
}

/// A line an account, then what failed in it.
fn summary(report: &TestReport) -> Page {
    let mut page = Page::default();
    for account in &report.accounts {
        let passed = account.cases.iter().filter(|case| case.success).count();
        let verdict = if account.success { "ok  " } else { "FAIL" };
        let mut parts = vec![format!("{verdict} {}", account.name())];
        parts.extend(account.endpoint_name.clone());
        parts.extend(account.endpoint_status.clone());
        parts.push(format!("{passed}/{} cases", account.cases.len()));
        let slowest = account.cases.iter().filter_map(|case| case.latency_ms).map(|latency| latency.max);
        parts.extend(slowest.reduce(f64::max).map(|millis| format!("slowest {millis:.1} ms")));
        page.line(parts.join("  "));
        page.extend(account.errors.iter().map(|problem| format!("     {}", problem.message)));
        for case in &account.cases {
            page.extend(case.failures.iter().map(|problem| format!("     {}: {}", case.name, problem.message)));
        }
    }
    page
}

fn verdict(report: &TestReport, place: &str) -> Finding {
    let failed = report.accounts.iter().filter(|account| !account.success).count();
    let (passed, cases) = report.case_counts();
    let what = match &report.accounts[..] {
        [local] if local.account_id.is_none() => "the model server failed the test".to_owned(),
        accounts => format!("the test failed in {failed} of {}", counted(accounts.len(), "account")),
    };
    let problem = report.accounts.iter().find_map(|account| {
        let of_cases = account.cases.iter().find_map(|case| {
            case.failures
                .first()
                .map(|problem| format!("{}: case \"{}\": {}", account.name(), case.name, problem.message))
        });
        account.errors.first().map(|problem| format!("{}: {}", account.name(), problem.message)).or(of_cases)
    });
    let reached = match cases {
        0 => "no case was sent".to_owned(),
        _ => format!("{passed} of {} passed", counted(cases, "case")),
    };
    let finding = Finding::error(what).hint(format!("{reached}; every finding is {place}"));
    match problem {
        Some(problem) => finding.cause(problem),
        None => finding,
    }
}
