//! Whatever is read, reading it ends soon. How much memory it takes, the fuzzer watches.

use std::time::{Duration, Instant};

/// Many times what any input takes that is no larger than those that are tried.
const LONGEST: Duration = Duration::from_millis(500);

/// Panics if the work takes too long, and did not only stand still because the machine had other things to do.
pub(crate) fn in_time<T>(work: impl Fn() -> T) -> T {
    let began = Instant::now();
    let done = work();
    if began.elapsed() > LONGEST {
        let before = at_work();
        work();
        let took = at_work().saturating_sub(before);
        assert!(took <= LONGEST, "it took {took:?}");
    }
    done
}

/// How long this thread has had a core, as Linux counts it.
fn at_work() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}
