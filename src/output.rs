//! The only place that prints: data to stdout, everything else to stderr.
//!
//! Whoever wrote a text, nobody forges a line with it, speaks to the terminal or to the host of the log, or gets a secret
//! shown: lines for people, the log of the SDK and JSON pass the same two steps, `masked` and `printable`.

mod progress;

use std::io::{ErrorKind, IsTerminal, Write};
use std::time::Instant;

use clap::error::{ContextKind, ContextValue, ErrorKind as UsageErrorKind};
use futures::channel::oneshot;

pub(crate) use self::progress::Progress;
use crate::cli::test::{MODEL_HEADER, MODEL_URL};
use crate::cli::value::header_name;
use crate::cli::{Color, Format, Global};
use crate::domain::finding::{Finding, Severity};
use crate::domain::text::masking::{MASK, misspelt_url};
use crate::domain::text::page::{Ink, Page};
use crate::domain::text::printable;
use crate::error::{Exit, Failure};
use crate::files::{STDERR, STDOUT, ends_by};
use crate::secrets::{self, masked, masked_json};

/// How this command speaks.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    pub format: Format,
    /// Whether stderr takes colour.
    pub color: bool,
    asked_color: Color,
    quiet: bool,
}

/// A page on stdout: its width in characters, and whether it takes colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paper {
    pub width: usize,
    color: bool,
}

/// The width where nobody says one, as in the log of a build.
const PLAIN_WIDTH: usize = 120;
const MIN_WIDTH: usize = 40;

fn refuses_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

impl Paper {
    fn painted(self, ink: Ink, text: &str) -> String {
        let color = match ink {
            _ if !self.color => return text.to_owned(),
            Ink::Heading => BOLD,
            Ink::Good => GREEN,
            Ink::Doubtful => YELLOW,
            Ink::Bad => RED,
            Ink::Aside => CYAN,
        };
        format!("{color}{text}{RESET}")
    }

    /// A page as it is printed.
    pub(crate) fn rendered(self, page: &Page) -> String {
        masked(&page.render(|ink, text| self.painted(ink, text))).into_owned()
    }
}

const RED: &str = "\x1b[1;31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[36m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

/// What empties a terminal and begins at its top.
pub(crate) const CLEARED: &str = "\x1b[H\x1b[2J";

pub(crate) fn stdout_is_a_terminal() -> bool {
    std::io::stdout().is_terminal()
}

impl Console {
    pub fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !refuses_color() && std::io::stderr().is_terminal(),
        };
        Self { format: global.format, color, asked_color: global.color, quiet: global.quiet }
    }

    /// A step of the work, for whoever watches.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            to_stderr(&line(text));
        }
    }

    /// What is to be seen before something is done, for whoever watches.
    pub(crate) fn show(self, page: &Page) {
        if !self.quiet {
            aside(&Paper { color: self.color, width: PLAIN_WIDTH }.rendered(page));
        }
    }

    /// Shows how far the work on things is, where somebody watches.
    pub(crate) fn progress(self, noun: &str) -> Progress {
        Progress::new(noun, !self.quiet)
    }

    /// The head of a part of the work.
    pub(crate) fn heading(self, text: &str) {
        if !self.quiet {
            to_stderr(&self.painted(BOLD, &line(text)));
        }
    }

    pub(crate) fn warning(self, finding: &Finding) {
        self.finding(finding);
    }

    /// How what goes to stdout looks to whoever reads it there.
    pub(crate) fn paper(self) -> Paper {
        let terminal = stdout_is_a_terminal();
        let color = match self.asked_color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !refuses_color(),
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let size = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Paper { color, width: columns.or_else(size).unwrap_or(PLAIN_WIDTH).max(MIN_WIDTH) }
    }

    /// Everything that ended the command.
    pub fn failure(self, failure: &Failure) {
        for finding in &failure.findings {
            self.finding(finding);
        }
    }

    fn finding(self, finding: &Finding) {
        let label = match finding.severity {
            Severity::Error => self.painted(RED, "error:"),
            Severity::Warning => self.painted(YELLOW, "warning:"),
        };
        let rule = finding.rule.map(|rule| format!(" [{}]", rule.id())).unwrap_or_default();
        to_stderr(&format!("{label} {}", within_line(&format!("{finding}{rule}"))));
        // Cut to what fits, half a secret is not known to be one.
        let is_open = |line: &str| masked(line) == line;
        if let Some((number, line, caret)) =
            finding.excerpt.as_ref().filter(|line| is_open(line)).and(finding.pointer())
        {
            let gap = " ".repeat(number.to_string().len());
            to_stderr(&format!("  {number} | {}\n  {gap} | {}", within_line(&line), self.painted(CYAN, &caret)));
        }
        for (label, part) in [("cause:", &finding.cause), ("hint:", &finding.hint)] {
            if let Some(part) = part {
                to_stderr(&format!("{} {}", self.painted(CYAN, label), within_line(part)));
            }
        }
    }

    fn painted(self, color: &str, text: &str) -> String {
        if self.color { format!("{color}{text}{RESET}") } else { text.to_owned() }
    }
}

fn line(text: &str) -> String {
    printable::line(&masked(text)).into_owned()
}

fn within_line(text: &str) -> String {
    printable::within_line(&masked(text)).into_owned()
}

/// The text of a JSON document as it is printed.
pub(crate) fn json(text: &str) -> String {
    printable::json(&masked_json(text)).into_owned()
}

