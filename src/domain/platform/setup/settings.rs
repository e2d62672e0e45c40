//! Settings that can be put in place: every name and id of `modeldeploy.yml` read once.

use std::collections::{BTreeMap, BTreeSet};

use super::spec::{PipelineRoles, RollOut, SettingsSpec, StageSpec};
use crate::domain::aws::arn::{AccountId, Arn};
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::UnitId;
use crate::domain::document::{Misfit, Node, of_another_version};
use crate::domain::finding::Finding;
use crate::domain::finding::rule::Rule;
use crate::domain::project::stage::Stage;

/// The one version of the file's format so far.
pub(crate) const VERSION: u32 = 1;
/// `SageMakerRoleSuffix` of templates/target-account.yml.
const SUFFIX_MAX: usize = 15;
/// What seeds and templates are under, unless it is said.
const SEED_PREFIX: &str = "modeldeploy/";
/// `ModelPackageGroupName` of CreateModelPackageGroup.
const GROUP_MAX: usize = 63;

/// What is to be put in place.
#[derive(Clone, Debug)]
pub struct Settings {
    pub stages: Vec<StageAccounts>,
    /// Unless it is SageMaker Studio's own.
    pub model_data_bucket: Option<String>,
    pub model_data_key: Option<String>,
    pub async_bucket: Option<String>,
    pub capture_bucket: Option<String>,
    /// Bucket and prefix of what projects are launched from.
    pub seed: Option<(String, String)>,
    pub groups: BTreeSet<String>,
    pub pipeline_roles: PipelineRoles,
    pub artifact_key: Option<String>,
    pub roll_out: RollOut,
    pub call_as: CallAs,
}

/// A stage and where its accounts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageAccounts {
    pub stage: Stage,
    pub role_suffix: String,
    pub place: Place,
}

/// The accounts of a stage: those of units, or some by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Units(Vec<UnitId>),
    Accounts(BTreeSet<AccountId>),
}

