//! The stack set that rolls out the role of a stage's accounts, as it should be.

use std::collections::BTreeMap;

use super::facts::{ClassicRole, Home};
use super::settings::{Place, Settings, StageAccounts};
use super::spec::{PipelineRoles, RollOut};
use crate::domain::aws::organization::UnitId;

/// What makes the role in an account.
pub(crate) const TEMPLATE: &str = include_str!("../../../../templates/target-account.yml");

/// A stack set as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackSet {
    pub name: String,
    pub parameters: BTreeMap<&'static str, String>,
}

/// Not `sagemaker-...`: pipelines may change the stack sets of that name, and this one says what they may do.
pub(crate) fn name(stage: &StageAccounts) -> String {
    format!("modeldeploy-role-{}", stage.role_suffix)
}

/// The units of a stage that a stack set rolls out to; none where a person does.
pub(crate) fn rolled_out<'a>(settings: &Settings, stage: &'a StageAccounts) -> Option<&'a [UnitId]> {
    match &stage.place {
        Place::Units(units) if settings.roll_out == RollOut::StackSets => Some(units),
        _ => None,
    }
}

impl StackSet {
    pub(crate) fn of(settings: &Settings, home: &Home, stage: &StageAccounts) -> Self {
        let tester = match settings.pipeline_roles {
            PipelineRoles::Own => "role/modeldeploy-*-test".to_owned(),
            PipelineRoles::Classic => ClassicRole::Use.resource(),
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let parameters = BTreeMap::from([
            ("SageMakerRoleSuffix", stage.role_suffix.clone()),
            ("PipelineExecutionRoleArn", format!("arn:{}:iam::{}:{tester}", home.partition, home.account)),
            ("ModelDataBucket", text(&settings.model_data_bucket)),
            ("ModelDataKeyArn", text(&settings.model_data_key)),
            ("AsyncBucket", text(&settings.async_bucket)),
            ("CaptureBucket", text(&settings.capture_bucket)),
        ]);
        Self { name: name(stage), parameters }
    }

    /// A line for each parameter, and what stands for the template.
    pub(super) fn text(&self, template: &str) -> String {
        let lines = self.parameters.iter().map(|(key, value)| format!("{key}: {value}\n"));
        lines.chain([template.to_owned()]).collect()
    }
}
