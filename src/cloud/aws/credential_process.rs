//! A command that prints credentials (`credential_process`). What it prints has a bound, and it ends, with all that it
//! started, when nobody waits for it any more.

use std::fs::File;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::domain::document::json_document;
use crate::files::plain;

/// Many times what credentials take.
const MOST_BYTES: u64 = 64 << 10;

/// What it gives.
///
/// # Errors
/// Why there are none, in words.
pub(super) async fn credentials(command: &str) -> Result<Credentials, String> {
    let mut running = Running::start(command).map_err(|error| format!("sh cannot be started: {}", plain(&error)))?;
    let (printed, said, status) = running.end().await?;
    if !status.success() {
        let said = String::from_utf8_lossy(&said);
        let said = if said.trim().is_empty() { String::new() } else { format!(": {}", said.trim()) };
        return Err(format!("it ended with {status}{said}"));
    }
    parse(&printed)
}

/// The command as long as it is waited for.
struct Running {
    child: Child,
    /// Known until it has ended.
    process: Option<Process>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    id: Pid,
    leads_a_group: bool,
}

/// For the end of this process, which waits for nothing.
static RUNNING: Mutex<Vec<Process>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Process>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every command that runs. For the end of this process alone.
pub(crate) fn end_commands() {
    all().iter().for_each(|process| process.kill());
}

impl Process {
    fn kill(self) {
        // It may have ended by itself.
        _ = if self.leads_a_group {
            kill_process_group(self.id, Signal::KILL)
        } else {
            kill_process(self.id, Signal::KILL)
        };
    }
}

impl Running {
    fn start(command: &str) -> std::io::Result<Self> {
        // Whoever asks a person on the terminal has to stay in its foreground, where a key ends them all.
        let leads_a_group = File::open("/dev/tty").is_err();
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        if leads_a_group {
            shell.process_group(0);
        }
        let child = shell.spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let process = id.map(|id| Process { id, leads_a_group });
        all().extend(process);
        Ok(Self { child, process })
    }

    /// Waits for its end: what it printed, what it said to people, and how it ended.
    async fn end(&mut self) -> Result<(Vec<u8>, Vec<u8>, ExitStatus), String> {
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let ended = futures::try_join!(
            async { whole(stdout.ok_or("it has no stdout")?).await },
            async { beginning(stderr.ok_or("it has no stderr")?).await.map_err(|error| plain(&error)) },
            async { self.child.wait().await.map_err(|error| plain(&error)) },
        )?;
        self.forget();
        Ok(ended)
    }

    fn forget(&mut self) {
        if let Some(process) = self.process.take() {
            all().retain(|other| *other != process);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = self.process {
            process.kill();
            self.forget();
        }
    }
}

async fn whole(stream: impl AsyncRead + Unpin) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    stream.take(MOST_BYTES + 1).read_to_end(&mut bytes).await.map_err(|error| plain(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it printed more than {MOST_BYTES} bytes, which are no credentials"));
    }
    Ok(bytes)
}

/// As much as is shown; the rest is read and forgotten, so that the command gets on.
async fn beginning(mut stream: impl AsyncRead + Unpin) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut stream).take(MOST_BYTES).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

/// What was printed is a secret, and none of it is told.
fn parse(printed: &[u8]) -> Result<Credentials, String> {
    if json_document(printed).is_err_and(|error| error.is_data()) {
        return Err("a key stands twice in what it printed".to_owned());
    }
    let fields: Map<String, Value> = serde_json::from_slice(printed).map_err(|error| {
        format!("what it printed is no JSON object (line {}, column {})", error.line(), error.column())
    })?;
    let field = |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let text = |name: &str| field(name).and_then(Value::as_str).map(str::to_owned);
    let needed = |name: &str| text(name).ok_or_else(|| format!("what it printed has no text {name}"));
    if field("Version").and_then(Value::as_i64) != Some(1) {
        return Err("what it printed has no Version of 1".to_owned());
    }
    let expires = text("Expiration").map(|time| {
        let time = time.parse::<Timestamp>().ok().and_then(|time| SystemTime::try_from(time).ok());
        time.ok_or_else(|| "what it printed has an Expiration that is no time".to_owned())
    });
    let (id, secret) = (needed("AccessKeyId")?, needed("SecretAccessKey")?);
    Ok(Credentials::new(id, secret, text("SessionToken"), expires.transpose()?, "credential_process"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_command_prints_are_credentials() {
        let json = r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2039-01-01T00:00:00Z"}"#;
        let given = credentials(&format!("echo '{json}'")).await.expect("credentials");
        assert_eq!((given.access_key_id(), given.secret_access_key()), ("A", "s"));
        assert_eq!((given.session_token(), given.expiry().is_some()), (Some("t"), true));
    }

    #[tokio::test]
    async fn what_is_no_credentials_is_said_without_a_word_of_it() {
        for (command, wanted) in [
            ("echo hidden", "what it printed is no JSON object (line 1, column 1)"),
            ("echo '{\"Version\": 2, \"AccessKeyId\": \"hidden\"}'", "what it printed has no Version of 1"),
            ("echo '{\"Version\": 1, \"AccessKeyId\": \"hidden\"}'", "what it printed has no text SecretAccessKey"),
            (
                "echo '{\"Version\": 1, \"AccessKeyId\": \"hidden\", \"AccessKeyId\": \"hidden\"}'",
                "a key stands twice in what it printed",
            ),
            ("echo hidden; echo why >&2; exit 3", "it ended with exit status: 3: why"),
            ("exit 1", "it ended with exit status: 1"),
        ] {
            assert_eq!(credentials(command).await.map(|_| ()), Err(wanted.to_owned()), "{command}");
        }
    }

    #[tokio::test]
    async fn a_command_that_never_stops_printing_is_ended() {
        let said = credentials("yes").await.map(|_| ());
        assert_eq!(said, Err("it printed more than 65536 bytes, which are no credentials".to_owned()));
    }
}
