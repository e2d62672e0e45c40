//! Files that a file names: a template, cases, a release record. Whoever wrote the names may not be whoever runs the
//! command, so they lead nowhere but into a folder.

use std::path::{Component, Path, PathBuf};

/// Why a name leads to no file that may be read.
#[derive(Debug)]
pub(crate) enum Unreachable {
    /// The place is not in the folder.
    Outside(PathBuf),
    Io(std::io::Error),
}

/// The real place of a file or folder, links followed, if it is in `folder`.
///
/// # Errors
/// It is not there, cannot be read, or is somewhere else. Of what is somewhere else, nothing more is told.
pub(crate) fn named(path: &Path, folder: &Path) -> Result<PathBuf, Unreachable> {
    let root = folder.canonicalize().map_err(Unreachable::Io)?;
    match path.canonicalize() {
        Ok(real) if real.starts_with(&root) => Ok(real),
        Ok(real) => Err(Unreachable::Outside(real)),
        Err(error) => {
            let written = std::path::absolute(path).map(|path| without_dots(&path)).map_err(Unreachable::Io)?;
            let folder = std::path::absolute(folder).map(|path| without_dots(&path)).map_err(Unreachable::Io)?;
            let inside = written.starts_with(&folder) || written.starts_with(&root);
            Err(if inside { Unreachable::Io(error) } else { Unreachable::Outside(written) })
        }
    }
}

/// An absolute path without `.` and `..`, as it is written.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_name_leads_into_the_folder_or_nowhere() {
        let around = tempfile::tempdir().expect("a folder");
        let folder = around.path().join("repo");
        std::fs::create_dir_all(folder.join("data")).expect("made");
        for file in ["outside", "repo/inside", "repo/data/rows"] {
            std::fs::write(around.path().join(file), file).expect("written");
        }
        for (name, target) in [("out", "../outside"), ("in", "data/rows"), ("gone", "../no")] {
            std::os::unix::fs::symlink(target, folder.join(name)).expect("linked");
        }
        let absolute = folder.join("inside").display().to_string();
        for name in ["inside", "data/rows", "data/../inside", "in", "data", ".", "../repo/inside", &absolute] {
            assert!(named(&folder.join(name), &folder).is_ok(), "{name}");
        }
        let absolute = around.path().join("outside").display().to_string();
        for name in ["../outside", "../nothing", "data/../../outside", "out", "..", &absolute, "/nothing"] {
            let outcome = named(&folder.join(name), &folder);
            assert!(matches!(outcome, Err(Unreachable::Outside(_))), "{name}: {outcome:?}");
        }
        for name in ["nothing", "gone", "inside/x"] {
            let outcome = named(&folder.join(name), &folder);
            assert!(matches!(outcome, Err(Unreachable::Io(_))), "{name}: {outcome:?}");
        }
        // A folder above both is what a person says to mean it.
        assert!(named(&folder.join("../outside"), around.path()).is_ok());
    }
}
