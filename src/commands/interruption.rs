//! The user's Ctrl-C, and the SIGTERM by which CodeBuild stops a build.

use crate::domain::finding::Finding;
use crate::error::{Failure, Result};

/// Runs `work` to its end; a signal ends it before, with what is half-written taken back.
pub(super) async fn until_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        signal = interruption() => {
            let hint = "run it again: what it did until then, it will find done";
            Err(Failure::failed(Finding::error(format!("the run was ended by {signal}")).hint(hint)))
        }
    }
}

/// The name of the signal that asks this process to end, when it comes.
#[cfg(unix)]
pub(super) async fn interruption() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        },
        // Without handlers the default action ends the process.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
pub(super) async fn interruption() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}
