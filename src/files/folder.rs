//! The files below a folder, for an archive.

use std::path::{Path, PathBuf};

use super::digest::digest_of;
use super::in_use;
use super::leftover;
use super::name::plain;
use crate::domain::digest;
use crate::domain::finding::Finding;

/// A regular file, and its name in an archive of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub name: String,
    pub path: PathBuf,
}

/// What version control keeps for itself, which differs with every clone.
const NOT_CONTENT: &str = ".git";

/// All files below `folder`, sorted by name. Links are followed, as long as they stay in `root`.
///
/// # Errors
/// All findings: what cannot be read, leads out of `root`, or has a name or kind that no archive takes.
pub(crate) fn below(folder: &Path, root: &Path) -> Result<Vec<Found>, Vec<Finding>> {
    let mut walk = Walk { root, found: Vec::new(), findings: Vec::new() };
    match folder.canonicalize() {
        Ok(real) => walk.folder(folder, "", &mut vec![real]),
        Err(error) => walk.unreadable(folder, &error),
    }
    if walk.findings.is_empty() {
        walk.found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(walk.found)
    } else {
        Err(walk.findings)
    }
}

/// The digest of all files below `folder`, as a build that packs it sees them.
///
/// # Errors
/// The folder is missing, unreadable or none, or something in it is what no archive takes.
pub(crate) fn digest_of_folder(folder: &Path, root: &Path) -> std::io::Result<String> {
    let root = root.canonicalize()?;
    if !folder.metadata()?.is_dir() {
        return Err(std::io::Error::other("it is not a folder"));
    }
    let found = below(folder, &root).map_err(|findings| {
        let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
        std::io::Error::other(texts.join("; "))
    })?;
    let digest = |file: &Found| Ok((file.name.clone(), digest_of(&file.path)?));
    let files = found.iter().map(digest).collect::<std::io::Result<Vec<_>>>()?;
    Ok(digest::of_folder(files.iter().map(|(name, digest)| (name.as_str(), digest.clone()))))
}

/// Keeps outputs off what is an input of other commands and of later runs, and is not read by this one: a file, or those
/// of a folder.
pub(crate) fn keep(path: &Path) {
    match path.metadata() {
        Ok(found) if found.is_file() => in_use::note_read(path, &found),
        Ok(found) if found.is_dir() => {
            for file in below(path, path).unwrap_or_default() {
                if let Ok(found) = file.path.metadata() {
                    in_use::note_read(&file.path, &found);
                }
            }
        }
        _ => {}
    }
}

struct Walk<'a> {
    root: &'a Path,
    found: Vec<Found>,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    /// `above` are the real places of this folder and of those above it: a link to one of them has no end.
    fn folder(&mut self, folder: &Path, name: &str, above: &mut Vec<PathBuf>) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(folder, &error),
        };
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_name() == NOT_CONTENT || leftover::is_temporary(&entry.path()) => {}
                Ok(entry) => self.entry(&entry.path(), &entry.file_name(), name, above),
                Err(error) => self.unreadable(folder, &error),
            }
        }
    }

    fn entry(&mut self, path: &Path, own: &std::ffi::OsStr, parent: &str, above: &mut Vec<PathBuf>) {
        let Some(own) = own.to_str() else {
            let what = format!("{} has a name that is not UTF-8", path.display());
            return self.findings.push(Finding::error(what).hint("rename the file"));
        };
        let name = if parent.is_empty() { own.to_owned() } else { format!("{parent}/{own}") };
        let (real, kind) = match path.canonicalize().and_then(|real| Ok((real, std::fs::metadata(path)?))) {
            Ok(found) => found,
            Err(error) => return self.unreadable(path, &error),
        };
        if !real.starts_with(self.root) {
            let finding = Finding::error(format!("{} leads out of the repository", path.display()));
            self.findings.push(finding.cause(format!("it is a link to {}", real.display())).hint("copy the file here"));
        } else if kind.is_dir() {
            if above.contains(&real) {
                let finding = Finding::error(format!("{} links to a folder that it is in", path.display()));
                return self.findings.push(finding.hint("remove the link"));
            }
            above.push(real);
            self.folder(path, &name, above);
            above.pop();
        } else if kind.is_file() {
            self.found.push(Found { name, path: path.to_owned() });
        } else {
            let what = format!("{} is neither a file nor a folder", path.display());
            self.findings.push(Finding::error(what).hint("remove it"));
        }
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        self.findings.push(Finding::error(format!("cannot read {}", path.display())).cause(plain(error)));
    }
}
