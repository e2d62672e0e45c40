//! This process: the variables that it has, and what it says if it breaks.

use std::ffi::OsString;
use std::panic::PanicHookInfo;

use crate::output;

/// A variable that is set to nothing counts as not set, whoever reads it: clap, the AWS SDK, the HTTP client. CodeBuild
/// projects declare variables that only some of their stages need. Where there is one, this process is replaced by
/// itself without it; its number, its streams and its arguments stay.
pub fn without_empty_variables() {
    let empty: Vec<OsString> =
        std::env::vars_os().filter(|(_, value)| value.is_empty()).map(|(name, _)| name).collect();
    #[cfg(unix)]
    if !empty.is_empty() {
        use std::os::unix::process::CommandExt;
        let mut arguments = std::env::args_os();
        let called = arguments.next().unwrap_or_default();
        // Where there is no /proc, the path by which it was called has to do.
        let program = std::env::current_exe().map_or_else(|_| called.clone(), Into::into);
        let mut command = std::process::Command::new(program);
        command.arg0(called).args(arguments);
        for name in empty {
            command.env_remove(name);
        }
        // It returns only if it failed, and then with what there is.
        _ = command.exec();
    }
}

/// A panic ends the process with an error like any other, in place of an abort.
#[expect(clippy::exit, reason = "nothing is left that could hand an exit code up to main")]
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        output::last_words(&words(panic));
        std::process::exit(1);
    }));
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(|location| format!("{}:{}", location.file(), location.line())).unwrap_or_default();
    let reason = panic.payload_as_str().and_then(|text| text.lines().next()).unwrap_or("no reason is given");
    format!(
        "error: {} crashed at {place}: {reason}\nhint: this is a bug in modeldeploy: report it with the command that you ran, \
         in the repository that the binary comes from",
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
    )
}
