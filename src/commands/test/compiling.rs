//! Compiling cases, beside the run: what people wrote decides how long that takes, so it is given up when its time is over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::judging::{BETWEEN_LOOKS, LONGEST, MOST_BYTES, begun, resident_bytes};
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::files;

/// What is being compiled, for whoever looks whether it comes to an end.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Part>>);

#[derive(Default)]
struct Part {
    /// How many were begun.
    number: u64,
    /// Since when, and what is said if it has no end.
    under_way: Option<(Instant, Finding)>,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down which part begins, or that none does.
    pub(super) fn note(&self, part: Option<Finding>) {
        let mut state = self.lock();
        state.number += 1;
        state.under_way = part.map(|finding| (Instant::now(), finding));
    }
}

/// Reads on another thread, where whatever is compiled has limits.
///
/// # Errors
/// Those of the reading, or the part that went beyond its limits.
pub(super) async fn beside<T: Send + 'static>(read: impl FnOnce(&Progress) -> Result<T> + Send + 'static) -> Result<T> {
    within(LONGEST, read).await
}

async fn within<T: Send + 'static>(
    longest: Duration,
    read: impl FnOnce(&Progress) -> Result<T> + Send + 'static,
) -> Result<T> {
    let progress = Progress::default();
    let noted = progress.clone();
    let failed = |cause: String| Failure::failed(Finding::error("cannot read the cases").cause(cause));
    let mut reading = begun(move || read(&noted)).map_err(|error| failed(files::plain(&error)))?;
    let (mut last, mut resident) = (0, 0);
    loop {
        if let Ok(read) = tokio::time::timeout(BETWEEN_LOOKS, &mut reading).await {
            return read.unwrap_or_else(|_| Err(failed("reading broke off".to_owned())));
        }
        let part = progress.lock();
        let Some((began, finding)) = &part.under_way else { continue };
        if part.number != last {
            (last, resident) = (part.number, resident_bytes());
        }
        let cause = if resident_bytes() > resident + MOST_BYTES {
            format!("it takes more than {MOST_BYTES} bytes of memory")
        } else if began.elapsed() >= longest {
            format!("it takes longer than {}", humantime::format_duration(longest))
        } else {
            continue;
        };
        let hint = "simplify it, or make several cases of it";
        return Err(Failure::invalid([finding.clone().cause(cause).hint(hint)]));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn what_has_no_end_is_given_up_and_named() {
        let (end, ended) = channel::<()>();
        let stuck = within(Duration::ZERO, move |progress| {
            progress.note(Some(Finding::error("case \"a\" cannot be compiled at expect.schema")));
            _ = ended.recv();
            Ok(())
        });
        let failure = stuck.await.expect_err("it is given up");
        drop(end);
        assert_eq!(failure.exit, crate::error::Exit::Invalid);
        assert_eq!(failure.findings[0].what, "case \"a\" cannot be compiled at expect.schema");
        assert_eq!(failure.findings[0].cause.as_deref(), Some("it takes longer than 0s"));
    }

    #[tokio::test]
    async fn what_reads_files_may_take_as_long_as_they_are() {
        let read = within(Duration::ZERO, |progress| {
            progress.note(Some(Finding::error("a part")));
            progress.note(None);
            std::thread::sleep(BETWEEN_LOOKS * 3);
            Ok(7)
        });
        assert_eq!(read.await, Ok(7));
    }
}
