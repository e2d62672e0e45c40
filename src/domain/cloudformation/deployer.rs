//! What makes the stacks of a stage's accounts, as far as a template meets it.

use clap::ValueEnum;

/// The shape of what is exported, and so the action of CodePipeline that reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// For CodePipeline's CloudFormationStackSet action
    // A list of `ParameterKey` and `ParameterValue`
    #[default]
    #[value(name = "stackset")]
    StackSet,
    /// For CodePipeline's plain CloudFormation action
    // `Parameters` and `Tags`
    #[value(name = "cloudformation")]
    CloudFormation,
}

impl ExportFormat {
    /// As the flag takes it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The execution role of a stack set with service-managed permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StackSetRole {
    /// The one that StackSets makes by itself, with which there are no transforms, macros or nested stacks
    #[default]
    Default,
    /// One of the stack set's own, from an execution role template
    Custom,
}

/// By what a template is deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deployer {
    /// A stack set with service-managed permissions, and the execution role that StackSets makes by itself.
    #[default]
    StackSet,
    /// The same with an execution role of its own (`ExecutionRoleTemplateBody` of `CreateStackSet`, since 2026-11-20).
    StackSetWithOwnRole,
    /// The action that deploys a plain stack.
    CloudFormation,
}

impl Deployer {
    /// By what a template is deployed that is exported in that format.
    pub(crate) fn of(format: ExportFormat, role: StackSetRole) -> Self {
        match (format, role) {
            (ExportFormat::CloudFormation, _) => Self::CloudFormation,
            (ExportFormat::StackSet, StackSetRole::Default) => Self::StackSet,
            (ExportFormat::StackSet, StackSetRole::Custom) => Self::StackSetWithOwnRole,
        }
    }

    /// Whether it takes transforms, macros and nested stacks. `CreateStackSet`, `Capabilities`: "With service-managed
    /// permissions [...] only when you provide a custom execution role template".
    pub(crate) fn expands(self) -> bool {
        self != Self::StackSet
    }

    /// The most bytes of a template: of a stack set, CodePipeline User Guide, "CloudFormation StackSets deploy action
    /// reference"; of a stack, CloudFormation User Guide, "Understand CloudFormation quotas": 1 MB in S3.
    pub(crate) fn max_template_bytes(self) -> usize {
        match self {
            Self::StackSet | Self::StackSetWithOwnRole => 460_800,
            Self::CloudFormation => 1_000_000,
        }
    }

    /// What it is called where a limit of it is told.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::StackSet | Self::StackSetWithOwnRole => "a stack set's template",
            Self::CloudFormation => "a stack's template",
        }
    }
}
