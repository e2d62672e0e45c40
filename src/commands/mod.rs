//! One file a command: fetch from the cloud, decide in the domain, act.

mod build;
mod cases_file;
mod catalog;
mod check;
mod consent;
mod doctor;
mod interruption;
mod pauses;
mod registry;
mod rehearse;
mod report;
mod resolve;
mod seed;
mod setup;
mod test;
mod upload;
mod verify;

use std::collections::BTreeMap;

use clap::CommandFactory;

use crate::cli::{CatalogArgs, CatalogCommand, Cli, Command, Global, Schema, SeedCommand, SetupCommand, SuiteArgs};
use crate::cloud::aws::Aws;
use crate::cloud::error::Kind;
use crate::cloud::model_server::ModelServer;
use crate::cloud::offline::Offline;
use crate::cloud::offline::world::World;
use crate::cloud::{Cloud, units};
use crate::domain::finding::Finding;
use crate::domain::organization::{Account, Targets, UnitId};
use crate::domain::page::Page;
use crate::domain::schema;
use crate::error::{Failure, Result};
use crate::files;
use crate::output::{self, Console};
use crate::secrets;

/// What stands for stdout where a file is asked for.
const STDOUT: &str = "-";

/// What every command may need beside its flags.
pub struct Session {
    pub console: Console,
    /// The process's variables; an offline world's stand in for those that are not set.
    pub environment: BTreeMap<String, String>,
}

impl Session {
    /// A flag's value (clap has read its variable), else what the environment says; empty counts as nothing.
    pub fn setting(&self, flag: Option<&str>, variable: &str) -> Option<String> {
        let set = flag.or_else(|| self.environment.get(variable).map(String::as_str));
        set.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
    }
}

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
    match &cli.command {
        Command::Build(args) => {
            let world = offline(&cli.global, None, &mut session)?;
            let inputs = build::Inputs::read(args, &session)?;
            interruption::until_interrupted(Box::pin(async {
                match world {
                    Some(world) => Box::pin(build::run(args, inputs, &session, &world)).await,
                    None => Box::pin(build::run(args, inputs, &session, &connect(&cli.global).await?)).await,
                }
            }))
            .await
            .map(|_| ())
        }
        Command::Check(args) => {
            let world = offline(&cli.global, None, &mut session)?;
            check::run(args, &session, world.as_ref(), cli.global.region.as_deref()).await
        }
        Command::Test(args) if let Some(schema) = args.print_schema => print_file(match schema {
            Schema::Cases => schema::CASES,
            Schema::Results => schema::RESULTS,
        }),
        Command::Test(args) => {
            let server = model_server(&args.suite)?;
            match (offline(&cli.global, server.clone(), &mut session)?, server) {
                (Some(world), _) => test::run(args, test::Inputs::read(args, &session)?, &session, &world).await,
                (None, Some(server)) => test::run_local(args, &session, &server).await,
                (None, None) => {
                    let inputs = test::Inputs::read(args, &session)?;
                    Box::pin(test::run(args, inputs, &session, &connect(&cli.global).await?)).await
                }
            }
            .map(|_| ())
        }
        Command::Resolve(args) => {
            let world = offline(&cli.global, None, &mut session)?;
            let group = resolve::group(args, &session)?;
            interruption::until_interrupted(Box::pin(async {
                match world {
                    Some(world) => resolve::run(args, &group, &session, &world).await,
                    None => resolve::run(args, &group, &session, &connect(&cli.global).await?).await,
                }
            }))
            .await
        }
        Command::Verify(args) => verify::run(args, &session),
        Command::Report(args) => report::run(args, &session),
        Command::Rehearse(args) => rehearse::run(args, &cli.global, session).await,
        Command::Seed(SeedCommand::Pack(args)) => seed::pack(args, &session),
        Command::Seed(SeedCommand::Upload(args)) => {
            only_aws(&cli.global, "seed upload", DRY_RUN)?;
            let cloud = connect(&cli.global).await?;
            interruption::until_interrupted(Box::pin(seed::upload(args, &session, &cloud))).await
        }
        Command::Catalog(CatalogArgs { command: CatalogCommand::Render(args) }) => catalog::render(args, &session),
        Command::Catalog(CatalogArgs { command: CatalogCommand::Import(args) }) => {
            only_aws(&cli.global, "catalog import", DRY_RUN)?;
            let aws = connect(&cli.global).await?;
            interruption::until_interrupted(Box::pin(catalog::import::run(args, &session, &aws))).await
        }
        Command::Doctor(args) => {
            only_aws(&cli.global, "doctor", "doctor changes nothing")?;
            let inputs = doctor::Inputs::read(args, &session)?;
            let cloud = connect(&cli.global).await?;
            interruption::until_interrupted(Box::pin(doctor::run(inputs, &session, &cloud))).await
        }
        Command::Setup(SetupCommand::Plan(args)) if args.print_schema => print_file(schema::SETTINGS),
        Command::Setup(command) => {
            only_aws(&cli.global, "setup", "setup plan changes nothing")?;
            let inputs = setup::Inputs::read(command)?;
            let cloud = connect(&cli.global).await?;
            interruption::until_interrupted(Box::pin(setup::run(command, &inputs, &session, &cloud))).await
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
            print_file(&String::from_utf8_lossy(&script))
        }
    }
}

