//! The cases file against the endpoint that a stage deploys: whether it answers the way that it is asked, and whether the
//! files that the cases name are there.

use super::super::document::Node;
use super::super::finding::rule::Rule;
use super::super::finding::{Finding, Position};
use super::component::is_for_components;
use super::deployment::{Deployment, ENDPOINT, INFERENCE_COMPONENT, MODEL, Resource, called};
use super::model::{containers_of, is_multi_model};
use super::serverless::is_serverless;
use super::subject::{CaseFile, CaseFiles, File};
use super::variant::{PRODUCTION, variants};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::cloudformation::evaluation::value::Evaluated;
use crate::domain::suite::payload::{REAL_TIME_BYTES, SERVERLESS_BYTES};
use crate::domain::suite::suite_draft::SuiteDraft;

/// The cases with what they ask for.
pub(super) struct Cases {
    file: String,
    all: Vec<Case>,
    /// What is wrong with the cases whatever they are sent to.
    pub(super) wrong: Vec<Finding>,
}

struct Case {
    name: String,
    at: Position,
    mode_at: Position,
    is_async: bool,
    variant: Option<Asked>,
    model: Option<Asked>,
    component: Option<Asked>,
    container: Option<Asked>,
    /// The body's size with its place, if it has one.
    body: Option<(u64, Position)>,
}

/// What a case asks for by name.
struct Asked {
    name: String,
    at: Position,
}

impl Case {
    fn of(node: &Node, files: &CaseFiles) -> Self {
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let asked = |key: &str| {
            let node = node.get(key)?;
            Some(Asked { name: node.as_str()?.to_owned(), at: node.at })
        };
        let at = |key: &str| node.get(key).map_or(node.at, |node| node.at);
        let size = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let body = match (text("body"), text("body_base64"), text("body_file")) {
            (Some(text), ..) => Some((size(text.len()), at("body"))),
            (_, Some(text), _) => Some((size(text.len() / 4 * 3), at("body_base64"))),
            (.., Some(file)) => match files.get(file) {
                Some(CaseFile::There(bytes)) => Some((*bytes, at("body_file"))),
                _ => None,
            },
            _ => None,
        };
        Self {
            name: text("name").unwrap_or_default().to_owned(),
            at: node.at,
            mode_at: at("mode"),
            is_async: text("mode") == Some("async"),
            variant: asked("target_variant"),
            model: asked("target_model"),
            component: asked("inference_component"),
            container: asked("target_container_hostname"),
            body,
        }
    }
}

impl Cases {
    pub(super) fn read(file: File<'_>, files: &CaseFiles) -> Self {
        let (root, unreadable) = match Node::parse_yaml(file.text, file.name) {
            Ok(root) => {
                let wrong = SuiteDraft::of(&root, file.name).err().unwrap_or_default();
                (Some(root), wrong)
            }
            Err(finding) => (None, vec![finding]),
        };
        let unreadable = unreadable.into_iter();
        let mut wrong: Vec<Finding> =
            unreadable.map(|finding| Finding { rule: Some(Rule::CasesUnreadable), ..finding }).collect();
        let list = root.as_ref().and_then(|root| root.get("cases")).and_then(Node::as_list).unwrap_or_default();
        wrong.extend(root.as_ref().and_then(|root| unusable(root.get("baseline")?, files, file.name)));
        for case in list {
            wrong.extend(named_files(case).filter_map(|node| unusable(node, files, file.name)));
        }
        let all = list.iter().map(|case| Case::of(case, files)).collect();
        Self { file: file.name.to_owned(), all, wrong }
    }

    pub(super) fn check(&self, deployment: &mut Deployment<'_>) {
        let endpoints = deployment.all(ENDPOINT);
        // Of several endpoints, nobody can tell which one the cases are for
        let [endpoint] = &endpoints[..] else { return };
        let Some(config) = deployment.config_of(endpoint) else { return };
        let asked = Asking { file: &self.file, endpoint: &called(endpoint), config: &config };
        for case in &self.all {
            asked.mode(deployment, case);
            asked.variant(deployment, case);
            asked.component(deployment, case);
            asked.model(deployment, case);
            asked.container(deployment, case);
            asked.size(deployment, case);
        }
    }
}

