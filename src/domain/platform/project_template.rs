//! The project template, rendered for a list of stages: the pipeline that every SageMaker project gets.

use clap::ValueEnum;
use serde::Serialize;

use crate::domain::aws::call_as::CallAs;
use crate::domain::finding::Finding;
use crate::domain::platform::template;
use crate::domain::project::stage::{Stage, StageSettings};

const TEMPLATE: &str = include_str!("../../../templates/project.yml.j2");

/// `StackSetName` is at most 128 characters long (CodePipeline User Guide, StackSets action); this is what the template
/// puts before the stage, with the longest project name (32) and id (20).
const STACK_SET_NAME_MAX: usize = 128;
const STACK_SET_PREFIX_MAX: usize = "sagemaker-".len() + 32 + 1 + 20 + "-deploy-".len();
const STAGE_MAX: usize = STACK_SET_NAME_MAX - STACK_SET_PREFIX_MAX;

/// A pipeline has at most 50 stages (CodePipeline quotas): Source, Build, deployments, and approvals between them.
const STAGES_MAX: usize = (50_usize - 2).div_ceil(2);

/// The bounds of an S3 bucket's name and of an object's key (S3 User Guide).
const BUCKET_LENGTHS: std::ops::RangeInclusive<usize> = 3..=63;
const KEY_MAX: usize = 1024;

/// Where a project's repository comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RepositorySource {
    /// A new CodeCommit repository, filled from the seed zip
    #[default]
    #[value(name = "codecommit")]
    CodeCommit,
    /// A repository of a Git host, by a connection (CodeConnections)
    Connection,
}

/// What a platform engineer decides of the template; everything else is a parameter of each project.
#[derive(Clone, Debug)]
pub(crate) struct ProjectTemplate {
    pub stages: Vec<Stage>,
    pub source: RepositorySource,
    pub call_as: CallAs,
    /// Defaults of the parameters that say where the seed zip is.
    pub seed_bucket: Option<String>,
    pub seed_key: Option<String>,
}

impl ProjectTemplate {
    /// Everything for which no pipeline can be made.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !(1..=STAGES_MAX).contains(&self.stages.len()) {
            findings.push(
                Finding::error(format!("a pipeline cannot have {} stages to deploy to", self.stages.len()))
                    .cause("CodePipeline allows 50 stages in all, approvals included")
                    .hint(format!("name 1 to {STAGES_MAX} stages")),
            );
        }
        for stage in &self.stages {
            let length = stage.as_str().len();
            if length > STAGE_MAX {
                findings.push(
                    Finding::error(format!("the name of stage \"{stage}\" is too long"))
                        .cause(format!(
                            "its stack set would have a name of {} characters",
                            STACK_SET_PREFIX_MAX + length
                        ))
                        .hint(format!("use {STAGE_MAX} characters at most")),
                );
            }
        }
        findings.extend(self.seed_findings());
        findings
    }

    fn seed_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let given = [("--seed-bucket", &self.seed_bucket), ("--seed-key", &self.seed_key)];
        if self.source == RepositorySource::Connection {
            let given = given.iter().filter(|(_, value)| value.is_some());
            findings.extend(given.map(|(flag, _)| {
                Finding::error(format!("{flag} has no meaning with a connection"))
                    .cause("the repository is there already, and nothing is seeded")
                    .hint(format!("leave out {flag}, or use --source codecommit"))
            }));
            return findings;
        }
        findings.extend(self.seed_bucket.as_deref().and_then(bucket_finding));
        if let Some(key) = &self.seed_key
            && (key.is_empty() || key.len() > KEY_MAX || key.starts_with("s3:") || key.contains(char::is_control))
        {
            findings.push(
                Finding::error(format!("\"{}\" is not an object key", key.escape_debug()))
                    .hint("give the key in the bucket, for example modeldeploy/seed-repo.zip"),
            );
        }
        findings
    }

    /// The template as CloudFormation reads it.
    ///
    /// # Errors
    /// The embedded template does not fit, which is a defect of this program.
    pub(crate) fn render(&self) -> Result<String, minijinja::Error> {
        // A JSON text is a YAML text, whatever is in it.
        let quoted =
            |text: &Option<String>| text.as_ref().map(|text| serde_json::Value::from(text.as_str()).to_string());
        let context = Context {
            stages: self.stages.iter().map(StageNames::of).collect(),
            source: self.source,
            call_as: self.call_as,
            seed_bucket: quoted(&self.seed_bucket),
            seed_key: quoted(&self.seed_key),
        };
        template::render(TEMPLATE, context)
    }
}

