//! So many of the captured requests, drawn by a seed while the files are read once: each is as likely to be among them as
//! any other (reservoir sampling). What is drawn is put aside, so that memory does not grow with it.

use std::io::{BufReader, Read, Result};
use std::sync::Arc;

use fastrand::Rng;

use super::reader::{Line, Lines, too_long};
use super::record::Captured;
use super::window::Window;
use crate::domain::suite::dataset::source::Source;

/// More troubles than this help nobody; the rest is counted.
const MOST_TOLD: usize = 20;
const READ_AT_ONCE: usize = 1 << 16;

/// Captured requests that were drawn, in the order in which they were read.
#[derive(Clone, Debug)]
pub struct Sample {
    source: Arc<dyn Source>,
    drawn: Vec<Drawn>,
    files: Vec<String>,
    pub(crate) window: Window,
    pub(crate) found: Found,
}

/// What was found in the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Files that were read.
    pub(crate) files: u64,
    /// Records of the time, whether or not they can be used.
    pub(crate) records: u64,
    /// Those that cannot.
    pub(crate) unusable: u64,
    /// Which files and records are of no use, and why.
    pub(crate) troubles: Vec<String>,
    /// How many troubles there are beside these.
    pub(crate) untold: u64,
}

impl Found {
    /// Notes what is wrong with a file or a record.
    pub(crate) fn trouble(&mut self, what: String) {
        match self.troubles.len() {
            0..MOST_TOLD => self.troubles.push(what),
            _ => self.untold += 1,
        }
    }
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    /// Among all that was put aside.
    offset: u64,
    length: usize,
    file: usize,
    line: u64,
}

/// Draws records from one file after the other.
pub struct Sampler {
    most: usize,
    rng: Rng,
    window: Window,
    drawn: Vec<Drawn>,
    files: Vec<String>,
    seen: u64,
    /// How much was put aside.
    offset: u64,
    found: Found,
}

/// Puts a record behind those that were put aside before.
pub type PutAside<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;

impl Sampler {
    /// Draws at most so many, by a seed.
    pub fn new(most: usize, seed: u64, window: Window) -> Self {
        Self {
            most,
            rng: Rng::with_seed(seed),
            window,
            drawn: Vec::new(),
            files: Vec::new(),
            seen: 0,
            offset: 0,
            found: Found::default(),
        }
    }

    /// Reads a file to its end.
    ///
    /// # Errors
    /// Nothing can be put aside. What is wrong with the file is among the troubles.
    pub fn read(&mut self, name: &str, file: impl Read, put_aside: PutAside<'_>) -> Result<()> {
        self.files.push(name.to_owned());
        self.found.files += 1;
        let mut lines = Lines::new(file);
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.trouble(format!("{name}: cannot be read to its end: {error}"));
                    return Ok(());
                }
            };
            let captured = match line {
                Line::TooLong => Err(too_long()),
                Line::Whole => Captured::parse(&lines.bytes),
            };
            let captured = captured.and_then(|captured| match captured.at {
                None if self.window.is_bounded() => Err("has no inferenceTime".to_owned()),
                Some(at) if !self.window.holds(at) => Ok(None),
                _ => Ok(Some(())),
            });
            match captured {
                Ok(None) => {}
                Ok(Some(())) => self.offer(&lines, put_aside)?,
                Err(why) => {
                    self.found.records += 1;
                    self.found.unusable += 1;
                    self.trouble(format!("{name}:{}: {why}", lines.number));
                }
            }
        }
    }

    /// Takes a record in, maybe in the place of another one.
    fn offer<R: Read>(&mut self, lines: &Lines<R>, put_aside: PutAside<'_>) -> Result<()> {
        self.found.records += 1;
        self.seen += 1;
        let place = if self.drawn.len() < self.most {
            self.drawn.len()
        } else {
            let place = self.rng.u64(..self.seen);
            match usize::try_from(place) {
                Ok(place) if place < self.most => place,
                _ => return Ok(()),
            }
        };
        put_aside(&lines.bytes)?;
        let drawn =
            Drawn { offset: self.offset, length: lines.bytes.len(), file: self.files.len() - 1, line: lines.number };
        self.offset += lines.bytes.len() as u64;
        if place == self.drawn.len() {
            self.drawn.push(drawn);
        } else {
            self.drawn[place] = drawn;
        }
        Ok(())
    }

    /// Notes what is wrong with a file or a record.
    pub(crate) fn trouble(&mut self, what: String) {
        self.found.trouble(what);
    }

    /// What was drawn, with the place where it was put aside.
    pub fn finish(mut self, source: Arc<dyn Source>) -> Sample {
        self.drawn.sort_unstable_by_key(|drawn| drawn.offset);
        Sample { source, drawn: self.drawn, files: self.files, window: self.window, found: self.found }
    }
}

/// A record that was drawn, and where it stands.
pub struct Record {
    pub(crate) place: String,
    pub captured: Captured,
}

impl Sample {
    pub(crate) fn len(&self) -> usize {
        self.drawn.len()
    }

    /// Reads what was put aside again, one after the other.
    pub fn records(&self) -> impl Iterator<Item = std::result::Result<Record, String>> + '_ {
        let mut reader = BufReader::with_capacity(READ_AT_ONCE, self.source.open());
        let mut at = 0;
        self.drawn.iter().map(move |drawn| {
            let place = format!("{}:{}", self.files[drawn.file], drawn.line);
            let lost = |error: &dyn std::fmt::Display| format!("{place}: cannot be read again: {error}");
            let mut line = vec![0; drawn.length];
            std::io::copy(&mut reader.by_ref().take(drawn.offset - at), &mut std::io::sink())
                .and_then(|_| reader.read_exact(&mut line))
                .map_err(|error| lost(&error))?;
            at = drawn.offset + drawn.length as u64;
            let captured = Captured::parse(&line).map_err(|why| format!("{place}: {why}"))?;
            Ok(Record { place, captured })
        })
    }
}
