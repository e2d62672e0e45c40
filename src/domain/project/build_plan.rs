//! What the build step decides: every stage's full set of parameters, or everything that speaks against it.

use crate::domain::cloudformation::template::{Given, Source, Template};
use crate::domain::project::stage::StageSettings;
use crate::domain::project::stage_config::{ExportedConfig, STAGE_NAME, StageConfig};
use crate::domain::registry::model_package::ModelPackage;

/// What the build knows of the project, whatever the stage.
#[derive(Clone, Debug)]
pub struct ProjectFacts {
    pub name: String,
    pub id: String,
    pub artifact_bucket: Option<String>,
}

/// A stage with the config that a person wrote for it.
#[derive(Clone, Debug)]
pub struct StagePlan {
    pub settings: StageSettings,
    pub config: StageConfig,
}

/// Computed parameters that come from the registry: a config that set one would deploy something else.
const FROM_REGISTRY: [&str; 4] =
    [MODEL_PACKAGE_NAME, "ModelPackageGroupName", MODEL_PACKAGE_VERSION, "ModelApprovalDescription"];
/// The project's own name and id, which the roles and event rules of the project rely on.
const FROM_PROJECT: [&str; 2] = [PROJECT_NAME, "SageMakerProjectId"];

pub(crate) const PROJECT_NAME: &str = "SageMakerProjectName";
pub(crate) const MODEL_PACKAGE_NAME: &str = "ModelPackageName";
const MODEL_PACKAGE_VERSION: &str = "ModelPackageVersion";

/// Whether the build alone sets a parameter, so that no config may.
pub(crate) fn is_fixed(parameter: &str) -> bool {
    FROM_REGISTRY.iter().chain(&FROM_PROJECT).any(|known| *known == parameter)
}

/// Whether a parameter has another value for every version of the model.
pub(crate) fn changes_with_version(parameter: &str) -> bool {
    [MODEL_PACKAGE_NAME, MODEL_PACKAGE_VERSION].contains(&parameter)
}

impl StagePlan {
    /// Every parameter that can be computed, in the order in which it is exported.
    ///
    /// Without a package, what the registry gives counts as known later.
    pub(crate) fn given(&self, facts: &ProjectFacts, package: Option<&ModelPackage>) -> Vec<Given> {
        let settings = &self.settings;
        // What a person must still give, or give better, is said where it is read
        let known = |value: &str| if value.is_empty() { Source::Later } else { Source::Known(value.to_owned()) };
        let registry =
            |value: fn(&ModelPackage) -> String| package.map_or(Source::Later, |package| Source::Known(value(package)));
        let variable = |value: Option<String>, name: String| value.map_or(Source::Unset(name), Source::Known);
        let of_stage = |value: Option<String>, name: String| match value {
            None if settings.unusable.contains(&name) => Source::Later,
            value => variable(value, format!("variable {name}")),
        };
        let role = || of_stage(settings.role_name.clone(), settings.stage.role_variable());
        let unit = settings.unit.as_ref().map(ToString::to_string);
        let of_bucket = |value| variable(value, "variable ARTIFACT_BUCKET or --artifact-bucket".to_owned());
        let capture = facts
            .artifact_bucket
            .as_ref()
            .map(|bucket| format!("s3://{bucket}/data-capture/{}/{}", facts.name, self.config.stage_name()));
        [
            (PROJECT_NAME, known(&facts.name)),
            ("SageMakerProjectId", known(&facts.id)),
            (MODEL_PACKAGE_NAME, registry(|package| package.arn.clone())),
            ("RoleName", role()),
            ("ModelPackageGroupName", registry(|package| package.group.clone())),
            (MODEL_PACKAGE_VERSION, registry(|package| package.version.to_string())),
            ("ModelApprovalDescription", registry(|package| package.approval_description.clone().unwrap_or_default())),
            ("ArtifactBucket", of_bucket(facts.artifact_bucket.clone())),
            ("DataCaptureUploadPath", of_bucket(capture)),
            ("ExecutionRoleName", role()),
            ("OrganizationalUnitId", of_stage(unit, settings.stage.unit_variable())),
        ]
        .into_iter()
        .chain(settings.of_samples.iter().map(|(name, value)| (*name, Source::Known(value.clone()))))
        .map(|(name, source)| Given { name: name.to_owned(), source })
        .collect()
    }

    /// The config to export: the config's own parameters first, then the computed ones that the template declares.
    pub(crate) fn export(&self, template: &Template, facts: &ProjectFacts, package: &ModelPackage) -> ExportedConfig {
        let own = self
            .config
            .parameters
            .iter()
            .filter(|parameter| parameter.key != STAGE_NAME || template.declares(STAGE_NAME));
        let mut parameters: Vec<(String, String)> =
            own.map(|parameter| (parameter.key.clone(), parameter.value.clone())).collect();
        for given in self.given(facts, Some(package)) {
            if let Source::Known(value) = given.source
                && template.declares(&given.name)
                && self.config.value(&given.name).is_none()
            {
                parameters.push((given.name, value));
            }
        }
        let tags = self.config.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        ExportedConfig { parameters, tags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> ModelPackage {
        ModelPackage {
            arn: "arn:aws:sagemaker:us-east-1:111111111111:model-package/churn/4".into(),
            group: "churn".into(),
            version: 4,
            status: "Completed".into(),
            approval_status: "Approved".into(),
            ..ModelPackage::default()
        }
    }

    fn plan(template: &str, config: &str, role: Option<&str>) -> (Template, StagePlan, ProjectFacts) {
        let template = format!("{template}\nResources: {{X: {{Type: 'AWS::SageMaker::Model'}}}}\n");
        let settings = StageSettings {
            stage: "prod".parse().expect("valid"),
            config_file: "prod-config.json".into(),
            export_file: "prod-config-export.json".into(),
            role_name: role.map(str::to_owned),
            unit: None,
            unusable: Vec::new(),
            of_samples: Vec::new(),
        };
        let config = StageConfig::parse(config, "prod-config.json").expect("valid");
        let facts = ProjectFacts { name: "churn".into(), id: "p-1".into(), artifact_bucket: Some("bucket".into()) };
        (Template::parse(&template, "t.yml").expect("valid"), StagePlan { settings, config }, facts)
    }

    #[test]
    fn own_parameters_come_first_and_only_declared_ones_are_computed() {
        let declared = "Parameters: {RoleName: {Type: String}, B: {Type: String}, A: {Type: String}, \
                        ModelPackageName: {Type: String}, DataCaptureUploadPath: {Type: String}}";
        let config = r#"{"Parameters": {"StageName": "prod", "B": 2, "A": 1}}"#;
        let (template, plan, facts) = plan(declared, config, Some("deploy"));
        let export = plan.export(&template, &facts, &package());
        let keys: Vec<&str> = export.parameters.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["B", "A", "ModelPackageName", "RoleName", "DataCaptureUploadPath"]);
        assert_eq!(export.value("DataCaptureUploadPath"), Some("s3://bucket/data-capture/churn/prod"));
    }
}
