//! What a data scientist's repository starts with: this project's own files, or those of a folder laid out like it.

use std::path::Path;

use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::files::{self, Most};

/// A file's name in the repository, and its text.
type Text = (&'static str, &'static str);

/// `seed-repo/` at the root, beside it `buildspec.yml` and `test/`.
pub(in super::super) const FILES: [Text; 8] = [
    ("README.md", include_str!("../../../seed-repo/README.md")),
    ("buildspec.yml", include_str!("../../../buildspec.yml")),
    ("endpoint-config-template.yml", include_str!("../../../seed-repo/endpoint-config-template.yml")),
    ("prod-config.json", include_str!("../../../seed-repo/prod-config.json")),
    ("staging-config.json", include_str!("../../../seed-repo/staging-config.json")),
    ("test/buildspec.yml", include_str!("../../../test/buildspec.yml")),
    ("test/cases.yml", include_str!("../../../test/cases.yml")),
    ("test/holdout.csv", include_str!("../../../test/holdout.csv")),
];

const ROOT: &str = "seed-repo";
const BESIDE: [&str; 2] = ["buildspec.yml", "test"];

/// The repository's files by their names in it.
pub(super) fn files(input_dir: Option<&Path>) -> Result<Vec<(String, Vec<u8>)>> {
    match input_dir {
        None => Ok(FILES.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()),
        Some(folder) => of_folder(folder).map_err(Failure::invalid),
    }
}

fn of_folder(folder: &Path) -> std::result::Result<Vec<(String, Vec<u8>)>, Vec<Finding>> {
    let missing: Vec<Finding> = [ROOT]
        .iter()
        .chain(&BESIDE)
        .filter(|name| !folder.join(name).exists())
        .map(|name| {
            Finding::error(format!("{} is not there", folder.join(name).display()))
                .hint("--input-dir is a folder with seed-repo, buildspec.yml and test, laid out like the project's own")
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let root = folder.canonicalize().map_err(|error| vec![unreadable(folder, &error)])?;
    let mut found = Vec::new();
    for (part, prefix) in [(ROOT, "")].into_iter().chain(BESIDE.map(|name| (name, name))) {
        let path = folder.join(part);
        if path.is_file() {
            found.push((prefix.to_owned(), path));
            continue;
        }
        let below = files::below(&path, &root)?.into_iter();
        let named = |name: String| if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        found.extend(below.map(|one| (named(one.name), one.path)));
    }
    let read = |(name, path): (String, std::path::PathBuf)| match files::bytes(&path, Most::Sent) {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(vec![unreadable(&path, &error)]),
    };
    found.into_iter().map(read).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    Finding::error(format!("cannot read {}", path.display())).cause(files::plain(error))
}
