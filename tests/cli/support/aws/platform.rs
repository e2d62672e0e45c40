//! What a platform has beside the registry and the organization, in moto, by plain requests: the tests have no SDK of
//! these services.

use serde_json::{Map, Value, json};

use super::{Aws, REGION, SEED_KEY};

impl Aws {
    /// A call of the test's own to a service that speaks JSON 1.1; `target` is `CodePipeline_20150709.CreatePipeline`.
    #[track_caller]
    pub(crate) fn call_json(&self, service: &str, target: &str, input: &Value) -> Value {
        let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
        let text = self.post(self.account(), service, &headers, input.to_string());
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A call of the test's own to IAM, in an account.
    #[track_caller]
    pub(crate) fn call_iam(&self, account: &str, operation: &str, input: &[(&str, &str)]) {
        let mut form = reqwest::Url::parse("http://form/").expect("a URL");
        let always = [("Action", operation), ("Version", "2010-05-08")];
        form.query_pairs_mut().extend_pairs(always.iter().chain(input));
        let asked = self.ask(account, "iam", form.query().unwrap_or_default());
        asked.unwrap_or_else(|error| panic!("{operation}: {error}"));
    }

    fn ask(&self, account: &str, service: &str, form: &str) -> Result<String, String> {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(account, service, &headers, form.to_owned())
    }

    #[track_caller]
    fn post(&self, account: &str, service: &str, headers: &[(&str, &str)], body: String) -> String {
        self.send(account, service, headers, body).unwrap_or_else(|error| panic!("{service}: {error}"))
    }

    fn send(&self, account: &str, service: &str, headers: &[(&str, &str)], body: String) -> Result<String, String> {
        let scope = format!("Credential={SEED_KEY}{account}/20261124/{REGION}/{service}/aws4_request");
        let signed = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        let (status, text) = self.runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
            let request = client.post(self.url()).header("authorization", signed).body(body);
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let answer = request.send().await.expect("moto is there");
            (answer.status(), answer.text().await.expect("a text"))
        });
        if status.is_success() { Ok(text) } else { Err(text) }
    }

    /// A role as a template has it.
    pub(crate) fn make_role(&self, account: &str, role: &Value) {
        let name = role["RoleName"].as_str().expect("a name");
        let trust = role["AssumeRolePolicyDocument"].to_string();
        let path = role["Path"].as_str().unwrap_or("/");
        let input = [("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", trust.as_str())];
        self.call_iam(account, "CreateRole", &input);
        for policy in role["Policies"].as_array().expect("policies") {
            let of = policy["PolicyName"].as_str().expect("a name");
            self.put_role_policy(account, name, of, &policy["PolicyDocument"]);
        }
    }

    pub(crate) fn put_role_policy(&self, account: &str, role: &str, policy: &str, document: &Value) {
        let document = document.to_string();
        let input = [("RoleName", role), ("PolicyName", policy), ("PolicyDocument", document.as_str())];
        self.call_iam(account, "PutRolePolicy", &input);
    }

    pub(crate) fn has_role(&self, account: &str, role: &str) -> bool {
        self.ask(account, "iam", &format!("Action=GetRole&Version=2010-05-08&RoleName={role}")).is_ok()
    }

    pub(crate) fn put_trust(&self, account: &str, role: &str, document: &Value) {
        let document = document.to_string();
        self.call_iam(account, "UpdateAssumeRolePolicy", &[("RoleName", role), ("PolicyDocument", &document)]);
    }

    pub(crate) fn delete_role(&self, account: &str, role: &str, policies: &[&str]) {
        for policy in policies {
            self.call_iam(account, "DeleteRolePolicy", &[("RoleName", role), ("PolicyName", policy)]);
        }
        self.call_iam(account, "DeleteRole", &[("RoleName", role)]);
    }

    /// A pipeline as a template has it.
    pub(crate) fn make_pipeline(&self, pipeline: &Value) {
        let mut pipeline = as_in_api(pipeline);
        pipeline["version"] = json!(1);
        self.call_json("codepipeline", "CodePipeline_20150709.CreatePipeline", &json!({"pipeline": pipeline}));
    }

    /// A project of CodeBuild as a template has it.
    pub(crate) fn make_project(&self, project: &Value) {
        let mut project = as_in_api(project);
        // moto asks for them, whatever the type.
        project["source"]["location"] = json!("nowhere");
        project["artifacts"]["location"] = json!("nowhere");
        self.call_json("codebuild", "CodeBuild_20161006.CreateProject", &project);
    }

    pub(crate) fn make_repository(&self, name: &str) {
        self.call_json("codecommit", "CodeCommit_20150413.CreateRepository", &json!({"repositoryName": name}));
    }

    /// A rule as a template has it; one of that name is replaced.
    pub(crate) fn put_rule(&self, rule: &Value) {
        let (name, state) = (&rule["Name"], &rule["State"]);
        let input = json!({"Name": name, "EventPattern": rule["EventPattern"].to_string(), "State": state});
        self.call_json("events", "AWSEvents.PutRule", &input);
        self.call_json("events", "AWSEvents.PutTargets", &json!({"Rule": name, "Targets": rule["Targets"]}));
    }
}

/// Properties of a template under the names of the service's API: `roleArn` of `RoleArn`. What people name stays.
fn as_in_api(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                let value = if name == "Configuration" { value.clone() } else { as_in_api(value) };
                (first.into_iter().chain(letters).collect(), value)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(as_in_api).collect(),
        plain => plain.clone(),
    }
}
