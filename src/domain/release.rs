//! The release record: an in-toto Statement with a SLSA provenance predicate, on every file that a build wrote.
//!
//! in-toto attestation framework, spec/v1: statement.md, resource_descriptor.md, digest_set.md; SLSA provenance v1.

pub(crate) mod outputs;
pub(crate) mod stage_output;
pub mod verification;

use std::collections::BTreeMap;

use jiff::Timestamp;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::{is_hexadecimal, sha256};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::registry::model_package::{Container, ModelPackage};

pub(crate) const FILE_NAME: &str = "release.json";
pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
pub(crate) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";
/// What the parameters mean; docs/release-record.md describes it.
pub(crate) const BUILD_TYPE: &str = "urn:modeldeploy:build:v1";
/// What the chosen package is called among what the outputs are made from.
const MODEL_PACKAGE: &str = "model package";
/// The builder where no CodeBuild project is known to be one.
const LOCAL_BUILDER: &str = "urn:modeldeploy:builder:local";

/// An in-toto Statement, version 1. Fields that it does not know are for others to read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Release {
    #[serde(rename = "_type")]
    #[cfg_attr(test, schemars(extend("const" = STATEMENT_TYPE)))]
    statement_type: String,
    /// Every file that the build wrote beside this one, and every object that it put into S3.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub subject: Vec<Subject>,
    #[cfg_attr(test, schemars(extend("const" = PREDICATE_TYPE)))]
    predicate_type: String,
    predicate: Provenance,
}

/// A file or an object with its digest.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Subject {
    /// Of a file, relative to the folder of the record; of an object, its key.
    pub name: String,
    /// Where an object is, which is not a file beside the record: `s3://bucket/key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    pub digest: Sha256Digest,
}

/// The one digest by which files are compared.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Sha256Digest {
    #[cfg_attr(test, schemars(regex(pattern = r"^[0-9a-f]{64}$")))]
    pub sha256: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Provenance {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    #[cfg_attr(test, schemars(extend("const" = BUILD_TYPE)))]
    build_type: String,
    external_parameters: ExternalParameters,
    internal_parameters: InternalParameters,
    resolved_dependencies: Vec<Resource>,
}

/// What the build was asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExternalParameters {
    pub project: Project,
    /// By name or ARN, as it was given.
    pub model_package_group: String,
    /// The version, if it was pinned.
    pub model_version: Option<u32>,
    /// The stage of its life cycle by which the version was chosen in the place of its approval, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    pub artifact_bucket: Option<String>,
    pub template: String,
    pub export_template: String,
    /// `stackset` or `cloudformation`
    pub export_format: String,
    pub stages: Vec<RequestedStage>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Project {
    pub name: String,
    pub id: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestedStage {
    pub stage: String,
    pub config: String,
    pub export_config: String,
    pub organizational_unit: Option<String>,
    pub role_name: Option<String>,
}

/// What the build made of it: the choice, and whom it reaches.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct InternalParameters {
    pub region: String,
    pub model_package: ModelPackage,
    pub stages: Vec<ReleasedStage>,
    /// `CODEBUILD_RESOLVED_SOURCE_VERSION`: the commit, unless the source has no versions.
    pub source_version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleasedStage {
    pub stage: String,
    pub stage_name: String,
    /// The accounts that the roll-out reaches; none where the group policy is not ours to keep.
    pub accounts: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
struct RunDetails {
    builder: Builder,
    metadata: BuildMetadata,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Builder {
    /// The CodeBuild project, by its ARN.
    id: String,
    version: BTreeMap<String, String>,
    /// The tool's own binary, by its digest.
    #[serde(rename = "builderDependencies", default)]
    dependencies: Vec<Resource>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
struct BuildMetadata {
    /// `CODEBUILD_BUILD_ID`
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<String>,
    /// `CODEBUILD_START_TIME`, not the clock: the same build writes the same bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    started_on: Option<Timestamp>,
}

/// An in-toto ResourceDescriptor, which has a URI or a digest at the least.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Resource {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A file that was read or written, with what it holds.
pub(crate) struct FileContent<'a> {
    pub name: String,
    pub bytes: &'a [u8],
}

/// What a build reads or leaves in a folder: its name there, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    pub name: String,
    pub content: Content,
}

/// A digest, as an in-toto `DigestSet` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The SHA-256 of a file.
    File(String),
    /// The digest of all files below a folder, see `digest::of_folder`.
    Folder(String),
}

const OF_FILE: &str = "sha256";
const OF_FOLDER: &str = "dirHash";

impl Content {
    fn of(digests: &BTreeMap<String, String>) -> Option<Self> {
        let file = digests.get(OF_FILE).cloned().map(Self::File);
        file.or_else(|| digests.get(OF_FOLDER).cloned().map(Self::Folder))
    }

    fn digest_set(&self) -> BTreeMap<String, String> {
        let (algorithm, digest) = match self {
            Self::File(digest) => (OF_FILE, digest),
            Self::Folder(digest) => (OF_FOLDER, digest),
        };
        BTreeMap::from([(algorithm.to_owned(), digest.clone())])
    }
}

/// Every content that a build touches.
pub(crate) struct Contents<'a> {
    /// The template and the configs.
    pub read: &'a [FileContent<'a>],
    /// What the template names in the repository.
    pub named: &'a [Local],
    pub written: &'a [FileContent<'a>],
    /// What is put into S3.
    pub uploaded: &'a [(&'a S3Uri, &'a [u8])],
}

