//! Parses the command line, runs the command, prints what ended it, and answers with its exit code.

use std::process::ExitCode;

use clap::FromArgMatches;
use modeldeploy::cli::{self, Cli, Global};
use modeldeploy::commands;
use modeldeploy::output::Console;

fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&cli::command().get_matches()).unwrap_or_else(|error| error.exit());
    log(&cli.global);
    let console = Console::new(&cli.global);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.note(&format!("error: cannot start\ncause: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(&cli, console)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// The SDK's own events, on stderr and only when asked for; CodeBuild adds the time itself.
fn log(global: &Global) {
    let level = match global.verbose {
        0 => return,
        1 => "info,aws=debug,aws_smithy_runtime::client::orchestrator=debug,aws_smithy_runtime::client::retries=debug",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .without_time()
        .init();
}
