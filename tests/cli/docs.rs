//! What the documentation shows is true of the binary and of the Makefile.

use std::collections::BTreeSet;
use std::path::Path;

use modeldeploy::domain::platform::setup::spec::SettingsSpec;
use regex::Regex;

use crate::support::{Run, read_from_project};

/// The names of every page for users.
fn pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let files = std::fs::read_dir(folder).expect("docs can be listed").flatten();
    let names = files.filter_map(|file| file.file_name().into_string().ok()).filter(|name| name.contains(".md"));
    let mut pages: Vec<String> = names.map(|name| format!("docs/{name}")).collect();
    pages.push("README.md".to_owned());
    pages.sort();
    pages
}

/// Results of a run on the model before, as the pages speak of them.
const BEFORE: &str = r#"{"schemaVersion": 1, "success": true, "startedAt": "2026-11-28T12:00:00Z",
    "finishedAt": "2026-11-28T12:00:00Z", "accounts": [{"success": true, "liveModelPackageArns": [], "errors": [], "cases": [
    {"name": "holdout accuracy", "success": true, "invocations": 3, "errors": 0, "failures": [],
     "latencyMs": {"min": 1, "mean": 1, "p50": 1, "p90": 1, "p95": 1, "p99": 1, "max": 1},
     "dataset": {"rows": 60, "metrics": {"accuracy": 0.97}}}]}]}"#;

#[test]
fn every_suite_that_is_shown_can_be_used() {
    let block = Regex::new(r"(?s)```ya?ml\n(.*?)```").expect("valid");
    let mut shown = 0;
    for page in pages() {
        let text = read_from_project(&page);
        for found in block.captures_iter(&text) {
            let suite = &found[1];
            if !suite.lines().any(|line| line == "version: 1") {
                continue;
            }
            if suite.lines().any(|line| line == "stages:") {
                let settings = SettingsSpec::parse(suite, &page).and_then(|spec| spec.settings());
                assert!(settings.is_ok(), "of {page}:\n{suite}\n{settings:?}");
                continue;
            }
            shown += 1;
            // Nobody listens there, which is told only of a suite that was understood.
            let outcome = Run::new("test --model-url http://127.0.0.1:9 --cases cases.yml")
                .file("cases.yml", suite)
                .file("holdout.csv", read_from_project("test/holdout.csv"))
                .file("prompts.txt", "hello\n")
                .file("captured/churn-prod/AllTraffic/2026/11/28/12/a.jsonl", "")
                .file("live-results.json", BEFORE)
                .run();
            assert_eq!(outcome.code, Some(3), "of {page}:\n{suite}\n{}", outcome.stderr);
        }
    }
    assert!(shown >= 7, "{shown} suites were found");
}

#[test]
fn every_suite_among_the_examples_can_be_used() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = std::fs::read_dir(&examples).expect("examples can be listed").flatten().map(|folder| folder.path());
    let suites: Vec<_> = folders.map(|folder| folder.join("cases.yml")).filter(|suite| suite.is_file()).collect();
    assert!(suites.len() >= 6, "{suites:?}");
    for suite in suites {
        let test = Run::new("test --model-url http://127.0.0.1:9 --cases").with(suite.display().to_string());
        // Some name the rows of this repository's own test.
        let test = test.with("--files-within").with(env!("CARGO_MANIFEST_DIR"));
        let outcome = test.run();
        assert_eq!(outcome.code, Some(3), "{}:\n{}", suite.display(), outcome.stderr);
    }
}

#[test]
fn every_target_of_make_that_is_named_is_there() {
    let named = Regex::new(r"(?m)(?:`|^)make ([a-z][a-z-]*)").expect("valid");
    let target = Regex::new(r"(?m)^([a-z][a-z-]*):").expect("valid");
    let makefile = read_from_project("Makefile");
    let targets: BTreeSet<&str> =
        target.captures_iter(&makefile).filter_map(|found| found.get(1)).map(|found| found.as_str()).collect();
    for page in ["README.md", "CONTRIBUTING.md"] {
        let text = read_from_project(page);
        let mentioned: BTreeSet<&str> =
            named.captures_iter(&text).filter_map(|found| found.get(1)).map(|found| found.as_str()).collect();
        assert!(!mentioned.is_empty(), "{page} names no target");
        let missing: Vec<_> = mentioned.difference(&targets).collect();
        assert!(missing.is_empty(), "{page} names {missing:?}, and the Makefile has {targets:?}");
    }
}
