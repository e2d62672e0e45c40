//! The rules of the house that the compiler does not know: which way dependencies run, and what is pure.

use std::collections::{BTreeMap, BTreeSet};
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
        "commands speak to the traits of src/cloud/services.rs (setup, catalog and doctor to cloud::aws); the SDK stays there",
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
    for name in ["answers.txt", "members.txt", "partitions.txt", "services.txt"] {
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

/// The rooms of the domain; each imports only from those before it.
const ROOMS: [&str; 21] = [
    "digest",
    "jinja",
    "schema",
    "text",
    "finding",
    "document",
    "archive",
    "aws",
    "iam",
    "registry",
    "endpoint",
    "access",
    "cloudformation",
    "project",
    "report",
    "status",
    "suite",
    "check",
    "release",
    "brief",
    "platform",
];

/// Every path of a `use` tree, as its segments.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|segment| segment.trim().to_owned()).collect()];
    };
    let head: Vec<String> = tree[..open]
        .split("::")
        .map(|segment| segment.trim().to_owned())
        .filter(|segment| !segment.is_empty())
        .collect();
    let (mut depth, mut start, mut found) = (0, open + 1, Vec::new());
    for (at, any) in tree.char_indices().skip(open + 1) {
        match any {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                if !tree[start..at].trim().is_empty() {
                    found.extend(paths(&tree[start..at]));
                }
                start = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found.into_iter().map(|rest| head.iter().cloned().chain(rest).collect()).collect()
}

/// The code of a file that is not for its tests.
fn code_of(text: &str) -> String {
    let tests = text.match_indices("\n#[cfg(test)]\n").map(|(at, _)| at);
    let mut tests = tests.filter(|at| text[at + 1..].lines().nth(1).is_some_and(|line| line.ends_with("mod tests {")));
    let end = tests.next().unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

type Module = Vec<String>;

/// What each module imports from others, by `use` or by a whole path.
fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let module = |file: &Path| -> Module {
        let path = file.strip_prefix(&root).expect("inside").with_extension("");
        let path: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        path.strip_suffix(&["mod".to_owned()]).map(<[String]>::to_vec).unwrap_or(path)
    };
    let files: Vec<PathBuf> = rust_files(&root);
    let files: Vec<&PathBuf> =
        files.iter().filter(|file| !["lib.rs", "main.rs"].iter().any(|top| **file == root.join(top))).collect();
    let modules: BTreeSet<Module> = files.iter().map(|file| module(file)).collect();
    let nearest = |path: &[String]| {
        let names = path.iter().take_while(|part| *part != "*" && *part != "self").count();
        (1..=names).rev().map(|length| path[..length].to_vec()).find(|module| modules.contains(module))
    };
    let mut imports: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for file in files {
        let own = module(file);
        let code = code_of(&std::fs::read_to_string(file).expect("readable"));
        let statements = code.split(';').filter_map(|statement| {
            let at = statement.rfind("use ").filter(|at| *at == 0 || statement[..*at].ends_with(['\n', ' ']))?;
            Some(statement[at + "use ".len()..].to_owned())
        });
        let children = modules.iter().filter(|module| module.len() == own.len() + 1 && module.starts_with(&own));
        let children = children.map(|module| format!("{}::", module[own.len()]));
        let heads = ["crate::", "super::", "self::"].map(str::to_owned).into_iter().chain(children);
        let whole: Vec<String> = heads.flat_map(|head| whole_paths(&code, &head)).collect();
        for path in statements.chain(whole).flat_map(|tree| paths(&tree)) {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let absolute: Module = match path.first().map(String::as_str) {
                Some("crate") => path[1..].to_vec(),
                Some("super") if ups <= own.len() => {
                    own[..own.len() - ups].iter().chain(&path[ups..]).cloned().collect()
                }
                Some("self") => own.iter().chain(&path[1..]).cloned().collect(),
                Some(first) if modules.contains(&[own.as_slice(), &[first.to_owned()]].concat()) => {
                    own.iter().chain(&path).cloned().collect()
                }
                _ => continue,
            };
            imports.entry(own.clone()).or_default().extend(nearest(&absolute).filter(|other| *other != own));
        }
    }
    imports
}

/// The paths in code that begin so: not those that go on before it, nor a visibility, nor the head of a tree.
fn whole_paths(code: &str, head: &str) -> Vec<String> {
    let ends = |any: char| !any.is_alphanumeric() && any != '_' && any != ':';
    let begins = |before: &str| !before.ends_with(|any: char| any.is_alphanumeric() || any == '_' || any == ':');
    let found = code.match_indices(head).map(|(at, _)| at);
    let found = found.filter(|at| begins(&code[..*at]) && !code[..*at].ends_with("pub(in "));
    let found = found.map(|at| code[at..].split(ends).next().unwrap_or_default().to_owned());
    found.filter(|path| !path.ends_with("::")).collect()
}

/// What each room of the domain imports.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let room = |module: &Module| (module[0] == "domain").then(|| module.get(1).cloned()).flatten();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, others) in imports() {
        let Some(own) = room(&module) else { continue };
        let others = others.iter().filter_map(room).filter(|other| *other != own);
        arrows.entry(own.clone()).or_default().extend(others);
    }
    arrows
}

