//! The results of a run: files that were proven writable before the first request, and the verdict.

use std::borrow::Cow;
use std::path::PathBuf;

use jiff::Timestamp;

use super::super::interruption;
use super::super::session::Session;
use super::super::stdout::{print, print_json};
use super::recorder::Recorder;
use super::settings::Settings;
use crate::cli::Format;
use crate::domain::finding::Finding;
use crate::domain::report::html;
use crate::domain::report::junit;
use crate::domain::report::results::TestReport;
use crate::domain::report::summary::{summary, verdict};
use crate::domain::text::printable;
use crate::error::{Exit, Failure, Result};
use crate::files::{Pending, all};
use crate::output;
use crate::secrets::masked_json;

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
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        let named = [
            (Form::Json, Some(&settings.results)),
            (Form::Junit, settings.junit.as_ref()),
            (Form::Html, settings.html.as_ref()),
        ];
        let prove = |(form, path): (Form, Option<&PathBuf>)| path.map(|path| Ok((form, settings.output(path)?)));
        let files = all(named.into_iter().filter_map(prove))?;
        Ok(Self { place: settings.results.display().to_string(), files })
    }

    /// Writes the report to every file that takes it; the error is all that was not written. Also whether no file has the
    /// JSON.
    fn write(self, report: &TestReport, json: &str) -> (Result<()>, bool) {
        let Self { place, files } = self;
        let mut is_lost = false;
        let written = all(files.into_iter().map(|(form, file)| {
            let put = match form {
                Form::Json => file.put(format!("{json}\n").as_bytes()),
                Form::Junit => rendered("JUnit XML", junit::render(report)).and_then(|xml| file.put(xml.as_bytes())),
                Form::Html => rendered("HTML", html::render(&[(place.clone(), report.clone())]))
                    .and_then(|page| file.put(page.as_bytes())),
            };
            is_lost |= form == Form::Json && put.is_err();
            put
        }));
        (written.map(drop), is_lost)
    }

    /// Writes the results and what was recorded, says them, and turns them into the command's end, unless something else had ended it.
    pub(super) fn conclude(
        self,
        mut report: TestReport,
        recorder: Option<Recorder>,
        ended_by: Option<Failure>,
        session: &Session,
    ) -> Result<TestReport> {
        report.finish(Timestamp::now());
        let (shown, json) = without_secrets(&report)?;
        let place = self.place.clone();
        // First, as whoever is to read what is printed may not do so.
        let (written, is_lost) = self.write(&shown, &json);
        let answers = recorder.map_or(Ok(()), |recorder| recorder.write(session));
        let mut said = match session.console.format {
            Format::Json => print_json(&json),
            Format::Text if report.accounts.is_empty() => Ok(()),
            Format::Text => print(&summary(&report), session),
        };
        if is_lost && session.console.format == Format::Text {
            // Nobody can get it again.
            said = said.and_then(|()| print_json(&json));
        }
        if output::data_is_given_up() && !is_lost {
            said = interruption::outcome();
        }
        let end = |report: &TestReport, place: &str| ended_by.or_else(|| end(report, place));
        match all([answers, written, said]) {
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
    let json = printable::json(&json);
    Ok(match masked_json(&json) {
        Cow::Borrowed(_) => (report.clone(), json.into_owned()),
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
