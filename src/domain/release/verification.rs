//! Whether files are those that a release record speaks of.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::document;
use crate::domain::document::Node;
use crate::domain::finding::Finding;
use crate::domain::finding::Position;
use crate::domain::project::build_plan::MODEL_PACKAGE_NAME;
use crate::domain::release::Content;
use crate::domain::release::Local;
use crate::domain::release::Release;
use crate::domain::release::Subject;
use crate::domain::schema;

/// The text of a release record, as far as it is one.
pub struct Record {
    /// None if something is wrong with the record itself.
    pub release: Option<Release>,
    /// What it speaks of, also of a record with faults.
    pub subjects: Vec<Subject>,
    pub findings: Vec<Finding>,
}

impl Record {
    /// Reads a record and holds it against its schema.
    pub fn read(text: &str, file: &str) -> Self {
        let node = match Node::parse_json(text, file) {
            Ok(node) => node,
            Err(finding) => return Self { release: None, subjects: Vec::new(), findings: vec![finding] },
        };
        if let Some((entry, first)) = node.key_twice() {
            let finding = Finding::error(format!("has \"{}\" twice", entry.key)).at(file, entry.key_at);
            let finding = finding.cause(format!("it stands at line {}, column {}, too", first.line, first.column));
            return Self { release: None, subjects: Vec::new(), findings: vec![finding.hint(AS_WRITTEN)] };
        }
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let mut findings = faults(&value, &node, file);
        let subjects = value["subject"].as_array().map(Vec::as_slice).unwrap_or_default();
        let subjects = subjects.iter().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect();
        let release = match serde_json::from_value::<Release>(value) {
            Ok(release) if findings.is_empty() => {
                let contradiction =
                    |cause| Finding::error("contradicts itself").in_file(file).cause(cause).hint(AS_WRITTEN);
                findings.extend(release.contradictions().into_iter().map(contradiction));
                Some(release)
            }
            Err(error) if findings.is_empty() => {
                findings.push(Finding::error("is not a release record").in_file(file).cause(error.to_string()));
                None
            }
            _ => None,
        };
        Self { release, subjects, findings }
    }
}

impl Record {
    /// The files that lie beside the record.
    pub fn files(&self) -> Vec<Local> {
        self.subjects.iter().filter(|subject| subject.uri.is_none()).map(file).collect()
    }

    /// How many objects it speaks of, which nothing here looks at.
    pub fn objects(&self) -> usize {
        self.subjects.iter().filter(|subject| subject.uri.is_some()).count()
    }
}

fn file(Subject { name, digest, .. }: &Subject) -> Local {
    Local { name: name.clone(), content: Content::File(digest.sha256.clone()) }
}

/// Everything in which a document is not what the published schema says.
fn faults(value: &Value, node: &Node, file: &str) -> Vec<Finding> {
    let schema: Value = serde_json::from_str(schema::RELEASE).unwrap_or_default();
    let validator = match jsonschema::draft202012::new(&schema) {
        Ok(validator) => validator,
        Err(error) => return vec![Finding::error("cannot be checked").in_file(file).cause(error.to_string())],
    };
    let mut faults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for error in validator.iter_errors(value) {
        faults.entry(error.instance_path().to_string()).or_default().push(error.masked().to_string());
    }
    let finding = |(pointer, causes): (String, Vec<String>)| {
        let what = match pointer.as_str() {
            "" => "is not a release record".to_owned(),
            pointer => format!("is not a release record at {pointer}"),
        };
        Finding::error(what).at(file, position(node, &pointer)).cause(causes.join("; ")).hint(AS_WRITTEN)
    };
    let mut findings: Vec<Finding> = faults.into_iter().map(finding).collect();
    findings.sort_by(|one, other| one.place.cmp(&other.place));
    findings
}

/// Where a JSON pointer leads to.
fn position(root: &Node, pointer: &str) -> Position {
    let mut node = root;
    for part in pointer.split('/').skip(1) {
        let next = match &node.value {
            document::Value::List(items) => part.parse().ok().and_then(|at: usize| items.get(at)),
            _ => node.get(&part.replace("~1", "/").replace("~0", "~")),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.at
}

const AS_WRITTEN: &str = "take the record as `modeldeploy build` wrote it";
const BUILD_AGAIN: &str = "take the files as the build left them, or build again";

/// What lies where a file of the record should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Digest(String),
    Missing,
    /// Why it cannot be read.
    Unreadable(String),
    /// The name leads out of this folder, and nothing was read.
    Outside(String),
}

/// A file or folder of the record, held against what lies there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckedFile {
    pub name: String,
    pub sha256: String,
    pub found_sha256: Option<String>,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Ok,
    Changed,
    Missing,
    Unreadable,
    Outside,
}

