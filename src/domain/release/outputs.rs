//! The files of a build by their names, in the order in which they are written.

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::finding::Finding;
use crate::domain::project::build_plan::StagePlan;
use crate::domain::project::stage::StageSettings;
use crate::domain::release;

/// The template, each stage's config, and the record.
pub(crate) fn names<'a>(export_template: &'a Path, stages: &'a [StagePlan]) -> impl Iterator<Item = &'a Path> {
    let exports = stages.iter().map(|plan| Path::new(&plan.settings.export_file));
    [export_template].into_iter().chain(exports).chain([Path::new(release::FILE_NAME)])
}

/// What two of the outputs would be written to.
pub(crate) fn written_twice(export_template: &Path, stages: &[StagePlan]) -> Vec<Finding> {
    let mut seen = BTreeSet::from([export_template, Path::new(release::FILE_NAME)]);
    let mut findings = Vec::new();
    if seen.len() == 1 {
        let what = format!("{} would be written twice", release::FILE_NAME);
        findings.push(Finding::error(what).hint("give --export-template (EXPORT_TEMPLATE_NAME) another name"));
    }
    for StageSettings { stage, export_file, .. } in stages.iter().map(|plan| &plan.settings) {
        if !seen.insert(Path::new(export_file)) {
            let hint = format!("give {} the name of no other output", stage.export_variable());
            findings.push(Finding::error(format!("{export_file} would be written twice")).hint(hint));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::stage_config::StageConfig;

    fn plan(stage: &str, export_file: &str) -> StagePlan {
        let mut settings = StageSettings::bare(&stage.parse().expect("a stage"));
        export_file.clone_into(&mut settings.export_file);
        let config = StageConfig::parse(r#"{"Parameters": {"StageName": "x"}}"#, "c.json").expect("a config");
        StagePlan { settings, config }
    }

    #[test]
    fn no_two_outputs_have_one_name() {
        for (template, first, second, twice) in [
            ("t.yml", "a.json", "b.json", vec![]),
            ("t.yml", "a.json", "a.json", vec!["a.json"]),
            ("a.json", "a.json", "b.json", vec!["a.json"]),
            ("t.yml", "release.json", "b.json", vec!["release.json"]),
            ("release.json", "a.json", "a.json", vec!["release.json", "a.json"]),
        ] {
            let stages = [plan("staging", first), plan("prod", second)];
            let found = written_twice(Path::new(template), &stages);
            let found: Vec<&str> = found.iter().filter_map(|one| one.what.split(' ').next()).collect();
            assert_eq!(found, twice, "{template} {first} {second}");
            assert_eq!(names(Path::new(template), &stages).count(), 4);
        }
    }
}
