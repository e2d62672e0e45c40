//! What the project template calls things of a project.

use crate::domain::project::stage::Stage;

/// Names of a project's resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectNames {
    pub name: String,
    pub id: String,
}

/// Of the roles that `PipelineRoles=own` makes.
const ROLE_PREFIX: &str = "modeldeploy-";

impl ProjectNames {
    fn prefix(&self) -> String {
        format!("sagemaker-{}-{}", self.name, self.id)
    }

    pub(crate) fn pipeline(&self) -> String {
        format!("{}-modeldeploy", self.prefix())
    }

    pub(crate) fn build_project(&self) -> String {
        self.pipeline()
    }

    pub(crate) fn test_project(&self) -> String {
        format!("{}-testing", self.prefix())
    }

    pub(crate) fn artifact_bucket(&self) -> String {
        format!("sagemaker-project-{}", self.id)
    }

    /// Names of stack sets have no underscores.
    pub(crate) fn stack_set(&self, stage: &Stage) -> String {
        format!("{}-deploy-{}", self.prefix(), stage.as_str().replace('_', "-"))
    }

    /// The role of that part of the pipeline: `build`, `test`, `pipeline` or `events`.
    pub(crate) fn role(&self, part: &str) -> String {
        format!("{ROLE_PREFIX}{}-{part}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_project_template() {
        let template = include_str!("../../../../templates/project.yml.j2");
        let names = ProjectNames { name: "${SageMakerProjectName}".to_owned(), id: "${SageMakerProjectId}".to_owned() };
        let stage: Stage = "pre_prod".parse().expect("a stage");
        let stack_set = names.stack_set(&stage).replace("pre-prod", "<%= stage.stack_set_part %>");
        for line in [
            format!("Name: !Sub {} # 75 of 100", names.pipeline()),
            format!("RepositoryName: !Sub {} ", names.pipeline()),
            format!("Name: !Sub {} # 75 of 150", names.build_project()),
            format!("Name: !Sub {} ", names.test_project()),
            format!("BucketName: !Sub {}", names.artifact_bucket()),
            format!("StackSetName: !Sub {stack_set} "),
            format!("RoleName: !Sub {} ", names.role("build")),
            format!("RoleName: !Sub {} ", names.role("test")),
            format!("RoleName: !Sub {} ", names.role("pipeline")),
            format!("RoleName: !Sub {} ", names.role("events")),
        ] {
            assert!(template.contains(&line), "{line}");
        }
    }
}
