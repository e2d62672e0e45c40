//! Outputs that are written to as they are: pipes, devices, files that are open already.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a pipe may have no reader, or one that takes nothing.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);
/// ENXIO: nobody reads the pipe.
const NO_READER: i32 = 6;

/// Opens a pipe or a device; the reader of a pipe may come a moment later, but not after the deadline.
pub(super) fn opened(real: &Path, deadline: Option<Instant>) -> std::io::Result<File> {
    let patience = Instant::now() + PATIENCE;
    let last = deadline.map_or(patience, |deadline| deadline.min(patience));
    loop {
        match open(real) {
            Err(error) if error.raw_os_error() == Some(NO_READER) => {
                if Instant::now() >= last {
                    return Err(std::io::Error::other("nobody reads from it"));
                }
                std::thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

pub(super) fn add(mut file: &File, contents: &[u8]) -> std::io::Result<()> {
    let mut rest = contents;
    let mut last = Instant::now();
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => {
                rest = &rest[length..];
                last = Instant::now();
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && last.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens a pipe or a device for what will be added to it. A pipe that nobody reads is an error, not a wait.
fn open(real: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(real)
}
