//! What a build makes of one stage: its exported config, what the record says of it, and what is said to people.

use crate::domain::aws::organization::Targets;
use crate::domain::cloudformation::confidential::Confidential;
use crate::domain::cloudformation::deployer::ExportFormat;
use crate::domain::cloudformation::template::Template;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::{ProjectFacts, StagePlan};
use crate::domain::project::stage::StageSettings;
use crate::domain::project::stage_config::ExportedConfig;
use crate::domain::registry::model_package::ModelPackage;
use crate::domain::release::{ReleasedStage, RequestedStage};
use crate::domain::text::count::counted;
use crate::domain::text::masking::MASK;

/// One stage of a release.
pub(crate) struct StageOutput<'a> {
    plan: &'a StagePlan,
    targets: &'a Targets,
    format: ExportFormat,
    export: ExportedConfig,
}

impl<'a> StageOutput<'a> {
    pub(crate) fn new(
        plan: &'a StagePlan,
        targets: &'a Targets,
        template: &Template,
        facts: &ProjectFacts,
        package: &ModelPackage,
        format: ExportFormat,
    ) -> Self {
        Self { plan, targets, format, export: plan.export(template, facts, package) }
    }

    /// The exported config's text.
    pub(crate) fn text(&self) -> String {
        self.export.render(self.format)
    }

    /// The same without the values of confidential parameters.
    pub(crate) fn shown(&self, template: &Template) -> String {
        let confidential = Confidential::of(Some(template));
        let mut export = self.export.clone();
        for (_, value) in export.parameters.iter_mut().filter(|(name, _)| confidential.is(name)) {
            MASK.clone_into(value);
        }
        export.render(self.format)
    }

    /// What of the config is not deployed.
    pub(crate) fn warning(&self) -> Option<Finding> {
        (!self.export.tags.is_empty() && self.format == ExportFormat::StackSet).then(|| {
            Finding::warning("sets Tags, which are not deployed")
                .in_file(&self.plan.config.file)
                .cause("CodePipeline's CloudFormationStackSet action takes parameters only")
                .hint("put the tags into the template, or export with --export-format cloudformation")
        })
    }

    /// Whom the stage reaches and where its config is, in a line.
    pub(crate) fn line(&self) -> String {
        let StageSettings { stage, export_file, unit, .. } = &self.plan.settings;
        let reach = match unit {
            Some(unit) if !self.targets.active.is_empty() => {
                format!("{} of {unit}", counted(self.targets.active.len(), "account"))
            }
            _ => counted(self.export.parameters.len(), "parameter"),
        };
        format!("{:<15} {reach} -> {export_file}", format!("stage {stage}"))
    }

    /// What the build was asked for.
    pub(crate) fn requested(&self) -> RequestedStage {
        let StageSettings { stage, config_file, export_file, unit, role_name, .. } = &self.plan.settings;
        RequestedStage {
            stage: stage.to_string(),
            config: config_file.clone(),
            export_config: export_file.clone(),
            organizational_unit: unit.as_ref().map(ToString::to_string),
            role_name: role_name.clone(),
        }
    }

    /// What the build made of it.
    pub(crate) fn released(&self) -> ReleasedStage {
        ReleasedStage {
            stage: self.plan.settings.stage.to_string(),
            stage_name: self.plan.config.stage_name().to_owned(),
            accounts: self.targets.ids().iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::aws::organization::Account;
    use crate::domain::project::stage_config::StageConfig;

    const TEMPLATE: &str = "
Parameters: {StageName: {Type: String}, Token: {Type: String, NoEcho: true}, ModelPackageName: {Type: String}}
Resources: {M: {Type: 'AWS::SageMaker::Model'}}
";

    fn with<T>(
        config: &str,
        unit: bool,
        format: ExportFormat,
        look: impl FnOnce(StageOutput<'_>, &Template) -> T,
    ) -> T {
        let mut settings = StageSettings::bare(&"staging".parse().expect("a stage"));
        settings.unit = unit.then(|| "ou-ab12-stg00001".parse().expect("a unit"));
        let config = StageConfig::parse(config, "staging-config.json").expect("a config");
        let account = Account {
            id: "222222222222".parse().expect("an account"),
            arn: "arn:aws:organizations::111122223333:account/o-x/222222222222".to_owned(),
            name: String::new(),
            state: Some("ACTIVE".to_owned()),
            status: None,
            paths: Vec::new(),
        };
        let targets = Targets::among([account]);
        let template = Template::parse(TEMPLATE, "t.yml").expect("a template");
        let facts = ProjectFacts { name: "churn".to_owned(), id: "p-1".to_owned(), artifact_bucket: None };
        let package = ModelPackage { arn: "arn:churn/4".to_owned(), ..ModelPackage::default() };
        let plan = StagePlan { settings, config };
        look(StageOutput::new(&plan, &targets, &template, &facts, &package, format), &template)
    }

    #[test]
    fn a_secret_is_exported_and_not_shown() {
        let config = r#"{"Parameters": {"StageName": "staging", "Token": "hush"}}"#;
        let (text, shown) =
            with(config, true, ExportFormat::StackSet, |output, template| (output.text(), output.shown(template)));
        assert!(text.contains("hush") && text.contains("arn:churn/4"), "{text}");
        assert_eq!(shown, text.replace("hush", MASK));
    }

    #[test]
    fn tags_are_deployed_by_plain_cloudformation_alone() {
        let config = r#"{"Parameters": {"StageName": "staging"}, "Tags": {"team": "a"}}"#;
        let warns = |format| with(config, true, format, |output, _| output.warning().is_some());
        assert!(warns(ExportFormat::StackSet) && !warns(ExportFormat::CloudFormation));
        let untagged = r#"{"Parameters": {"StageName": "staging"}}"#;
        assert!(with(untagged, true, ExportFormat::StackSet, |output, _| output.warning().is_none()));
    }

    #[test]
    fn a_line_says_whom_the_stage_reaches_or_what_it_sets() {
        let config = r#"{"Parameters": {"StageName": "staging"}}"#;
        for (unit, wanted) in [
            (true, "stage staging   1 account of ou-ab12-stg00001 -> staging-config-export.json"),
            (false, "stage staging   2 parameters -> staging-config-export.json"),
        ] {
            assert_eq!(with(config, unit, ExportFormat::StackSet, |output, _| output.line()), wanted);
        }
        let (asked, made) =
            with(config, true, ExportFormat::StackSet, |output, _| (output.requested(), output.released()));
        assert_eq!(asked.organizational_unit.as_deref(), Some("ou-ab12-stg00001"));
        assert_eq!((made.stage_name.as_str(), made.accounts), ("staging", vec!["222222222222".to_owned()]));
    }
}
