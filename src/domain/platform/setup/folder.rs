//! All documents as files, with the commands that put them in place, for those who do it with a tool of their own.

use std::fmt::Write;

use serde_json::{Value, json};

use super::decision::model_data_bucket;
use super::facts::{ClassicRole, Facts, Holder, Home};
use super::organization::registration;
use super::policies::{GRANT_OWNER, POLICY_NAME, merged_bucket_policy, pretty, role_document};
use super::settings::{Place, Settings, StageAccounts};
use super::spec::PipelineRoles;
use super::stack_set::{StackSet, TEMPLATE, rolled_out};
use super::steps::accounts;
use crate::domain::aws::call_as::CallAs;
use crate::domain::aws::organization::{Targets, UnitId};
use crate::domain::platform::policy::Unrenderable;
use crate::domain::registry::group_policy::{Change, Grant};
use crate::domain::text::printable;

const TEMPLATE_FILE: &str = "target-account.yml";
const BUCKET_FILE: &str = "model-data-bucket-policy.json";

/// Files by their names, in the order in which they are put in place; the last one says how.
///
/// # Errors
/// An embedded template does not fit, which is a defect of this program.
pub(crate) fn files(settings: &Settings, facts: &Facts) -> Result<Vec<(String, String)>, Unrenderable> {
    let mut folder = Folder { files: Vec::new(), readme: HEAD.to_owned() };
    for role in [ClassicRole::Launch, ClassicRole::Use] {
        let wanted = match role {
            ClassicRole::Use => settings.pipeline_roles == PipelineRoles::Classic,
            ClassicRole::Launch => settings.seed.is_some(),
        };
        if wanted {
            folder.role(role, &role_document(role, settings, facts)?);
        }
    }
    folder.bucket(settings, facts)?;
    folder.groups(settings, facts);
    folder.files.push((TEMPLATE_FILE.to_owned(), TEMPLATE.to_owned()));
    if settings.stages.iter().any(|stage| rolled_out(settings, stage).is_some()) {
        folder.organization(settings, &facts.home);
    }
    for stage in &settings.stages {
        folder.stage(settings, facts, stage);
    }
    for (_, text) in folder.files.iter_mut().filter(|(_, text)| text.starts_with(['{', '['])) {
        *text = printable::json(text).into_owned();
    }
    folder.files.push(("README.md".to_owned(), folder.readme));
    Ok(folder.files)
}

const HEAD: &str = "# What modeldeploy setup puts in place\n\nWritten by `modeldeploy setup plan --output`. Run the commands \
                    in this folder.\n";

struct Folder {
    files: Vec<(String, String)>,
    readme: String,
}

impl Folder {
    fn add(&mut self, title: &str, text: &str, commands: &[String]) {
        let commands = commands.join("\n");
        let text = if text.is_empty() { String::new() } else { format!("{text}\n\n") };
        write!(self.readme, "\n## {title}\n\n{text}```sh\n{commands}\n```\n").unwrap_or_default();
    }

    fn role(&mut self, role: ClassicRole, document: &Value) {
        let name = role.name();
        let file = match role {
            ClassicRole::Use => "use-role-policy.json",
            ClassicRole::Launch => "launch-role-policy.json",
        };
        self.files.push((file.to_owned(), format!("{document:#}\n")));
        let command = format!(
            "aws iam put-role-policy --role-name {name} --policy-name {POLICY_NAME} --policy-document file://{file}"
        );
        self.add(&format!("Role {name}"), "", &[command]);
    }

    fn bucket(&mut self, settings: &Settings, facts: &Facts) -> Result<(), Unrenderable> {
        let Some(accounts) = accounts(settings, facts).filter(|accounts| !accounts.is_empty()) else { return Ok(()) };
        let bucket = model_data_bucket(settings, &facts.home);
        let (current, text) = match &facts.bucket {
            Ok(Holder::There { policy, .. }) => (policy.as_deref(), "The bucket's own policy, ours merged in."),
            Ok(Holder::Missing) => (None, "The bucket does not exist yet."),
            Err(_) => (None, "The bucket's own policy could not be read: merge these statements into it first."),
        };
        // What cannot be merged into is said by the plan
        let Ok((document, _)) = merged_bucket_policy(settings, facts, &accounts, current)? else { return Ok(()) };
        self.files.push((BUCKET_FILE.to_owned(), format!("{}\n", pretty(&document.render()))));
        let command = format!("aws s3api put-bucket-policy --bucket {bucket} --policy file://{BUCKET_FILE}");
        self.add(&format!("Bucket {bucket}"), text, &[command]);
        Ok(())
    }

