//! Files, read with a clear error and written whole or not at all.

mod folder;
#[cfg(test)]
mod schemas;

use std::cell::OnceCell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use tempfile::NamedTempFile;

use crate::domain::digest::Sha256;
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};

pub use folder::{Found, below, digest_of_folder};

/// A file in a folder, as people write it: `a`, not `./a`.
pub fn within(folder: &Path, name: impl AsRef<Path>) -> PathBuf {
    if folder.as_os_str() == "." { name.as_ref().to_owned() } else { folder.join(name) }
}

/// Reads a text that a person wrote.
///
/// # Errors
/// The file is missing, unreadable or not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path)?;
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
/// The file is missing or unreadable.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let finding = Finding::error(format!("cannot read {}", path.display())).cause(plain(&error));
        Failure::invalid([match error.kind() {
            std::io::ErrorKind::NotFound => finding.hint("check the name and the folder that the command runs in"),
            std::io::ErrorKind::IsADirectory => finding.hint("name a file"),
            _ => finding,
        }])
    })
}

/// A file that is being written beside its place; nothing is seen of it until it is put there.
#[derive(Debug)]
pub struct Pending {
    temporary: NamedTempFile,
    path: PathBuf,
}

/// What becomes of a folder that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folders {
    /// It is likely to be mistyped: where a person names a file.
    AreThere,
    /// It is made: where a person names a folder to write to.
    AreMade,
}

impl Pending {
    /// Proves that the file that a person named can be written before any work is done for it.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written to, or `path` is a folder or a device.
    pub fn at(path: &Path) -> Result<Self> {
        Self::within(path, Folders::AreThere)
    }

    fn within(path: &Path, folders: Folders) -> Result<Self> {
        if path.is_dir() {
            return Err(unwritable(path, "a folder has that name"));
        }
        // Renamed onto, a device would become a file.
        if path.exists() && !path.is_file() {
            return Err(unwritable(path, "it is no regular file"));
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if folders == Folders::AreThere && !folder.exists() {
            let mut failure = unwritable(path, &format!("there is no folder {}", folder.display()));
            failure.findings[0].hint = Some("make the folder first, or check how it is written".to_owned());
            return Err(failure);
        }
        std::fs::create_dir_all(folder).map_err(|error| {
            unwritable(
                path,
                &match error.kind() {
                    std::io::ErrorKind::AlreadyExists => format!("{} is no folder", folder.display()),
                    _ => plain(&error),
                },
            )
        })?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".modeldeploy-");
        // A temporary file's own 0600 would lock later steps out; the umask still has its say.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder).map_err(|error| unwritable(path, &plain(&error)))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    /// Writes the contents and puts the file in its place.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn put(mut self, contents: &[u8]) -> Result<()> {
        self.fill(contents)?;
        self.persist()
    }

    fn fill(&mut self, contents: &[u8]) -> Result<()> {
        self.temporary.write_all(contents).map_err(|error| unwritable(&self.path, &plain(&error)))
    }

    fn persist(self) -> Result<()> {
        let Self { temporary, path } = self;
        temporary.persist(&path).map(|_| ()).map_err(|error| unwritable(&path, &plain(&error.error)))
    }
}

/// Several files, each whole beside its place; the disk has taken them all before the first is seen.
#[derive(Debug)]
pub struct PendingFiles(Vec<Pending>);

impl PendingFiles {
    /// Writes every file beside its place.
    ///
    /// # Errors
    /// A file cannot be written; then none is.
    pub fn prepare(files: &[(PathBuf, Vec<u8>)], folders: Folders) -> Result<Self> {
        let prepare = |(path, contents): &(PathBuf, Vec<u8>)| {
            let mut pending = Pending::within(path, folders)?;
            pending.fill(contents)?;
            Ok(pending)
        };
        files.iter().map(prepare).collect::<Result<_>>().map(Self)
    }

    /// Puts every file in its place.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn put(self) -> Result<()> {
        self.0.into_iter().try_for_each(Pending::persist)
    }
}

fn unwritable(path: &Path, cause: &str) -> Failure {
    Failure::failed(
        Finding::error(format!("cannot write {}", path.display()))
            .cause(cause)
            .hint("check the folder's permissions and free space, or name another place"),
    )
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
    let mut file = std::fs::File::open(path)?;
    // A pipe or a device might never end
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
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
