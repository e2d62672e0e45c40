//! A timer that wakes in the microsecond that was asked for. The runtime's own goes by the millisecond; to wait by asking for
//! the time takes a core.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The system's timer; a system that has none leaves the runtime's.
pub(super) struct Timer {
    fd: Option<AsyncFd<OwnedFd>>,
    set_to: Option<Instant>,
}

impl Timer {
    pub(super) fn new() -> Self {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC).ok();
        Self { fd: fd.and_then(registered), set_to: None }
    }

    /// May be given up and asked again.
    pub(super) async fn until(&mut self, due: Instant) {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let Some(fd) = self.fd.as_ref().filter(|fd| self.set_to == Some(due) || set(fd, left)) else {
                return tokio::time::sleep(left).await;
            };
            self.set_to = Some(due);
            // How often it went off is not read: to set it again forgets that, too.
            match fd.readable().await {
                Ok(mut ready) => ready.clear_ready(),
                Err(_) => self.fd = None,
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "what took its place is unsafe code, for types that close or swap what they own; this one does not"
)]
fn registered(fd: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, Interest::READABLE).ok()
}

fn set(fd: &AsyncFd<OwnedFd>, left: Duration) -> bool {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let Ok(left) = Timespec::try_from(left) else { return false };
    timerfd_settime(fd, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: zero, it_value: left }).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_never_wakes_early_and_can_be_asked_again() {
        let mut timer = Timer::new();
        assert!(timer.fd.is_some());
        let start = Instant::now();
        for micros in [0, 300, 900, 5_000, 5_001, 20_000] {
            let due = start + Duration::from_micros(micros);
            // Given up the first time, as by an answer that comes before.
            _ = futures::poll!(std::pin::pin!(timer.until(due)));
            timer.until(due).await;
            assert!(Instant::now() >= due);
        }
        timer.until(start).await;
    }

    #[tokio::test]
    async fn waiting_takes_no_core() {
        use rustix::time::{ClockId, clock_gettime};
        let spent = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("not before its start");
        let (start, before) = (Instant::now(), spent());
        let mut timer = Timer::new();
        for number in 1..=200 {
            timer.until(start + Duration::from_millis(number)).await;
        }
        let taken = spent().saturating_sub(before);
        assert!(taken < Duration::from_millis(100), "{taken:?} of 200 ms");
    }

    #[tokio::test]
    async fn where_the_system_has_no_timer_it_waits_all_the_same() {
        let mut timer = Timer { fd: None, set_to: None };
        let due = Instant::now() + Duration::from_millis(3);
        timer.until(due).await;
        assert!(Instant::now() >= due);
    }
}
