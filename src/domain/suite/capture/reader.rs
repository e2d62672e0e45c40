//! The lines of a capture file, none longer than a record can be.

use std::io::{BufRead, BufReader, Read, Result};

use crate::domain::suite::payload::REAL_TIME_BYTES;

/// Input and output of the largest request in Base64, and what is around them.
const MOST_LINE_BYTES: usize = 3 * REAL_TIME_BYTES;
const READ_AT_ONCE: usize = 1 << 16;

/// One line.
pub(crate) enum Line {
    Whole,
    /// It has more bytes than any record; the rest of it was passed over.
    TooLong,
}

pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    /// The last line, without its break.
    pub(crate) bytes: Vec<u8>,
    /// Of the last line, from 1 on.
    pub(crate) number: u64,
    most: usize,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(file: R) -> Self {
        Self {
            reader: BufReader::with_capacity(READ_AT_ONCE, file),
            bytes: Vec::new(),
            number: 0,
            most: MOST_LINE_BYTES,
        }
    }

    /// Reads the next line that is not blank.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub(crate) fn next(&mut self) -> Result<Option<Line>> {
        loop {
            self.bytes.clear();
            let most = self.most as u64 + 1;
            if self.reader.by_ref().take(most).read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.bytes.len() > self.most && !self.bytes.ends_with(b"\n") {
                self.bytes = Vec::new();
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line::TooLong));
            }
            self.bytes.truncate(self.bytes.trim_ascii_end().len());
            if !self.bytes.is_empty() {
                return Ok(Some(Line::Whole));
            }
        }
    }
}

/// What is said of a line that is too long.
pub(crate) fn too_long() -> String {
    format!("has more than {MOST_LINE_BYTES} bytes, and no request and answer of an endpoint have as many")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_no_records_and_one_without_end_is_passed_over() {
        let mut lines = Lines { most: 4, ..Lines::new(&b"ab\n\n \r\n123456789\ncd\r\n1234"[..]) };
        let mut seen = Vec::new();
        while let Some(line) = lines.next().expect("readable") {
            let text = String::from_utf8_lossy(&lines.bytes).into_owned();
            seen.push((lines.number, text, matches!(line, Line::TooLong)));
        }
        let seen: Vec<(u64, &str, bool)> = seen.iter().map(|(number, text, long)| (*number, &**text, *long)).collect();
        assert_eq!(seen, [(1, "ab", false), (4, "", true), (5, "cd", false), (6, "1234", false)]);
    }
}