impl SettingsSpec {
    /// Reads the file's text.
    ///
    /// # Errors
    /// All that does not fit the file's shape, with its places.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        let node = Node::parse_settings(text, file).map_err(|mut finding| {
            // The rules, and what CloudFormation does not take, are those of templates.
            if finding.rule.take() == Some(Rule::YamlAlias) {
                finding.cause = None;
            }
            vec![finding]
        })?;
        let told = |misfit: &Misfit| misfit.finding("cannot be read", file);
        let spec: Self = node.read_whole().map_err(|misfits| misfits.iter().map(told).collect::<Vec<_>>())?;
        match of_another_version(spec.version, VERSION, file) {
            Some(finding) => Err(vec![finding]),
            None => Ok(spec),
        }
    }

    /// Settings without a stage, where nothing but the organization is to be changed.
    pub(crate) fn of_the_organization() -> Settings {
        Settings {
            stages: Vec::new(),
            model_data_bucket: None,
            model_data_key: None,
            async_bucket: None,
            capture_bucket: None,
            seed: None,
            groups: BTreeSet::new(),
            pipeline_roles: PipelineRoles::default(),
            artifact_key: None,
            roll_out: RollOut::default(),
            call_as: CallAs::default(),
        }
    }

    /// Reads every name and id.
    ///
    /// # Errors
    /// All findings at once.
    pub fn settings(&self) -> Result<Settings, Vec<Finding>> {
        let mut findings = self.stage_findings();
        let mut stages = Vec::new();
        for spec in &self.stages {
            match spec.read() {
                Ok(stage) => stages.push(stage),
                Err(wrong) => findings.extend(wrong),
            }
        }
        findings.extend(self.bucket_findings());
        findings.extend(self.key_findings());
        for group in self.model_package_groups.iter().filter(|group| !is_group_name(group)) {
            let finding = Finding::error(format!("model_package_groups: \"{group}\" is not a group name"));
            findings.push(finding.hint("give the name of a group in this account, not its ARN"));
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let prefix = self.seed_prefix.clone().unwrap_or_else(|| SEED_PREFIX.to_owned());
        Ok(Settings {
            stages,
            model_data_bucket: self.model_data_bucket.clone(),
            model_data_key: self.model_data_key.clone(),
            async_bucket: self.async_bucket.clone(),
            capture_bucket: self.capture_bucket.clone(),
            seed: self.seed_bucket.clone().map(|bucket| (bucket, prefix)),
            groups: self.model_package_groups.iter().cloned().collect(),
            pipeline_roles: self.pipeline_roles.unwrap_or_default(),
            artifact_key: self.artifact_key.clone(),
            roll_out: self.roll_out.unwrap_or_default(),
            call_as: self.call_as.unwrap_or_default(),
        })
    }

    fn stage_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.stages.is_empty() {
            findings.push(
                Finding::error("no stage is named")
                    .hint("name stages in modeldeploy.yml, or with --stage staging=ou-ab12-cdef3456"),
            );
        }
        let mut names = BTreeSet::new();
        let mut suffixes: BTreeMap<&str, &str> = BTreeMap::new();
        for stage in &self.stages {
            if !names.insert(&stage.name) {
                let finding = Finding::error(format!("stage \"{}\" is named twice", stage.name));
                findings.push(finding.hint("give every stage a name of its own"));
            } else if let Some(other) = suffixes.insert(stage.suffix(), &stage.name) {
                let what = format!("the stages \"{other}\" and \"{}\" share a role suffix", stage.name);
                let cause = format!("both would make sagemaker-role-{}", stage.suffix());
                findings.push(Finding::error(what).cause(cause).hint("give each a role_suffix of its own"));
            }
        }
        findings
    }

    fn bucket_findings(&self) -> Vec<Finding> {
        let plain = |any: char| any.is_ascii_lowercase() || any.is_ascii_digit() || ".-".contains(any);
        let buckets = [
            ("model_data_bucket", &self.model_data_bucket, false),
            ("seed_bucket", &self.seed_bucket, false),
            ("async_bucket", &self.async_bucket, true),
            ("capture_bucket", &self.capture_bucket, true),
        ];
        let mut findings = Vec::new();
        for (name, bucket, stars) in buckets {
            let Some(bucket) = bucket else { continue };
            // As templates/target-account.yml takes them
            let fits = bucket.chars().all(|any| plain(any) || (stars && any == '*'));
            if !fits || !(3..=63).contains(&bucket.len()) || bucket.starts_with(['.', '-', '*']) {
                let finding = Finding::error(format!("{name}: \"{bucket}\" is not a bucket name"));
                findings.push(finding.hint("give the name alone, for example my-bucket"));
            }
        }
        if self.seed_prefix.is_some() && self.seed_bucket.is_none() {
            findings.push(
                Finding::error("seed_prefix has no meaning without seed_bucket")
                    .hint("name the bucket of the seed zip, or leave seed_prefix out"),
            );
        }
        // Within an IAM policy these would be more than letters.
        if let Some(prefix) = self.seed_prefix.as_deref().filter(|prefix| prefix.contains(['*', '?', '$'])) {
            let finding = Finding::error(format!("seed_prefix: \"{prefix}\" has a letter that means more in a policy"));
            findings.push(finding.hint("use a prefix without \"*\", \"?\" and \"$\""));
        }
        findings
    }

    fn key_findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, key) in [("model_data_key", &self.model_data_key), ("artifact_key", &self.artifact_key)] {
            let Some(key) = key else { continue };
            let arn = key.parse::<Arn>();
            let id = |arn: &Arn| arn.resource.strip_prefix("key/").is_some_and(|id| is_word(id, '-'));
            if !arn.is_ok_and(|arn| arn.service == "kms" && id(&arn) && arn.account.parse::<AccountId>().is_ok()) {
                let finding = Finding::error(format!("{name}: \"{key}\" is not the ARN of a key"));
                findings
                    .push(finding.hint("give the key's ARN, not an alias: arn:aws:kms:<region>:<account>:key/<id>"));
            }
        }
        if self.artifact_key.is_some() && self.pipeline_roles.unwrap_or_default() == PipelineRoles::Own {
            findings.push(
                Finding::error("artifact_key has no meaning with pipeline roles of projects' own")
                    .cause("each project lets its own roles use its parameter ArtifactKeyArn")
                    .hint("leave artifact_key out, or set pipeline_roles: classic"),
            );
        }
        findings
    }
}

