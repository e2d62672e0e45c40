//! Whether the schemas in `docs/` are those of the types that read the files; how to write them again.

use std::path::Path;

use schemars::{JsonSchema, schema_for};

use crate::domain::brief::Brief;
use crate::domain::platform::setup::spec::SettingsSpec;
use crate::domain::release::Release;
use crate::domain::report::results::TestReport;
use crate::domain::schema;
use crate::domain::status::StatusReport;
use crate::domain::suite::spec::SuiteSpec;

fn made<T: JsonSchema>(title: &str) -> String {
    let mut schema = schema_for!(T);
    schema.insert("title".to_owned(), title.into());
    format!("{:#}\n", schema.to_value())
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let all = [
        ("cases", schema::CASES, made::<SuiteSpec>("cases.yml of modeldeploy")),
        ("test-results", schema::RESULTS, made::<TestReport>("test-results.json of modeldeploy")),
        ("release", schema::RELEASE, made::<Release>("release.json of modeldeploy")),
        ("brief", schema::BRIEF, made::<Brief>("modeldeploy brief --form json")),
        ("status", schema::STATUS, made::<StatusReport>("modeldeploy status")),
        ("setup", schema::SETTINGS, made::<SettingsSpec>("modeldeploy.yml")),
    ];
    for (name, _, made) in all.iter().filter(|_| std::env::var_os("WRITE_SCHEMAS").is_some()) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.schema.json"));
        std::fs::write(&file, made).expect("docs/ can be written to");
    }
    for (name, published, made) in all {
        assert!(published == made, "docs/{name}.schema.json is behind: run this test with WRITE_SCHEMAS=1, and again");
    }
}
