//! One run of the binary in a folder of its own, with an environment of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

/// A run to be: `Run::new("build").with("--dry-run").file("prod-config.json", "...").run().fails(2)`.
#[derive(Clone)]
pub(crate) struct Run {
    folder: Arc<TempDir>,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

/// How a run ended.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: Arc<TempDir>,
}

impl Run {
    /// A run of that command in a new, empty folder, with nothing of this machine's environment.
    pub(crate) fn new(command: &str) -> Self {
        Self {
            folder: Arc::new(tempfile::tempdir().expect("a temporary folder")),
            arguments: command.split_whitespace().map(str::to_owned).collect(),
            environment: BTreeMap::new(),
        }
    }

    /// Another command in the same folder, with the same environment.
    pub(crate) fn then(&self, command: &str) -> Self {
        Self { arguments: command.split_whitespace().map(str::to_owned).collect(), ..self.clone() }
    }

    pub(crate) fn with(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// A file in the run's folder.
    pub(crate) fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        std::fs::write(path, contents).expect("the file can be written");
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process, for tests that do more with it than wait.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_modeldeploy"));
        command.args(&self.arguments);
        command
    }

    /// A shell script in the run's folder and environment, instead of the command.
    pub(crate) fn shell(&self, script: &str) -> Outcome {
        let mut shell = self.program("sh");
        shell.args(["-c", script]).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        self.outcome_of(shell.spawn().expect("a shell starts"))
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(&self.environment)
            // Without this, the SDK would look for credentials at the address that EC2 instances have.
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self) -> Outcome {
        self.outcome_of(self.command().spawn().expect("the binary starts"))
    }

    /// The end of a process that `command` started.
    pub(crate) fn outcome_of(&self, process: Child) -> Outcome {
        let output = process.wait_with_output().expect("the process can be waited for");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
            folder: Arc::clone(&self.folder),
        }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "stdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }

    /// Both streams together hold each of the parts.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        let said = format!("{}\n{}", self.stdout, self.stderr);
        for part in parts {
            assert!(said.contains(part), "\"{part}\" is not in:\n{said}");
        }
        self
    }

    /// A file in the run's folder, if it is there.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.path().join(name)).ok()
    }

    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// What the release record says that the build chose: a part of `internalParameters`, by its JSON pointer.
    pub(crate) fn released(&self, pointer: &str) -> serde_json::Value {
        let record = self.json("release.json");
        let made = &record["predicate"]["buildDefinition"]["internalParameters"];
        made.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {made:#}")).clone()
    }

    /// Every file in the run's folder, sorted, relative to it.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("readable").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.folder.path()).expect("inside").to_owned());
                }
            }
        }
        files.sort();
        files
    }
}

/// The only account's results.
pub(crate) fn account_of(outcome: &Outcome) -> serde_json::Value {
    outcome.json("test-results.json")["accounts"][0].clone()
}

/// The results of the only case in the only account.
pub(crate) fn case_of(outcome: &Outcome) -> serde_json::Value {
    account_of(outcome)["cases"][0].clone()
}

/// The first of these failures is of that kind, and its message holds each of the parts.
#[track_caller]
pub(crate) fn tells(failures: &serde_json::Value, kind: &str, parts: &[&str]) {
    assert_eq!(failures[0]["kind"], kind, "{failures:#}");
    let message = failures[0]["message"].as_str().expect("a message");
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
}