/// What is wrong with the name of a bucket.
pub(crate) fn bucket_finding(bucket: &str) -> Option<Finding> {
    let fits = |any: char| any.is_ascii_lowercase() || any.is_ascii_digit() || ".-".contains(any);
    let is_name = BUCKET_LENGTHS.contains(&bucket.len()) && bucket.chars().all(fits);
    (!is_name).then(|| {
        Finding::error(format!("\"{bucket}\" is not a bucket name"))
            .hint("give the name alone, for example my-seed-bucket")
    })
}

#[derive(Serialize)]
struct Context {
    stages: Vec<StageNames>,
    source: RepositorySource,
    call_as: CallAs,
    seed_bucket: Option<String>,
    seed_key: Option<String>,
}

/// What a stage is called where.
#[derive(Serialize)]
struct StageNames {
    name: String,
    id: String,
    unit_parameter: String,
    role_parameter: String,
    unit_variable: String,
    role_variable: String,
    export_variable: String,
    export_file: String,
    /// Names of stack sets have no underscores.
    stack_set_part: String,
    stack_set_length: usize,
}

impl StageNames {
    fn of(stage: &Stage) -> Self {
        let id = id(stage);
        Self {
            name: stage.to_string(),
            unit_parameter: format!("OrganizationalUnit{id}Id"),
            role_parameter: format!("SageMakerExecutionRole{id}Name"),
            unit_variable: stage.unit_variable(),
            role_variable: stage.role_variable(),
            export_variable: stage.export_variable(),
            export_file: StageSettings::bare(stage).export_file,
            stack_set_part: stage.as_str().replace('_', "-"),
            stack_set_length: STACK_SET_PREFIX_MAX + stage.as_str().len(),
            id,
        }
    }
}

/// The stage as part of a CloudFormation name, which has letters and digits only: `PreProd` of `pre-prod`.
fn id(stage: &Stage) -> String {
    let words = stage.as_str().split(['-', '_']).map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(stages: &[&str], source: RepositorySource) -> ProjectTemplate {
        ProjectTemplate {
            stages: stages.iter().map(|name| name.parse().expect("a stage")).collect(),
            source,
            call_as: CallAs::Management,
            seed_bucket: None,
            seed_key: None,
        }
    }

    fn whats(template: &ProjectTemplate) -> Vec<String> {
        template.findings().into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn every_stage_that_no_pipeline_can_have_is_found_at_once() {
        assert_eq!(whats(&template(&["staging", "prod"], RepositorySource::CodeCommit)), [""; 0]);
        let long = "a".repeat(STAGE_MAX + 1);
        let mut both = template(&["pre-prod", &long], RepositorySource::Connection);
        both.seed_bucket = Some("seeds".to_owned());
        let found = whats(&both);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].starts_with("--seed-bucket"), "{found:?}");
        let names: Vec<String> = (0..=STAGES_MAX).map(|number| format!("s{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(whats(&template(&names, RepositorySource::CodeCommit)).len(), 1);
        assert_eq!(whats(&template(&names[1..], RepositorySource::CodeCommit)), [""; 0]);
        assert_eq!(whats(&template(&[], RepositorySource::CodeCommit)).len(), 1);
    }

    #[test]
    fn a_seed_that_cannot_be_is_refused() {
        let mut seeded = template(&["prod"], RepositorySource::CodeCommit);
        for (bucket, key, wrong) in
            [("seeds", "a/b.zip", 0), ("s3://seeds", "s3://seeds/b.zip", 2), ("Seeds", "", 2), ("ab", "a\nb", 2)]
        {
            seeded.seed_bucket = Some(bucket.to_owned());
            seeded.seed_key = Some(key.to_owned());
            assert_eq!(whats(&seeded).len(), wrong, "{bucket} {key}");
        }
    }

    #[test]
    fn a_seed_key_of_any_letters_stays_one_text() {
        let mut seeded = template(&["prod"], RepositorySource::CodeCommit);
        seeded.seed_key = Some("a: \"b\" # c.zip".to_owned());
        let rendered: serde_yaml::Value = serde_yaml::from_str(&seeded.render().expect("fits")).expect("YAML");
        assert_eq!(rendered["Parameters"]["SeedKey"]["Default"], "a: \"b\" # c.zip");
        assert_eq!(rendered["Parameters"]["SeedBucket"].get("Default"), None);
        assert_eq!(rendered["Parameters"]["CallAs"]["Default"], "SELF");
    }

    #[test]
    fn stages_are_named_in_letters_and_digits() {
        let of = |name: &str| id(&name.parse().expect("a stage"));
        assert_eq!([of("prod"), of("pre-prod"), of("eu_2-a")], ["Prod", "PreProd", "Eu2A"]);
    }
}
