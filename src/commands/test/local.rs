//! A test of a model server on this machine, with no cloud at all.

use std::cell::RefCell;
use std::time::Duration;

use jiff::Timestamp;

use super::super::interruption::SignalGuard;
use super::super::pauses::Pauses;
use super::super::session::Session;
use super::build_config::BuildConfig;
use super::cases::{self, read_suite};
use super::end::{add_not_run, until_ended};
use super::kept::KeptAnswers;
use super::recorder::Recorder;
use super::results::Results;
use super::settings::Settings;
use super::under_way::UnderWay;
use crate::cloud::error::ErrorKind;
use crate::cloud::model_server::ModelServer;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{AccountReport, Failure as Problem, TestReport};
use crate::domain::suite::baseline::Baseline;
use crate::domain::text::count::counted;
use crate::error::Result;

/// Soon at first; a large model loads for minutes.
const FIRST_PING: Duration = Duration::from_millis(200);
const SLOWEST_PING: Duration = Duration::from_secs(2);

/// Tests a model server on this machine, with no cloud at all.
pub(in super::super) async fn run(settings: &Settings, session: &Session, server: &ModelServer) -> Result<TestReport> {
    let deadline = settings.suite.deadline;
    let suite = match until_ended(Box::pin(read_suite(&settings.suite, session.console)), deadline).await {
        Ok(suite) => Ok(suite?.without_cloud()?),
        Err(end) => Err(end),
    };
    let config = BuildConfig::read_if_there(&settings.build_config)?;
    let results = Results::open(settings)?;
    let recorder = Recorder::open(settings, server.url())?;
    let _signals = SignalGuard::graceful();
    let mut report = TestReport::new(Timestamp::now());
    config.name_in(&mut report);
    let suite = match suite {
        Ok(suite) => suite,
        Err(end) => {
            report.errors.push(end.problem());
            return results.conclude(report, None, None, session);
        }
    };
    report.baseline = suite.baseline.as_deref().map(Baseline::report);
    session.console.note(&format!(
        "testing the model server at {}, {}",
        server.url(),
        counted(suite.cases.len(), "case")
    ));
    let state = RefCell::new(AccountReport::default());
    let (under_way, kept) = (UnderWay::default(), KeptAnswers::default());
    let run = async {
        match wait_until_healthy(server, settings.suite.wait.unwrap_or_default(), session).await {
            Ok(()) => cases::run(&suite, &state, &under_way, &kept, recorder.as_ref(), server).await,
            Err(problem) => {
                let mut state = state.borrow_mut();
                state.errors.push(problem);
                add_not_run(&mut state, &suite, "the model server is not healthy, so nothing was sent to it");
            }
        }
    };
    if let Err(end) = until_ended(Box::pin(run), deadline).await {
        end.note_in(&mut state.borrow_mut(), &under_way, &suite, &kept);
        report.errors.extend(end.ends_the_run().then(|| end.problem()));
    }
    report.accounts.push(state.into_inner().judged());
    results.conclude(report, recorder, None, session)
}

/// Asks for the server's health until it is healthy; says every change of its answer once.
async fn wait_until_healthy(
    server: &ModelServer,
    wait: Duration,
    session: &Session,
) -> std::result::Result<(), Problem> {
    let mut pauses = Pauses::new(FIRST_PING, SLOWEST_PING, wait);
    let mut last = String::new();
    loop {
        let Err(error) = server.ping().await else { return Ok(()) };
        let may_pass = matches!(error.kind, ErrorKind::Busy | ErrorKind::Unreachable);
        if !may_pass || pauses.are_over() {
            let url = server.health_url();
            let action = format!("start the server, or correct --model-url: GET {url} must answer 200");
            let waited = match (may_pass, wait.as_secs()) {
                (true, 0) => "; --wait 5m waits for one that still loads".to_owned(),
                (true, _) => format!("; waited {}", humantime::format_duration(wait)),
                (false, _) => String::new(),
            };
            return Err(Problem::new(FailureKind::Unhealthy, format!("{error} ({action}{waited})")));
        }
        let said = error.to_string();
        if said != last {
            let wait = humantime::format_duration(wait);
            session.console.note(&format!("the model server is not healthy yet, waiting up to {wait}: {said}"));
            last = said;
        }
        pauses.pause().await;
    }
}
