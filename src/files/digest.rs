//! Digests of files.

use std::cell::OnceCell;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use super::reading::open;
use crate::domain::digest::Sha256;

/// The SHA-256 of a file, read in parts.
///
/// # Errors
/// The file is missing, unreadable or no regular file.
pub(crate) fn digest_of(path: &Path) -> std::io::Result<String> {
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
pub(crate) struct OwnDigest(OnceCell<Receiver<Option<String>>>);

impl OwnDigest {
    /// Begins the computation on a thread of its own.
    pub(crate) fn begin(&self) {
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
    pub(crate) fn wait(&self) -> Option<String> {
        self.begun().recv().ok().flatten()
    }
}
