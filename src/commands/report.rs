//! `modeldeploy report`: results of test runs as one HTML page.

use std::path::Path;

use super::{STDOUT, Session, print_file};
use crate::cli::ReportArgs;
use crate::domain::count::counted;
use crate::domain::finding::Finding;
use crate::domain::html_report;
use crate::domain::test_report::TestReport;
use crate::error::{Failure, Result};
use crate::files::{self, Pending, Readers};
use crate::secrets::masked;

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
    let to_stdout = args.output == Path::new(STDOUT);
    findings.extend(files::overlaps((!to_stdout).then_some(args.output.as_path())));
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    let output = (!to_stdout).then(|| Pending::at(&args.output, Readers::OwnerAlone)).transpose()?;
    let page = html_report::render(&reports).map_err(|error| {
        Failure::failed(Finding::error("cannot render the results as HTML").cause(error.to_string()))
    })?;
    let Some(output) = output else { return print_file(&page) };
    output.put(page.as_bytes())?;
    let runs = counted(reports.len(), "run");
    session.console.note(&format!("wrote {}: {runs}", args.output.display()));
    Ok(())
}

fn read(path: &Path) -> Result<TestReport> {
    let text = files::read_record(path)?;
    TestReport::parse(&masked(&text), &path.display().to_string()).map_err(|finding| Failure::invalid([finding]))
}
