//! The signals that ask this process to end: the user's Ctrl-C, the terminal that closes, and the SIGTERM by which
//! CodeBuild stops a build.
//!
//! A thread of its own hears them, since the work's may be busy or wait for a disk. Work that leaves something behind
//! when it ends early heeds them by itself; any other is ended where it is. A second signal ends everything.

use std::future::poll_fn;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::cloud::aws;
use crate::domain::finding::Finding;
use crate::error::{Exit, Failure, Result};
use crate::files;
use crate::output::{self, Console};

/// Work that does not take notice of a signal for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// A terminal that closes, or a shell that hands signals on, sends the same one twice; nobody presses keys so fast.
const DOUBLE: Duration = Duration::from_millis(250);
/// Of long lists, a message names so many.
const NAMED: usize = 10;

struct State {
    /// The first signal that came.
    signal: Option<&'static str>,
    is_heard: bool,
    /// Parts of the work that heed signals, one in another,
    guards: usize,
    /// and those of them that take the time that their end needs.
    graceful: usize,
    wakers: Vec<Waker>,
    done: Vec<String>,
    under_way: Option<String>,
    ahead: Vec<String>,
}

static STATE: Mutex<State> = Mutex::new(State {
    signal: None,
    is_heard: false,
    guards: 0,
    graceful: 0,
    wakers: Vec::new(),
    done: Vec::new(),
    under_way: None,
    ahead: Vec::new(),
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears signals from now on.
pub(super) fn listen(console: Console) {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Where there are no handlers, the default action ends the process.
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(mut signals) = Signals::new() else { return };
            _ = sender.send(());
            let first = signals.next().await;
            end(console, &end_of_patience(first, &mut signals).await);
        });
    });
    // Nothing is sent where that thread ended.
    _ = receiver.recv();
}

/// Tells the work of the first signal, and answers why it has to be ended nevertheless.
async fn end_of_patience(first: &'static str, signals: &mut Signals) -> Failure {
    let came = Instant::now();
    files::ends_by(came.into_std());
    let is_heeded = {
        let mut state = state();
        state.signal = Some(first);
        state.wakers.drain(..).for_each(Waker::wake);
        state.guards > 0
    };
    if !is_heeded {
        return ended(first);
    }
    let is_stuck = async {
        sleep_until(came + PATIENCE).await;
        let is_stuck = {
            let state = state();
            state.graceful == 0 && !state.is_heard
        };
        if !is_stuck {
            std::future::pending::<()>().await;
        }
    };
    let second = async {
        loop {
            let second = signals.next().await;
            if came.elapsed() > DOUBLE {
                break second;
            }
        }
    };
    tokio::select! {
        second = second => ended(&format!("{first}, then {second}")),
        () = is_stuck => ended(first),
    }
}

/// Ends the process where it is.
#[expect(clippy::exit, reason = "the thread that would return from main is busy")]
fn end(console: Console, failure: &Failure) {
    files::abandon();
    aws::end_commands();
    console.failure(failure);
    output::finish();
    std::process::exit(Exit::Failed as i32);
}

/// Runs `work` to its end; a signal ends it before, with what is half-written taken back.
pub(super) async fn until_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let _signals = SignalGuard::prompt();
    let failed = {
        let work = std::pin::pin!(work);
        tokio::select! {
            biased;
            signal = interruption() => ended(signal),
            // A part of the work may hear the signal before the whole does, and fail by it.
            done = work => match (done, outcome()) {
                (Err(failure), Err(mut ended)) => {
                    ended.findings.extend(failure.findings);
                    ended
                }
                (done, _) => return done,
            },
        }
    };
    aws::take_back_uploads().await;
    Err(failed)
}

/// What reading came to, or the signal that came before its end.
pub(super) async fn unless_interrupted<T>(reading: impl Future<Output = T>) -> std::result::Result<T, &'static str> {
    tokio::select! {
        biased;
        read = reading => Ok(read),
        signal = interruption() => Err(signal),
    }
}

/// That a signal ended the run, of which everything that was obtained is told; nothing if none came.
pub(super) fn outcome() -> Result<()> {
    let signal = state().signal;
    signal.map_or(Ok(()), |signal| Err(ended(signal)))
}

