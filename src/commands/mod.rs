//! One file per command: fetch from the cloud, decide in the domain, act.

mod brief;
mod build;
mod catalog;
mod check;
mod cloud;
mod consent;
mod doctor;
mod interruption;
mod pauses;
mod project;
mod registry;
mod rehearse;
mod report;
mod resolve;
mod seed;
mod session;
mod setup;
mod status;
mod stdout;
mod targets;
mod test;
mod upload;
mod verify;

use clap::CommandFactory;

use self::cloud::{connect, model_server, offline, only_aws};
use self::session::Session;
use self::stdout::print_file;
use crate::cli::brief::BriefArgs;
use crate::cli::build::BuildArgs;
use crate::cli::catalog::CatalogCommand;
use crate::cli::check::CheckArgs;
use crate::cli::project::PackageArgs;
use crate::cli::release::{ReportArgs, VerifyArgs};
use crate::cli::seed::SeedCommand;
use crate::cli::setup::SetupCommand;
use crate::cli::status::StatusArgs;
use crate::cli::test::{Schema, TestArgs};
use crate::cli::{Cli, Command, Global};
use crate::domain::schema;
use crate::error::Result;
use crate::output::Console;

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever ended it, with its exit code.
pub async fn run(cli: &Cli, console: Console) -> Result<()> {
    interruption::listen(console);
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let mut session = Session { console, environment };
    let global = &cli.global;
    match &cli.command {
        Command::Build(args) => Box::pin(run_build(args, global, session)).await,
        Command::Check(CheckArgs { explain: Some(rule), .. }) => check::explain(rule, &session),
        Command::Check(args) => {
            let world = offline(global, None, &mut session)?;
            check::run(&check::Settings::of(args, &session), &session, world.as_ref(), global.region.as_deref()).await
        }
        Command::Test(TestArgs { print_schema: Some(schema), .. }) => print_file(match schema {
            Schema::Cases => schema::CASES,
            Schema::Results => schema::RESULTS,
        }),
        Command::Test(args) => Box::pin(run_test(args, global, session)).await,
        Command::Resolve(args) => Box::pin(run_resolve(args, global, session)).await,
        Command::Verify(VerifyArgs { print_schema: true, .. }) => print_file(schema::RELEASE),
        Command::Verify(args) => verify::run(&verify::Settings::of(args), &session),
        Command::Report(ReportArgs { files, output }) => report::run(files, output, &session),
        Command::Brief(BriefArgs { print_schema: true, .. }) => print_file(schema::BRIEF),
        Command::Brief(args) => brief::run(&brief::Settings::of(args, &session), &session),
        Command::Status(StatusArgs { print_schema: true, .. }) => print_file(schema::STATUS),
        Command::Status(args) => Box::pin(run_status(args, global, session)).await,
        Command::Rehearse(args) => Box::pin(rehearse::run(args, global.offline.as_deref(), session)).await,
        Command::Seed(SeedCommand::Pack(args)) => seed::pack(&seed::Packing::of(args), &session),
        Command::Seed(SeedCommand::Upload(args)) => {
            only_aws(global, "seed upload", DRY_RUN)?;
            let cloud = connect(global).await?;
            interruption::until_interrupted(Box::pin(seed::upload(&seed::Uploading::of(args), &session, &cloud))).await
        }
        Command::Catalog(CatalogCommand::Render(args)) => {
            catalog::render(&catalog::asked(&args.template), &args.output, &session)
        }
        Command::Catalog(CatalogCommand::Import(args)) => {
            only_aws(global, "catalog import", DRY_RUN)?;
            let settings = catalog::Settings::of(args);
            let aws = connect(global).await?;
            interruption::until_interrupted(Box::pin(catalog::import::run(&settings, &session, &aws))).await
        }
        Command::Doctor(args) => {
            only_aws(global, "doctor", "doctor changes nothing")?;
            let inputs = doctor::Inputs::read(args, &session)?;
            let cloud = connect(global).await?;
            Box::pin(doctor::run(inputs, &session, &cloud)).await
        }
        Command::Setup(SetupCommand::Plan(args)) if args.print_schema => print_file(schema::SETTINGS),
        Command::Setup(command) => {
            only_aws(global, "setup", "setup plan changes nothing")?;
            let inputs = setup::Inputs::read(command)?;
            let cloud = connect(global).await?;
            Box::pin(setup::run(&inputs, &session, &cloud)).await
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
            print_file(&String::from_utf8_lossy(&script))
        }
    }
}

const DRY_RUN: &str = "with --dry-run nothing is written";

async fn run_build(args: &BuildArgs, global: &Global, mut session: Session) -> Result<()> {
    let world = offline(global, None, &mut session)?;
    let inputs = build::Inputs::read(build::Asked::of(args, &session), &session)?;
    let built = Box::pin(async {
        match world {
            Some(world) => Box::pin(build::run(&inputs, &session, &world)).await,
            None => Box::pin(build::run(&inputs, &session, &connect(global).await?)).await,
        }
    });
    interruption::until_interrupted(built).await.map(|_| ())
}

async fn run_test(args: &TestArgs, global: &Global, mut session: Session) -> Result<()> {
    let server = model_server(&args.suite.server);
    let world = offline(global, server.clone(), &mut session)?;
    let settings = test::Settings::of(args, &session);
    let report = match (world, server) {
        (Some(world), _) => test::run(test::Inputs::read(settings, &session).await?, &session, &world).await,
        (None, Some(server)) => test::local::run(&settings, &session, &server).await,
        (None, None) => {
            let inputs = test::Inputs::read(settings, &session).await?;
            Box::pin(test::run_in(connect(global), inputs, &session)).await
        }
    };
    report.map(|_| ())
}

async fn run_status(args: &StatusArgs, global: &Global, mut session: Session) -> Result<()> {
    let world = offline(global, None, &mut session)?;
    let settings = status::Settings::of(args, &session)?;
    if let Some(world) = world {
        return Box::pin(status::run(&settings, &session, &world, None)).await;
    }
    let aws = connect(global).await?;
    Box::pin(status::run(&settings, &session, &aws, Some(&aws))).await
}

async fn run_resolve(args: &PackageArgs, global: &Global, mut session: Session) -> Result<()> {
    let world = offline(global, None, &mut session)?;
    let settings = resolve::Settings::of(args, &session)?;
    let resolved = Box::pin(async {
        match world {
            Some(world) => resolve::run(&settings, &session, &world).await,
            None => resolve::run(&settings, &session, &connect(global).await?).await,
        }
    });
    interruption::until_interrupted(resolved).await
}
