//! A data scientist's repository, and worlds to run it in.

use serde_json::Value;

use super::Run;

pub(crate) const WORLD: &str = include_str!("../../../examples/iris/world.json");

/// A run in a folder that holds what a repository starts with and, as world.json, the example world.
pub(crate) fn in_a_repository(command: &str) -> Run {
    let files = [
        "seed-repo/endpoint-config-template.yml",
        "seed-repo/staging-config.json",
        "seed-repo/prod-config.json",
        "test/cases.yml",
        "test/holdout.csv",
    ];
    files
        .iter()
        .fold(Run::new(command), |run, file| {
            let name = file.trim_start_matches("seed-repo/");
            run.file(name, read_from_project(file))
        })
        .file("world.json", WORLD)
        .env("MODELDEPLOY_OFFLINE", "world.json")
}

/// A file of this project.
pub(crate) fn read_from_project(file: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The example world, to be changed.
pub(crate) fn world() -> Value {
    serde_json::from_str(WORLD).expect("the example world is JSON")
}

/// A run in a repository whose world is the example's with a change.
pub(crate) fn in_world(command: &str, change: impl FnOnce(&mut Value)) -> Run {
    let mut world = world();
    change(&mut world);
    in_a_repository(command).file("world.json", format!("{world:#}\n"))
}