const DRY_RUN: &str = "with --dry-run nothing is written";

/// Refuses an offline world where there is nothing that it could stand in for.
fn only_aws(global: &Global, command: &str, harmless: &str) -> Result<()> {
    if global.offline.is_none() {
        return Ok(());
    }
    Err(Failure::invalid([Finding::error(format!("{command} speaks to AWS only"))
        .hint(format!("leave out --offline (MODELDEPLOY_OFFLINE); {harmless}"))]))
}

/// The offline world that was asked for, its variables put behind those of the process.
fn offline(global: &Global, server: Option<ModelServer>, session: &mut Session) -> Result<Option<Offline>> {
    let Some(path) = &global.offline else { return Ok(None) };
    let world = World::read(path)?;
    Ok(Some(enter(world, server, session)))
}

fn enter(world: World, server: Option<ModelServer>, session: &mut Session) -> Offline {
    for (name, value) in &world.environment {
        session.environment.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Offline::new(world, server)
}

/// The model server that was asked for.
fn model_server(args: &SuiteArgs) -> Result<Option<ModelServer>> {
    if let Some(url) = &args.model_url {
        secrets::learn_url(url.as_str());
    }
    let server = args.model_url.clone().map(ModelServer::new).transpose();
    server.map_err(|error| error.failure("cannot speak to the model server"))
}

async fn connect(global: &Global) -> Result<Aws> {
    let region = global.region.clone().filter(|region| !region.is_empty());
    Aws::connect(region, |question| Box::pin(async move { output::ask(&question).await })).await
}

/// The accounts that a roll-out to `unit` reaches, handed on as they are found; `variable` is where its id comes from.
async fn targets_of(
    cloud: &impl Cloud,
    unit: &UnitId,
    stage: Option<&str>,
    variable: &str,
    recursive: bool,
    found: &dyn Fn(&[Account]),
) -> Result<Targets> {
    let targets = units::walk(cloud, unit, recursive, found).await.map_err(|error| {
        let stage = stage.map(|name| format!(" (stage \"{name}\")")).unwrap_or_default();
        let mut failure = error.failure(format!("cannot list the accounts of unit {unit}{stage}"));
        if error.kind == Kind::NotFound {
            failure.findings[0].hint = Some(format!("check the id in variable {variable}, and the organization"));
        }
        failure
    })?;
    targets.require_some(unit, stage).map_err(Failure::failed)?;
    Ok(targets)
}

/// Text for people to stdout.
fn print(page: &Page, session: &Session) -> Result<()> {
    to_stdout(&session.console.paper().rendered(page))
}

/// A JSON document to stdout.
fn print_json(document: &str) -> Result<()> {
    to_stdout(&output::json(document))
}

/// A file's text to stdout, as it would be in the file.
fn print_file(text: &str) -> Result<()> {
    to_stdout(text)
}

/// Data; where a file that was named goes to stdout, beside it.
fn to_stdout(text: &str) -> Result<()> {
    if files::stdout_is_an_output() {
        output::aside(text);
        return Ok(());
    }
    output::data(text)
        .map_err(|error| Failure::failed(Finding::error("cannot write to stdout").cause(error.to_string())))
}
