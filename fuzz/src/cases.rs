//! Cases files: what is wrong has its place, and what is right has every case.

use std::sync::Arc;

use modeldeploy::domain::document::Node;
use modeldeploy::domain::suite::contents::Contents;
use modeldeploy::domain::suite::dataset::source::Source;
use modeldeploy::domain::suite::suite_draft::SuiteDraft;

use crate::place;

const FILE: &str = "cases.yml";

pub fn holds(text: &str) {
    let draft = match SuiteDraft::parse(text, FILE) {
        Ok(draft) => draft,
        Err(findings) => return place::are_inside(&findings, FILE, text),
    };
    let content = b"a,b\n1,2\n".to_vec();
    let whole = draft.files().into_iter().map(|file| (file.to_owned(), content.clone())).collect();
    let source: Arc<dyn Source> = Arc::new(content);
    let datasets = draft.datasets().into_iter().map(|file| (file.to_owned(), Arc::clone(&source))).collect();
    let contents = Contents { whole, datasets, ..Contents::default() };
    let Ok(suite) = draft.compile(&contents, &|_| ()) else { return };
    let root = Node::parse_yaml(text, FILE).expect("a suite was read from it");
    let written = root.get("cases").and_then(Node::as_list).unwrap_or_default();
    let written: Vec<_> = written.iter().filter_map(|case| case.get("name")?.scalar_text()).collect();
    assert_eq!(suite.cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>(), written);
}
