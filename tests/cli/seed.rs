//! `modeldeploy seed pack` and `seed upload`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Aws, Run, any_python, read_from_project};

/// Small, and Linux's by its first bytes.
const PROGRAM: &[u8] = b"\x7fELF\x02 a static program";

fn pack() -> Run {
    Run::new("seed pack --binary program").file("program", PROGRAM)
}

/// Unpacks a zip with Python and gives back `name mode` of each file.
fn unpacked(zip: &Path, into: &Path) -> Vec<String> {
    let script = "import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
z.extractall(sys.argv[2])
for i in z.infolist(): print(i.filename, oct(i.external_attr >> 16))";
    let python = Command::new(any_python()).arg("-c").arg(script).arg(zip).arg(into).output().expect("Python runs");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    String::from_utf8(python.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// The commands by which a buildspec gets its binary.
fn pre_build(folder: &Path, buildspec: &str) -> std::process::Output {
    let text = std::fs::read_to_string(folder.join(buildspec)).expect("there");
    let (_, rest) = text.split_once("pre_build:").expect("a phase");
    let (phase, _) = rest.split_once("\n  build:").expect("the next phase");
    let commands: Vec<&str> = phase.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    assert!(commands.len() >= 3, "{commands:?}");
    let script = commands.join(" &&\n");
    Command::new("sh").arg("-ec").arg(script).current_dir(folder).output().expect("a shell")
}

#[test]
fn the_zip_holds_what_a_repository_starts_with_and_a_binary_that_the_buildspecs_unpack() {
    let run = pack();
    let outcome = run.run().succeeds().says(&["seed zip        seed-repo.zip (", "binary          sha256 "]);
    let folder = run.folder().join("unpacked");
    let listed = unpacked(&run.folder().join("seed-repo.zip"), &folder);
    let mut names: Vec<&str> = listed.iter().map(|line| line.strip_suffix(" 0o100644").expect("0644")).collect();
    names.retain(|name| !name.starts_with("bin/"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // What is in the project is in the zip: a file that was added to either folder is not forgotten.
    let in_project = |folder: &str, prefix: &str| -> Vec<String> {
        let entries = std::fs::read_dir(root.join(folder)).expect("there").flatten();
        entries.map(|entry| format!("{prefix}{}", entry.file_name().to_string_lossy())).collect()
    };
    let mut wanted: BTreeSet<String> = in_project("seed-repo", "").into_iter().collect();
    wanted.extend(in_project("test", "test/"));
    wanted.insert("buildspec.yml".to_owned());
    assert_eq!(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), wanted);
    assert_eq!(
        std::fs::read_to_string(folder.join("test/cases.yml")).expect("there"),
        read_from_project("test/cases.yml")
    );
    for buildspec in ["buildspec.yml", "test/buildspec.yml"] {
        let built = pre_build(&folder, buildspec);
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        assert_eq!(std::fs::read(folder.join("bin/modeldeploy")).expect("unpacked"), PROGRAM);
    }
    // A binary that is too large for one file comes in parts.
    let packed = std::fs::read(folder.join("bin/modeldeploy.gz")).expect("there");
    std::fs::remove_file(folder.join("bin/modeldeploy.gz")).expect("can be removed");
    for (number, part) in (1..).zip(packed.chunks(packed.len().div_ceil(3))) {
        std::fs::write(folder.join(format!("bin/modeldeploy.gz.{number}")), part).expect("can be written");
    }
    let built = pre_build(&folder, "buildspec.yml");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    assert_eq!(std::fs::read(folder.join("bin/modeldeploy")).expect("unpacked"), PROGRAM);
    std::fs::write(folder.join("bin/modeldeploy.gz.2"), b"broken").expect("can be written");
    assert!(!pre_build(&folder, "buildspec.yml").status.success());
    assert_eq!(outcome.files().iter().filter(|path| path.extension().is_some_and(|one| one == "zip")).count(), 1);
}

#[test]
fn the_same_input_gives_the_same_bytes_from_the_binary_and_from_a_checkout() {
    let digest = |run: &Run| -> Value {
        let outcome = run.clone().with("--format").with("json").run().succeeds();
        serde_json::from_str::<Value>(&outcome.stdout).expect("JSON")["sha256"].clone()
    };
    let first = digest(&pack());
    assert_eq!(first, digest(&pack()));
    assert_eq!(first, digest(&pack().with("--input-dir").with(env!("CARGO_MANIFEST_DIR"))));
    assert_ne!(first, digest(&pack().with("--exclude").with("test/holdout.csv")));
    pack().with("--exclude").with("tset/**").run().succeeds().says(&["warning: --exclude \"tset/**\" matches no file"]);
}

#[test]
fn without_the_binary_the_buildspecs_fetch_the_one_that_was_uploaded_and_take_no_other() {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    let run = pack().with("--without-binary").with("--bucket").with(&bucket).with("--format").with("json");
    let packed: Value = serde_json::from_str(&run.run().succeeds().stdout).expect("JSON");
    let folder = run.folder().join("unpacked");
    let names = unpacked(&run.folder().join("seed-repo.zip"), &folder);
    assert!(names.iter().any(|name| name.starts_with("bin/modeldeploy.s3")) && !names.concat().contains(".gz"));
    let place = std::fs::read_to_string(folder.join("bin/modeldeploy.s3")).expect("there");
    assert_eq!(packed["binary"]["fetchedFrom"], place.trim());

    let upload = run.then("seed upload modeldeploy.gz").aws(&aws).with("--bucket").with(&bucket);
    let uploaded: Value =
        serde_json::from_str(&upload.with("--format").with("json").run().succeeds().stdout).expect("JSON");
    let key = uploaded["key"].as_str().expect("a key");
    assert_eq!(place.trim(), format!("s3://{bucket}/{key}"));
    // An `aws` that copies what the bucket has, since the test's machine may have none.
    let object = aws.object(&bucket, key).expect("uploaded");
    for (contents, passes) in [(object, true), (b"\x1f\x8b other".to_vec(), false)] {
        std::fs::write(folder.join("object"), contents).expect("can be written");
        let aws = format!("#!/bin/sh\n[ \"$4\" = \"{}\" ] && cp object \"$5\"\n", place.trim());
        std::fs::write(folder.join("aws"), aws).expect("can be written");
        let text = std::fs::read_to_string(folder.join("buildspec.yml")).expect("there");
        std::fs::write(folder.join("own.yml"), text.replace("then aws s3", "then sh ./aws s3"))
            .expect("can be written");
        assert_eq!(pre_build(&folder, "own.yml").status.success(), passes);
    }
}

#[test]
fn what_cannot_be_packed_is_named() {
    let not_linux = Run::new("seed pack --binary program").file("program", "MZ").run().exits(2);
    not_linux.says(&["the binary is not a Linux program", "hint: name one that is with --binary"]);
    Run::new("seed pack --binary absent").run().exits(2).says(&["cannot read absent"]);
    Run::new("seed pack --without-binary").run().exits(2).says(&["--bucket <BUCKET>"]);
    Run::new("seed pack --exclude [a").run().exits(2).says(&["\"[a\" is not a file name pattern"]);
    let empty = pack().with("--input-dir").with(".").run().exits(2);
    empty.says(&["./seed-repo is not there", "./buildspec.yml is not there", "./test is not there"]);

    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let noise: Vec<u8> = noise.take(6_000_001).collect();
    let large = pack()
        .with("--input-dir")
        .with(".")
        .file("seed-repo/data/train.csv", &noise)
        .file("buildspec.yml", "x")
        .file("test/cases.yml", "x");
    large
        .run()
        .exits(2)
        .says(&["data/train.csv is 6.0 MB, over the 6.0 MB", "leave it out with --exclude 'data/train.csv'"]);
    large.with("--exclude").with("data/**").run().succeeds();
}

#[test]
fn a_seed_is_uploaded_once_and_its_place_is_what_the_project_template_needs() {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    let packed = pack();
    packed.run().succeeds();
    let upload = packed.then("seed upload").aws(&aws).with("--bucket").with(&bucket);
    upload.clone().with("--dry-run").run().succeeds().says(&["seed-repo.zip would be uploaded"]);
    assert_eq!(aws.writing_calls(), [""; 0]);
    let outcome = upload.run().succeeds().says(&["seed-repo.zip uploaded"]);
    let lines: Vec<Vec<&str>> = outcome.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let [ref of_bucket, ref key, ref digest] = lines[..] else { panic!("{lines:?}") };
    assert_eq!((of_bucket[0], of_bucket[1], key[0], digest[0]), ("bucket", bucket.as_str(), "key", "sha256"));
    assert_eq!(key[1], format!("modeldeploy/seed/{}.zip", digest[1]));
    let zip = std::fs::read(packed.folder().join("seed-repo.zip")).expect("packed");
    assert_eq!(aws.object(&bucket, key[1]).expect("uploaded"), zip);
    aws.forget_calls();
    let again = upload.run().succeeds().says(&["seed-repo.zip is there already"]);
    assert_eq!(again.stdout, outcome.stdout);
    assert_eq!(aws.writing_calls(), [""; 0]);
    let elsewhere = upload.with("--prefix").with("/a/b/").with("--kms-key-id").with("alias/seeds").run().succeeds();
    assert!(elsewhere.stdout.contains("key     a/b/"));
    assert_eq!(aws.calls("PutObject")[0].headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/seeds");
}

#[test]
fn what_cannot_be_uploaded_is_named() {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    let upload = Run::new("seed upload").aws(&aws).with("--bucket");
    upload.clone().with(&bucket).run().exits(2).says(&["cannot read seed-repo.zip"]);
    let text = upload.clone().with(&bucket).file("seed-repo.zip", "no zip").run().exits(2);
    text.says(&["seed-repo.zip: is not a zip archive", "hint: pack it with \"modeldeploy seed pack\""]);
    let large =
        upload.clone().with(&bucket).file("seed-repo.zip", [vec![0; 20_000_001], b"PK\x05\x06".repeat(6)].concat());
    large.run().exits(2).says(&["more than the 20000000 that CodeCommit takes"]);
    upload.clone().with(&bucket).with("--offline").with("world.json").run().exits(2).says(&["speaks to AWS only"]);
    assert!(aws.all_calls().is_empty());
    let packed = Run::new("seed pack --binary program").file("program", PROGRAM);
    packed.run().succeeds();
    let absent = packed.then("seed upload").aws(&aws).with("--bucket").with(format!("absent-{}", aws.account()));
    absent.run().exits(1).says(&["NoSuchBucket", "hint: check --bucket: it has to be a bucket in us-east-1"]);
}

#[test]
fn help_of_both_commands() {
    for command in ["pack", "upload"] {
        let help = Run::new(&format!("seed {command} --help")).run().succeeds().stdout;
        insta::assert_snapshot!(format!("help_{command}"), help);
    }
}
