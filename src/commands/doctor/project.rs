//! What a project has: its pipeline, projects of CodeBuild, repository and event rules.

use super::look::{Look, seen};
use super::there;
use crate::cloud::Caller;
use crate::cloud::aws::{codebuild, codecommit, codepipeline, eventbridge};
use crate::domain::aws::partition::partition_of_region;
use crate::domain::platform::doctor::{
    ActionState, BuildProject, Pipeline, Repository, Rule, Seen, SourceAction, Subject, Unseen,
};

/// The pipeline, and what runs in it.
pub(super) struct Project {
    pub(super) pipeline: Seen<Option<Pipeline>>,
    pub(super) states: Seen<Vec<ActionState>>,
    pub(super) build: Seen<Option<BuildProject>>,
    pub(super) test: Seen<Option<BuildProject>>,
}

impl Look<'_> {
    /// An ARN of the caller's own account, as a statement of a policy names it.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let region = self.cloud.region();
        format!("arn:{}:{service}:{region}:*:{resource}", partition_of_region(region))
    }

    pub(super) async fn project(&self, subject: &Subject) -> Project {
        let names = match subject.project() {
            Ok(names) => names,
            Err(unseen) => {
                return Project {
                    pipeline: Err(unseen.clone()),
                    states: Err(unseen.clone()),
                    build: Err(unseen.clone()),
                    test: Err(unseen),
                };
            }
        };
        let api = self.api();
        let (pipeline, build, test) = (names.pipeline(), names.build_project(), names.test_project());
        let (found, states, of_build, of_test) = futures::join!(
            codepipeline::pipeline(api, &pipeline),
            codepipeline::states(api, &pipeline),
            codebuild::project(api, &build),
            codebuild::project(api, &test),
        );
        let of_pipeline = self.arn("codepipeline", &pipeline);
        let arn = |name: &str| self.arn("codebuild", &format!("project/{name}"));
        Project {
            pipeline: seen(None, &of_pipeline, found),
            states: seen(None, &of_pipeline, states),
            build: seen(None, arn(&build), of_build),
            test: seen(None, arn(&test), of_test),
        }
    }

    pub(super) async fn rules(&self, project: &Project) -> Seen<Vec<Rule>> {
        let Some(pipeline) = there(&project.pipeline) else {
            return Err(Unseen::unasked("the pipeline is not known"));
        };
        let found = eventbridge::rules_of(self.api(), &pipeline.arn.to_string()).await;
        seen(None, self.arn("events", "rule/*"), found)
    }

    pub(super) async fn repository(&self, project: &Project) -> Seen<Option<Repository>> {
        let Some(SourceAction::CodeCommit { repository, branch }) = there(&project.pipeline).and_then(Pipeline::source)
        else {
            return Err(Unseen::unasked("the pipeline names no repository"));
        };
        let api = self.api();
        let arn = self.arn("codecommit", &repository);
        let (there, has_branch) = futures::join!(
            codecommit::has_repository(api, &repository),
            codecommit::has_branch(api, &repository, &branch),
        );
        let there = seen(None, &arn, there)?;
        Ok(there.then(|| Repository { has_branch: seen(None, &arn, has_branch) }))
    }
}
