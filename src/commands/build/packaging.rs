//! What a template names beside itself: read and packed before any call, uploaded before anything changes.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::upload::{Destination, put_once};
use crate::cli::BuildArgs;
use crate::cloud::Cloud;
use crate::domain::archive::{self, File, Files, Mode};
use crate::domain::build_plan::ProjectFacts;
use crate::domain::check::rule::Rule;
use crate::domain::digest::{self, sha256};
use crate::domain::finding::Finding;
use crate::domain::packaging::{Named, content_key, references, rewrite};
use crate::domain::release::{Content, Local};
use crate::domain::s3_uri::S3Uri;
use crate::domain::template::Template;
use crate::error::Result;
use crate::files::{self, Most, Unreachable};

/// An object that the template needs.
#[derive(Debug)]
pub(super) struct Artefact {
    pub(super) place: S3Uri,
    pub(super) bytes: Vec<u8>,
    /// The file or folder, as the template names it.
    pub(super) source: String,
}

/// Where a template and what it names are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repository<'a> {
    /// Nothing outside of it is uploaded.
    pub(super) root: &'a Path,
    /// The template's, which names are relative to.
    pub(super) folder: &'a Path,
}

/// What a template names, as it is deployed.
#[derive(Debug)]
pub(super) struct Packed {
    /// The template's text with places in S3.
    pub(super) text: String,
    pub(super) artefacts: Vec<Artefact>,
    /// The files and folders, by their places in the repository.
    pub(super) sources: Vec<Local>,
}

type Found<T> = std::result::Result<T, Vec<Finding>>;

/// What is made of the template.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// What is uploaded and exported.
    Deploying(&'a ProjectFacts),
    /// Findings alone: nothing is compressed, and the bucket may become known later.
    Checking,
}

/// The template with places in S3 for what it names, and what has to be there.
///
/// # Errors
/// All findings: a file that is not there or not in the repository, an empty folder, no bucket to upload to.
pub(super) fn package(
    text: &str,
    template: &Template,
    repository: Repository<'_>,
    purpose: Purpose<'_>,
) -> Found<Packed> {
    let references = references(&template.root);
    let mut findings = Vec::new();
    let mut artefacts: BTreeMap<String, Artefact> = BTreeMap::new();
    let mut sources: BTreeMap<String, Content> = BTreeMap::new();
    let mut places = Vec::new();
    for reference in &references {
        let name = match &reference.names {
            Named::Place(place) => {
                places.push((reference, place.clone()));
                continue;
            }
            Named::Local(name) => name,
        };
        let artefact = content(name, repository).and_then(|(content, source)| {
            sources.insert(source.name, source.content);
            artefact(content, name, reference.zip, purpose)
        });
        match artefact {
            Err(found) => {
                let what = format!("names \"{name}\" as {} of \"{}\"", reference.property, reference.resource);
                findings.extend(found.into_iter().map(|finding| Finding {
                    what: format!("{what}{}", finding.what),
                    rule: Some(Rule::LocalFile),
                    ..finding.at(&template.file, reference.at)
                }));
            }
            Ok(artefact) => {
                places.push((reference, artefact.place.clone()));
                artefacts.entry(artefact.place.key.clone()).or_insert(artefact);
            }
        }
    }
    if let Some(first) = references.iter().find(|reference| matches!(reference.names, Named::Local(_)))
        && let Purpose::Deploying(ProjectFacts { artifact_bucket: None, .. }) = purpose
    {
        findings.push(
            Finding::error("names local files, and there is no bucket to upload them to")
                .at(&template.file, first.at)
                .hint("set variable ARTIFACT_BUCKET or --artifact-bucket"),
        );
    }
    if findings.is_empty() {
        let text = rewrite(text, &template.file, &template.root, &places)
            .map_err(|finding| vec![Finding { rule: Some(Rule::LocalFile), ..finding }])?;
        let sources = sources.into_iter().map(|(name, content)| Local { name, content }).collect();
        Ok(Packed { text, artefacts: artefacts.into_values().collect(), sources })
    } else {
        Err(findings)
    }
}

/// What is behind a name.
enum Raw {
    Folder(Files),
    File { name: String, bytes: Vec<u8> },
}

