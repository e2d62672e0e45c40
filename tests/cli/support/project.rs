//! The project that the tests build and test: the files of seed-repo and the variables of the seed's CodeBuild projects.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Run;
use super::aws::{Aws, Deployment};

pub(crate) const PROJECT: &str = "churn";
pub(crate) const GROUP: &str = "churn-models";
pub(crate) const ENDPOINT: &str = "churn-staging";
pub(crate) const BUILD_ID: &str = "churn-build:6c3e0f5a-1d2b";
pub(crate) const TEMPLATE: &str = include_str!("../../../seed-repo/endpoint-config-template.yml");
const STAGING_CONFIG: &str = include_str!("../../../seed-repo/staging-config.json");
const PROD_CONFIG: &str = include_str!("../../../seed-repo/prod-config.json");

impl Run {
    /// In the folder and with the variables that CodeBuild's stage Build has.
    pub(crate) fn in_project(self, aws: &Aws) -> Self {
        let mut run = self
            .aws(aws)
            .env("SAGEMAKER_PROJECT_NAME", PROJECT)
            .env("SAGEMAKER_PROJECT_ID", "p-abc123")
            .env("SOURCE_MODEL_PACKAGE_GROUP_NAME", GROUP)
            .env("ARTIFACT_BUCKET", "artifacts")
            .env("SAGEMAKER_EXECUTION_ROLE_STAGING_NAME", "churn-staging-role")
            .env("SAGEMAKER_EXECUTION_ROLE_PROD_NAME", "churn-prod-role")
            .env("CODEBUILD_BUILD_ID", BUILD_ID)
            .file("endpoint-config-template.yml", TEMPLATE)
            .file("staging-config.json", STAGING_CONFIG)
            .file("prod-config.json", PROD_CONFIG);
        for (unit, variable) in [("staging", "ORGANIZATIONAL_UNIT_STAGING_ID"), ("prod", "ORGANIZATIONAL_UNIT_PROD_ID")]
        {
            if aws.has_unit(unit) {
                run = run.env(variable, aws.unit(unit));
            }
        }
        run
    }

    /// With the variables that CodeBuild's stage Test has beside those of the build, and these cases.
    pub(crate) fn testing(self, aws: &Aws, cases: &str) -> Self {
        self.env("SAGEMAKER_EXECUTION_ROLE_NAME", "churn-staging-role")
            .env("ORGANIZATIONAL_UNIT_ID", aws.unit("staging"))
            .file("test/cases.yml", cases)
    }
}

impl Aws {
    /// A project that is ready to build: two staging accounts, one production account, an approved package.
    pub(crate) fn with_project() -> Self {
        Self::new().with_unit("staging", 2).with_unit("prod", 1).with_packages(["Approved", "PendingManualApproval"])
    }

    /// Builds the project, rolls it out to the staging accounts, and gives back the run that tests it.
    pub(crate) fn deployed(&self, names: &[&str]) -> Run {
        let build = Run::new("build").in_project(self);
        build.run().succeeds();
        let accounts = self.staging_accounts();
        self.roll_out(&Deployment::exported(&build, "staging-config-export.json"), &accounts);
        for account in &accounts {
            self.queue_answers(account, &answers(names));
        }
        self.forget_calls();
        build.then("test").testing(self, &cases(names))
    }

    /// The accounts of the staging unit and its child.
    pub(crate) fn staging_accounts(&self) -> Vec<String> {
        let nested = if self.has_unit("staging/nested") { self.accounts("staging/nested") } else { &[] };
        self.accounts("staging").iter().chain(nested).cloned().collect()
    }
}

/// Cases that expect what `answers` gives to the same names.
pub(crate) fn cases(names: &[&str]) -> String {
    let mut text = "version: 1\ncases:\n".to_owned();
    for name in names {
        writeln!(text, "  - {{name: {name}, body: {name}, expect: {{json: [{{path: $.label, equals: {name}}}]}}}}")
            .expect("a string takes all");
    }
    text
}

pub(crate) fn answers(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({"label": name})).collect()
}