/// What the environment says of the build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Build {
    pub id: Option<String>,
    pub arn: Option<String>,
    pub started_at: Option<Timestamp>,
    /// The SHA-256 of the running binary, if it can be read.
    pub tool_sha256: Option<String>,
}

impl Release {
    pub(crate) fn new(
        asked: ExternalParameters,
        made: InternalParameters,
        contents: &Contents<'_>,
        build: Build,
    ) -> Self {
        let digest = |bytes| Sha256Digest { sha256: sha256(bytes) };
        let files = contents.written.iter();
        let files = files.map(|file| Subject { name: file.name.clone(), uri: None, digest: digest(file.bytes) });
        let objects = contents.uploaded.iter().map(|(place, bytes)| Subject {
            name: place.key.clone(),
            uri: Some(place.to_string()),
            digest: digest(bytes),
        });
        let tool = env!("CARGO_PKG_NAME").to_owned();
        let binary = build.tool_sha256.map(|digest| Resource {
            name: tool.clone(),
            digest: sha256_set(digest),
            ..Resource::default()
        });
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: files.chain(objects).collect(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: Provenance {
                build_definition: BuildDefinition {
                    build_type: BUILD_TYPE.to_owned(),
                    external_parameters: asked,
                    resolved_dependencies: dependencies(&made, contents),
                    internal_parameters: made,
                },
                run_details: RunDetails {
                    builder: Builder {
                        id: build.arn.as_deref().and_then(project_arn).unwrap_or_else(|| LOCAL_BUILDER.to_owned()),
                        version: BTreeMap::from([(tool, env!("CARGO_PKG_VERSION").to_owned())]),
                        dependencies: binary.into_iter().collect(),
                    },
                    metadata: BuildMetadata { invocation_id: build.id, started_on: build.started_at },
                },
            },
        }
    }

    pub(crate) fn model_package(&self) -> &ModelPackage {
        &self.predicate.build_definition.internal_parameters.model_package
    }

    /// What of it cannot be true beside the rest of it, in words.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let BuildDefinition { external_parameters: asked, resolved_dependencies, .. } =
            &self.predicate.build_definition;
        let names = || self.subject.iter().filter(|subject| subject.uri.is_none()).map(|subject| subject.name.as_str());
        let written =
            std::iter::once(asked.export_template.as_str()).chain(self.exported_configs().map(|(_, config)| config));
        let unlisted = written.filter(|name| !names().any(|listed| listed == *name));
        let unlisted = unlisted.map(|name| format!("its build wrote {name}, which is not among its subjects"));
        let twice = names().enumerate().filter(|(at, name)| names().take(*at).any(|earlier| earlier == *name));
        let twice = twice.map(|(_, name)| format!("{name} stands twice among its subjects"));
        let chosen = &self.model_package().arn;
        let others = resolved_dependencies.iter().filter(|resource| resource.name == MODEL_PACKAGE);
        let others = others.filter_map(|resource| resource.uri.as_ref()).filter(|uri| *uri != chosen);
        let others = others.map(|uri| format!("it is made from {uri}, and the build chose {chosen}"));
        unlisted.chain(twice).chain(others).collect()
    }

    /// The exported template, by its name beside the record.
    pub(crate) fn exported_template(&self) -> &str {
        &self.predicate.build_definition.external_parameters.export_template
    }

    /// Every stage with its exported config, likewise.
    pub(crate) fn exported_configs(&self) -> impl Iterator<Item = (&str, &str)> {
        let stages = self.predicate.build_definition.external_parameters.stages.iter();
        stages.map(|one| (one.stage.as_str(), one.export_config.as_str()))
    }

    /// The commit, or the version of a source that has no commits.
    pub(crate) fn source_version(&self) -> Option<&str> {
        self.predicate.build_definition.internal_parameters.source_version.as_deref()
    }

    /// The files and folders that the build read. All else that it was made from is elsewhere, and has a URI, or is the
    /// commit, and has its digest only.
    pub fn inputs(&self) -> Vec<Local> {
        let read = self.predicate.build_definition.resolved_dependencies.iter();
        read.filter(|resource| resource.uri.is_none())
            .filter_map(|resource| Some(Local { name: resource.name.clone(), content: Content::of(&resource.digest)? }))
            .collect()
    }

    /// The file's text; the same record gives the same bytes.
    ///
    /// # Errors
    /// Never: a record has string keys only.
    pub fn render(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| format!("{text}\n"))
    }
}

