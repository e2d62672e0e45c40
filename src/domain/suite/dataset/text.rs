//! The text of a dataset's file, checked while it is read; so much of it is kept as the row at hand takes.

use std::cell::RefCell;
use std::fmt;
use std::io::{Error, Read, Result};
use std::ops::Range;

use super::row::at_line;
use crate::domain::finding::Finding;
use crate::domain::suite::payload::REAL_TIME_BYTES;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// UTF-8 without its mark, of which rows are told apart by their offsets.
pub(super) struct Text<R> {
    inner: R,
    is_begun: bool,
    /// The bytes at the end of what was read that begin a character.
    begun: Vec<u8>,
    line_breaks: usize,
    kept: RefCell<Kept>,
}

/// What was read since the row at hand began.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    /// How many of them nobody will ask for again.
    gone: usize,
    /// Where the first of them stands.
    offset: u64,
}

/// Why a text is not read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    NotUtf8 { line: usize },
    LongRow,
    Unreadable(String),
}

impl Trouble {
    /// Of what a reader of the text said.
    pub(super) fn of(error: &Error) -> Self {
        let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).cloned();
        own.unwrap_or_else(|| Self::Unreadable(error.to_string()))
    }

    /// `line` is that of the row at hand; `likely` says what makes a row of several.
    pub(super) fn finding(&self, file: &str, line: usize, likely: &str) -> Finding {
        match self {
            Self::NotUtf8 { line } => at_line(file, *line, "is not UTF-8 here").hint("save the file as UTF-8"),
            Self::LongRow => at_line(file, line, format!("begins a row of more than {REAL_TIME_BYTES} bytes"))
                .cause("no endpoint takes as much in one request")
                .hint(likely),
            Self::Unreadable(cause) => Finding::error("cannot be read to its end")
                .in_file(file)
                .cause(cause.as_str())
                .hint("make sure that the file can be read, and is not changed meanwhile"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Trouble {}

impl<R: Read> Text<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, is_begun: false, begun: Vec::new(), line_breaks: 0, kept: RefCell::default() }
    }

    /// What follows the mark, and all of it where there is none.
    fn begin(&mut self, part: &mut [u8]) -> Result<usize> {
        self.is_begun = true;
        let mut first = Vec::new();
        self.inner.by_ref().take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut first)?;
        if first == BYTE_ORDER_MARK {
            return self.inner.read(part);
        }
        part[..first.len()].copy_from_slice(&first);
        Ok(first.len())
    }

    fn check(&mut self, read: &[u8]) -> std::result::Result<(), Trouble> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(read);
        let valid = match std::str::from_utf8(&all) {
            Ok(text) => text.len(),
            // A character may go on in the next part, if there is one
            Err(error) if error.error_len().is_none() && !read.is_empty() => error.valid_up_to(),
            Err(error) => {
                let line = self.line_breaks + breaks(&all[..error.valid_up_to()]) + 1;
                return Err(Trouble::NotUtf8 { line });
            }
        };
        self.begun = all.split_off(valid);
        self.line_breaks += breaks(&all);
        Ok(())
    }
}

fn breaks(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

impl<R> Text<R> {
    /// How many lines end in what stands from here to there.
    pub(super) fn line_breaks(&self, place: Range<u64>) -> usize {
        self.within(place, breaks)
    }

    /// Where the line breaks end that stand here.
    pub(super) fn behind_breaks(&self, from: u64) -> u64 {
        let skipped = |bytes: &[u8]| bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        from + self.within(from..u64::MAX, skipped) as u64
    }

    /// What was read from here on.
    pub(super) fn rest(&self, from: u64) -> String {
        self.within(from..u64::MAX, |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// Nothing before it will be asked for again.
    pub(super) fn forget_before(&self, offset: u64) {
        let mut kept = self.kept.borrow_mut();
        kept.gone = kept.index(offset);
    }

    fn within<T>(&self, place: Range<u64>, of: impl FnOnce(&[u8]) -> T) -> T {
        let kept = self.kept.borrow();
        of(&kept.bytes[kept.index(place.start)..kept.index(place.end)])
    }
}

impl Kept {
    fn index(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX).min(self.bytes.len())
    }

    fn add(&mut self, read: &[u8]) -> std::result::Result<(), Trouble> {
        self.offset += self.gone as u64;
        self.bytes.drain(..self.gone);
        self.gone = 0;
        self.bytes.extend_from_slice(read);
        if self.bytes.len() > REAL_TIME_BYTES { Err(Trouble::LongRow) } else { Ok(()) }
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, part: &mut [u8]) -> Result<usize> {
        let length = if self.is_begun { self.inner.read(part)? } else { self.begin(part)? };
        let read = &part[..length];
        self.check(read).map_err(Error::other)?;
        self.kept.get_mut().add(read).map_err(Error::other)?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, part: &mut [u8]) -> Result<usize> {
            let one = part.len().min(1);
            self.0.read(&mut part[..one])
        }
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        Text::new(Slow(bytes)).read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn characters_may_come_in_parts_and_what_is_none_is_found_with_its_line() {
        let text = "\u{feff}a\u{e9}\u{1f600}\n\u{feff}b";
        assert_eq!(read(text.as_bytes()).expect("UTF-8"), &text.as_bytes()[3..]);
        assert_eq!(read(b"\xef\xbb").expect_err("half a mark").to_string(), "NotUtf8 { line: 1 }");
        for (bytes, line) in [(&b"a\n\xff"[..], 2), (b"\xc3", 1), (b"a\n\xe2\x82\n", 2), (b"\n\n\xf0\x9f\x98", 3)] {
            assert_eq!(Trouble::of(&read(bytes).expect_err("no UTF-8")), Trouble::NotUtf8 { line });
        }
    }
}
