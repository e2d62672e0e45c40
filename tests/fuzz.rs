//! Every input that fuzzing once found something with, and what it started from, without a fuzzer.

#![expect(unreachable_pub, reason = "to the fuzz targets, which are another crate, they are public")]

#[path = "../fuzz/src/cases.rs"]
mod cases;
#[path = "../fuzz/src/config.rs"]
mod config;
#[path = "../fuzz/src/place.rs"]
mod place;
#[path = "../fuzz/src/template.rs"]
mod template;
#[path = "../fuzz/src/world.rs"]
mod world;

use std::path::Path;

/// Holds every input of a target's corpus to what the target checks.
fn replay(target: &str, holds: fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a corpus").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(std::panic::catch_unwind(|| holds(&text)).is_ok(), "{}", file.display());
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
