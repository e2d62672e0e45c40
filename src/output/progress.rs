//! The one bar of the one terminal, and the lines that are written above it.

use std::io::{IsTerminal, Result};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::files::STDERR;

const TICK: Duration = Duration::from_millis(200);
const FALLBACK_WIDTH: u16 = 80;

/// The bar, while there is one.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How far a long work is; seen on a terminal only, where it goes away with this value.
pub(crate) struct Progress(());

#[expect(clippy::unused_self, reason = "the bar is there as long as this is")]
impl Progress {
    /// Where it is wanted, and there is a terminal to draw it on.
    pub(super) fn new(noun: &str, is_wanted: bool) -> Self {
        if is_wanted && has_cursor() {
            let style = ProgressStyle::with_template("{bar:30} {pos} of {len} {msg}  {elapsed}");
            let bar =
                ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()).with_message(noun.to_owned());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(Screen)));
            bar.enable_steady_tick(TICK);
            *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
        }
        Self(())
    }

    /// So many more things are to be done.
    pub(crate) fn grow(&self, more: usize) {
        if let Some(bar) = &*BAR.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc_length(more as u64);
        }
    }

    pub(crate) fn advance(&self) {
        if let Some(bar) = &*BAR.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = BAR.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

/// Whether stderr is a terminal whose cursor can be moved.
fn has_cursor() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").map_or(cfg!(windows), |terminal| terminal != "dumb")
}

/// Writes a line above the bar.
pub(super) fn above(line: &str) {
    let write = || STDERR.say(format!("{line}\n").as_bytes());
    match &*BAR.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Takes the bar away, unless somebody is just drawing it.
pub(super) fn end() {
    if let Ok(Some(bar)) = BAR.try_lock().as_deref() {
        bar.finish_and_clear();
    }
}

/// Where the bar is drawn, unless nobody reads.
#[derive(Debug)]
struct Screen;

impl Screen {
    #[expect(clippy::unnecessary_wraps, reason = "a terminal may refuse elsewhere")]
    fn put(text: &str) -> Result<()> {
        STDERR.offer(text.as_bytes());
        Ok(())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        terminal_size::terminal_size_of(std::io::stderr()).map_or(FALLBACK_WIDTH, |(width, _)| width.0)
    }

    fn move_cursor_up(&self, n: usize) -> Result<()> {
        if n == 0 { Ok(()) } else { Self::put(&format!("\x1b[{n}A")) }
    }

    fn move_cursor_down(&self, n: usize) -> Result<()> {
        if n == 0 { Ok(()) } else { Self::put(&format!("\x1b[{n}B")) }
    }

    fn move_cursor_right(&self, n: usize) -> Result<()> {
        if n == 0 { Ok(()) } else { Self::put(&format!("\x1b[{n}C")) }
    }

    fn move_cursor_left(&self, n: usize) -> Result<()> {
        if n == 0 { Ok(()) } else { Self::put(&format!("\x1b[{n}D")) }
    }

    fn write_line(&self, s: &str) -> Result<()> {
        Self::put(&format!("{s}\n"))
    }

    fn write_str(&self, s: &str) -> Result<()> {
        Self::put(s)
    }

    fn clear_line(&self) -> Result<()> {
        Self::put("\r\x1b[2K")
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}
