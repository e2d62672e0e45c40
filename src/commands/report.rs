//! `modeldeploy report`: results of test runs as one HTML page.

use std::path::{Path, PathBuf};

use super::session::Session;
use super::stdout::{STDOUT, print_file};
use crate::domain::finding::Finding;
use crate::domain::report::html;
use crate::domain::report::results::TestReport;
use crate::domain::text::count::counted;
use crate::error::{Failure, Result};
use crate::files::{self, Pending, Readers};
use crate::secrets::masked;

/// Reads every file, so that all that is wrong is said at once, and writes the page.
pub(super) fn run(paths: &[PathBuf], output: &Path, session: &Session) -> Result<()> {
    let mut findings = Vec::new();
    let mut reports = Vec::new();
    for path in paths {
        match read(path) {
            Ok(report) => reports.push((path.display().to_string(), report)),
            Err(failure) => findings.extend(failure.findings),
        }
    }
    let to_stdout = output == Path::new(STDOUT);
    findings.extend(files::overlaps((!to_stdout).then_some(output)));
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    let place = (!to_stdout).then(|| Pending::at(output, Readers::OwnerAlone)).transpose()?;
    let page = html::render(&reports).map_err(|error| {
        Failure::failed(Finding::error("cannot render the results as HTML").cause(error.to_string()))
    })?;
    let Some(place) = place else { return print_file(&page) };
    place.put(page.as_bytes())?;
    let runs = counted(reports.len(), "run");
    session.console.note(&format!("wrote {}: {runs}", output.display()));
    Ok(())
}

fn read(path: &Path) -> Result<TestReport> {
    let text = files::read_record(path)?;
    TestReport::parse(&masked(&text), &path.display().to_string()).map_err(|finding| Failure::invalid([finding]))
}