    fn groups(&mut self, settings: &Settings, facts: &Facts) {
        let Some(accounts) = accounts(settings, facts).filter(|accounts| !accounts.is_empty()) else { return };
        for (group, read) in &facts.groups {
            let Ok(Holder::There { is, policy }) = read else { continue };
            let grant = Grant { group_arn: is, project_id: GRANT_OWNER, accounts: &accounts };
            let text = match grant.merge_into(policy.as_deref()) {
                Ok(Change::Put(text)) => text,
                Ok(Change::None) => policy.clone().unwrap_or_default(),
                Err(_) => continue,
            };
            let file = format!("model-package-group-{group}-policy.json");
            let command = format!(
                "aws sagemaker put-model-package-group-policy --model-package-group-name {group} --resource-policy \
                 file://{file}"
            );
            self.files.push((file, format!("{}\n", pretty(&text))));
            self.add(&format!("Model package group {group}"), "The group's own policy, ours merged in.", &[command]);
        }
    }

    fn organization(&mut self, settings: &Settings, home: &Home) {
        let mut commands = vec!["aws cloudformation activate-organizations-access".to_owned()];
        if settings.call_as == CallAs::DelegatedAdmin {
            commands.push(registration(&home.account));
        }
        self.add("The organization", "Once, in the management account, unless it is so already.", &commands);
    }

    fn stage(&mut self, settings: &Settings, facts: &Facts, stage: &StageAccounts) {
        let set = StackSet::of(settings, &facts.home, stage);
        let file = format!("{}-parameters.json", set.name);
        let parameters: Vec<Value> =
            set.parameters.iter().map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value})).collect();
        self.files.push((file.clone(), format!("{:#}\n", Value::Array(parameters))));
        let name = &set.name;
        let region = &facts.home.region;
        let body = format!("--template-body file://{TEMPLATE_FILE} --parameters file://{file}");
        let title = format!("Stage {}: role sagemaker-role-{}", stage.stage, stage.role_suffix);
        if let Some(units) = rolled_out(settings, stage) {
            let call_as = settings.call_as.flag();
            let units: Vec<&str> = units.iter().map(UnitId::as_str).collect();
            let commands = [
                format!(
                    "aws cloudformation create-stack-set --stack-set-name {name} {body} --permission-model \
                     SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false --capabilities \
                     CAPABILITY_NAMED_IAM{call_as}"
                ),
                format!(
                    "aws cloudformation create-stack-instances --stack-set-name {name} --deployment-targets \
                     OrganizationalUnitIds={} --regions {region}{call_as}",
                    units.join(",")
                ),
            ];
            let again = "If the stack set is there, use `update-stack-set` with the same options instead of the first.";
            self.add(&title, again, &commands);
            return;
        }
        let accounts: Vec<String> = match &stage.place {
            Place::Accounts(ids) => ids.iter().map(ToString::to_string).collect(),
            Place::Units(units) => {
                let known = units.iter().filter_map(|unit| facts.units.get(unit)?.as_ref().ok());
                known.flat_map(Targets::ids).map(|id| id.to_string()).collect()
            }
        };
        let create = format!(
            "aws cloudformation create-stack --stack-name {name} --region {region} {body} --capabilities \
             CAPABILITY_NAMED_IAM"
        );
        let text = format!(
            "In each of {}, with its own credentials; if the stack is there, use `update-stack`.",
            accounts.join(", ")
        );
        self.add(&title, &text, &[create]);
        let sets = [
            format!(
                "aws cloudformation create-stack-set --stack-set-name {name} {body} --permission-model SELF_MANAGED \
                 --capabilities CAPABILITY_NAMED_IAM"
            ),
            format!(
                "aws cloudformation create-stack-instances --stack-set-name {name} --accounts {} --regions {region}",
                accounts.join(" ")
            ),
        ];
        let text = "Or all at once, where the accounts have the role AWSCloudFormationStackSetExecutionRole and this \
                    one has AWSCloudFormationStackSetAdministrationRole.";
        self.add(&format!("{title}, by a stack set"), text, &sets);
    }
}
