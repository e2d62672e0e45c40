//! Templates: rendering and every rule of the check come to an end, at the same findings each time, each with a place
//! that there is; what names no file is exported byte for byte.

use modeldeploy::domain::aws::s3_uri::S3Uri;
use modeldeploy::domain::check::report::Report;
use modeldeploy::domain::check::{CaseFiles, File, Subject, check, sarif};
use modeldeploy::domain::cloudformation::deployer::Deployer;
use modeldeploy::domain::cloudformation::packaging::{references, rewrite};
use modeldeploy::domain::document::Node;
use modeldeploy::domain::finding::Finding;
use modeldeploy::domain::project::build_plan::ProjectFacts;
use modeldeploy::domain::project::rendering::{Context, Rendering, render};
use modeldeploy::domain::project::stage::StageSettings;
use modeldeploy::domain::project::stage_file::StageFile;
use modeldeploy::domain::registry::model_package::{Container, ModelPackage};

use crate::place;

const FILE: &str = "t.yml";
const REGION: &str = "eu-west-1";
const CONFIG: &str = r#"{"Parameters": {"StageName": "staging", "EndpointInstanceCount": "1", "B": "a,b", "C": ""}}"#;
const CASES: File<'_> = File { name: "cases.yml", text: "version: 1\ncases: [{name: a, body: '1', mode: async}]\n" };

pub fn holds(text: &str) {
    let facts = ProjectFacts { name: "churn".into(), id: "p-1".into(), artifact_bucket: None };
    let Ok(stage) = "staging".parse() else { return };
    let settings = StageSettings::bare(&stage);
    let stages = [StageFile::read(settings, "staging-config.json".to_owned(), CONFIG.to_owned())];
    let plans: Vec<_> = stages.iter().filter_map(StageFile::sound_plan).collect();
    let package = ModelPackage { containers: vec![Container::default()], ..ModelPackage::default() };
    for package in [None, Some(&package)] {
        match render(text, FILE, &Context { project: &facts, stages: &plans, package }) {
            Ok(Rendering::Text(rendered)) if !text.contains("<%") => assert_eq!(rendered, text),
            Ok(Rendering::Text(_)) => {}
            Ok(Rendering::NeedsPackage(found)) | Err(found) => {
                assert!(!found.is_empty());
                place::are_inside(&found, FILE, text);
            }
        }
    }
    let template = Some(File { name: FILE, text });
    let found = || -> Vec<Finding> {
        let subject = Subject {
            template,
            stages: &stages,
            cases: Some(CASES),
            case_files: &CaseFiles::new(),
            facts: &facts,
            package: None,
            region: None,
            deployer: Deployer::default(),
            variables_come_later: true,
        };
        check(&subject).findings
    };
    let findings = found();
    assert_eq!(found(), findings);
    place::are_inside(&findings, FILE, text);
    let _ = (Report::of(&findings).render(), sarif::render(&findings, None, "t", "1"));
    packaging_changes_nothing_else(text);
}

fn packaging_changes_nothing_else(text: &str) {
    let Ok(root) = Node::parse(text, FILE) else { return };
    assert_eq!(rewrite(text, FILE, &root, &[], REGION).as_deref(), Ok(text));
    let found = references(&root, Deployer::CloudFormation);
    let place = S3Uri { bucket: "bucket".into(), key: "a/key".into() };
    let places: Vec<_> = found.iter().map(|reference| (reference, place.clone())).collect();
    match rewrite(text, FILE, &root, &places, REGION) {
        Ok(written) => {
            let again = Node::parse(&written, FILE);
            assert!(
                again.as_ref().is_ok_and(|root| references(root, Deployer::CloudFormation).is_empty()),
                "{again:?}\n{text}\n---\n{written}"
            );
        }
        Err(finding) => place::are_inside(&[finding], FILE, text),
    }
}