impl StageSpec {
    fn suffix(&self) -> &str {
        self.role_suffix.as_deref().unwrap_or(&self.name)
    }

    fn read(&self) -> Result<StageAccounts, Vec<Finding>> {
        let mut findings = Vec::new();
        let stage = self.name.parse::<Stage>().map_err(|error| {
            let hint = "give the stage's name in the pipeline, for example staging";
            findings.push(Finding::error(error.to_string()).hint(hint));
        });
        let of = format!("stage \"{}\"", self.name);
        let suffix = self.suffix();
        if !(1..=SUFFIX_MAX).contains(&suffix.len())
            || !is_word(suffix, '-')
            || !suffix.starts_with(|first: char| first.is_ascii_alphabetic())
            || suffix.ends_with('-')
        {
            let finding = Finding::error(format!("{of}: \"{suffix}\" is not a role suffix"));
            findings.push(finding.hint(format!(
                "set role_suffix: {SUFFIX_MAX} letters, digits and hyphens at most, beginning with a letter"
            )));
        }
        let mut units = Vec::new();
        for text in &self.units {
            match text.parse::<UnitId>() {
                Ok(unit) if units.contains(&unit) => {
                    findings.push(Finding::error(format!("{of} names unit {unit} twice")).hint("name it once"));
                }
                Ok(unit) => units.push(unit),
                Err(error) => findings.push(
                    Finding::error(format!("{of}: {error}"))
                        .hint("copy the id from AWS Organizations, for example ou-ab12-cdef3456"),
                ),
            }
        }
        let mut accounts = BTreeSet::new();
        for text in &self.accounts {
            match text.parse::<AccountId>() {
                Ok(account) => _ = accounts.insert(account),
                Err(error) => {
                    let hint = "copy the id from AWS Organizations, and write it in quotes: \"111122223333\"";
                    findings.push(Finding::error(format!("{of}: {error}")).hint(hint));
                }
            }
        }
        if self.units.is_empty() == self.accounts.is_empty() {
            let what = if self.units.is_empty() { "neither units nor accounts" } else { "both units and accounts" };
            findings.push(Finding::error(format!("{of} has {what}")).hint("give units, or else accounts by their ids"));
        }
        match stage {
            Ok(stage) if findings.is_empty() => {
                let place = if units.is_empty() { Place::Accounts(accounts) } else { Place::Units(units) };
                Ok(StageAccounts { stage, role_suffix: suffix.to_owned(), place })
            }
            _ => Err(findings),
        }
    }
}

fn is_word(text: &str, also: char) -> bool {
    !text.is_empty() && text.chars().all(|any| any.is_ascii_alphanumeric() || any == also)
}

