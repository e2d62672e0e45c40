//! The cases of a suite, read from files and sent to whatever answers.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;

use super::compiling::Progress;
use super::kept::KeptAnswers;
use super::recorder::Recorder;
use super::request::send;
use super::settings::SuiteSettings;
use super::tally::Tally;
use super::target::Target;
use super::under_way::UnderWay;
use super::{capture, captures, compiling, dataset, load};
use crate::cloud::Storage;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{AccountReport, CaseReport, Failure as Problem};
use crate::domain::suite::capture::draw::{CaptureSource, Draw};
use crate::domain::suite::capture::request;
use crate::domain::suite::contents::Contents;
use crate::domain::suite::suite_draft::SuiteDraft;
use crate::domain::suite::test_suite::{Case, RequestOptions, Suite, Work};
use crate::error::{Failure, Result};
use crate::files::{self, Most, Opened, Unreachable};
use crate::output::Console;

/// A suite that was read, complete but for what is in S3.
pub(super) enum ReadSuite {
    Ready(Box<Suite>),
    Waiting { draft: Box<SuiteDraft>, contents: Contents, objects: Vec<Stored>, name: String },
}

/// What cases name in S3.
pub(super) enum Stored {
    Whole(S3Uri),
    Dataset(S3Uri),
    /// What the case of that name draws.
    Capture(String, Draw),
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(uri) | Self::Dataset(uri) => uri.fmt(f),
            Self::Capture(_, draw) => draw.source.fmt(f),
        }
    }
}

/// Reads a suite with every file that its cases name, which must lie in the suite's own folder unless another is said.
pub(super) async fn read_suite(settings: &SuiteSettings, console: Console) -> Result<ReadSuite> {
    let settings = settings.clone();
    compiling::beside(move |progress| read(&settings, console, progress)).await
}

fn read(settings: &SuiteSettings, console: Console, progress: &Progress) -> Result<ReadSuite> {
    let path = settings.cases.as_path();
    let text = files::read_text(path)?;
    let name = path.display().to_string();
    let mut draft = SuiteDraft::parse(&text, &name).map_err(Failure::invalid)?;
    let folder = files::folder_of(path);
    let within = settings.files_within.as_deref().unwrap_or(folder);
    let mut contents = Contents::default();
    if let Some(file) = &settings.baseline {
        draft = draft.without_baseline();
        contents.baseline = Some((file.display().to_string(), files::read(file, Most::Recorded)?));
    }
    let mut objects = Vec::new();
    let mut findings = Vec::new();
    let real = |file: &str| {
        let place = files::within(folder, file);
        files::named(&place, within).map_err(|unreachable| match unreachable {
            Unreachable::Outside(real) => outside(&name, file, &real, within),
            Unreachable::Io(error) => files::unreadable(&place, &error),
        })
    };
    for file in draft.files() {
        if let Ok(uri) = file.parse::<S3Uri>() {
            objects.push(Stored::Whole(uri));
            continue;
        }
        let bytes = real(file)
            .and_then(|real| files::bytes(&real, Most::Sent).map_err(|error| files::unreadable(&real, &error)));
        match bytes {
            Ok(bytes) => _ = contents.whole.insert(file.to_owned(), bytes),
            Err(finding) => findings.push(finding),
        }
    }
    for file in draft.datasets() {
        if let Ok(uri) = file.parse::<S3Uri>() {
            objects.push(Stored::Dataset(uri));
            continue;
        }
        let opened = real(file).and_then(|real| files::open(&real).map_err(|error| files::unreadable(&real, &error)));
        match opened {
            Ok(opened) => _ = contents.datasets.insert(file.to_owned(), Arc::new(Opened::new(opened))),
            Err(finding) => findings.push(finding),
        }
    }
    for (case, draw) in draft.draws() {
        match &draw.source {
            CaptureSource::S3(_) => objects.push(Stored::Capture(case.to_owned(), draw)),
            CaptureSource::Path(path) => {
                match real(path).and_then(|place| captures::read(&place, path, &draw, within)) {
                    Ok(sample) => _ = contents.captures.insert(case.to_owned(), Arc::new(sample)),
                    Err(finding) => findings.push(finding),
                }
            }
        }
    }
    if findings.is_empty() && !objects.is_empty() {
        return Ok(ReadSuite::Waiting { draft: Box::new(draft), contents, objects, name });
    }
    compile(draft, &contents, findings, &name, (console, progress)).map(|suite| ReadSuite::Ready(Box::new(suite)))
}

