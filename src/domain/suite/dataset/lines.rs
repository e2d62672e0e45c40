//! The lines of a dataset's text, one at a time.

use std::io::{BufRead, BufReader, Read};

use super::text::{Text, Trouble};
use crate::domain::finding::Finding;

const READ_AT_ONCE: usize = 1 << 16;

/// The lines of a text, without what ends them.
pub(super) struct Lines<'a> {
    reader: BufReader<Text<Box<dyn Read + 'a>>>,
    /// Of the last line.
    pub(super) number: usize,
    /// Where the next line begins.
    offset: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: Box<dyn Read + 'a>) -> Self {
        Self { reader: BufReader::with_capacity(READ_AT_ONCE, Text::new(bytes)), number: 0, offset: 0 }
    }

    /// What is wrong with the line that could not be read, which is the one behind the last.
    pub(super) fn trouble(&self, trouble: &Trouble, file: &str) -> Finding {
        trouble.finding(file, self.number + 1, "look for line breaks that are missing: each row has a line of its own")
    }

    pub(super) fn next(&mut self) -> Result<Option<String>, Trouble> {
        let mut line = Vec::new();
        let length = self.reader.read_until(b'\n', &mut line).map_err(|error| Trouble::of(&error))?;
        if length == 0 {
            return Ok(None);
        }
        self.offset += length as u64;
        self.reader.get_ref().forget_before(self.offset);
        self.number += 1;
        for end in [b'\n', b'\r'] {
            line.pop_if(|last| *last == end);
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }
}
