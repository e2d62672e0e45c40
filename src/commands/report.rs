//! `modeldeploy report`: results of test runs as one HTML page.

use std::path::Path;

use super::{STDOUT, Session, print};
use crate::cli::ReportArgs;
use crate::domain::count::counted;
use crate::domain::finding::Finding;
use crate::domain::html_report;
use crate::domain::test_report::TestReport;
use crate::error::{Failure, Result};
use crate::files::{self, Pending};

/// Reads every file, so that all that is wrong is said at once, and writes the page.
pub(super) fn run(args: &ReportArgs, session: &Session) -> Result<()> {
    let mut findings = Vec::new();
    let mut reports = Vec::new();
    for path in &args.files {
        match read(path) {
            Ok(report) => reports.push((path.display().to_string(), report)),
            Err(failure) => findings.extend(failure.findings),
        }
    }
    if args.files.iter().any(|path| is_same(path, &args.output)) {
        let finding = Finding::error(format!("--output {} is one of the results files", args.output.display()));
        findings.push(finding.hint("name another place for the page, for example test-results.html"));
    }
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    let page = html_report::render(&reports).map_err(|error| {
        Failure::failed(Finding::error("cannot render the results as HTML").cause(error.to_string()))
    })?;
    if args.output == Path::new(STDOUT) {
        return print(&page);
    }
    Pending::at(&args.output)?.put(page.as_bytes())?;
    let runs = counted(reports.len(), "run");
    session.console.note(&format!("wrote {}: {runs}", args.output.display()));
    Ok(())
}

fn read(path: &Path) -> Result<TestReport> {
    let text = files::read_text(path)?;
    TestReport::parse(&text, &path.display().to_string()).map_err(|finding| Failure::invalid([finding]))
}

/// Whether both names lead to one file, which then must be there.
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