/// Its content would go to whoever answers.
fn outside(cases: &str, file: &str, real: &Path, within: &Path) -> Finding {
    Finding::error(format!("names \"{file}\", which is outside of {}", within.display()))
        .in_file(cases)
        .cause(format!("it is {}", real.display()))
        .hint("copy the file there, or name a folder above both with --files-within")
}

impl ReadSuite {
    /// The suite, with what it needs fetched from S3 as the caller itself.
    pub(super) async fn complete(self, cloud: &impl Storage, console: Console) -> Result<Suite> {
        let Self::Waiting { draft, mut contents, objects, name } = self else { return self.without_cloud() };
        for object in objects {
            let cannot = || format!("cannot read {object}, which {name} names");
            let unwritable = |error: &std::io::Error| {
                let hint = "name a folder with free space in TMPDIR";
                Failure::failed(Finding::error(cannot()).cause(files::plain(error)).hint(hint))
            };
            let fetched = match &object {
                Stored::Capture(case, draw) => match captures::fetch(draw, cloud).await {
                    Ok(sample) => {
                        contents.captures.insert(case.clone(), Arc::new(sample));
                        Ok(Some(()))
                    }
                    Err(captures::Unread::Cloud(error)) => Err(error),
                    Err(captures::Unread::Disk(error)) => return Err(unwritable(&error)),
                },
                Stored::Whole(uri) => cloud
                    .own_object(uri)
                    .await
                    .map(|object| object.map(|object| _ = contents.whole.insert(uri.to_string(), object.bytes))),
                Stored::Dataset(uri) => {
                    let copy = Opened::temporary().map_err(|error| unwritable(&error))?;
                    cloud
                        .copy_own_object(uri, &copy)
                        .await
                        .map(|found| found.map(|_| _ = contents.datasets.insert(uri.to_string(), Arc::new(copy))))
                }
            };
            match fetched {
                Ok(Some(())) => {}
                Ok(None) => {
                    let finding = Finding::error(cannot()).cause("there is no such object");
                    return Err(Failure::invalid([finding.hint("correct the URI, or upload the file")]));
                }
                Err(error) => return Err(error.failure(cannot())),
            }
        }
        compiling::beside(move |progress| compile(*draft, &contents, Vec::new(), &name, (console, progress))).await
    }

    /// The suite, where there is no cloud to fetch anything from.
    pub(super) fn without_cloud(self) -> Result<Suite> {
        match self {
            Self::Ready(suite) => Ok(*suite),
            Self::Waiting { objects, name, .. } => Err(Failure::invalid(
                objects
                    .into_iter()
                    .map(|object| {
                        Finding::error(format!("names {object}, which cannot be read without AWS"))
                            .in_file(&name)
                            .hint("copy it to this machine and name the copy")
                    })
                    .collect::<Vec<_>>(),
            )),
        }
    }
}

fn compile(
    draft: SuiteDraft,
    contents: &Contents,
    mut findings: Vec<Finding>,
    name: &str,
    (console, progress): (Console, &Progress),
) -> Result<Suite> {
    let compiled = draft.compile(contents, &|part| progress.note(part)).map_err(|found| findings.extend(found));
    let suite = match compiled {
        Ok(suite) if findings.is_empty() => suite,
        _ => return Err(Failure::invalid(findings)),
    };
    for warning in &suite.warnings {
        console.warning(warning);
    }
    if suite.cases.is_empty() {
        console.warning(
            &Finding::warning("has no cases: no payload will be sent, and no answer judged")
                .in_file(name)
                .hint("add a case with a body and what is expected of the answer"),
        );
    }
    Ok(suite)
}

