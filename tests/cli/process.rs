//! The process itself: variables that are set to nothing, and a panic.

use std::process::Command;

/// In a process of its own, which the test below starts: nothing in the binary panics when it is asked to.
#[test]
#[ignore = "the test below starts it"]
fn breaks() {
    modeldeploy::process::report_panics();
    panic!("on purpose\nwith more to say");
}

#[test]
fn a_panic_is_an_error_that_says_where_to_report_it() {
    let tests = std::env::current_exe().expect("the path of these tests");
    let output = Command::new(tests)
        .args(["--exact", "process::breaks", "--ignored"])
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("the tests start");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let (error, hint) = stderr.split_once('\n').expect("two lines");
    let version = env!("CARGO_PKG_VERSION");
    assert!(error.starts_with(&format!("error: modeldeploy {version} crashed at tests/cli/process.rs:")), "{error}");
    assert!(error.ends_with(": on purpose"), "{error}");
    assert_eq!(
        hint,
        "hint: this is a bug in modeldeploy: report it with the command that you ran, in the repository that the binary comes from\n"
    );
}

#[test]
fn a_small_stack_of_the_shell_ends_no_run() {
    let run = crate::support::in_a_repository("build");
    let command = run.command();
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    for arguments in [arguments.join(" "), "check --offline world.json".to_owned(), "rehearse --approve".to_owned()] {
        let program = command.get_program().to_string_lossy();
        run.shell(&format!("ulimit -s 64; exec {program} {arguments}")).succeeds();
    }
}