#[test]
fn no_file_needs_itself() {
    let imports = imports();
    let mut circles = Vec::new();
    for start in imports.keys() {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(module) = next.pop() {
            for other in imports.get(&module).into_iter().flatten() {
                if other == start {
                    circles.push(format!("{} needs itself, by way of {}", start.join("/"), module.join("/")));
                }
                if seen.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
    }
    assert!(circles.is_empty(), "move what both need below both:\n{}", circles.join("\n"));
}

#[test]
fn a_room_of_the_domain_imports_only_from_those_below_it() {
    let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let names = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let there = std::fs::read_dir(&domain).expect("readable").flatten().filter_map(|entry| names(entry.path()));
    let there: BTreeSet<String> = there.filter(|name| name != "mod").collect();
    assert_eq!(there, ROOMS.map(str::to_owned).into(), "a new room gets its place in ROOMS");
    let height = |room: &str| ROOMS.iter().position(|other| *other == room).expect("a room");
    let arrows = arrows();
    assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 40, "the imports are not found: {arrows:?}");
    let upwards: Vec<String> = arrows
        .iter()
        .flat_map(|(room, below)| below.iter().map(move |other| (room, other)))
        .filter(|(room, other)| height(other) >= height(room))
        .map(|(room, other)| format!("{room} imports from {other}, which is above it"))
        .collect();
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn the_picture_of_the_rooms_is_that_of_the_code() {
    let arrows = arrows();
    let width = ROOMS.iter().map(|room| room.len()).max().unwrap_or_default();
    let picture = ROOMS.iter().rev().map(|room| {
        let below = arrows.get(*room).into_iter().flatten();
        let below: Vec<&str> =
            ROOMS.iter().rev().copied().filter(|other| below.clone().any(|one| one == other)).collect();
        format!("{room:<width$}  {}", below.join(" ")).trim_end().to_owned() + "\n"
    });
    let picture: String = picture.collect();
    let guide =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md")).expect("readable");
    assert!(guide.contains(&picture), "CONTRIBUTING.md shows other rooms than there are; they are\n{picture}");
}

#[test]
fn the_guide_names_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("CONTRIBUTING.md")).expect("readable");
    let folders = ["src/", "tests/", "models/", "templates/", "seed-repo/", "docs/", "examples/"];
    // `src/commands/x.rs` and `src/cloud/aws/<service>.rs` stand for what is to be added.
    let is_one = |name: &str| {
        let stem = name.rsplit('/').next().unwrap_or_default();
        !name.contains(['*', '<', ' ']) && stem != "x.rs" && !stem.starts_with("x_")
    };
    let named =
        guide.split('`').skip(1).step_by(2).filter(|name| folders.iter().any(|folder| name.starts_with(folder)));
    let named: BTreeSet<&str> = named.filter(|name| is_one(name)).collect();
    assert!(named.len() > 40, "the names are not found: {named:?}");
    let gone: Vec<&&str> = named.iter().filter(|name| !root.join(name).exists()).collect();
    assert!(gone.is_empty(), "CONTRIBUTING.md names what is not there: {gone:?}");
}
