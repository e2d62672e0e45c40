//! The cases file against the endpoint that a stage deploys: whether it answers the way that it is asked.

use super::super::document::Node;
use super::super::finding::{Finding, Position};
use super::super::test_suite::SuiteDraft;
use super::File;
use super::deployment::{Deployment, ENDPOINT, called};
use super::rule::Rule;

/// The cases with their modes.
pub(super) struct Cases {
    file: String,
    all: Vec<Case>,
    pub(super) unreadable: Vec<Finding>,
}

struct Case {
    name: String,
    at: Position,
    is_async: bool,
}

impl Cases {
    pub(super) fn read(file: File<'_>) -> Self {
        let (root, unreadable) = match Node::parse_yaml(file.text, file.name) {
            Ok(root) => {
                let wrong = SuiteDraft::of(&root, file.name).err().unwrap_or_default();
                (Some(root), wrong)
            }
            Err(finding) => (None, vec![finding]),
        };
        let unreadable = unreadable.into_iter();
        let unreadable = unreadable.map(|finding| Finding { rule: Some(Rule::CasesUnreadable), ..finding }).collect();
        let list = root.as_ref().and_then(|root| root.get("cases")).and_then(Node::as_list).unwrap_or_default();
        let cases = list.iter().map(|case| {
            let mode = case.get("mode");
            let name = case.get("name").and_then(Node::as_str).unwrap_or_default().to_owned();
            let is_async = mode.and_then(Node::as_str) == Some("async");
            Case { name, at: mode.map_or(case.at, |mode| mode.at), is_async }
        });
        Self { file: file.name.to_owned(), all: cases.collect(), unreadable }
    }

    pub(super) fn check(&self, deployment: &mut Deployment<'_>) {
        let endpoints = deployment.all(ENDPOINT);
        // Of several endpoints, nobody can tell which one the cases are for
        let [endpoint] = &endpoints[..] else { return };
        let Some(config) = deployment.config_of(endpoint) else { return };
        let is_async = config.properties.get("AsyncInferenceConfig").is_some();
        for case in &self.all {
            let (rule, what, hint) = match (is_async, case.is_async) {
                (true, false) => {
                    let what =
                        format!("invokes {} in case \"{}\", and it is asynchronous", called(endpoint), case.name);
                    (Rule::AsyncInvokedDirectly, what, "write \"mode: async\" in the case")
                }
                (false, true) => {
                    let what = format!(
                        "sends case \"{}\" asynchronously, and {} is not asynchronous",
                        case.name,
                        called(endpoint)
                    );
                    (
                        Rule::DirectInvokedAsync,
                        what,
                        "take the mode out of the case, or give the config an AsyncInferenceConfig",
                    )
                }
                _ => continue,
            };
            let cause = format!(
                "AsyncInferenceConfig of {}: {}",
                called(&config),
                if is_async { "there" } else { "not there" }
            );
            deployment.findings.push(Finding::of(rule, what).at(&self.file, case.at).cause(cause).hint(hint));
        }
    }
}
