//! Judging, beside the run: what people wrote decides how long it takes, so it is given up when its time is over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

/// Many times what the largest answer takes.
pub(super) const LONGEST: Duration = Duration::from_secs(10);
/// A judgement that is given up goes on until the process ends, and each takes a core.
const MOST_GIVEN_UP: usize = 4;
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// Twice what an answer of as many values as are read takes, errors included.
pub(super) const MOST_BYTES: u64 = 3 << 29;
/// Enough for every level that JSON may have.
const STACK_BYTES: usize = 16 << 20;

type Work = Box<dyn FnOnce() + Send>;

/// Threads that have nothing to do.
static IDLE: Mutex<Vec<Sender<Work>>> = Mutex::new(Vec::new());
static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);
static EXHAUSTED: Notify = Notify::const_new();

/// Judges on another thread.
///
/// # Errors
/// Why there is no judgement, in words.
pub(super) async fn beside<T: Send + 'static>(judge: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    if GIVEN_UP.load(Ordering::Relaxed) >= MOST_GIVEN_UP {
        return Err(format!("judging was given up {MOST_GIVEN_UP} times in this run, and is not begun again"));
    }
    let mut judged = begun(judge).map_err(|error| format!("judging cannot begin: {error}"))?;
    let (began, resident) = (Instant::now(), resident_bytes());
    loop {
        if let Ok(judged) = tokio::time::timeout(BETWEEN_LOOKS, &mut judged).await {
            return judged.map_err(|_| "judging broke off".to_owned());
        }
        if resident_bytes() > resident + MOST_BYTES {
            EXHAUSTED.notify_one();
            return Err(format!("judging took more than {MOST_BYTES} bytes of memory"));
        }
        if began.elapsed() >= LONGEST {
            GIVEN_UP.fetch_add(1, Ordering::Relaxed);
            return Err(format!("judging took longer than {}", humantime::format_duration(LONGEST)));
        }
    }
}

/// Ends when a judgement takes more memory than there is for it: nothing but the end of the process gives that back.
pub(super) async fn exhaustion() {
    EXHAUSTED.notified().await;
}

/// How much memory the process has, as far as the system says.
pub(super) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    kibibytes.map_or(0, |kibibytes: u64| kibibytes << 10)
}

/// Begins work on another thread, so that signals are heard meanwhile.
///
/// # Errors
/// The system has no thread left.
pub(super) fn begun<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (sender, done) = oneshot::channel();
    begin(Box::new(move || _ = sender.send(work())))?;
    Ok(done)
}

fn begin(work: Work) -> std::io::Result<()> {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let Some(idle) = idle else { return start(work) };
    idle.send(work).or_else(|unsent| start(unsent.0))
}

fn start(work: Work) -> std::io::Result<()> {
    let thread = Builder::new().name("judging".to_owned()).stack_size(STACK_BYTES);
    let (own, next) = channel();
    thread
        .spawn(move || {
            let mut work = work;
            loop {
                work();
                IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(own.clone());
                let Ok(more) = next.recv() else { return };
                work = more;
            }
        })
        .map(|_| ())
}
