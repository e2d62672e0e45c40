//! The rules of the house that the compiler does not know: which way dependencies run, and what is pure.

use std::path::{Path, PathBuf};

/// Where, what must not stand there, and why not.
const RULES: [(&str, &[&str], &str); 5] = [
    (
        "src/domain",
        &["crate::cloud", "crate::commands", "crate::files", "crate::output", "crate::cli", "crate::error"],
        "the domain knows nothing above it: hand it what it needs",
    ),
    (
        "src/domain",
        &["std::env::", "std::fs", "std::net", "std::process", "tokio", "aws_sdk", "aws_config", "reqwest", "async fn"],
        "the domain is pure: a command fetches, the domain decides",
    ),
    (
        "src/domain",
        &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"],
        "time is an argument of the domain, not a question of it",
    ),
    (
        "src/commands",
        &["aws_sdk", "aws_config", "aws_credential", "aws_smithy"],
        "commands speak to the trait Cloud; AWS stays in src/cloud/aws",
    ),
    (
        "src/cloud",
        &["crate::commands", "crate::cli", "crate::output"],
        "the cloud answers; it neither prints nor knows who asks",
    ),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `file:line: text` of every line of code that holds one of the words.
fn lines_with(folder: &str, words: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for file in rust_files(&root.join(folder)) {
        let text = std::fs::read_to_string(&file).expect("readable");
        let name = file.strip_prefix(root).expect("inside").display().to_string();
        let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let hits = code.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.extend(hits.map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim())));
    }
    found
}

#[test]
fn dependencies_run_one_way_and_the_domain_is_pure() {
    let broken: Vec<String> = RULES
        .iter()
        .flat_map(|(folder, words, why)| {
            lines_with(folder, words).into_iter().map(move |line| format!("{line}\n    {why}"))
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_rules_look_at_real_code() {
    assert!(lines_with("src/domain", &["pub struct"]).len() > 10);
    assert!(!lines_with("src/cloud/aws", &["aws_sdk"]).is_empty());
    assert!(!lines_with("src/commands", &["crate::cloud"]).is_empty());
}

#[test]
fn the_domain_has_no_folder_for_everything_else() {
    let names = ["utils", "util", "helpers", "common", "manager", "misc"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let vague: Vec<PathBuf> = rust_files(&root)
        .into_iter()
        .filter(|file| file.file_stem().is_some_and(|stem| names.iter().any(|name| stem == *name)))
        .collect();
    assert!(vague.is_empty(), "a file is one noun of the field: {vague:?}");
}

#[test]
fn what_is_known_of_aws_is_what_the_command_wrote() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("readable");
    let requirements = read("requirements.txt");
    let released =
        requirements.lines().find_map(|line| line.strip_prefix("# botocore ")).expect("a version and its date");
    let (version, date) = released.trim_end_matches('.').split_once(" is of ").expect("a version and its date");
    assert!(requirements.contains(&format!("\nbotocore=={version}\n")), "the date is that of another version");
    for name in ["answers.txt", "partitions.txt", "services.txt"] {
        let text = read(name);
        let mut parts = text.splitn(3, '\n');
        let mut next = || parts.next().expect("two lines of head");
        let (source, digest, body) = (next(), next(), next());
        assert_eq!(
            source,
            format!("# Of botocore {version}, {date}. Written by \"make models\", not by hand."),
            "{name}: run make models"
        );
        let now = modeldeploy::domain::digest::sha256(body.as_bytes());
        assert_eq!(digest, format!("# SHA-256 of what follows: {now}"), "{name} was changed by hand: run make models");
    }
}
