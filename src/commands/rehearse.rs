//! `modeldeploy rehearse`: the whole pipeline in an offline world, with the code that runs in CodeBuild.

mod example;

use std::path::PathBuf;
use std::time::Instant;

use super::build::{self, Built};
use super::interruption::{self, Heeding, until_interrupted};
use super::{Session, consent, enter, model_server, targets_of, test, verify};
use crate::cli::{BuildArgs, ExportFormat, Global, RehearseArgs, TestArgs};
use crate::cloud::Cloud;
use crate::cloud::offline::Offline;
use crate::cloud::offline::world::World;
use crate::domain::approval::Brief;
use crate::domain::build_plan::{MODEL_PACKAGE_NAME, StagePlan};
use crate::domain::evaluation::Stack;
use crate::domain::finding::Finding;
use crate::domain::partition::partition_of_region;
use crate::domain::roll_out::instantiate;
use crate::domain::stage_config::ExportedConfig;
use crate::domain::template::Template;
use crate::domain::test_report::TestReport;
use crate::error::{Failure, Result};
use crate::files::{self, Folders, Pending, Readers};
use crate::secrets::without_known;

const WORLD_FILE: &str = "world.json";

/// Runs every step until one fails; the world as it is then is kept whatever happens.
pub(super) async fn run(args: &RehearseArgs, global: &Global, mut session: Session) -> Result<()> {
    let kept = files::within(&args.output_dir, WORLD_FILE);
    let (text, name) = if let Some(path) = &global.offline {
        (files::read_text(path)?, path.display().to_string())
    } else {
        session.console.note("no --offline world given: rehearsing in the example world, an iris classifier");
        (example::WORLD.to_owned(), "the example world".to_owned())
    };
    let world = World::parse(&text, &name)?;
    // A world goes on from what it was; with YAML, which is written as JSON, its comments would be lost.
    let inputs = if text.trim_start().starts_with('{') { files::Inputs::AreUpdated } else { files::Inputs::Stay };
    let place = Pending::with(&kept, Folders::AreMade, inputs, Readers::OwnerAlone)?;
    let cloud = enter(world, model_server(&args.suite)?, &mut session);
    let inputs = example::inputs(args, session.console)?;
    let rehearsal = Rehearsal { args, session: &session, cloud: &cloud, inputs };
    // Whatever ends it, the world is kept.
    let _heeding = Heeding::unhurried();
    let outcome = rehearsal.pipeline().await;
    match place.put(without_known(&cloud.world().render()).as_bytes()) {
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
    args: &'a RehearseArgs,
    session: &'a Session,
    cloud: &'a Offline,
    inputs: example::Inputs,
}

impl Rehearsal<'_> {
    async fn pipeline(&self) -> Result<()> {
        let console = &self.session.console;
        let started = Instant::now();
        let build_args = self.build_args();
        let work = async {
            let inputs = build::Inputs::read(&build_args, self.session)?;
            build::run(&build_args, inputs, self.session, self.cloud).await
        };
        let built = self.step("Build", until_interrupted(Box::pin(work))).await?;
        let Some((last, tested)) = built.stages.split_last() else {
            return Ok(());
        };
        for (at, stage) in tested.iter().enumerate() {
            let name = &stage.settings.stage;
            self.step(&format!("Deploy {name}"), until_interrupted(self.deploy(&build_args, stage))).await?;
            let report = self.step(&format!("Test {name}"), self.test(stage, tested.len())).await?;
            let next = tested.get(at + 1).unwrap_or(last);
            let approval = until_interrupted(self.approve(&built, &report, next));
            self.step(&format!("Approve {}", next.settings.stage), approval).await?;
        }
        let deployment = until_interrupted(self.deploy(&build_args, last));
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

    fn build_args(&self) -> BuildArgs {
        let project = &self.args.project;
        BuildArgs {
            project: project.clone(),
            export_template: PathBuf::from("template-export.yml"),
            export_format: ExportFormat::StackSet,
            input_dir: self.inputs.folder.clone(),
            output_dir: self.args.output_dir.clone(),
            kms_key_id: None,
            fix_ownership: false,
            dry_run: false,
        }
    }

    /// What the pipeline's StackSet action does: the exported template with the exported config, in every account.
    async fn deploy(&self, build_args: &BuildArgs, stage: &StagePlan) -> Result<()> {
        let name = &stage.settings.stage;
        let path = files::within(&build_args.output_dir, &build_args.export_template);
        let text = files::read_text(&path)?;
        verify::beside(&path, &text, None, false, self.session)?;
        let template = Template::parse(&text, &path.display().to_string()).map_err(Failure::invalid)?;
        let path = files::within(&build_args.output_dir, &stage.settings.export_file);
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
        let place = |name: String| files::within(&self.args.output_dir, name);
        let mut suite = self.args.suite.clone();
        suite.cases = Some(self.inputs.cases.clone());
        let args = TestArgs {
            build_config: place(settings.export_file.clone()),
            export_test_results: place(format!("{stem}.json")),
            role_name: settings.role_name.clone(),
            organizational_unit: settings.unit.clone(),
            accounts: Vec::new(),
            regions: Vec::new(),
            no_recursive: false,
            no_verify: false,
            print_schema: None,
            endpoint_name: None,
            junit: Some(place(format!("{stem}.xml"))),
            html: Some(place(format!("{stem}.html"))),
            suite,
        };
        test::run(&args, test::Inputs::read(&args, self.session)?, self.session, self.cloud).await
    }

    /// What the pipeline's manual approval does: shows what is to be approved, and waits for a person.
    async fn approve(&self, built: &Built, report: &TestReport, next: &StagePlan) -> Result<()> {
        let name = &next.settings.stage;
        for line in Brief::new(&built.package, report, name.as_str()).lines() {
            self.session.console.note(&format!("   {line}"));
        }
        if self.args.approve {
            self.session.console.note("   approved by --approve");
            return Ok(());
        }
        let undone = format!("the deployment to {name} was not approved");
        consent::to(&format!("   Deploy it to {name}?"), &undone, "--approve").await
    }
}
