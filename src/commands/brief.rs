//! `modeldeploy brief`: what an approver has to know, from the files that build and test left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::session::Session;
use super::stdout::{print, print_file, print_json};
use super::verify::not_found;
use crate::cli::Format;
use crate::cli::brief::{BriefArgs, Form};
use crate::domain::brief::changes::{Changes, Released};
use crate::domain::brief::{Brief, Sources, markdown, text};
use crate::domain::digest::sha256;
use crate::domain::finding::Finding;
use crate::domain::release;
use crate::domain::release::verification::{self, Found, Record};
use crate::domain::report::results::TestReport;
use crate::domain::text::page::Page;
use crate::error::{Failure, Result};
use crate::files;
use crate::secrets::{masked, masked_json};

/// The files that tell, and the form in which it is told.
pub(super) struct Settings {
    results: PathBuf,
    release: Option<PathBuf>,
    baseline: Option<PathBuf>,
    previous: Option<PathBuf>,
    form: Form,
}

impl Settings {
    pub(super) fn of(args: &BriefArgs, session: &Session) -> Self {
        let here = || Some(PathBuf::from(release::FILE_NAME)).filter(|file| file.exists());
        let form = match session.console.format {
            Format::Text => Form::Markdown,
            Format::Json => Form::Json,
        };
        Self {
            results: args.results.clone(),
            release: args.release.clone().or_else(here),
            baseline: args.baseline.clone(),
            previous: args.previous.clone(),
            form: args.form.unwrap_or(form),
        }
    }
}

/// Reads every file, so that all that is wrong is said at once, and prints the brief.
pub(super) fn run(settings: &Settings, session: &Session) -> Result<()> {
    let Settings { results, release, baseline, previous, form } = settings;
    let is_compared = previous.is_some();
    let mut findings = Vec::new();
    let report = kept(read_results(results), &mut findings);
    let before = baseline.as_deref().and_then(|path| kept(read_results(path), &mut findings));
    let current = release.as_deref().and_then(|path| kept(read_release(path, is_compared), &mut findings));
    let past = previous.as_deref().and_then(|path| kept(read_release(path, is_compared), &mut findings));
    if is_compared && release.is_none() {
        let finding = Finding::error("--previous has no release to be compared with").cause("there is no release.json");
        findings.push(finding.hint("name the record of the version that was tested with --release"));
    }
    if let (Some(report), Some(current)) = (&report, &current) {
        findings.extend(of_another_package(report, results, current));
    }
    let changes = match (&past, &current) {
        (Some(past), Some(current)) => kept(Changes::between(past, current).map_err(Failure::invalid), &mut findings),
        _ => None,
    };
    let (Some(report), true) = (report, findings.is_empty()) else { return Err(Failure::invalid(findings)) };
    let shown = baseline.as_ref().map(|path| path.display().to_string());
    let sources = Sources {
        results: &report,
        package: current.as_ref().map(|release| release.record.model_package()),
        previous: past.as_ref().map(|release| release.record.model_package()),
        baseline: shown.as_deref().zip(before.as_ref()),
    };
    let brief = Brief::of(sources, changes);
    match form {
        Form::Markdown => print_file(&markdown::render(&brief)),
        Form::Text => print(&std::iter::once(text::render(&brief)).collect::<Page>(), session),
        Form::Json => {
            let document = serde_json::to_string_pretty(&brief).map_err(|error| {
                Failure::failed(Finding::error("cannot write the brief as JSON").cause(error.to_string()))
            })?;
            print_json(&format!("{document}\n"))
        }
    }
}

/// What was read, or what is wrong with it for later.
fn kept<T>(read: Result<T>, findings: &mut Vec<Finding>) -> Option<T> {
    read.map_err(|failure| findings.extend(failure.findings)).ok()
}

fn read_results(path: &Path) -> Result<TestReport> {
    let text = files::read_record(path)?;
    let file = path.display().to_string();
    let report = TestReport::parse(&masked_json(&text), &file).map_err(|finding| Failure::invalid([finding]))?;
    let Some(cause) = report.contradiction() else { return Ok(report) };
    let finding = Finding::error("contradicts itself").in_file(&file).cause(cause);
    Err(Failure::invalid([finding.hint("give the results as `modeldeploy test` wrote them")]))
}

/// A record; with the files beside it, as far as they are there.
fn read_release(path: &Path, with_files: bool) -> Result<Released> {
    let text = files::read_record(path)?;
    let file = path.display().to_string();
    let read = Record::read(&masked_json(&text), &file);
    let (files, mut findings) = (read.files(), read.findings);
    let Some(record) = read.release else { return Err(Failure::invalid(findings)) };
    let mut texts = BTreeMap::new();
    if with_files {
        let folder = files::folder_of(path);
        let named = Released::named(&record);
        for local in files.iter().filter(|local| named.contains(&local.name.as_str())) {
            let place = files::within(folder, &local.name);
            let text = match files::named(&place, folder).map_err(|unreachable| not_found(unreachable, folder)) {
                // Not every artefact comes along with the record: its digest tells what there is to tell.
                Err(Found::Missing) => continue,
                Err(found) => Err(found),
                Ok(place) => match files::read_record(&place) {
                    Ok(text) => Ok(text),
                    Err(failure) => {
                        findings.extend(failure.findings);
                        continue;
                    }
                },
            };
            let found = text.as_ref().map_or_else(Clone::clone, |text| Found::Digest(sha256(text.as_bytes())));
            findings.extend(verification::check(local, &place.display().to_string(), found).1);
            texts.extend(text.ok().map(|text| (local.name.clone(), masked(&text).into_owned())));
        }
    }
    if findings.is_empty() { Ok(Released { record, file, texts }) } else { Err(Failure::invalid(findings)) }
}

/// That the record is not that of the package that was tested.
fn of_another_package(report: &TestReport, results: &Path, release: &Released) -> Option<Finding> {
    let (tested, released) = (report.model_package_arn.as_ref()?, &release.record.model_package().arn);
    (tested != released).then(|| {
        Finding::error(format!("is of {released}"))
            .in_file(&release.file)
            .cause(format!("{} is of {tested}", results.display()))
            .hint("name the record of the build that was tested with --release")
    })
}
