//! What a template names beside itself: read and packed before any call, uploaded before anything changes.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::archive::{self, File, Files, Mode};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::cloudformation::deployer::Deployer;
use crate::domain::cloudformation::packaging::{Named, Reference, content_key, references, rewrite};
use crate::domain::cloudformation::template::Template;
use crate::domain::digest::{self, sha256};
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Severity};
use crate::domain::project::build_plan::ProjectFacts;
use crate::domain::release::{Content, Local};
use crate::files::{self, Most, Unreachable};

/// An object that the template needs.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Artefact {
    pub(in crate::commands) place: S3Uri,
    pub(in crate::commands) bytes: Vec<u8>,
    /// The file or folder, as the template names it.
    pub(in crate::commands) source: String,
}

/// Where a template and what it names are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repository<'a> {
    /// Nothing outside of it is uploaded.
    pub(super) root: &'a Path,
    /// The template's, which names are relative to.
    pub(super) folder: &'a Path,
    /// What makes the stacks: not all take nested templates.
    pub(super) deployer: Deployer,
}

/// What a template names, as it is deployed.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Packed {
    /// The template's text with places in S3.
    pub(in crate::commands) text: String,
    pub(in crate::commands) artefacts: Vec<Artefact>,
    /// The files and folders, by their places in the repository.
    pub(in crate::commands) sources: Vec<Local>,
    /// What somebody else has to publish.
    pub(in crate::commands) warnings: Vec<Finding>,
}

type Found<T> = std::result::Result<T, Vec<Finding>>;

/// What is made of the template.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) enum Purpose<'a> {
    /// What is uploaded and exported, in a Region.
    Deploying { facts: &'a ProjectFacts, region: &'a str },
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
    let mut job = Job {
        repository,
        purpose,
        above: Vec::new(),
        artefacts: BTreeMap::new(),
        sources: BTreeMap::new(),
        warnings: Vec::new(),
    };
    let text = job.package(text, template, repository.folder)?;
    let sources = job.sources.into_iter().map(|(name, content)| Local { name, content }).collect();
    Ok(Packed { text, artefacts: job.artefacts.into_values().collect(), sources, warnings: job.warnings })
}

/// A template with those that it names.
struct Job<'a> {
    repository: Repository<'a>,
    purpose: Purpose<'a>,
    /// The nested templates on the way to this one.
    above: Vec<String>,
    artefacts: BTreeMap<String, Artefact>,
    sources: BTreeMap<String, Content>,
    warnings: Vec<Finding>,
}

impl Job<'_> {
    /// The text of a template in a folder, with places in S3.
    fn package(&mut self, text: &str, template: &Template, folder: &Path) -> Found<String> {
        let references = references(&template.root, self.repository.deployer);
        let mut findings = Vec::new();
        let mut places = Vec::new();
        for reference in &references {
            let name = match &reference.names {
                Named::Place(place) => {
                    places.push((reference, place.clone()));
                    continue;
                }
                Named::Local(name) => name,
            };
            match self.artefact(reference, name, folder) {
                Err(found) => {
                    let what = format!("names \"{name}\" as {} of \"{}\"", reference.property, reference.resource);
                    let named = |finding: Finding| {
                        // Of a template that this one names
                        if finding.place.is_some() {
                            return finding;
                        }
                        let what = format!("{what}{}", finding.what);
                        Finding { what, rule: Some(Rule::LocalFile), ..finding.at(&template.file, reference.at) }
                    };
                    let found = found.into_iter().map(named);
                    // Whoever deploys it may publish it
                    if reference.is_asset {
                        self.warnings.extend(found.map(of_an_asset));
                    } else {
                        findings.extend(found);
                    }
                }
                Ok(artefact) => {
                    places.push((reference, artefact.place.clone()));
                    self.artefacts.entry(artefact.place.key.clone()).or_insert(artefact);
                }
            }
        }
        if let Some(first) = references.iter().find(|reference| matches!(reference.names, Named::Local(_)))
            && let Purpose::Deploying { facts: ProjectFacts { artifact_bucket: None, .. }, .. } = self.purpose
        {
            findings.push(
                Finding::error("names local files, and there is no bucket to upload them to")
                    .at(&template.file, first.at)
                    .hint("set variable ARTIFACT_BUCKET or --artifact-bucket"),
            );
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let region = if let Purpose::Deploying { region, .. } = self.purpose { region } else { "" };
        rewrite(text, &template.file, &template.root, &places, region)
            .map_err(|finding| vec![Finding { rule: Some(Rule::LocalFile), ..finding }])
    }

    /// The object that is made of what a reference names.
    fn artefact(&mut self, reference: &Reference, name: &str, folder: &Path) -> Found<Artefact> {
        let (raw, source) = content(name, folder, self.repository.root)?;
        let raw = match raw {
            Raw::File { name: file, bytes } if reference.is_template => {
                Raw::File { bytes: self.nested(&source.name, bytes)?, name: file }
            }
            Raw::Folder(_) if reference.is_template => {
                return Err(vec![Finding::error(", which is a folder instead of a template")]);
            }
            other => other,
        };
        self.sources.insert(source.name, source.content);
        artefact(raw, name, reference.zip, self.purpose)
    }

    /// A nested template, with places in S3 for what it names itself.
    fn nested(&mut self, place: &str, bytes: Vec<u8>) -> Found<Vec<u8>> {
        if self.above.iter().any(|above| above == place) {
            return Err(vec![Finding::error(", which leads back to itself")]);
        }
        let text = String::from_utf8(bytes).map_err(|_| vec![Finding::error(", which is not UTF-8 text")])?;
        let path = files::within(self.repository.root, place);
        let template = Template::parse(&text, &path.display().to_string())?;
        self.above.push(place.to_owned());
        let packed = self.package(&text, &template, path.parent().unwrap_or(self.repository.root));
        self.above.pop();
        packed.map(String::into_bytes)
    }
}

/// An asset of the CDK that is not beside the template.
fn of_an_asset(finding: Finding) -> Finding {
    let cause = finding.cause.map(|cause| format!("{cause}; nobody publishes it in the accounts of the stages"));
    let hint = "put the folder that `cdk synth` writes beside the template, or publish the asset with cdk-assets";
    let finding = Finding { rule: Some(Rule::CdkAsset), severity: Severity::Warning, cause, ..finding };
    finding.hint(hint)
}

/// What is behind a name.
enum Raw {
    Folder(Files),
    File { name: String, bytes: Vec<u8> },
}

/// The object that is made of what is behind a name.
fn artefact(raw: Raw, source: &str, zip: bool, purpose: Purpose<'_>) -> Found<Artefact> {
    let source = source.to_owned();
    let Purpose::Deploying { facts, .. } = purpose else {
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
fn content(name: &str, folder: &Path, root: &Path) -> Found<(Raw, Local)> {
    let path = files::within(folder, name);
    let missing = |cause: String| {
        let hint = "a name is relative to the template's folder; a place in S3 is written s3://bucket/key";
        vec![Finding::error(", which is not a file or folder").cause(cause).hint(hint)]
    };
    if name.is_empty() {
        return Err(missing("the name is empty".to_owned()));
    }
    let real = files::named(&path, root).map_err(|error| match error {
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
    let root = root.canonicalize().map_err(|error| unreadable(&error))?;
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
