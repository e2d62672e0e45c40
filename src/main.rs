//! Parses the command line, runs the command, prints what ended it, and answers with its exit code.

use std::process::ExitCode;

use clap::FromArgMatches;
use mimalloc::MiMalloc;
use modeldeploy::cli::{self, Cli, Global};
use modeldeploy::domain::finding::Finding;
use modeldeploy::error::Failure;
use modeldeploy::output::{self, Console};
use modeldeploy::{commands, process, secrets};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// A large template is checked in two thirds of the time that the C library's takes (`make bench`).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let work = || {
        let code = run();
        output::finish();
        code
    };
    // The stack of the thread that is there is as small as `ulimit -s` has it.
    match std::thread::Builder::new().name("main".to_owned()).stack_size(STACK_BYTES).spawn(work) {
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        Err(_) => work(),
    }
}

/// What Linux gives a process, unless somebody says otherwise.
const STACK_BYTES: usize = 8 << 20;

fn run() -> ExitCode {
    process::report_panics();
    process::without_empty_variables();
    // Not before: a process that is not dumpable may not be told its own path (proc(5)).
    forbid_core_files();
    secrets::learn_environment();
    let cli = match cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(output::usage(error)),
    };
    let console = Console::new(&cli.global);
    log(&cli.global);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.failure(&Failure::failed(Finding::error("cannot start").cause(error.to_string())));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(commands::run(&cli, console));
    // What still looks up a name or judges an answer was given up.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// A core file holds the credentials, and lies where the command ran: in a folder that a pipeline may keep. Where the system
/// refuses, nothing is worse than before.
fn forbid_core_files() {
    _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // Of the limit, a program that gets core files by a pipe hears nothing (core(5)).
    _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// The SDK's own events, on stderr and only when asked for; CodeBuild adds the time itself.
fn log(global: &Global) {
    let filter = match global.verbose {
        0 => return,
        1 => Targets::new()
            .with_default(Level::INFO)
            .with_target("aws_smithy_runtime::client::orchestrator", Level::DEBUG)
            .with_target("aws_smithy_runtime::client::retries", Level::DEBUG)
            .with_target("modeldeploy::cloud::aws::retries", Level::DEBUG),
        _ => Targets::new().with_default(Level::DEBUG),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| output::Log).with_ansi(false).without_time();
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