/// The nodes of a case that name files.
fn named_files(case: &Node) -> impl Iterator<Item = &Node> {
    let expect = case.get("expect");
    let schema = expect.and_then(|expect| expect.get("schema"));
    let npy = expect.and_then(|expect| expect.get("npy")?.get("file"));
    let vectors = expect.and_then(|expect| expect.get("vectors")?.as_list()).unwrap_or_default();
    let vectors = vectors.iter().filter_map(|vector| vector.get("cosine")?.get("to"));
    let dataset = case.get("dataset").and_then(|dataset| dataset.get("file"));
    let captured = case.get("capture").and_then(|capture| capture.get("s3"));
    case.get("body_file").into_iter().chain(schema).chain(npy).chain(vectors).chain(dataset).chain(captured)
}

fn unusable(node: &Node, files: &CaseFiles, file: &str) -> Option<Finding> {
    let name = node.as_str().filter(|name| name.parse::<S3Uri>().is_err())?;
    let finding = match files.get(name)? {
        CaseFile::There(_) => return None,
        CaseFile::Missing => Finding::of(Rule::CaseFile, format!("names \"{name}\", which does not exist beside it"))
            .hint("names of files are relative to the file of the cases"),
        CaseFile::Outside { is, may_be } => {
            Finding::of(Rule::CaseFileOutside, format!("names \"{name}\", which is outside of {may_be}"))
                .cause(format!("it is {is}"))
                .hint("copy the file there, or name a folder above both with --files-within, for the test, too")
        }
    };
    Some(finding.at(file, node.at))
}

/// An endpoint that cases are sent to.
struct Asking<'a> {
    file: &'a str,
    endpoint: &'a str,
    config: &'a Resource<'a>,
}

