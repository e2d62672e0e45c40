//! A run at a terminal, for what only a person is asked.

use std::process::{Command, Stdio};

use super::{Run, any_python};

/// Answers questions on a pseudo-terminal: columns, answer, command. Prints what was on the screen. An answer may be a
/// key (^C, ^D) or a signal (SIGHUP).
const TERMINAL: &str = r#"
import fcntl, os, pty, signal, struct, sys, termios
signal.alarm(60)
columns, answer, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execv(command[0], command)
screen, answered = b"", False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        piece = b""
    if not piece:
        break
    screen += piece
    if not answered and b"[y/N] " in screen:
        if answer.startswith("SIG"):
            os.kill(child, getattr(signal, answer))
        else:
            os.write(terminal, {"^C": b"\x03", "^D": b"\x04"}.get(answer, answer.encode() + b"\n"))
        answered = True
sys.stdout.buffer.write(screen.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// How a run on a terminal ended, and what its screen showed.
pub(crate) fn on_a_terminal(run: &Run, columns: u16, answer: &str) -> (Option<i32>, String) {
    let inner = run.command();
    let output = Command::new(any_python())
        .args(["-c", TERMINAL, &columns.to_string(), answer])
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(run.folder())
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .output()
        .expect("Python starts");
    let screen = String::from_utf8(output.stdout).expect("UTF-8 on the screen");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), screen)
}
