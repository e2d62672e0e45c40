//! The servers of the examples, with faults where a test asks for them.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use super::any_python;

/// A server that ends with the test.
pub(crate) struct ModelServer {
    process: Child,
    log: BufReader<ChildStderr>,
    pub(crate) url: String,
}

impl ModelServer {
    /// Starts examples/iris/serve.py with these flags and waits until it listens.
    pub(crate) fn start(flags: &str) -> Self {
        Self::of("examples/iris/serve.py", &format!("--verbose {flags}"))
    }

    /// Starts examples/chat/serve.py likewise: a stand-in for a language model, which no test can run.
    pub(crate) fn of_chat(flags: &str) -> Self {
        Self::of("examples/chat/serve.py", flags)
    }

    fn of(script: &str, flags: &str) -> Self {
        let mut process = Command::new(any_python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
            .args(["--port", "0"])
            .args(flags.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let Some(url) = url else {
            _ = process.kill();
            panic!("the model server did not start: {line}");
        };
        let log = BufReader::new(process.stderr.take().expect("piped"));
        Self { process, log, url }
    }

    /// Ends the server and answers with a line for every request that it answered.
    pub(crate) fn answered(mut self) -> Vec<String> {
        _ = self.process.kill();
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("UTF-8");
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
