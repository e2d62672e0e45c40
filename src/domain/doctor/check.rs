//! The catalogue of checks.

/// What a check is about; the report has a heading for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    Caller,
    Organization,
    Units,
    Roles,
    TargetRoles,
    Model,
    Storage,
    Catalog,
    Pipeline,
    StackSets,
    Quotas,
    Regions,
}

/// One question; it has as many verdicts as there are things that it is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Caller,
    Clock,
    Features,
    TrustedAccess,
    Administrator,
    Unit,
    Role,
    RoleTrust,
    RoleRights,
    TargetRole,
    TargetTrust,
    TargetSession,
    TargetRights,
    Group,
    GroupPolicy,
    Version,
    Access,
    ArtifactBucket,
    Seed,
    SeedRights,
    Product,
    Visibility,
    LaunchConstraint,
    Principal,
    Pipeline,
    Stages,
    CallAs,
    LastExecution,
    BuildProject,
    Repository,
    ModelRule,
    CodeRule,
    Operation,
    Instances,
    Quota,
    Region,
}

impl Area {
    pub fn title(self) -> &'static str {
        match self {
            Self::Caller => "Caller",
            Self::Organization => "Organization",
            Self::Units => "Units",
            Self::Roles => "Roles",
            Self::TargetRoles => "Roles in target accounts",
            Self::Model => "Model",
            Self::Storage => "Storage",
            Self::Catalog => "Catalog",
            Self::Pipeline => "Pipeline",
            Self::StackSets => "Stack sets",
            Self::Quotas => "Quotas",
            Self::Regions => "Regions",
        }
    }
}

impl Check {
    pub const ALL: [Self; 36] = [
        Self::Caller,
        Self::Clock,
        Self::Features,
        Self::TrustedAccess,
        Self::Administrator,
        Self::Unit,
        Self::Role,
        Self::RoleTrust,
        Self::RoleRights,
        Self::TargetRole,
        Self::TargetTrust,
        Self::TargetSession,
        Self::TargetRights,
        Self::Group,
        Self::GroupPolicy,
        Self::Version,
        Self::Access,
        Self::ArtifactBucket,
        Self::Seed,
        Self::SeedRights,
        Self::Product,
        Self::Visibility,
        Self::LaunchConstraint,
        Self::Principal,
        Self::Pipeline,
        Self::Stages,
        Self::CallAs,
        Self::LastExecution,
        Self::BuildProject,
        Self::Repository,
        Self::ModelRule,
        Self::CodeRule,
        Self::Operation,
        Self::Instances,
        Self::Quota,
        Self::Region,
    ];

    pub fn id(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Clock => "clock",
            Self::Features => "features",
            Self::TrustedAccess => "trusted-access",
            Self::Administrator => "administrator",
            Self::Unit => "unit",
            Self::Role => "role",
            Self::RoleTrust => "role-trust",
            Self::RoleRights => "role-rights",
            Self::TargetRole => "target-role",
            Self::TargetTrust => "target-trust",
            Self::TargetSession => "target-session",
            Self::TargetRights => "target-rights",
            Self::Group => "group",
            Self::GroupPolicy => "group-policy",
            Self::Version => "version",
            Self::Access => "access",
            Self::ArtifactBucket => "artifact-bucket",
            Self::Seed => "seed",
            Self::SeedRights => "seed-rights",
            Self::Product => "product",
            Self::Visibility => "visibility",
            Self::LaunchConstraint => "launch-constraint",
            Self::Principal => "principal",
            Self::Pipeline => "pipeline",
            Self::Stages => "stages",
            Self::CallAs => "call-as",
            Self::LastExecution => "last-execution",
            Self::BuildProject => "build-project",
            Self::Repository => "repository",
            Self::ModelRule => "model-rule",
            Self::CodeRule => "code-rule",
            Self::Operation => "operation",
            Self::Instances => "instances",
            Self::Quota => "quota",
            Self::Region => "region",
        }
    }

    pub fn area(self) -> Area {
        match self {
            Self::Caller | Self::Clock => Area::Caller,
            Self::Features | Self::TrustedAccess | Self::Administrator => Area::Organization,
            Self::Unit => Area::Units,
            Self::Role | Self::RoleTrust | Self::RoleRights => Area::Roles,
            Self::TargetRole | Self::TargetTrust | Self::TargetSession | Self::TargetRights => Area::TargetRoles,
            Self::Group | Self::GroupPolicy | Self::Version | Self::Access => Area::Model,
            Self::ArtifactBucket | Self::Seed | Self::SeedRights => Area::Storage,
            Self::Product | Self::Visibility | Self::LaunchConstraint | Self::Principal => Area::Catalog,
            Self::Pipeline
            | Self::Stages
            | Self::CallAs
            | Self::LastExecution
            | Self::BuildProject
            | Self::Repository
            | Self::ModelRule
            | Self::CodeRule => Area::Pipeline,
            Self::Operation | Self::Instances => Area::StackSets,
            Self::Quota => Area::Quotas,
            Self::Region => Area::Regions,
        }
    }
}