/// The object that is made of what is behind a name.
fn artefact(raw: Raw, source: &str, zip: bool, purpose: Purpose<'_>) -> Found<Artefact> {
    let source = source.to_owned();
    let Purpose::Deploying(facts) = purpose else {
        let place = S3Uri { bucket: "bucket".to_owned(), key: source.clone() };
        return Ok(Artefact { place, bytes: Vec::new(), source });
    };
    let (bytes, file_name) = match raw {
        Raw::Folder(files) => (zipped(&files)?, "folder.zip".to_owned()),
        Raw::File { name, bytes } if zip && !archive::is_zip(&bytes) => {
            (zipped(&Files::from([(name, file(bytes))]))?, "file.zip".to_owned())
        }
        Raw::File { name, bytes } => (bytes, name),
    };
    let bucket = facts.artifact_bucket.clone().unwrap_or_default();
    let place = S3Uri { bucket, key: content_key(&facts.name, &sha256(&bytes), &file_name) };
    Ok(Artefact { place, bytes, source })
}

/// Reads what is behind a name. What is wrong with it is said as the rest of a sentence that names it.
fn content(name: &str, repository: Repository<'_>) -> Found<(Raw, Local)> {
    let path = files::within(repository.folder, name);
    let missing = |cause: String| {
        let hint = "a name is relative to the template's folder; a place in S3 is written s3://bucket/key";
        vec![Finding::error(", which is no file or folder").cause(cause).hint(hint)]
    };
    if name.is_empty() {
        return Err(missing("the name is empty".to_owned()));
    }
    let real = files::named(&path, repository.root).map_err(|error| match error {
        Unreachable::Outside(place) => {
            let finding =
                Finding::error(", which is outside of the repository").cause(format!("it is {}", place.display()));
            vec![finding.hint("copy it into the repository, or name a folder above both as --input-dir")]
        }
        Unreachable::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            missing(format!("looked for {}", path.display()))
        }
        Unreachable::Io(error) => unreadable(&error),
    })?;
    let root = repository.root.canonicalize().map_err(|error| unreadable(&error))?;
    let place = real.strip_prefix(&root).unwrap_or(&real).display().to_string();
    let place = if place.is_empty() { ".".to_owned() } else { place };
    if real.is_dir() {
        let files = in_folder(&path, &root)?;
        let content = digest::of_folder(files.iter().map(|(name, file)| (name.as_str(), sha256(&file.contents))));
        return Ok((Raw::Folder(files), Local { name: place, content: Content::Folder(content) }));
    }
    let bytes = files::bytes(&real, Most::Sent).map_err(|error| unreadable(&error))?;
    let own_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = Local { name: place, content: Content::File(sha256(&bytes)) };
    Ok((Raw::File { name: own_name, bytes }, source))
}

fn in_folder(folder: &Path, root: &Path) -> Found<Files> {
    let found = files::below(folder, root).map_err(|found| {
        let rest = |finding: Finding| Finding { what: format!(": {}", finding.what), ..finding };
        found.into_iter().map(rest).collect::<Vec<_>>()
    })?;
    if found.is_empty() {
        return Err(vec![Finding::error(", which is an empty folder").hint("put the code there, or name another one")]);
    }
    let read = |files::Found { name, path }| match files::bytes(&path, Most::Sent) {
        Ok(bytes) => Ok((name, file(bytes))),
        Err(error) => Err(unreadable(&error)),
    };
    found.into_iter().map(read).collect()
}

/// CodeCommit keeps no executable bit, and a runtime's `bootstrap` needs it: every file gets it.
fn file(contents: Vec<u8>) -> File {
    File { mode: Mode::Executable, contents }
}

fn zipped(files: &Files) -> Found<Vec<u8>> {
    archive::zip(files).map_err(|error| vec![Finding::error(", which is too large").cause(error.to_string())])
}

fn unreadable(error: &std::io::Error) -> Vec<Finding> {
    vec![Finding::error(", which cannot be read").cause(files::plain(error))]
}

/// What became of an artefact, or would become in a dry run.
#[derive(Debug)]
pub(super) struct Uploaded<'a> {
    pub(super) artefact: &'a Artefact,
    /// It was not there yet.
    pub(super) is_new: bool,
}

/// Looks which artefacts are there already, and uploads the others unless this is a dry run.
pub(super) async fn upload<'a>(
    artefacts: &'a [Artefact],
    args: &BuildArgs,
    cloud: &impl Cloud,
) -> Result<Vec<Uploaded<'a>>> {
    let mut uploaded = Vec::new();
    for artefact in artefacts {
        let destination = Destination {
            place: &artefact.place,
            kms_key: args.kms_key_id.as_deref(),
            setting: "--artifact-bucket (ARTIFACT_BUCKET)",
        };
        let is_new = put_once(cloud, &artefact.source, &artefact.bytes, destination, args.dry_run).await?;
        uploaded.push(Uploaded { artefact, is_new });
    }
    Ok(uploaded)
}
