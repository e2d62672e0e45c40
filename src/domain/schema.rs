//! The JSON Schemas of the files that people and other tools read and write. They are published in `docs/` and made
//! from the very types that read the files; a test makes them again, so the binary need not know how.

/// Of `cases.yml`; an editor that knows it completes and checks the file.
pub const CASES: &str = include_str!("../../docs/cases.schema.json");

/// Of `test-results.json`.
pub const RESULTS: &str = include_str!("../../docs/test-results.schema.json");

/// Of `release.json`.
pub const RELEASE: &str = include_str!("../../docs/release.schema.json");

/// Of `modeldeploy.yml`; an editor that knows it completes and checks the file.
pub const SETTINGS: &str = include_str!("../../docs/setup.schema.json");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use schemars::{JsonSchema, schema_for};

    use super::super::release::Release;
    use super::super::setup::spec::SettingsSpec;
    use super::super::suite_spec::SuiteSpec;
    use super::super::test_report::TestReport;
    use super::*;

    fn made<T: JsonSchema>(title: &str) -> String {
        let mut schema = schema_for!(T);
        schema.insert("title".to_owned(), title.into());
        format!("{:#}\n", schema.to_value())
    }

    #[test]
    fn the_published_schemas_are_those_of_the_types() {
        for (name, published, made) in [
            ("cases", CASES, made::<SuiteSpec>("cases.yml of modeldeploy")),
            ("test-results", RESULTS, made::<TestReport>("test-results.json of modeldeploy")),
            ("release", RELEASE, made::<Release>("release.json of modeldeploy")),
            ("setup", SETTINGS, made::<SettingsSpec>("modeldeploy.yml")),
        ] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.schema.json"));
            if std::env::var_os("WRITE_SCHEMAS").is_some() {
                std::fs::write(&file, &made).expect("docs/ can be written to");
            }
            assert!(
                published == made,
                "docs/{name}.schema.json is behind: run this test with WRITE_SCHEMAS=1, and again"
            );
        }
    }

    #[test]
    fn the_schema_takes_the_suites_that_we_ship_and_no_unknown_field() {
        let schema: serde_json::Value = serde_json::from_str(CASES).expect("JSON");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let suite = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).expect("YAML");
        assert!(validator.is_valid(&suite(include_str!("../../test/cases.yml"))));
        assert!(!validator.is_valid(&suite("{version: 1, cases: [{name: a, bdoy: x}]}")));
        assert!(!validator.is_valid(&suite("{version: 1, slo: {p95: 3}}")));
    }
}
