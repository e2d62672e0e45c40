//! Every input that fuzzing once found something with, and what it started from, without a fuzzer.

#![expect(unreachable_pub, reason = "to the fuzz targets, which are another crate, they are public")]

#[path = "../fuzz/src/answers.rs"]
mod answers;
#[path = "../fuzz/src/bounds.rs"]
mod bounds;
#[path = "../fuzz/src/captures.rs"]
mod captures;
#[path = "../fuzz/src/cases.rs"]
mod cases;
#[path = "../fuzz/src/config.rs"]
mod config;
#[path = "../fuzz/src/expectations.rs"]
mod expectations;
#[path = "../fuzz/src/place.rs"]
mod place;
#[path = "../fuzz/src/policies.rs"]
mod policies;
#[path = "../fuzz/src/records.rs"]
mod records;
#[path = "../fuzz/src/template.rs"]
mod template;
#[path = "../fuzz/src/world.rs"]
mod world;

use std::path::Path;

/// Holds every input of a target's corpus to what the target checks.
fn replay(target: &str, holds: fn(&str)) {
    replay_bytes(target, |bytes| holds(std::str::from_utf8(bytes).expect("text")));
}

fn replay_bytes(target: &str, holds: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a corpus").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(std::panic::catch_unwind(|| holds(&bytes)).is_ok(), "{}", file.display());
    }
}

#[test]
fn what_was_found_with_configs_stays_mended() {
    replay("config", config::holds);
}

#[test]
fn what_was_found_with_templates_stays_mended() {
    replay("template", template::holds);
}

#[test]
fn what_was_found_with_cases_stays_mended() {
    replay("cases", cases::holds);
}

#[test]
fn what_was_found_with_worlds_stays_mended() {
    replay("world", world::holds);
}

#[test]
fn what_was_found_with_policies_stays_mended() {
    replay("policies", policies::holds);
}

#[test]
fn what_was_found_with_answers_stays_mended() {
    replay_bytes("answers", answers::holds);
}

#[test]
fn what_was_found_with_expectations_stays_mended() {
    replay("expectations", expectations::holds);
}

#[test]
fn what_was_found_with_records_stays_mended() {
    replay("records", records::holds);
}

#[test]
fn what_was_found_with_captures_stays_mended() {
    replay_bytes("captures", captures::holds);
}
