//! Stdout and stderr, each written by a thread of its own: a reader that does not read holds neither the work nor, once the
//! run is to end, its end.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rustix::io::{Errno, write};

/// When more than this is not read yet, whoever has more to write waits.
const MOST_WAITING: usize = 1 << 20;
/// Nor is more than this added that may be left out.
const MOST_OFFERED: usize = 1 << 14;
/// So much is written at once, as a pipe takes it whole (pipe(7), `PIPE_BUF`): each shows that somebody reads.
const PIECE: usize = 4096;
/// How long a reader may take nothing when it need not be waited for.
const GRACE: Duration = Duration::from_secs(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Whoever shares it may have set it not to wait.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) static STDOUT: StandardStream = StandardStream::new(|piece| write(std::io::stdout(), piece));
pub(crate) static STDERR: StandardStream = StandardStream::new(|piece| write(std::io::stderr(), piece));

/// When the run is to end; readers are not waited for after that.
static END: Mutex<Option<Instant>> = Mutex::new(None);

/// The run is to end then, or sooner.
pub(crate) fn ends_by(moment: Instant) {
    let mut end = END.lock().unwrap_or_else(PoisonError::into_inner);
    *end = Some(end.map_or(moment, |sooner| sooner.min(moment)));
}

/// Whether that moment has come.
pub(crate) fn is_over() -> bool {
    END.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|end| end <= Instant::now())
}

pub(crate) struct StandardStream {
    some: fn(&[u8]) -> rustix::io::Result<usize>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: VecDeque<u8>,
    has_thread: bool,
    is_writing: bool,
    /// How many pieces were written.
    pieces: u64,
    refused: Option<Error>,
    is_given_up: bool,
}

impl State {
    fn is_written(&self) -> bool {
        self.is_given_up || self.waiting.is_empty() && !self.is_writing
    }
}

impl StandardStream {
    const fn new(some: fn(&[u8]) -> rustix::io::Result<usize>) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            has_thread: false,
            is_writing: false,
            pieces: 0,
            refused: None,
            is_given_up: false,
        };
        Self { some, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Writes it soon, in its order. What was refused before is told by `flush`.
    pub(crate) fn write(&'static self, bytes: &[u8]) {
        for part in bytes.chunks(MOST_WAITING) {
            let mut state = self.unless_given_up(|state| state.waiting.len() < MOST_WAITING);
            if state.is_given_up || state.refused.is_some() {
                return;
            }
            if !state.has_thread {
                state.has_thread = Builder::new().name("output".to_owned()).spawn(|| self.serve()).is_ok();
            }
            if state.has_thread {
                state.waiting.extend(part);
                self.changed.notify_all();
            } else {
                // A system without a thread left takes it here and now.
                state.refused = self.put(part).err();
            }
        }
    }

    /// Writes it, whatever was refused before: nobody is told of that.
    pub(crate) fn say(&'static self, bytes: &[u8]) {
        self.state().refused = None;
        self.write(bytes);
    }

    /// Says it, unless much is not read yet: nobody misses it.
    pub(crate) fn offer(&'static self, bytes: &[u8]) {
        if self.state().waiting.len() < MOST_OFFERED {
            self.say(bytes);
        }
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// The stream refuses; or nobody reads, and the run is to end.
    pub(crate) fn flush(&self) -> Result<()> {
        let mut state = self.unless_given_up(State::is_written);
        match state.refused.take() {
            Some(error) => Err(error),
            None if state.is_given_up => Err(Error::new(ErrorKind::TimedOut, "nobody reads it")),
            None => Ok(()),
        }
    }

    /// Waits until all is written, or nobody seems to read: what follows elsewhere is to be seen behind it.
    pub(crate) fn settle(&self) {
        drop(self.wait(State::is_written, |last| last.elapsed() >= GRACE));
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.state().is_given_up
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unless_given_up(&self, is_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let is_over = |last: Instant| {
            let end = *END.lock().unwrap_or_else(PoisonError::into_inner);
            end.is_some_and(|end| end.max(last).elapsed() >= GRACE)
        };
        let mut state = self.wait(|state| state.is_given_up || is_so(state), is_over);
        if !state.is_given_up && !is_so(&state) {
            state.is_given_up = true;
            state.waiting.clear();
        }
        state
    }

    /// Waits until that is so, or the time is over since a piece was written last.
    fn wait(&self, is_so: impl Fn(&State) -> bool, is_over: impl Fn(Instant) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.state();
        let mut last = (state.pieces, Instant::now());
        while !is_so(&state) {
            if state.pieces != last.0 {
                last = (state.pieces, Instant::now());
            }
            if is_over(last.1) {
                break;
            }
            state = self.changed.wait_timeout(state, BETWEEN_LOOKS).unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    fn put(&self, piece: &[u8]) -> Result<()> {
        let mut rest = piece;
        while !rest.is_empty() {
            match (self.some)(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => rest = &rest[length..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => std::thread::sleep(PAUSE),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn serve(&self) {
        let mut state = self.state();
        loop {
            let length = state.waiting.len().min(PIECE);
            let piece: Vec<u8> = state.waiting.drain(..length).collect();
            state.is_writing = !piece.is_empty();
            if piece.is_empty() {
                self.changed.notify_all();
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(state);
            let put = self.put(&piece);
            state = self.state();
            state.pieces += 1;
            if let Err(error) = put {
                state.waiting.clear();
                state.refused = Some(error);
            }
            self.changed.notify_all();
        }
    }
}
