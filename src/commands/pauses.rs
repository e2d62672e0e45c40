//! Waiting for something that others finish: pauses that grow, up to an end.

use std::time::{Duration, Instant};

/// The pauses between one look and the next.
pub(super) struct Pauses {
    started: Instant,
    next: Duration,
    longest: Duration,
    patience: Duration,
}

impl Pauses {
    /// Pauses from `first` on to `longest`, no longer than `patience` in all.
    pub(super) fn new(first: Duration, longest: Duration, patience: Duration) -> Self {
        Self { started: Instant::now(), next: first, longest, patience }
    }

    pub(super) fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether another pause would take longer than there is patience.
    pub(super) fn are_over(&self) -> bool {
        self.waited() + self.next > self.patience
    }

    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 3 / 2).min(self.longest);
    }
}
