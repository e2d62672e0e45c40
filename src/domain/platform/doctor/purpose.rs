//! What the roles of the data science account are for.

use crate::domain::platform::catalog::launch_role;

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Build,
    Test,
    Pipeline,
    Events,
    Launch,
}

impl Purpose {
    /// The service that takes the role on.
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::Build | Self::Test => "codebuild.amazonaws.com",
            Self::Pipeline => "codepipeline.amazonaws.com",
            Self::Events => "events.amazonaws.com",
            Self::Launch => launch_role::CATALOG,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Test => "test",
            Self::Pipeline => "pipeline",
            Self::Events => "events",
            Self::Launch => "launch",
        }
    }
}