fn sha256_set(digest: String) -> BTreeMap<String, String> {
    Content::File(digest).digest_set()
}

/// Everything that the outputs are made from: the package with its images and data, the files and folders that were
/// read, the commit.
fn dependencies(made: &InternalParameters, contents: &Contents<'_>) -> Vec<Resource> {
    let package = &made.model_package;
    let chosen = Resource { name: MODEL_PACKAGE.to_owned(), uri: Some(package.arn.clone()), ..Resource::default() };
    let read = contents.read.iter();
    let read = read.map(|file| Local { name: file.name.clone(), content: Content::File(sha256(file.bytes)) });
    let files = read.chain(contents.named.iter().cloned()).map(|local| Resource {
        digest: local.content.digest_set(),
        name: local.name,
        ..Resource::default()
    });
    let commit = made.source_version.as_ref().filter(|version| is_commit(version)).map(|commit| Resource {
        name: "source".to_owned(),
        digest: BTreeMap::from([("gitCommit".to_owned(), commit.clone())]),
        ..Resource::default()
    });
    std::iter::once(chosen).chain(package.all_containers().flat_map(of_container)).chain(files).chain(commit).collect()
}

/// A container's image and its model data. A container need not have an image: AWS runs some models in one of its own.
fn of_container(container: &Container) -> impl Iterator<Item = Resource> + '_ {
    let digest = container.digest().and_then(|digest| digest.strip_prefix("sha256:"));
    let image = container.image.as_ref().map(|image| Resource {
        name: "image".to_owned(),
        uri: Some(format!("oci://{image}")),
        digest: digest.map(|digest| sha256_set(digest.to_owned())).unwrap_or_default(),
        ..Resource::default()
    });
    let data = |name: &str, uri: &String, tag: Option<&String>| Resource {
        name: name.to_owned(),
        uri: Some(uri.clone()),
        // An entity tag is not a digest that others could compute: of a multipart upload, it depends on the parts.
        annotations: tag.map(|tag| ("etag".to_owned(), tag.clone())).into_iter().collect(),
        ..Resource::default()
    };
    let own = container.model_data.iter().map(move |uri| data("model data", uri, container.model_data_etag.as_ref()));
    let more = container.more_data.iter();
    let more = more.map(move |uri| data("more data", uri, container.more_data_etags.get(uri)));
    image.into_iter().chain(own).chain(more)
}

/// A git commit by its whole hash; a source in S3 has versions of another kind.
fn is_commit(version: &str) -> bool {
    matches!(version.len(), 40 | 64) && is_hexadecimal(version)
}

