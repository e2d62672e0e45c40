//! Zip archives and gzip files that are the same bytes for the same contents, on every machine.
//!
//! One time, one mode and one order for all: nothing of the file system's gets in. Neither writes more than what its
//! readers (Lambda, CodeCommit, Elastic Beanstalk, gzip) need. The crate zip (8.6, deflate alone) takes 35 kB more of the
//! binary, and its bytes are others: what is uploaded under its digest would be uploaded again.

pub(crate) mod glob;

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub mode: Mode,
    pub contents: Vec<u8>,
}

/// The permissions of a file in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 0644
    Plain,
    /// 0755
    Executable,
}

/// The files of an archive by their paths, which have `/` between folders.
pub(crate) type Files = BTreeMap<String, File>;

/// An archive cannot hold that: a number or a size is above what the format without its 64-bit extension takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a zip archive takes 65,535 files and 4 GB")]
pub(crate) struct TooLarge;

/// miniz's best: slow on megabytes, and every byte is uploaded, stored and cloned again and again.
const LEVEL: u8 = 9;
/// The first of January 1980, midnight: the earliest that the format has.
const DATE: u16 = 1 << 5 | 1;
const TIME: u16 = 0;
/// 2.0: folders and deflate
const VERSION: u16 = 20;
/// Made by Unix, so that readers look at the mode.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// File names are UTF-8.
const FLAGS: u16 = 1 << 11;
const REGULAR_FILE: u32 = 0o100_000;

/// Packs the files into a zip archive.
///
/// # Errors
/// There are too many of them, or too much is in them.
pub(crate) fn zip(files: &Files) -> Result<Vec<u8>, TooLarge> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (path, file) in files {
        let packed = Packed::new(&file.contents);
        let at = size(archive.len())?;
        let common = common_header(path, &packed, file.contents.len())?;
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(path.as_bytes());
        archive.extend(&packed.bytes);

        let mode = match file.mode {
            Mode::Plain => 0o644,
            Mode::Executable => 0o755,
        };
        directory.extend(b"PK\x01\x02");
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&common);
        // No comment, the first disk, no internal attributes.
        directory.extend([0; 6]);
        directory.extend(((REGULAR_FILE | mode) << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(path.as_bytes());
    }
    let count = u16::try_from(files.len()).map_err(|_| TooLarge)?;
    let (start, length) = (size(archive.len())?, size(directory.len())?);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 4]);
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    Ok(archive)
}

/// A file's contents as an archive stores them.
struct Packed {
    method: u16,
    checksum: u32,
    bytes: Vec<u8>,
}

impl Packed {
    fn new(contents: &[u8]) -> Self {
        let checksum = crc32fast::hash(contents);
        let deflated = compress_to_vec(contents, LEVEL);
        if deflated.len() < contents.len() {
            Self { method: 8, checksum, bytes: deflated }
        } else {
            Self { method: 0, checksum, bytes: contents.to_vec() }
        }
    }
}

/// What stands in a file's own header and in the directory.
fn common_header(path: &str, packed: &Packed, length: usize) -> Result<Vec<u8>, TooLarge> {
    let name = u16::try_from(path.len()).map_err(|_| TooLarge)?;
    let mut header = Vec::new();
    for number in [VERSION, FLAGS, packed.method, TIME, DATE] {
        header.extend(number.to_le_bytes());
    }
    for number in [packed.checksum, size(packed.bytes.len())?, size(length)?] {
        header.extend(number.to_le_bytes());
    }
    header.extend(name.to_le_bytes());
    // No extra field.
    header.extend([0; 2]);
    Ok(header)
}

fn size(length: usize) -> Result<u32, TooLarge> {
    u32::try_from(length).map_err(|_| TooLarge)
}

/// Whether these bytes are a zip archive: its end, which a comment may follow, says so.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    const END: usize = 22;
    const LONGEST_COMMENT: usize = 65_535;
    let tail = &bytes[bytes.len().saturating_sub(END + LONGEST_COMMENT)..];
    bytes.len() >= END && tail[..tail.len() - END + 4].windows(4).any(|four| four == b"PK\x05\x06")
}

/// Packs one file as `gzip -n` does: without its name and time.
pub(crate) fn gzip(contents: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    packed.extend(compress_to_vec(contents, LEVEL));
    packed.extend(crc32fast::hash(contents).to_le_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "the format wants the length modulo 2^32")]
    packed.extend((contents.len() as u32).to_le_bytes());
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let file = |contents: &[u8], mode| File { mode, contents: contents.to_vec() };
        Files::from([
            ("b/\u{e9}.txt".to_owned(), file(&b"abc".repeat(100), Mode::Plain)),
            ("a".to_owned(), file(b"", Mode::Executable)),
            ("b/random".to_owned(), file(&(0..=255).collect::<Vec<u8>>(), Mode::Plain)),
        ])
    }

    #[test]
    fn the_same_files_are_the_same_bytes_in_the_order_of_their_paths() {
        let archive = zip(&files()).expect("small");
        assert_eq!(archive, zip(&files()).expect("small"));
        let at = |name: &str| archive.windows(name.len()).position(|part| part == name.as_bytes()).expect("there");
        assert!(at("a") < at("b/random") && at("b/random") < at("b/\u{e9}.txt"));
        assert!(archive.len() < 1000);
    }

    #[test]
    fn an_archive_is_known_by_its_end_and_a_text_is_none() {
        let mut archive = zip(&files()).expect("small");
        assert!(is_zip(&archive) && is_zip(&zip(&Files::new()).expect("small")));
        archive.extend(b"a comment");
        assert!(is_zip(&archive));
        assert!(!is_zip(b"") && !is_zip(b"PK\x05\x06") && !is_zip(&b"text".repeat(100)));
    }

    #[test]
    fn more_files_than_the_format_counts_are_refused() {
        let file = File { mode: Mode::Plain, contents: Vec::new() };
        let files = (0..=65_535).map(|number| (number.to_string(), file.clone())).collect();
        assert_eq!(zip(&files), Err(TooLarge));
    }
}
