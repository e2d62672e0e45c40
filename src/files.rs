//! Files, read with a clear error and written whole or not at all.

mod folder;
mod in_use;
mod leftover;
mod named;
mod opened;
mod pending;
mod pending_files;
mod place;
mod reading;
#[cfg(test)]
mod schemas;
mod stream;

use std::cell::OnceCell;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use crate::domain::digest::Sha256;

pub use folder::{Found, below, digest_of_folder};
pub use in_use::{Inputs, abandon, written};
pub use named::{Unreachable, named};
pub use opened::Opened;
pub use pending::{Folders, Pending, Readers, overlaps, prove_folder, stdout_is_an_output};
pub use pending_files::{PendingFiles, all};
pub use reading::{Most, bytes, open, read, read_record, read_text, unreadable};

/// A file in a folder, as people write it: `a`, not `./a`.
pub fn within(folder: &Path, name: impl AsRef<Path>) -> PathBuf {
    if folder.as_os_str() == "." { name.as_ref().to_owned() } else { folder.join(name) }
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An I/O error without the number behind it.
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// The SHA-256 of a file, read in parts.
///
/// # Errors
/// The file is missing, unreadable or no regular file.
pub fn digest_of(path: &Path) -> std::io::Result<String> {
    let mut file = open(path)?;
    let mut digest = Sha256::default();
    let mut part = vec![0; 1 << 18];
    loop {
        match file.read(&mut part) {
            Ok(0) => return Ok(digest.finish()),
            Ok(length) => digest.update(&part[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The digest of the running binary, computed beside everything else: that takes some ten milliseconds of a core.
#[derive(Debug, Default)]
pub struct OwnDigest(OnceCell<Receiver<Option<String>>>);

impl OwnDigest {
    /// Begins the computation on a thread of its own.
    pub fn begin(&self) {
        self.begun();
    }

    fn begun(&self) -> &Receiver<Option<String>> {
        self.0.get_or_init(|| {
            let (sender, receiver) = sync_channel(1);
            std::thread::spawn(move || {
                // The link leads to the file that runs, also if another one took its name meanwhile.
                let link = Path::new("/proc/self/exe");
                let digest = digest_of(link).or_else(|_| std::env::current_exe().and_then(|path| digest_of(&path)));
                _ = sender.send(digest.ok());
            });
            receiver
        })
    }

    /// Waits for the digest; `None` if the binary cannot be read.
    pub fn wait(&self) -> Option<String> {
        self.begun().recv().ok().flatten()
    }
}
