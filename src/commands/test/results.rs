//! The results of a run: files that were proven writable before the first request, and the verdict.

use jiff::Timestamp;

use super::super::print;
use super::Session;
use crate::cli::{Format, TestArgs};
use crate::domain::count::counted;
use crate::domain::finding::Finding;
use crate::domain::test_report::TestReport;
use crate::domain::{html_report, junit};
use crate::error::{Exit, Failure, Result};
use crate::files::Pending;

/// Every file that the run is to leave.
pub(super) struct Results {
    place: String,
    json: Option<Pending>,
    junit: Option<Pending>,
    html: Option<Pending>,
}

impl Results {
    /// Proves that every results file can be written, so that nothing that was tested is lost.
    pub(super) fn open(args: &TestArgs) -> Result<Self> {
        Ok(Self {
            place: args.export_test_results.display().to_string(),
            json: Some(Pending::at(&args.export_test_results)?),
            junit: args.junit.as_deref().map(Pending::at).transpose()?,
            html: args.html.as_deref().map(Pending::at).transpose()?,
        })
    }

    /// Ends the report and writes it to every file.
    pub(super) fn write(&mut self, report: &mut TestReport) -> Result<()> {
        report.finish(Timestamp::now());
        let unrenderable = |what: &str, error: &dyn std::fmt::Display| {
            Failure::failed(Finding::error(format!("cannot render the results as {what}")).cause(error.to_string()))
        };
        if let Some(file) = self.json.take() {
            let json = serde_json::to_string_pretty(report).map_err(|error| unrenderable("JSON", &error))?;
            file.put(format!("{json}\n").as_bytes())?;
        }
        if let Some(file) = self.junit.take() {
            let xml = junit::render(report).map_err(|error| unrenderable("JUnit XML", &error))?;
            file.put(xml.as_bytes())?;
        }
        if let Some(file) = self.html.take() {
            let page = html_report::render(&[(self.place.clone(), report.clone())])
                .map_err(|error| unrenderable("HTML", &error))?;
            file.put(page.as_bytes())?;
        }
        Ok(())
    }

    /// Writes the results, says them, and turns them into the command's end.
    pub(super) fn conclude(mut self, mut report: TestReport, session: &Session) -> Result<TestReport> {
        self.write(&mut report)?;
        match session.console.format {
            Format::Json => {
                let json = serde_json::to_string_pretty(&report).unwrap_or_default();
                print(&json)?;
            }
            Format::Text if report.accounts.is_empty() => {}
            Format::Text => print(&summary(&report))?,
        }
        if let Some(error) = report.errors.first() {
            let finding = Finding::error("the tests did not run to their end").cause(error.message.clone());
            return Err(Failure::failed(finding.hint(format!("what was tested until then is in {}", self.place))));
        }
        if report.success {
            return Ok(report);
        }
        Err(Failure { exit: Exit::TestsFailed, findings: vec![verdict(&report, &self.place)] })
    }
}

/// A line an account, then what failed in it.
fn summary(report: &TestReport) -> String {
    let mut lines = Vec::new();
    for account in &report.accounts {
        let passed = account.cases.iter().filter(|case| case.success).count();
        let verdict = if account.success { "ok  " } else { "FAIL" };
        let mut parts = vec![format!("{verdict} {}", account.name())];
        parts.extend(account.endpoint_name.clone());
        parts.extend(account.endpoint_status.clone());
        parts.push(format!("{passed}/{} cases", account.cases.len()));
        let slowest = account.cases.iter().filter_map(|case| case.latency_ms).map(|latency| latency.max);
        parts.extend(slowest.reduce(f64::max).map(|millis| format!("slowest {millis:.1} ms")));
        lines.push(parts.join("  "));
        lines.extend(account.errors.iter().map(|problem| format!("     {}", problem.message)));
        for case in &account.cases {
            lines.extend(case.failures.iter().map(|problem| format!("     {}: {}", case.name, problem.message)));
        }
    }
    lines.join("\n")
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
    let finding = Finding::error(what).hint(format!("{reached}; every finding is in {place}"));
    match problem {
        Some(problem) => finding.cause(problem),
        None => finding,
    }
}
