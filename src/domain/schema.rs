//! The JSON Schemas of the files that people and other tools read and write, made from the very types that read them.

use schemars::{JsonSchema, schema_for};

use super::release::Release;
use super::setup::spec::SettingsSpec;
use super::suite_spec::SuiteSpec;
use super::test_report::TestReport;

/// Of `cases.yml`; an editor that knows it completes and checks the file.
pub fn cases() -> String {
    text::<SuiteSpec>("cases.yml of modeldeploy")
}

/// Of `test-results.json`.
pub fn results() -> String {
    text::<TestReport>("test-results.json of modeldeploy")
}

/// Of `release.json`.
pub fn release() -> String {
    text::<Release>("release.json of modeldeploy")
}

/// Of `modeldeploy.yml`; an editor that knows it completes and checks the file.
pub fn settings() -> String {
    text::<SettingsSpec>("modeldeploy.yml")
}

fn text<T: JsonSchema>(title: &str) -> String {
    let mut schema = schema_for!(T);
    schema.insert("title".to_owned(), title.into());
    format!("{:#}\n", schema.to_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schemas_are_those_of_the_types() {
        for (published, made, flag) in [
            (include_str!("../../docs/cases.schema.json"), cases(), "test --print-schema=cases"),
            (include_str!("../../docs/test-results.schema.json"), results(), "test --print-schema=results"),
            (include_str!("../../docs/release.schema.json"), release(), "verify --print-schema"),
            (include_str!("../../docs/setup.schema.json"), settings(), "setup plan --print-schema"),
        ] {
            let command = format!("modeldeploy {flag}");
            assert!(published == made, "docs/ is behind: write it again with \"{command}\"");
        }
    }

    #[test]
    fn the_schema_takes_the_suites_that_we_ship_and_no_unknown_field() {
        let schema: serde_json::Value = serde_json::from_str(&cases()).expect("JSON");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let suite = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).expect("YAML");
        assert!(validator.is_valid(&suite(include_str!("../../test/cases.yml"))));
        assert!(!validator.is_valid(&suite("{version: 1, cases: [{name: a, bdoy: x}]}")));
        assert!(!validator.is_valid(&suite("{version: 1, slo: {p95: 3}}")));
    }
}
