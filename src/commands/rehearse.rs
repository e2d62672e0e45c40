//! `modeldeploy rehearse`: the whole pipeline in an offline world, with the code that runs in CodeBuild.

mod example;

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::build::{self, Built};
use super::cloud::{enter, model_server};
use super::interruption::{self, SignalGuard, until_interrupted};
use super::session::Session;
use super::targets::targets_of;
use super::test::{self, SuiteSettings};
use super::{consent, verify};
use crate::cli::CASES_FILE;
use crate::cli::rehearse::RehearseArgs;
use crate::cloud::Caller;
use crate::cloud::offline::Offline;
use crate::cloud::offline::world::World;
use crate::domain::aws::partition::partition_of_region;
use crate::domain::brief::{Brief, Sources, text};
use crate::domain::cloudformation::deployer::ExportFormat;
use crate::domain::cloudformation::evaluation::Stack;
use crate::domain::cloudformation::roll_out::instantiate;
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::{MODEL_PACKAGE_NAME, StagePlan};
use crate::domain::project::stage_config::ExportedConfig;
use crate::domain::report::results::TestReport;
use crate::domain::text::printable;
use crate::error::{Failure, Result};
use crate::files::{self, Folders, Pending, Readers};
use crate::secrets::masked_record;

const WORLD_FILE: &str = "world.json";

/// What is rehearsed.
struct Settings {
    build: build::Asked,
    suite: SuiteSettings,
    approve: bool,
}

impl Settings {
    /// The caller's own files; where there is no template, the example's.
    fn of(args: &RehearseArgs, mut suite: SuiteSettings, session: &Session) -> Result<Self> {
        let mut build = build::Asked::of_project(&args.project, ExportFormat::StackSet, session);
        build.settings.output_dir.clone_from(&args.output_dir);
        build.project.input_dir.clone_from(&args.input_dir);
        build.project.files_within.clone_from(&args.suite.folder.files_within);
        example::stand_in(&mut build.project, &args.output_dir, session.console)?;
        if args.suite.cases.is_none() {
            suite.cases = files::within(&build.project.input_dir, CASES_FILE);
        }
        Ok(Self { build, suite, approve: args.approve })
    }
}

/// Runs every step until one fails; the world as it is then is kept whatever happens.
pub(super) async fn run(args: &RehearseArgs, offline: Option<&Path>, mut session: Session) -> Result<()> {
    let suite = SuiteSettings::of(&args.suite);
    let kept = files::within(&args.output_dir, WORLD_FILE);
    let (text, name) = if let Some(path) = offline {
        (files::read_record(path)?, path.display().to_string())
    } else {
        session.console.note("no --offline world given: rehearsing in the example world, an iris classifier");
        (example::WORLD.to_owned(), "the example world".to_owned())
    };
    let world = World::parse(&text, &name)?;
    let place = Pending::with(&kept, Folders::AreMade, Readers::OwnerAlone, suite.deadline)?;
    let cloud = enter(world, model_server(&args.suite.server), &mut session);
    let Settings { build, suite, approve } = Settings::of(args, suite, &session)?;
    let (output_dir, template) = (build.settings.output_dir.clone(), build.settings.export_template.clone());
    let rehearsal = Rehearsal { output_dir, template, suite, approve, session: &session, cloud: &cloud };
    // Whatever ends it, the world is kept.
    let _signals = SignalGuard::graceful();
    let outcome = Box::pin(rehearsal.pipeline(build)).await;
    match place.put(printable::json(&masked_record(&cloud.world().render())).as_bytes()) {
        Ok(()) => session.console.note(&format!("the world as it is now is kept in {}", kept.display())),
        Err(lost) => {
            return Err(match outcome {
                Ok(()) => lost,
                Err(Failure { exit, findings }) => Failure { exit, findings: [findings, lost.findings].concat() },
            });
        }
    }
    outcome
}

struct Rehearsal<'a> {
    output_dir: PathBuf,
    /// The exported one.
    template: PathBuf,
    suite: SuiteSettings,
    approve: bool,
    session: &'a Session,
    cloud: &'a Offline,
}

