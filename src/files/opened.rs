//! A file that is read a part at a time, by several readers at once.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::suite::dataset::source::Source;

/// The file that was opened, whatever takes its name meanwhile.
#[derive(Debug)]
pub(crate) struct Opened(Mutex<File>);

impl Opened {
    pub(crate) fn new(file: File) -> Self {
        Self(Mutex::new(file))
    }

    /// A file that has no name, and is gone with this value.
    ///
    /// # Errors
    /// The folder for temporary files takes none.
    pub(crate) fn temporary() -> Result<Self> {
        tempfile::tempfile().map(Self::new)
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes behind all that was written.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn add(&self, part: &[u8]) -> Result<()> {
        self.file().write_all(part)
    }

    /// Takes out all that was written.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn clear(&self) -> Result<()> {
        let mut file = self.file();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0)).map(|_| ())
    }
}

impl Source for Opened {
    fn open(&self) -> Box<dyn Read + '_> {
        Box::new(Reader { opened: self, offset: 0 })
    }
}

/// One reader, at a place of its own.
struct Reader<'a> {
    opened: &'a Opened,
    offset: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, part: &mut [u8]) -> Result<usize> {
        let mut file = self.opened.file();
        file.seek(SeekFrom::Start(self.offset))?;
        let length = file.read(part)?;
        self.offset += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_readers_each_read_all() {
        let opened = Opened::temporary().expect("a file");
        opened.add(b"x").and_then(|()| opened.clear()).expect("cleared");
        opened.add(b"ab").and_then(|()| opened.add(b"cd")).expect("written");
        let (mut one, mut other) = (opened.open(), opened.open());
        let mut part = [0; 3];
        assert_eq!((one.read(&mut part).expect("read"), part), (3, *b"abc"));
        let mut all = String::new();
        other.read_to_string(&mut all).expect("read");
        assert_eq!(all, "abcd");
        assert_eq!((one.read(&mut part).expect("read"), part), (1, *b"dbc"));
    }
}