impl Asking<'_> {
    fn add(&self, deployment: &mut Deployment<'_>, finding: Finding, at: Position) {
        deployment.findings.push(finding.at(self.file, at));
    }

    fn mode(&self, deployment: &mut Deployment<'_>, case: &Case) {
        let is_async = self.config.properties.get("AsyncInferenceConfig").is_some();
        let (endpoint, name) = (self.endpoint, &case.name);
        let (rule, what, hint) = match (is_async, case.is_async) {
            (true, false) => (
                Rule::AsyncInvokedDirectly,
                format!("invokes {endpoint} in case \"{name}\", and it is asynchronous"),
                "write \"mode: async\" in the case",
            ),
            (false, true) => (
                Rule::DirectInvokedAsync,
                format!("sends case \"{name}\" asynchronously, and {endpoint} is not asynchronous"),
                "take the mode out of the case, or give the config an AsyncInferenceConfig",
            ),
            _ => return,
        };
        let there = if is_async { "there" } else { "not there" };
        let fact = format!("AsyncInferenceConfig of {}: {there}", called(self.config));
        self.add(deployment, Finding::of(rule, what).cause(fact).hint(hint), case.mode_at);
    }

    fn variant(&self, deployment: &mut Deployment<'_>, case: &Case) {
        let Some(asked) = &case.variant else { return };
        let all = variants(self.config, PRODUCTION);
        let names: Vec<String> =
            all.iter().filter_map(|one| one.get("VariantName").and_then(Evaluated::whole_text)).collect();
        if !names.is_empty() && names.len() == all.len() && !names.contains(&asked.name) {
            let what = format!(
                "asks variant \"{}\" in case \"{}\", which {} does not have",
                asked.name, case.name, self.endpoint
            );
            let otherwise = format!("name one of {}", names.join(", "));
            let finding = Finding::of(Rule::CaseVariant, what);
            self.add(deployment, finding.nearest(&asked.name, names.iter().map(String::as_str), &otherwise), asked.at);
        }
    }

    fn component(&self, deployment: &mut Deployment<'_>, case: &Case) {
        let (endpoint, name) = (self.endpoint, &case.name);
        let is_for_components = is_for_components(self.config);
        match &case.component {
            None if is_for_components => {
                let what = format!("names no component in case \"{name}\", and {endpoint} has nothing else");
                let hint = match names_of_components(deployment).first() {
                    Some(first) => format!("write \"inference_component: {first}\""),
                    None => "write inference_component: with its name".to_owned(),
                };
                let finding = Finding::of(Rule::CaseComponent, what)
                    .cause("\"Inference Component Name header is required for endpoints to which you plan to deploy inference components\"");
                self.add(deployment, finding.hint(hint), case.at);
            }
            Some(asked) if self.has_models() => {
                let what = format!("asks component \"{}\" in case \"{name}\", and {endpoint} has models", asked.name);
                let finding = Finding::of(Rule::CaseComponent, what).hint("take inference_component out of the case");
                self.add(deployment, finding, asked.at);
            }
            _ => {}
        }
    }

    /// Whether every variant names its model.
    fn has_models(&self) -> bool {
        let all = variants(self.config, PRODUCTION);
        !all.is_empty() && all.iter().all(|variant| variant.get("ModelName").is_some())
    }

    /// None where a variant has a model that the template does not make, so that nothing is known of it.
    fn containers(&self, deployment: &Deployment<'_>) -> Option<Vec<Evaluated>> {
        let mut containers = Vec::new();
        for variant in variants(self.config, PRODUCTION) {
            let model = variant.get("ModelName").and_then(|one| deployment.named(one, MODEL, "ModelName"))?;
            containers.extend(containers_of(&model).cloned());
        }
        Some(containers)
    }

    fn container(&self, deployment: &mut Deployment<'_>, case: &Case) {
        let Some(asked) = &case.container else { return };
        let Some(containers) = self.containers(deployment) else { return };
        // SageMaker names those that have no name.
        let name = |container: &Evaluated| container.get("ContainerHostname").and_then(Evaluated::whole_text);
        let names: Option<Vec<String>> = containers.iter().map(name).collect();
        if let Some(names) = names.filter(|names| !names.is_empty() && !names.contains(&asked.name)) {
            let (endpoint, case) = (self.endpoint, &case.name);
            let what = format!("asks container \"{}\" in case \"{case}\", which {endpoint} does not have", asked.name);
            let otherwise = format!("name one of {}", names.join(", "));
            let finding = Finding::of(Rule::CaseContainer, what);
            self.add(deployment, finding.nearest(&asked.name, names.iter().map(String::as_str), &otherwise), asked.at);
        }
    }

    fn model(&self, deployment: &mut Deployment<'_>, case: &Case) {
        let Some(containers) = self.containers(deployment) else { return };
        let known = |container: &Evaluated| {
            container.get("Mode").is_none_or(|mode| mode.whole_text().is_some()) && container.get("Image").is_some()
                || container.get("ModelPackageName").is_some()
        };
        if containers.is_empty() || !containers.iter().all(known) {
            return;
        }
        let (endpoint, name) = (self.endpoint, &case.name);
        let holds_many = containers.iter().all(is_multi_model);
        match &case.model {
            None if holds_many => {
                let what = format!("names no model in case \"{name}\", and {endpoint} has many");
                let finding = Finding::of(Rule::CaseModel, what)
                    .cause("a container of Mode MultiModel answers for a model that the request names")
                    .hint("write target_model: with the model's key under ModelDataUrl");
                self.add(deployment, finding, case.at);
            }
            Some(asked) if !containers.iter().any(is_multi_model) => {
                let what = format!("asks model \"{}\" in case \"{name}\", and {endpoint} has one only", asked.name);
                let finding = Finding::of(Rule::CaseModel, what).hint("take target_model out of the case");
                self.add(deployment, finding, asked.at);
            }
            _ => {}
        }
    }

    fn size(&self, deployment: &mut Deployment<'_>, case: &Case) {
        let Some((bytes, at)) = case.body.filter(|_| !case.is_async) else { return };
        let is_serverless = variants(self.config, PRODUCTION).iter().any(is_serverless);
        let (most, kind) =
            if is_serverless { (SERVERLESS_BYTES, "a serverless") } else { (REAL_TIME_BYTES, "a real-time") };
        if usize::try_from(bytes).is_ok_and(|bytes| bytes > most) {
            let what = format!("sends {bytes} bytes in case \"{}\", and {kind} endpoint takes {most}", case.name);
            self.add(deployment, Finding::of(Rule::CaseSize, what).hint("send fewer rows at once"), at);
        }
    }
}

fn names_of_components(deployment: &Deployment<'_>) -> Vec<String> {
    let name = |one: &Resource<'_>| one.properties.get("InferenceComponentName").and_then(Evaluated::whole_text);
    deployment.all(INFERENCE_COMPONENT).iter().filter_map(|one| name(one)).collect()
}
