//! The JSON Schemas of the files that people and other tools read and write. They are published in `docs/` and made
//! from the very types that read the files; a test makes them again, so the binary need not know how.

/// Of `cases.yml`; an editor that knows it completes and checks the file.
pub(crate) const CASES: &str = include_str!("../../docs/cases.schema.json");

/// Of `test-results.json`.
pub(crate) const RESULTS: &str = include_str!("../../docs/test-results.schema.json");

/// Of `release.json`.
pub(crate) const RELEASE: &str = include_str!("../../docs/release.schema.json");

/// Of `modeldeploy brief --form json`.
pub(crate) const BRIEF: &str = include_str!("../../docs/brief.schema.json");

/// Of what `status --format json` prints.
pub(crate) const STATUS: &str = include_str!("../../docs/status.schema.json");

/// Of `modeldeploy.yml`; an editor that knows it completes and checks the file.
pub(crate) const SETTINGS: &str = include_str!("../../docs/setup.schema.json");

#[cfg(test)]
mod tests {
    use super::*;

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