/// Holds a file against what lies at its place; `shown` is the place in messages.
pub fn check(local: &Local, shown: &str, found: Found) -> (CheckedFile, Option<Finding>) {
    let (sha256, noun, of) = match &local.content {
        Content::File(digest) => (digest, "file", "SHA-256"),
        Content::Folder(digest) => (digest, "folder", "dirHash"),
    };
    let (status, found_sha256, finding) = match found {
        Found::Digest(digest) if digest == *sha256 => (Status::Ok, Some(digest), None),
        Found::Digest(digest) => {
            let cause = format!("its {of} is {digest}, and the record says {sha256}");
            let finding =
                Finding::error(format!("is not the {noun} of the release record")).cause(cause).hint(BUILD_AGAIN);
            (Status::Changed, Some(digest), Some(finding))
        }
        Found::Missing => (
            Status::Missing,
            None,
            Some(Finding::error("is missing").cause("the release record lists it").hint(BUILD_AGAIN)),
        ),
        Found::Unreadable(cause) => (
            Status::Unreadable,
            None,
            Some(Finding::error("cannot be read").cause(cause).hint("let this user read it")),
        ),
        Found::Outside(folder) => {
            let finding = Finding::error(format!("is outside of {folder}, and was not read"))
                .cause("a record lists the files of its own build")
                .hint("take the record as the build wrote it, or name a folder above both with --files-within");
            (Status::Outside, None, Some(finding))
        }
    };
    let file = CheckedFile { name: local.name.clone(), sha256: sha256.clone(), found_sha256, status };
    (file, finding.map(|finding| finding.in_file(shown)))
}

/// Everything that speaks against `config`, a file beside the record with that package in it, being of that release.
pub fn of_release(release: &Release, name: &str, sha256: &str, package: Option<&str>, config: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = || release.subject.iter().filter(|subject| subject.uri.is_none());
    if let Some(subject) = files().find(|subject| subject.name == name) {
        findings.extend(check(&file(subject), config, Found::Digest(sha256.to_owned())).1);
    } else {
        let names: Vec<&str> = files().map(|subject| subject.name.as_str()).collect();
        let finding = Finding::error("is not listed in the release record beside it").in_file(config);
        findings.push(finding.cause(format!("the record lists {}", names.join(", "))).hint(BUILD_AGAIN));
    }
    findings.extend(package.and_then(|package| of_package(release, package, config)));
    findings
}

/// What speaks against a config that deploys that package being of that release.
pub fn of_package(release: &Release, package: &str, config: &str) -> Option<Finding> {
    let released = &release.model_package().arn;
    (package != released).then(|| {
        Finding::error(format!("deploys {package}"))
            .in_file(config)
            .cause(format!("the release record beside it is of {released}"))
            .hint(BUILD_AGAIN)
    })
}

/// That a config names no package, of which nothing can be proved then. It is an error unless the exported template
/// declares no parameter for it, or nothing beside the config tells.
pub fn without_package(config: &str, template: &str, is_declared: Option<bool>, is_of_release: bool) -> Finding {
    let what = format!("does not set \"{MODEL_PACKAGE_NAME}\"");
    match is_declared {
        Some(true) => Finding::error(what).cause(format!("{template} declares it")).hint(BUILD_AGAIN),
        None if is_of_release => {
            Finding::error(what).cause("the release record beside it is of a model package").hint(BUILD_AGAIN)
        }
        _ => Finding::warning(what)
            .cause("nothing is proved of the model that is live")
            .hint(format!("let the template declare {MODEL_PACKAGE_NAME}")),
    }
    .in_file(config)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::digest::sha256;
    use crate::domain::finding::Severity;

    proptest! {
        #[test]
        fn any_changed_byte_is_found(
            bytes in prop::collection::vec(any::<u8>(), 1..2_000),
            at in any::<prop::sample::Index>(),
            flip in 1..=u8::MAX,
        ) {
            let subject = Local { name: "a".to_owned(), content: Content::File(sha256(&bytes)) };
            let mut changed = bytes.clone();
            changed[at.index(bytes.len())] ^= flip;
            let status = |bytes: &[u8]| check(&subject, "a", Found::Digest(sha256(bytes))).0.status;
            prop_assert_eq!(status(&bytes), Status::Ok);
            prop_assert_eq!(status(&changed), Status::Changed);
            prop_assert_eq!(status(&bytes[1..]), Status::Changed);
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_record_is_found_at_its_place() {
        let text = "{\n  \"_type\": \"https://in-toto.io/Statement/v0.1\",\n  \"subject\": [{\"name\": \"a\",\n    \
                    \"digest\": {\"sha256\": \"no\"}}],\n  \"predicateType\": \"https://slsa.dev/provenance/v1\"\n}";
        let record = Record::read(text, "r.json");
        assert!(record.release.is_none());
        assert_eq!(record.subjects.len(), 1);
        let findings: Vec<String> = record.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            findings,
            [
                "r.json:1:1: is not a release record",
                "r.json:2:12: is not a release record at /_type",
                "r.json:4:26: is not a release record at /subject/0/digest/sha256",
            ]
        );
    }

    #[test]
    fn a_config_without_a_package_is_of_a_template_that_declares_none() {
        let is_error = |is_declared, is_of_release| {
            without_package("c.json", "t.yml", is_declared, is_of_release).severity == Severity::Error
        };
        assert!(is_error(Some(true), false) && is_error(Some(true), true) && is_error(None, true));
        assert!(!is_error(Some(false), true) && !is_error(None, false));
    }

    #[test]
    fn a_key_that_stands_twice_is_no_record() {
        let record = Record::read("{\n  \"a\": [{\"b\": 1,\n    \"b\": 1}]\n}", "r.json");
        assert!(record.release.is_none());
        let findings: Vec<_> = record.findings.iter().map(|one| (one.to_string(), one.cause.clone())).collect();
        assert_eq!(
            findings,
            [("r.json:3:5: has \"b\" twice".to_owned(), Some("it stands at line 2, column 10, too".to_owned()))]
        );
    }

    #[test]
    fn what_is_no_json_is_said_so() {
        let findings = Record::read("{", "r.json").findings;
        assert_eq!(findings[0].what, "is not valid JSON");
        assert!(!Record::read("[]", "r.json").findings.is_empty());
    }
}