/// The CodeBuild project of a build: `arn:aws:codebuild:REGION:ACCOUNT:project/NAME` of `...:build/NAME:ID`.
fn project_arn(build: &str) -> Option<String> {
    let arn: Arn = build.parse().ok()?;
    let (project, _) = arn.resource.strip_prefix("build/")?.split_once(':')?;
    Some(Arn { resource: format!("project/{project}"), ..arn }.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn release(source_version: Option<&str>, build: Build) -> Value {
        let package = ModelPackage {
            arn: "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".into(),
            containers: vec![Container {
                image: Some("111111111111.dkr.ecr.us-east-1.amazonaws.com/churn:4".into()),
                image_digest: Some("sha256:0a".into()),
                model_data: Some("s3://models/churn/4/model.tar.gz".into()),
                model_data_etag: Some("tag-3".into()),
                more_data: vec!["s3://models/adapters/".into()],
                ..Container::default()
            }],
            ..ModelPackage::default()
        };
        let asked = ExternalParameters {
            project: Project { name: "churn".into(), id: "p-1".into() },
            model_package_group: "churn".into(),
            model_version: None,
            lifecycle: None,
            artifact_bucket: None,
            template: "t.yml".into(),
            export_template: "e.yml".into(),
            export_format: "stackset".into(),
            stages: Vec::new(),
        };
        let made = InternalParameters {
            region: "us-east-1".into(),
            model_package: package,
            stages: Vec::new(),
            source_version: source_version.map(str::to_owned),
        };
        let read = [FileContent { name: "t.yml".into(), bytes: b"in" }];
        let written = [FileContent { name: "e.yml".into(), bytes: b"out" }];
        let named = [
            Local { name: "hook".into(), content: Content::Folder("0d".into()) },
            Local { name: "job.py".into(), content: Content::File("0f".into()) },
        ];
        let place = S3Uri { bucket: "artefacts".into(), key: "artifacts/churn/ab.zip".into() };
        let contents = Contents { read: &read, named: &named, written: &written, uploaded: &[(&place, b"zip")] };
        serde_json::to_value(Release::new(asked, made, &contents, build)).expect("JSON")
    }

    #[test]
    fn it_is_a_statement_of_the_written_files_with_all_that_they_are_made_from() {
        let commit = "9fceb02d0ae598e95dc970b74767f19372d61af8";
        let build = Build {
            id: Some("churn:1".into()),
            arn: Some("arn:aws:codebuild:us-east-1:111111111111:build/churn:1".into()),
            started_at: Some(Timestamp::UNIX_EPOCH),
            tool_sha256: Some("ab".into()),
        };
        let value = release(Some(commit), build);
        assert_eq!(value["_type"], STATEMENT_TYPE);
        assert_eq!(value["predicateType"], PREDICATE_TYPE);
        assert_eq!(
            value["subject"],
            json!([
                {"name": "e.yml", "digest": {"sha256": sha256(b"out")}},
                {"name": "artifacts/churn/ab.zip", "uri": "s3://artefacts/artifacts/churn/ab.zip",
                 "digest": {"sha256": sha256(b"zip")}},
            ])
        );
        let read: Release = serde_json::from_value(value.clone()).expect("a record");
        let names: Vec<String> = read.inputs().into_iter().map(|input| input.name).collect();
        assert_eq!(names, ["t.yml", "hook", "job.py"]);
        assert_eq!(
            value["predicate"]["buildDefinition"]["resolvedDependencies"],
            json!([
                {"name": "model package", "uri": "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4"},
                {"name": "image", "uri": "oci://111111111111.dkr.ecr.us-east-1.amazonaws.com/churn:4",
                 "digest": {"sha256": "0a"}},
                {"name": "model data", "uri": "s3://models/churn/4/model.tar.gz", "annotations": {"etag": "tag-3"}},
                {"name": "more data", "uri": "s3://models/adapters/"},
                {"name": "t.yml", "digest": {"sha256": sha256(b"in")}},
                {"name": "hook", "digest": {"dirHash": "0d"}},
                {"name": "job.py", "digest": {"sha256": "0f"}},
                {"name": "source", "digest": {"gitCommit": commit}},
            ])
        );
        assert_eq!(
            value["predicate"]["runDetails"],
            json!({
                "builder": {
                    "id": "arn:aws:codebuild:us-east-1:111111111111:project/churn",
                    "version": {"modeldeploy": env!("CARGO_PKG_VERSION")},
                    "builderDependencies": [{"name": "modeldeploy", "digest": {"sha256": "ab"}}],
                },
                "metadata": {"invocationId": "churn:1", "startedOn": "1970-01-01T00:00:00Z"},
            })
        );
    }

    #[test]
    fn what_the_environment_does_not_say_is_left_out() {
        let value = release(Some("v.3_xYz"), Build::default());
        assert_eq!(value["predicate"]["runDetails"]["builder"]["id"], LOCAL_BUILDER);
        assert_eq!(value["predicate"]["runDetails"]["metadata"], json!({}));
        let parameters = &value["predicate"]["buildDefinition"]["internalParameters"];
        assert_eq!(parameters["sourceVersion"], "v.3_xYz");
        let dependencies = &value["predicate"]["buildDefinition"]["resolvedDependencies"];
        assert!(dependencies.as_array().is_some_and(|all| all.iter().all(|one| one["name"] != "source")));
    }
}