fn is_group_name(text: &str) -> bool {
    is_word(text, '-') && text.len() <= GROUP_MAX && !text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "
version: 1
stages:
  - {name: staging, units: [ou-ab12-stg00001, ou-ab12-stg00002]}
  - {name: production-of-all, role_suffix: prod, accounts: [012345678901]}
model_data_bucket: models
model_data_key: arn:aws:kms:us-east-1:111122223333:key/0a-1b
async_bucket: async-*
capture_bucket: captured
seed_bucket: seeds
model_package_groups: [churn]
pipeline_roles: classic
artifact_key: arn:aws:kms:us-east-1:111122223333:key/0a-1b
roll_out: print
call_as: delegated-admin
";

    fn wrong(text: &str) -> Vec<String> {
        let spec = SettingsSpec::parse(text, "modeldeploy.yml");
        let findings = spec.and_then(|spec| spec.settings()).err().unwrap_or_default();
        findings.iter().map(|finding| format!("{finding}; {}", finding.hint.as_deref().unwrap_or_default())).collect()
    }

    #[test]
    fn every_setting_is_read() {
        let settings = SettingsSpec::parse(WHOLE, "f").and_then(|spec| spec.settings()).expect("valid");
        assert_eq!(settings.stages[0].role_suffix, "staging");
        let account = "012345678901".parse().expect("an account");
        assert_eq!(settings.stages[1].place, Place::Accounts([account].into()), "written without quotes");
        assert_eq!(settings.seed, Some(("seeds".to_owned(), "modeldeploy/".to_owned())));
        assert_eq!(settings.call_as, CallAs::DelegatedAdmin);
        let least = "version: 1\nstages: [{name: prod, units: [r-ab12]}]\nseed_bucket:\n";
        let settings = SettingsSpec::parse(least, "f").and_then(|spec| spec.settings()).expect("valid");
        assert_eq!((settings.pipeline_roles, settings.roll_out), (PipelineRoles::Own, RollOut::StackSets));
        assert_eq!(settings.seed, None);
    }

    #[test]
    fn what_does_not_fit_the_shape_is_found_all_at_once_with_its_place() {
        let found = wrong(
            "stages:\n  - {nmae: staging, units: ou-ab12-stg00001}\nbucket_of_models: x\ncall_as: delegated\n\
             roll_out: print\nroll_out: [print]\n",
        );
        let parts = [
            "f.yml:2:6: cannot be read at stages[0].nmae; did you mean \"name\"?",
            "f.yml:2:28: cannot be read at stages[0].units",
            "f.yml:3:1: cannot be read at bucket_of_models",
            "f.yml:4:10: cannot be read at call_as; did you mean \"delegated-admin\"?",
            "f.yml:6:1: cannot be read at roll_out",
            "f.yml:1:1: cannot be read",
        ];
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for (finding, part) in found.iter().zip(parts) {
            let part = part.replace("f.yml", "modeldeploy.yml");
            assert!(finding.starts_with(&part), "{finding}, not {part}");
        }
        assert!(wrong("[]")[0].contains("cannot be read"));
        assert!(wrong("version: 2")[0].contains("has version 2"));
        assert!(wrong("version: x")[0].contains("cannot be read at version"));
        assert!(wrong("a: [")[0].contains("not valid YAML"));
        let alias = SettingsSpec::parse("a: &x 1\nb: *x\n", "f").expect_err("an alias");
        assert_eq!((alias[0].rule, alias[0].cause.as_deref()), (None, None));
    }

    #[test]
    fn names_that_cannot_be_are_found_all_at_once() {
        let found = wrong(
            "version: 1\nmodel_data_bucket: s3://x\nseed_prefix: 'a*'\nartifact_key: alias/x\n\
             model_package_groups: ['arn:aws:x']\nstages:\n  - {name: 1st, units: [prod], role_suffix: a_b}\n  \
             - {name: prod, accounts: ['1'], units: [r-ab12]}\n  - {name: prod, role_suffix: p}\n  \
             - {name: live, role_suffix: prod, units: [r-ab12, r-ab12]}\n",
        );
        let parts = [
            "named twice",
            "share a role suffix",
            "not a stage name",
            "not a role suffix",
            "not the id of an organizational unit",
            "not an account id",
            "both units and accounts",
            "neither units nor accounts",
            "twice",
            "not a bucket name",
            "seed_prefix has no meaning",
            "means more in a policy",
            "not the ARN of a key",
            "artifact_key has no meaning",
            "not a group name",
        ];
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for (finding, part) in found.iter().zip(parts) {
            assert!(finding.contains(part), "{finding}, not {part}");
        }
        assert!(wrong("version: 1")[0].contains("no stage is named"));
    }
}