/// Why work that cannot be waited for is to be given up now, if it is.
pub(super) fn came() -> Option<String> {
    let of_deadline = || files::is_over().then(|| "the run was ended by its deadline".to_owned());
    state().signal.map(reason).or_else(of_deadline)
}

/// What a part says that a signal kept from being read.
pub(super) fn reason(signal: &str) -> String {
    format!("the run was ended by {signal}")
}

/// The name of the signal that asks this process to end, as soon as it has come.
pub(super) async fn interruption() -> &'static str {
    poll_fn(|context| {
        let mut state = state();
        if let Some(signal) = state.signal {
            state.is_heard = true;
            return Poll::Ready(signal);
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    })
    .await
}

/// As long as this is there, a first signal ends nothing by itself: the work asks for it and ends as it has to.
pub(super) struct SignalGuard {
    graceful: bool,
}

impl SignalGuard {
    fn prompt() -> Self {
        state().guards += 1;
        Self { graceful: false }
    }

    /// For work whose end writes what was obtained, which takes its time.
    pub(super) fn graceful() -> Self {
        let mut state = state();
        state.guards += 1;
        state.graceful += 1;
        Self { graceful: true }
    }
}

impl Drop for SignalGuard {
    fn drop(&mut self) {
        let mut state = state();
        state.guards -= 1;
        state.graceful -= usize::from(self.graceful);
    }
}

/// What is going to be changed.
pub(super) fn ahead(steps: impl IntoIterator<Item = String>) {
    state().ahead.extend(steps);
}

/// A change begins.
pub(super) fn begins(step: &str) {
    let mut state = state();
    state.ahead.retain(|ahead| ahead != step);
    state.under_way = Some(step.to_owned());
}

/// The change that began last is made.
pub(super) fn is_done() {
    let mut state = state();
    let step = state.under_way.take();
    state.done.extend(step);
}

/// What is said of a run that a signal ended: what was changed until then, and what was not.
fn ended(signal: &str) -> Failure {
    let State { done, under_way, ahead, .. } = &*state();
    let written: Vec<String> = files::written().iter().map(|path| path.display().to_string()).collect();
    let parts = [
        ("done: ", done.as_slice()),
        ("under way, and perhaps done: ", under_way.as_slice()),
        ("not done: ", ahead.as_slice()),
        ("written: ", &written),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, steps)| !steps.is_empty())
        .map(|(head, steps)| format!("{head}{}", listed(steps)))
        .collect();
    let finding = Finding::error(reason(signal));
    Failure::failed(if done.is_empty() && under_way.is_none() && written.is_empty() {
        finding.cause(
            ["nothing was changed or written".to_owned()].into_iter().chain(parts).collect::<Vec<_>>().join("; "),
        )
    } else {
        finding.cause(parts.join("; ")).hint("run it again: what it did until then, it will find done")
    })
}

fn listed(steps: &[String]) -> String {
    let named = steps[..steps.len().min(NAMED)].join(", ");
    match steps.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The handlers.
#[cfg(unix)]
struct Signals {
    hang_up: Option<tokio::signal::unix::Signal>,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// Never received: with a handler, a file that outgrows `ulimit -f` is an error and not the end.
    _file_size: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        const SIGXFSZ: i32 = 25;
        Ok(Self {
            // `nohup` lets a run outlive its terminal.
            hang_up: if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) },
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _file_size: signal(SignalKind::from_raw(SIGXFSZ)).ok(),
        })
    }

    async fn next(&mut self) -> &'static str {
        let Self { hang_up, interrupt, terminate, .. } = self;
        let hang_up = async {
            match hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = hang_up => "SIGHUP",
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    }
}

/// Whether whoever started this process set it to ignore SIGHUP, which is the lowest bit of that mask.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "handlers may fail elsewhere")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_that_a_part_of_the_work_hears_first_ends_the_whole() {
        let work = async {
            state().signal = Some("SIGTERM");
            let part = unless_interrupted(std::future::pending::<()>()).await;
            Err::<(), _>(Failure::failed(Finding::error("cannot read").cause(reason(part.expect_err("stopped")))))
        };
        let failure = until_interrupted(work).await.expect_err("stopped");
        state().signal = None;
        let findings: Vec<_> = failure.findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(findings, ["the run was ended by SIGTERM", "cannot read"]);
    }
}
