//! Where an output goes: what its name leads to, through links.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::in_use::Identity;
use super::name::{folder_of, full, plain};

/// What becomes of a folder that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folders {
    /// It is likely to be mistyped: where a person names a file.
    AreThere,
    /// It is made: where a person names a folder to write to.
    AreMade,
}

/// What a name leads to.
#[derive(Debug)]
pub(super) enum Place {
    /// A regular file, by its real name and folder, and what is there now.
    File {
        real: PathBuf,
        folder: PathBuf,
        there: Option<Metadata>,
    },
    /// What is written to as it is: a pipe, a device, a file that is open already.
    Stream {
        real: PathBuf,
        there: Metadata,
    },
    Stdout {
        real: PathBuf,
        there: Metadata,
    },
    Stderr {
        real: PathBuf,
        there: Metadata,
    },
}

/// Why a name leads nowhere, and what to do.
#[derive(Debug)]
pub(super) struct Unusable {
    pub(super) cause: String,
    pub(super) hint: Option<&'static str>,
}

impl From<String> for Unusable {
    fn from(cause: String) -> Self {
        Self { cause, hint: None }
    }
}

impl From<std::io::Error> for Unusable {
    fn from(error: std::io::Error) -> Self {
        Self { cause: plain(&error), hint: full(&error) }
    }
}

/// Linux follows as many.
const MOST_LINKS: usize = 40;

/// Follows a name to what it leads to; nothing is written but folders, where they are to be made.
pub(super) fn follow(path: &Path, folders: Folders) -> Result<Place, Unusable> {
    let mut next = path.to_owned();
    for turn in 0..MOST_LINKS {
        let (folder, name) = split(&next)?;
        // Where a link leads to is not the user's word that a folder is wanted there.
        let folder = real_folder(&folder, if turn == 0 { folders } else { Folders::AreThere })?;
        let real = folder.join(&name);
        if is_of_descriptors(&folder) {
            return descriptor(real, &name);
        }
        let there = match real.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Place::File { real, folder, there: None }),
            other => other?,
        };
        if there.is_symlink() {
            next = folder.join(real.read_link()?);
            continue;
        }
        if there.is_dir() {
            return Err("a folder has that name".to_owned().into());
        }
        return Ok(match () {
            () if is_character_device(&there) => Place::Stream { real, there },
            () if is_open_as(&there, standard_file(&std::io::stdout()).as_ref()) => Place::Stdout { real, there },
            () if is_open_as(&there, standard_file(&std::io::stderr()).as_ref()) => Place::Stderr { real, there },
            () if there.is_file() => Place::File { real, folder, there: Some(there) },
            () => Place::Stream { real, there },
        });
    }
    Err("it leads through too many links".to_owned().into())
}

/// Folder and name; `Path` itself would overlook a slash at the end.
fn split(path: &Path) -> Result<(PathBuf, PathBuf), Unusable> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.is_empty() {
        return Err("the name is empty".to_owned().into());
    }
    let is_folder = text.ends_with(b"/") || text.ends_with(b"/.");
    let Some(name) = path.file_name().filter(|_| !is_folder) else {
        return Err("that is the name of a folder".to_owned().into());
    };
    let folder = folder_of(path);
    Ok((folder.to_owned(), name.into()))
}

pub(super) fn real_folder(folder: &Path, folders: Folders) -> Result<PathBuf, Unusable> {
    if folders == Folders::AreThere && !folder.exists() {
        let hint = Some("make the folder first, or check how it is written");
        return Err(Unusable { cause: format!("there is no folder {}", folder.display()), hint });
    }
    if folders == Folders::AreMade {
        std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Unusable::from(format!("{} is not a folder", folder.display())),
            _ => error.into(),
        })?;
    }
    let real = folder.canonicalize()?;
    if real.is_dir() { Ok(real) } else { Err(format!("{} is not a folder", folder.display()).into()) }
}

/// Whether a real folder is that of the open files of a process (`/dev/fd`, `/dev/stdout` lead there).
fn is_of_descriptors(folder: &Path) -> bool {
    folder == Path::new("/dev/fd") || (folder.starts_with("/proc") && folder.ends_with("fd"))
}

fn descriptor(real: PathBuf, number: &Path) -> Result<Place, Unusable> {
    let there = real.metadata()?;
    Ok(match number.to_str() {
        Some("1") => Place::Stdout { real, there },
        Some("2") => Place::Stderr { real, there },
        _ if there.is_dir() => return Err("a folder has that name".to_owned().into()),
        _ => Place::Stream { real, there },
    })
}

fn is_open_as(there: &Metadata, open: Option<&Metadata>) -> bool {
    let identity = Identity::of(there);
    identity.is_some() && identity == open.and_then(Identity::of)
}

#[cfg(unix)]
fn standard_file(stream: &impl std::os::fd::AsFd) -> Option<Metadata> {
    File::from(stream.as_fd().try_clone_to_owned().ok()?).metadata().ok()
}

#[cfg(not(unix))]
fn standard_file<T>(_: &T) -> Option<Metadata> {
    None
}

/// Whether a file was mounted by itself, as containers do: nothing can be renamed onto it.
#[cfg(target_os = "linux")]
pub(super) fn is_mounted(real: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, real, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|there| there.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_mounted(_: &Path) -> bool {
    false
}

#[cfg(unix)]
pub(super) fn is_character_device(there: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&there.file_type())
}

#[cfg(not(unix))]
pub(super) fn is_character_device(_: &Metadata) -> bool {
    false
}