/// What the command was asked for, as it is. A reader that went away is not an error: it has read enough.
///
/// # Errors
/// Stdout refuses.
pub(crate) fn data(text: &str) -> std::io::Result<()> {
    STDERR.settle();
    STDOUT.write(text.as_bytes());
    if !text.ends_with('\n') {
        STDOUT.write(b"\n");
    }
    match STDOUT.flush() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Whether data was not read, and the run was to end.
pub(crate) fn data_is_given_up() -> bool {
    STDOUT.is_given_up()
}

/// Nothing is printed after this; what was, is written now, or nobody reads it.
pub fn finish() {
    _ = STDERR.flush();
}

/// What would be data if stdout were not taken.
pub(crate) fn aside(text: &str) {
    to_stderr(text.strip_suffix('\n').unwrap_or(text));
}

/// Where the events of the SDK go: each to a line of its own.
pub struct Log;

impl Write for Log {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        to_stderr(&line(String::from_utf8_lossy(event).trim_end_matches('\n')));
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Prints what clap has to say, and answers with the exit code.
pub fn usage(mut error: clap::Error) -> u8 {
    let is_asked_for = matches!(error.kind(), UsageErrorKind::DisplayHelp | UsageErrorKind::DisplayVersion);
    if is_asked_for && std::io::stdout().is_terminal() {
        _ = error.print();
        return 0;
    }
    if is_asked_for {
        _ = data(&printable::in_lines(&error.render().to_string()));
        return 0;
    }
    let contexts: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let is_header = argument.starts_with(&format!("--{MODEL_HEADER}"));
    let is_unknown = error.kind() == UsageErrorKind::UnknownArgument;
    for (kind, value) in contexts {
        let plain = |text: String| {
            secrets::learn_url(&text);
            match kind {
                ContextKind::InvalidValue if is_header => name_of_header(&text),
                // What a shell has split off is a part of a header's value.
                ContextKind::InvalidArg if is_unknown && !text.starts_with("--") && headers().next().is_some() => {
                    MASK.to_owned()
                }
                ContextKind::InvalidValue if argument.starts_with(&format!("--{MODEL_URL}")) => {
                    misspelt_url(&within_line(&text))
                }
                _ if text.contains('@') && !text.starts_with("--") => misspelt_url(&within_line(&text)),
                _ => without_query(&within_line(&text)),
            }
        };
        let value = match value {
            ContextValue::String(text) => ContextValue::String(plain(text)),
            ContextValue::Strings(texts) => ContextValue::Strings(texts.into_iter().map(plain).collect()),
            other => other,
        };
        error.insert(kind, value);
    }
    let text = refused_value(&error).unwrap_or_else(|| error.render().to_string());
    to_stderr(&printable::in_lines(&masked(text.trim_end_matches('\n'))));
    Exit::Invalid as u8
}

/// The headers on the command line.
fn headers() -> impl Iterator<Item = String> {
    let flag = format!("--{MODEL_HEADER}");
    let mut arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    std::iter::from_fn(move || {
        let argument = arguments.find(|argument| argument.starts_with(&flag))?;
        let joined = argument[flag.len()..].strip_prefix('=').map(str::to_owned);
        joined.or_else(|| arguments.next())
    })
}

/// What a message calls a header whose value it does not show.
fn name_of_header(text: &str) -> String {
    if let Some(name) = header_name(text) {
        return format!("{name}: {MASK}");
    }
    let number = headers().position(|header| header == text).map_or(1, |before| before + 1);
    format!("{MASK}, number {number} of them")
}

/// A URL without what a server may take for a key.
fn without_query(text: &str) -> String {
    match text.find(['?', '#']).filter(|_| text.contains("://")) {
        Some(end) => format!("{}...", &text[..=end]),
        None => text.to_owned(),
    }
}

/// What clap says of a value that one of our own readers refuses, whose reason may hold the value as it is.
fn refused_value(error: &clap::Error) -> Option<String> {
    let reason = std::error::Error::source(error).filter(|_| error.kind() == UsageErrorKind::ValueValidation)?;
    let (value, argument) = (error.get(ContextKind::InvalidValue)?, error.get(ContextKind::InvalidArg)?);
    let reason = within_line(&reason.to_string());
    Some(format!("error: invalid value '{value}' for '{argument}': {reason}\n\nFor more information, try '--help'."))
}

fn to_stderr(text: &str) {
    progress::above(text);
}

/// Of a process that ends here and now, whoever else is writing.
pub(crate) fn last_words(text: &str) {
    ends_by(Instant::now());
    progress::end();
    STDERR.say(format!("{}\n", printable::in_lines(&masked(text))).as_bytes());
    finish();
}

/// Asks a question on the terminal; `None` where there is no terminal to ask on. Whoever waits for the answer can give
/// it up.
pub(crate) async fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    STDERR.say(format!("{} ", line(question)).as_bytes());
    let (sender, receiver) = oneshot::channel();
    // Nothing else ends a read of a terminal.
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        _ = sender.send(read.ok().map(|_| answer.trim().to_owned()));
    });
    let asked = Asked { is_answered: false };
    let answer = receiver.await.ok().flatten();
    asked.ends();
    answer
}

/// A question on the screen; where it is given up, what follows begins on a line of its own.
struct Asked {
    is_answered: bool,
}

impl Asked {
    fn ends(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.is_answered {
            to_stderr("");
        }
    }
}
