//! The cases of a suite, read from files and sent to whatever answers.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::kept::KeptAnswers;
use super::tally::{Sample, Tally};
use super::target::Target;
use super::{dataset, judging, load};
use crate::cli::SuiteArgs;
use crate::cloud::error::Kind;
use crate::cloud::{Cloud, CloudError};
use crate::domain::contents::Contents;
use crate::domain::expectation::Answer;
use crate::domain::finding::Finding;
use crate::domain::s3_uri::S3Uri;
use crate::domain::test_report::{AccountReport, CaseReport, Failure as Problem};
use crate::domain::test_suite::{Case, Suite, SuiteDraft, Work};
use crate::error::{Failure, Result};
use crate::files::{self, Most, Opened, Unreachable};
use crate::output::Console;

/// A model that loads or a service that throttles needs a moment before the next attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A suite that was read, complete but for what is in S3.
pub(super) enum ReadSuite {
    Ready(Suite),
    Waiting { draft: Box<SuiteDraft>, contents: Contents, objects: Vec<Stored>, name: String },
}

/// What cases name in S3.
pub(super) enum Stored {
    Whole(S3Uri),
    Dataset(S3Uri),
}

/// Reads a suite with every file that its cases name, which must lie in the suite's own folder unless another is said.
pub(super) fn read_suite(args: &SuiteArgs, console: Console) -> Result<ReadSuite> {
    let path = args.cases();
    let text = files::read_text(&path)?;
    let name = path.display().to_string();
    let draft = SuiteDraft::parse(&text, &name).map_err(Failure::invalid)?;
    let folder = files::folder_of(&path);
    let within = args.files_within.as_deref().unwrap_or(folder);
    let mut contents = Contents::default();
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
    if findings.is_empty() && !objects.is_empty() {
        return Ok(ReadSuite::Waiting { draft: Box::new(draft), contents, objects, name });
    }
    compile(draft, &contents, findings, &name, console).map(ReadSuite::Ready)
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
    pub(super) async fn complete(self, cloud: &impl Cloud, console: Console) -> Result<Suite> {
        let Self::Waiting { draft, mut contents, objects, name } = self else { return self.without_cloud() };
        for object in objects {
            let (Stored::Whole(uri) | Stored::Dataset(uri)) = &object;
            let cannot = || format!("cannot read {uri}, which {name} names");
            let fetched = match &object {
                Stored::Whole(_) => cloud
                    .own_object(uri)
                    .await
                    .map(|object| object.map(|object| _ = contents.whole.insert(uri.to_string(), object.bytes))),
                Stored::Dataset(_) => {
                    let copy = Opened::temporary().map_err(|error| {
                        let hint = "name a folder with free space in TMPDIR";
                        Failure::failed(Finding::error(cannot()).cause(files::plain(&error)).hint(hint))
                    })?;
                    cloud
                        .copy_own_object(uri, &copy)
                        .await
                        .map(|found| found.then(|| _ = contents.datasets.insert(uri.to_string(), Arc::new(copy))))
                }
            };
            match fetched {
                Ok(Some(())) => {}
                Ok(None) => return Err(Failure::invalid([Finding::error(cannot()).cause("there is no such object")])),
                Err(error) => return Err(error.failure(cannot())),
            }
        }
        let compiling = judging::aside(move || compile(*draft, &contents, Vec::new(), &name, console));
        compiling
            .await
            .map_err(|error| Failure::failed(Finding::error("cannot read the cases").cause(files::plain(&error))))?
    }

    /// The suite, where there is no cloud to fetch anything from.
    pub(super) fn without_cloud(self) -> Result<Suite> {
        match self {
            Self::Ready(suite) => Ok(suite),
            Self::Waiting { objects, name, .. } => Err(Failure::invalid(
                objects
                    .into_iter()
                    .map(|(Stored::Whole(uri) | Stored::Dataset(uri))| {
                        Finding::error(format!("names {uri}, which cannot be read without AWS"))
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
    console: Console,
) -> Result<Suite> {
    let compiled = draft.compile(contents).map_err(|found| findings.extend(found));
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
pub(super) async fn run(suite: &Suite, state: &RefCell<AccountReport>, kept: &KeptAnswers, target: &impl Target) {
    let mut all = Tally::default();
    for case in &suite.cases {
        let (mut report, tally) = run_case(case, target).await;
        kept.bound(&mut report);
        all.absorb(&tally);
        state.borrow_mut().cases.push(report);
    }
    if !all.is_empty() {
        let broken = all.broken(&suite.slo).into_iter();
        let named = broken.map(|one| Problem { message: format!("all cases together: {}", one.message), ..one });
        state.borrow_mut().errors.extend(named);
    }
}

async fn run_case(case: &Case, target: &impl Target) -> (CaseReport, Tally) {
    match &case.work {
        Work::Repeat { body, times, concurrency } => {
            warm_up(case, body, target).await;
            let mut tally = Tally::default();
            let mut samples = futures::stream::iter(0..*times)
                .map(|_| send(case, body, target))
                .buffer_unordered(*concurrency as usize);
            while let Some(sample) = samples.next().await {
                tally.add(sample);
            }
            (tally.report(&case.name, case.kind(), &case.slo), tally)
        }
        Work::Load { body, load } => {
            warm_up(case, body, target).await;
            load::run(case, body, load, target).await
        }
        Work::Dataset { case: dataset, data, format, concurrency } => {
            let first = data.batches(dataset, *format).next().and_then(std::result::Result::ok);
            warm_up(case, &first.map(|batch| batch.body).unwrap_or_default(), target).await;
            dataset::run(case, dataset, data, *format, *concurrency, target).await
        }
    }
}

/// Requests that do not count: a model may load and compile with the first ones.
async fn warm_up(case: &Case, body: &[u8], target: &impl Target) {
    for _ in 0..case.warmup {
        send(case, body, target).await;
    }
}

/// One request, made again while what went wrong may pass.
pub(super) async fn send(case: &Case, body: &[u8], target: &impl Target) -> Sample {
    let mut sample = Sample::default();
    let mut pause = FIRST_PAUSE;
    for attempt in 0..=case.retries {
        let is_last = attempt == case.retries;
        sample.invocations += 1;
        let started = Instant::now();
        match tokio::time::timeout(case.limit(), target.send(&case.mode, &case.options, body)).await {
            Ok(Ok(streamed)) => {
                let latency = started.elapsed();
                let may_pass = matches!(streamed.answer, Answer::ModelError { status: 500.., .. });
                if may_pass && !is_last && !case.expect.wants_refusal() {
                    sample.errors += 1;
                } else {
                    sample.latency = Some(latency);
                    sample.first_byte = streamed.first_byte;
                    sample.judge(streamed, &case.expect).await;
                    return sample;
                }
            }
            Ok(Err(error)) => {
                sample.errors += 1;
                if is_last || !is_passing(&error) {
                    sample.fail(&error);
                    return sample;
                }
            }
            // A model that hangs hangs again, and every attempt costs the whole timeout.
            Err(_) => {
                sample.errors += 1;
                sample.time_out(case, started.elapsed());
                return sample;
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    sample
}

/// Whether the same request may go through in a moment.
fn is_passing(error: &CloudError) -> bool {
    matches!(error.kind, Kind::Busy | Kind::Unreachable)
}
