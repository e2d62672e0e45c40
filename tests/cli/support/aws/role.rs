//! A role that CloudFormation (moto's) makes in a member account, by boto3: the tests have no SDK of those two services.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Aws, REGION, SEED_KEY};

const SCRIPT: &str = r#"
import ast, boto3, json, sys
order = json.load(sys.stdin)
keys = {"aws_access_key_id": order["key"], "aws_secret_access_key": "seed", "region_name": order["region"]}
client = lambda service: boto3.client(service, endpoint_url=order["url"], **keys)
parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in order["parameters"]]
stacks = client("cloudformation")
stacks.create_stack(StackName="role", TemplateBody=order["template"], Parameters=parameters,
                    Capabilities=["CAPABILITY_NAMED_IAM"])
stack = stacks.describe_stacks(StackName="role")["Stacks"][0]
assert stack["StackStatus"] == "CREATE_COMPLETE", stack["StackStatus"]
name = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}["RoleName"]
iam = client("iam")
role = iam.get_role(RoleName=name)["Role"]
names = iam.list_role_policies(RoleName=name)["PolicyNames"]
def document(policy):
    # moto 5.2.1 gives what Python prints of the document, and None for what AWS::NoValue leaves out.
    found = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    found = ast.literal_eval(found) if isinstance(found, str) else found
    return found | {"Statement": [statement for statement in found["Statement"] if statement]}
role["Policies"] = {policy: document(policy) for policy in names}
print(json.dumps(role, default=str))
"#;

impl Aws {
    /// Deploys the template in an account; the role that its output `RoleName` names comes back with its inline policies.
    pub(crate) fn deploy_role(
        &self,
        python: &Path,
        account: &str,
        template: &str,
        parameters: &[(&str, &str)],
    ) -> Value {
        let key = format!("{SEED_KEY}{account}");
        let order = json!({"url": self.url(), "key": key, "region": REGION, "template": template,
                           "parameters": parameters});
        let mut process = Command::new(python)
            .args(["-c", SCRIPT])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut stdin = process.stdin.take().expect("piped");
        stdin.write_all(order.to_string().as_bytes()).expect("Python listens");
        drop(stdin);
        let output = process.wait_with_output().expect("Python ends");
        assert!(output.status.success(), "the stack was not made: see above");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}
