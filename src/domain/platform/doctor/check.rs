//! The catalogue of checks.

macro_rules! areas {
    ($($area:ident $title:literal;)+) => {
        /// What a check is about; the report has a heading for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Area {
            $($area,)+
        }

        impl Area {
            pub(crate) fn title(self) -> &'static str {
                match self {
                    $(Self::$area => $title,)+
                }
            }
        }
    };
}

areas! {
    Caller "Caller";
    Organization "Organization";
    Units "Units";
    Roles "Roles";
    TargetRoles "Roles in target accounts";
    Model "Model";
    Storage "Storage";
    Catalog "Catalog";
    Pipeline "Pipeline";
    StackSets "Stack sets";
    Quotas "Quotas";
    Regions "Regions";
}

macro_rules! checks {
    ($($check:ident $id:literal $area:ident;)+) => {
        /// One question; it has as many verdicts as there are things that it is asked of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check {
            $($check,)+
        }

        impl Check {
            pub const ALL: &[Self] = &[$(Self::$check),+];

            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$check => $id,)+
                }
            }

            pub(crate) fn area(self) -> Area {
                match self {
                    $(Self::$check => Area::$area,)+
                }
            }
        }
    };
}

checks! {
    Caller "caller" Caller;
    Clock "clock" Caller;
    Features "features" Organization;
    TrustedAccess "trusted-access" Organization;
    Administrator "administrator" Organization;
    Unit "unit" Units;
    Role "role" Roles;
    RoleTrust "role-trust" Roles;
    RoleRights "role-rights" Roles;
    TargetRole "target-role" TargetRoles;
    TargetTrust "target-trust" TargetRoles;
    TargetSession "target-session" TargetRoles;
    TargetRights "target-rights" TargetRoles;
    Group "group" Model;
    GroupPolicy "group-policy" Model;
    Version "version" Model;
    Access "access" Model;
    ArtifactBucket "artifact-bucket" Storage;
    Seed "seed" Storage;
    SeedRights "seed-rights" Storage;
    Product "product" Catalog;
    Visibility "visibility" Catalog;
    LaunchConstraint "launch-constraint" Catalog;
    Principal "principal" Catalog;
    Pipeline "pipeline" Pipeline;
    Stages "stages" Pipeline;
    CallAs "call-as" Pipeline;
    LastExecution "last-execution" Pipeline;
    BuildProject "build-project" Pipeline;
    Repository "repository" Pipeline;
    ModelRule "model-rule" Pipeline;
    CodeRule "code-rule" Pipeline;
    Operation "operation" StackSets;
    Instances "instances" StackSets;
    Quota "quota" Quotas;
    Region "region" Regions;
}
