//! The command line itself: help, usage errors, completions, and what the pipeline's files take for granted of it.

use std::process::Command;

use insta::assert_snapshot;
use regex::Regex;

use crate::support::{Gallery, Run, read_from_project};

const COMMANDS: [&str; 14] = [
    "build",
    "resolve",
    "verify",
    "check",
    "test",
    "report",
    "brief",
    "status",
    "rehearse",
    "seed",
    "catalog",
    "setup",
    "doctor",
    "completions",
];

/// The files that run the binary or tell people how to.
const CALLERS: [&str; 4] = ["buildspec.yml", "test/buildspec.yml", "seed-repo/README.md", "test/cases.yml"];

fn help(command: &str) -> String {
    // The width of a terminal; without one, it would depend on the machine.
    let run = Run::new(command).with("--help").env("COLUMNS", "100");
    let outcome = run.run().succeeds();
    assert_eq!(outcome.stderr, "", "help is what was asked for: data");
    outcome.stdout
}

#[test]
fn help_of_the_tool_and_of_every_command() {
    assert_snapshot!("help", help(""));
    for command in COMMANDS {
        assert_snapshot!(format!("help_{command}"), help(command));
    }
    let listed = Regex::new(r"(?m)^  ([a-z]+)  ").expect("valid");
    let text = help("");
    let mut commands: Vec<&str> = listed.captures_iter(&text).map(|found| found.extract::<1>().1[0]).collect();
    commands.retain(|command| *command != "help");
    assert_eq!(commands, COMMANDS, "a new command wants its help in a snapshot, too");
}

#[test]
fn no_line_of_help_is_wider_than_the_terminal() {
    for width in [60, 100] {
        for command in COMMANDS {
            let outcome = Run::new(command).with("--help").env("COLUMNS", width.to_string()).run().succeeds();
            // Names of variables cannot be broken, nor a table of them.
            let table = |line: &str| line.contains("_<STAGE>_");
            let wide = outcome.stdout.lines().filter(|line| line.chars().count() > width && !table(line));
            let wide: Vec<&str> = wide.filter(|line| line.split_whitespace().count() > 1).collect();
            assert!(wide.is_empty(), "{command} at {width}: {wide:#?}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let outcome = Run::new("--version").run().succeeds();
    assert_eq!(outcome.stdout, format!("modeldeploy {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(Run::new("-V").run().succeeds().stdout, outcome.stdout);
}

#[test]
fn usage_errors_end_with_2_and_name_the_right_spelling() {
    let mut gallery = Gallery::default();
    let usages = [
        ("an unknown command", "tset"),
        ("an unknown flag", "build --stage staging"),
        ("quiet and verbose at once", "-q -v build"),
        ("the same behind the command", "build --quiet --verbose"),
        ("no stage name", "build --stages staging,../prod"),
        ("no number", "build --model-version latest"),
        ("no format", "build --export-format yaml"),
        ("no unit", "test --organizational-unit staging"),
        ("no account", "test --accounts 222222222222,staging"),
        ("no time", "test --wait soon"),
        ("no accounts at once", "test --concurrency 0"),
        ("no URL", "test --model-url 127.0.0.1:8080"),
        ("a URL of something else", "test --model-url s3://bucket/model"),
        ("no rule of the tool", "check --explain a b"),
        ("no shell", "completions"),
    ];
    for (title, command) in usages {
        gallery.add(title, &Run::new(command).env("COLUMNS", "100").run().exits(2));
    }
    assert_snapshot!("usage", gallery.text());
    let bare = Run::new("").run().exits(2);
    assert!(bare.stdout.is_empty() && bare.stderr.contains("Usage: modeldeploy"), "{}", bare.stderr);
}

#[test]
fn completions_of_every_shell_know_every_command_and_flag() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Run::new("completions").with(shell).run().succeeds().stdout;
        for word in COMMANDS.iter().chain(&["model-package-group", "offline"]) {
            assert!(script.contains(word), "{word} is not in the completions of {shell}");
        }
    }
    let run = Run::new("completions bash");
    let script = run.run().succeeds().stdout;
    let run = run.file("completions.bash", script);
    let Ok(status) = Command::new("bash").args(["-n", "completions.bash"]).current_dir(run.folder()).status() else {
        return; // no bash on this machine
    };
    assert!(status.success());
}

#[test]
fn every_variable_that_the_pipelines_files_name_is_one_of_the_tool() {
    let known: String = COMMANDS.map(help).concat();
    let names = Regex::new(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b").expect("valid");
    let mut seen = 0;
    for file in ["buildspec.yml", "test/buildspec.yml", "seed-repo/README.md"] {
        let text = read_from_project(file);
        for name in names.find_iter(&text).map(|found| found.as_str()) {
            // What CodeBuild sets itself, and what is exported for the approval; the folder of an artifact is for the shell.
            if name.starts_with("CODEBUILD_") || name == "MODELDEPLOY_BRIEF" {
                continue;
            }
            let of_a_stage = name.replace("_CANARY_", "_<STAGE>_");
            assert!(known.contains(&of_a_stage), "{file} names {name}, which no command knows");
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} names were found");
}

#[test]
fn every_call_of_the_tool_in_the_pipelines_files_parses() {
    let calls = Regex::new(r"modeldeploy ((?:build|check|test|brief|rehearse|completions)\b[^`\n]*)").expect("valid");
    let mut seen = 0;
    for file in CALLERS {
        let text = read_from_project(file);
        for found in calls.captures_iter(&text) {
            let words: Vec<String> = found[1].split_whitespace().map(|word| word.replace('"', "")).collect();
            let parsed = modeldeploy::cli::command()
                .try_get_matches_from(std::iter::once("modeldeploy").chain(words.iter().map(String::as_str)));
            assert!(parsed.is_ok(), "{file}: {}", parsed.expect_err("seen"));
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} calls were found");
}

#[test]
fn what_stages_are_called_in_the_help_is_what_they_are_called_in_the_code() {
    let stage: modeldeploy::domain::project::stage::Stage = "pre-prod".parse().expect("valid");
    let text = help("build");
    for name in [stage.role_variable(), stage.unit_variable(), stage.export_variable()] {
        assert!(text.contains(&name.replace("PRE_PROD", "<STAGE>")), "{name} is not in the help");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_core_file_is_ever_left() {
    // A server that is asked for its health and does not answer.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let run = Run::new("test --cases cases.yml --model-url").with(url).file("cases.yml", "version: 1\ncases: []\n");
    let mut process = run.command().spawn().expect("the binary starts");
    let _asked = listener.accept().expect("it asks for the server's health");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).expect("it runs");
    _ = process.kill();
    _ = process.wait();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let sizes: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(sizes, ["0", "0"], "{core}");
}
