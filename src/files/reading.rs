//! Files that a person names, read to their end: they are regular files of a bounded size, so that they have one.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

use super::in_use;
use super::name::plain;
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};

/// How many bytes a file may have that is read as a whole, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Most {
    /// What people write. CloudFormation takes a template of 1 MB (CloudFormation quotas); cases may have bodies in them.
    Written = 64 << 20,
    /// What this program wrote of many accounts: worlds, records, results.
    Recorded = 256 << 20,
    /// What is sent as it is: bodies, code, binaries. An asynchronous endpoint takes 1 GB (SageMaker developer guide,
    /// "Asynchronous inference").
    Sent = 1 << 30,
}

/// Reads a text that a person wrote.
///
/// # Errors
/// The file is missing, unreadable, too large or not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    text(path, Most::Written)
}

/// Reads a text that this program wrote.
///
/// # Errors
/// The file is missing, unreadable, too large or not UTF-8.
pub(crate) fn read_record(path: &Path) -> Result<String> {
    text(path, Most::Recorded)
}

fn text(path: &Path, most: Most) -> Result<String> {
    let bytes = read(path, most)?;
    String::from_utf8(bytes).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        let cause = format!("byte {position} does not begin a character");
        let finding = Finding::error("is not UTF-8 text").in_file(&path.display().to_string()).cause(cause);
        Failure::invalid([finding.hint("save it with the encoding UTF-8")])
    })
}

/// Reads a file that a person named.
///
/// # Errors
/// The file is missing, unreadable, too large or no regular file.
pub(crate) fn read(path: &Path, most: Most) -> Result<Vec<u8>> {
    bytes(path, most).map_err(|error| Failure::invalid([unreadable(path, &error)]))
}

/// A file that a person named and that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &Error) -> Finding {
    let finding = Finding::error(format!("cannot read {}", path.display())).cause(plain(error));
    match error.kind() {
        ErrorKind::NotFound => finding.hint("check the name and the folder that the command runs in"),
        ErrorKind::IsADirectory => finding.hint("name a file"),
        ErrorKind::PermissionDenied => finding.hint("let this user read it"),
        _ if is_irregular(error) => finding.hint("put what it gives into a file, and name that"),
        _ => finding,
    }
}

/// The bytes of a file.
///
/// # Errors
/// The file is missing, unreadable, too large or no regular file.
pub(crate) fn bytes(path: &Path, most: Most) -> std::io::Result<Vec<u8>> {
    let most = most as u64;
    let file = open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(most)).unwrap_or_default());
    // A file may grow while it is read
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let more = if size > most { format!("{size} bytes, ") } else { String::new() };
        return Err(Error::other(format!("it has {more}more than the {most} that can be read")));
    }
    Ok(bytes)
}

/// Opens an input; from now on no output falls on it.
///
/// # Errors
/// The file is missing, unreadable or no regular file.
pub(crate) fn open(path: &Path) -> std::io::Result<File> {
    // To open a pipe that nobody writes to takes for ever, and so does reading a device
    let found = path.metadata()?;
    if found.is_dir() {
        return Err(Error::from(ErrorKind::IsADirectory));
    }
    if !found.is_file() {
        return Err(irregular());
    }
    let file = File::open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(irregular());
    }
    in_use::note_read(path, &found);
    Ok(file)
}

const IRREGULAR: &str = "it is not a regular file";

fn irregular() -> Error {
    Error::other(IRREGULAR)
}

fn is_irregular(error: &Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.to_string() == IRREGULAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        for (path, cause) in [
            (Path::new("/dev/zero"), IRREGULAR),
            (&socket, IRREGULAR),
            (folder.path(), "is a directory"),
            (Path::new("/no/such"), "no such file or directory"),
        ] {
            let failure = read_text(path).expect_err("no file");
            assert_eq!(failure.findings[0].cause.as_deref(), Some(cause));
            assert!(failure.findings[0].hint.is_some(), "{failure:?}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(Most::Written as u64 + 1).expect("a sparse file");
        let cause = read_text(file.path()).expect_err("too large").findings[0].cause.clone();
        assert_eq!(cause.as_deref(), Some("it has 67108865 bytes, more than the 67108864 that can be read"));
        assert_eq!(read(file.path(), Most::Recorded).expect("read").len() as u64, Most::Written as u64 + 1);
    }
}