impl Rehearsal<'_> {
    async fn pipeline(&self, asked: build::Asked) -> Result<()> {
        let console = &self.session.console;
        let started = Instant::now();
        let work = async {
            let inputs = build::Inputs::read(asked, self.session)?;
            build::run(&inputs, self.session, self.cloud).await
        };
        let built = self.step("Build", self.in_time(Box::pin(work))).await?;
        let Some((last, tested)) = built.stages.split_last() else {
            return Ok(());
        };
        for (at, stage) in tested.iter().enumerate() {
            let name = &stage.settings.stage;
            self.step(&format!("Deploy {name}"), self.in_time(self.deploy(stage))).await?;
            let report = self.step(&format!("Test {name}"), self.test(stage, tested.len())).await?;
            let next = tested.get(at + 1).unwrap_or(last);
            let approval = self.in_time(self.approve(&built, &report, next));
            self.step(&format!("Approve {}", next.settings.stage), approval).await?;
        }
        let deployment = self.in_time(self.deploy(last));
        self.step(&format!("Deploy {}", last.settings.stage), deployment).await?;
        console.heading(&format!("== Done in {:.1} s", started.elapsed().as_secs_f64()));
        Ok(())
    }

    /// One step of the timeline: its head, its work, how it ended.
    async fn step<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.session.console.heading(&format!("== {name}"));
        let started = Instant::now();
        let outcome = work.await;
        if outcome.is_ok() {
            interruption::begins(name);
            interruption::is_done();
        }
        let took = started.elapsed().as_secs_f64();
        match &outcome {
            Ok(_) => self.session.console.note(&format!("   {name}: done in {took:.2} s")),
            Err(_) => self.session.console.note(&format!("   {name}: failed after {took:.2} s")),
        }
        outcome
    }

    /// Runs `work` to its end, unless a signal or the deadline comes before.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let work = until_interrupted(work);
        let Some(deadline) = self.suite.deadline else { return work.await };
        tokio::time::timeout_at(deadline.into(), work).await.unwrap_or_else(|_| {
            let finding =
                Finding::error("the run was ended by its deadline").cause("it came before this step was done");
            Err(Failure::failed(finding.hint("allow more time with --deadline")))
        })
    }

    /// What the pipeline's StackSet action does: the exported template with the exported config, in every account.
    async fn deploy(&self, stage: &StagePlan) -> Result<()> {
        let name = &stage.settings.stage;
        let path = files::within(&self.output_dir, &self.template);
        let text = files::read_text(&path)?;
        verify::beside(&path, &text, None, false, self.session)?;
        let template = Template::parse(&text, &path.display().to_string()).map_err(Failure::invalid)?;
        let path = files::within(&self.output_dir, &stage.settings.export_file);
        let text = files::read_text(&path)?;
        let config = ExportedConfig::parse(&text, &path.display().to_string()).map_err(Failure::invalid)?;
        verify::beside(&path, &text, config.value(MODEL_PACKAGE_NAME), false, self.session)?;
        let Some(unit) = &stage.settings.unit else {
            return Err(Failure::invalid([Finding::error(format!(
                "stage \"{name}\" has no organizational unit to deploy to"
            ))
            .hint(format!("set variable {}", stage.settings.stage.unit_variable()))]));
        };
        let targets = targets_of(self.cloud, unit, Some(name.as_str()), &name.unit_variable(), true, &|_| {}).await?;
        for account in &targets.active {
            let stack = Stack {
                account: account.id.to_string(),
                region: self.cloud.region().to_owned(),
                partition: partition_of_region(self.cloud.region()).to_owned(),
                name: format!("StackSet-{name}"),
            };
            let roll_out = instantiate(&template, &config.parameter_map(), &stack).map_err(Failure::invalid)?;
            let changes = self.cloud.deploy(&roll_out);
            let skipped = if roll_out.skipped.is_empty() {
                String::new()
            } else {
                format!("; not rehearsed: {}", roll_out.skipped.join(", "))
            };
            self.session.console.note(&format!(
                "   {} ({}): {}{skipped}",
                account.id,
                account.name,
                changes.join(", ")
            ));
        }
        Ok(())
    }

    async fn test(&self, stage: &StagePlan, tested_stages: usize) -> Result<TestReport> {
        let settings = &stage.settings;
        // The name of the contract, unless several stages are tested.
        let stem =
            if tested_stages == 1 { "test-results".to_owned() } else { format!("{}-test-results", settings.stage) };
        let place = |name: String| files::within(&self.output_dir, name);
        let settings = test::Settings {
            build_config: place(settings.export_file.clone()),
            results: place(format!("{stem}.json")),
            junit: Some(place(format!("{stem}.xml"))),
            html: Some(place(format!("{stem}.html"))),
            record_answers: None,
            no_verify: false,
            role: settings.role_name.clone(),
            accounts: Vec::new(),
            unit: settings.unit.clone().map(Ok),
            regions: Vec::new(),
            recursive: true,
            endpoint: None,
            suite: self.suite.clone(),
        };
        test::run(test::Inputs::read(settings, self.session).await?, self.session, self.cloud).await
    }

    /// What the pipeline's manual approval does: shows what is to be approved, and waits for a person.
    async fn approve(&self, built: &Built, report: &TestReport, next: &StagePlan) -> Result<()> {
        let name = &next.settings.stage;
        let sources = Sources { results: report, package: Some(&built.package), previous: None, baseline: None };
        for fact in text::facts(&Brief::of(sources, None)) {
            self.session.console.note(&format!("   {}", fact.text));
        }
        if self.approve {
            self.session.console.note("   approved by --approve");
            return Ok(());
        }
        let undone = format!("the deployment to {name} was not approved");
        consent::to(&format!("   Deploy it to {name}?"), &undone, "--approve").await
    }
}