/// Sends every case in order; each report is in `state` as soon as it is there.
pub(super) async fn run(
    suite: &Suite,
    state: &RefCell<AccountReport>,
    under_way: &UnderWay,
    kept: &KeptAnswers,
    recorder: Option<&Recorder>,
    target: &impl Target,
) {
    let mut all = Tally::of(&suite.slo);
    let mut sessions = BTreeMap::new();
    for case in &suite.cases {
        let before = case.session_from.as_deref();
        let sent = match before.map(|before| sessions.get(before).cloned().ok_or(before)) {
            Some(Err(before)) => {
                state.borrow_mut().cases.push(without_session(case, before));
                continue;
            }
            Some(Ok(session)) => {
                let options = RequestOptions { session_id: Some(session), ..case.options.clone() };
                Cow::Owned(Case { options, ..case.clone() })
            }
            None => Cow::Borrowed(case),
        };
        let (mut report, tally) = Box::pin(run_case(&sent, under_way, recorder, target)).await;
        sessions.extend(tally.session().map(|session| (case.name.as_str(), session.to_owned())));
        if let Some(baseline) = &suite.baseline {
            report.hold_against(baseline.judge(&state.borrow(), &report, &case.against_baseline));
        }
        kept.bound(&mut report);
        all.absorb(&tally);
        state.borrow_mut().cases.push(report);
    }
    if !all.is_empty() {
        let broken = all.broken().into_iter();
        let named = broken.map(|one| Problem { message: format!("all cases together: {}", one.message), ..one });
        state.borrow_mut().errors.extend(named);
    }
}

/// The report of a case whose session was never opened.
fn without_session(case: &Case, before: &str) -> CaseReport {
    let message = format!("not sent: the answer to case \"{before}\" opened no session");
    CaseReport {
        name: case.name.clone(),
        kind: case.kind().to_owned(),
        failures: vec![Problem::new(FailureKind::NoSession, message)],
        ..CaseReport::default()
    }
}

async fn run_case(
    case: &Case,
    under_way: &UnderWay,
    recorder: Option<&Recorder>,
    target: &impl Target,
) -> (CaseReport, Tally) {
    warm_up(case, target).await;
    under_way.begin(&case.slo);
    let target = &under_way.counting(target);
    match &case.work {
        Work::Repeat { body, times, concurrency } => {
            let mut samples = futures::stream::iter(0..*times)
                .map(|_| send(case, body, target))
                .buffer_unordered(*concurrency as usize);
            while let Some(mut sample) = samples.next().await {
                recorder.inspect(|recorder| recorder.take(&case.name, &mut sample));
                under_way.add(sample);
            }
            if let Some(recorder) = recorder.filter(|recorder| recorder.wants_more(&case.name)) {
                recorder.take(&case.name, &mut send(case, body, target).await);
            }
            let mut tally = under_way.finish();
            let mut report = tally.report(&case.name, case.kind());
            tally.compare(&case.expect, &mut report);
            (report, tally)
        }
        Work::Load { body, load } => load::run(case, body, load, under_way, target).await,
        Work::Dataset { case: dataset, data, format, concurrency } => {
            let requests = dataset::Requests { case: dataset, data, format: *format, concurrency: *concurrency };
            dataset::run(case, requests, under_way, target).await
        }
        Work::Capture { case: capture, sample, concurrency } => {
            capture::run(case, capture, sample, *concurrency, under_way, target).await
        }
    }
}

/// Requests that do not count: a model may load and compile with the first ones.
async fn warm_up(case: &Case, target: &impl Target) {
    if case.warmup == 0 {
        return;
    }
    let (case, body) = match &case.work {
        Work::Repeat { body, .. } => (Cow::Borrowed(case), Cow::Borrowed(&body[..])),
        Work::Load { body, .. } => (Cow::Borrowed(case), body.of(0)),
        Work::Dataset { case: dataset, data, format, .. } => {
            let first = data.batches(dataset, *format).next().and_then(std::result::Result::ok);
            (Cow::Borrowed(case), Cow::Owned(first.map(|batch| batch.body).unwrap_or_default()))
        }
        Work::Capture { case: capture, sample, .. } => {
            let Some(Ok(first)) = sample.records().next() else { return };
            let options = request::options(capture, &case.options, &first.captured);
            (Cow::Owned(Case { options, ..case.clone() }), Cow::Owned(first.captured.input.bytes))
        }
    };
    for _ in 0..case.warmup {
        send(&case, &body, target).await;
    }
}
