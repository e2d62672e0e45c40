//! The table of resource types, against the registry schemas that it was made from.

use std::process::Command;

use crate::support::{read_from_project, test_python};

/// What `make schemas` hashes: the schemas of the table's types, in its order, as cfn-lint has them.
const DIGEST: &str = "\
import hashlib, importlib.metadata, json, pathlib, sys
import cfnlint
root = pathlib.Path(cfnlint.__file__).parent / 'data' / 'schemas'
stored = json.loads((root / 'providers' / 'us-east-1.json').read_text())
digest = hashlib.sha256()
for name in sys.argv[1:]:
    digest.update((root / 'resources' / f'{stored[name]}.json').read_bytes())
date = json.loads((root / 'version.json').read_text())['schema_date'][:10]
print('# registry', date, 'cfn-lint', importlib.metadata.version('cfn-lint'), digest.hexdigest())
";

#[test]
fn the_table_is_that_of_the_schemas_that_it_names() {
    let table = read_from_project("models/schemas.txt");
    let types: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("= ")).collect();
    let output = Command::new(test_python()).args(["-c", DIGEST]).args(&types).output().expect("Python starts");
    let line = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(table.lines().any(|own| own == line.trim_end()), "run `make schemas`: the linter's schemas are\n{line}");
}

#[test]
fn the_packages_of_the_table_are_those_that_are_pinned() {
    let table = read_from_project("models/schemas.txt");
    let pinned = read_from_project("models/schemas-requirements.txt");
    for package in ["cfn-lint", "botocore"] {
        let version = table
            .lines()
            .filter(|line| line.starts_with('#'))
            .find_map(|line| line.split_once(&format!(" {package} ")).and_then(|(_, rest)| rest.split(' ').next()));
        let version = version.expect("the table names its packages");
        assert!(pinned.contains(&format!("{package}=={version} ")), "{package} {version} is not what is pinned");
    }
    let own = read_from_project("tests/requirements.txt");
    let line = pinned.lines().find_map(|line| line.strip_prefix("cfn-lint==")).expect("pinned");
    let version = line.split(' ').next().expect("a version");
    assert!(own.contains(&format!("cfn-lint=={version}\n")), "the tests hold the table to another cfn-lint");
}
