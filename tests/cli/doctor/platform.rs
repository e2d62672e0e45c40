//! A platform in moto that is made from the project's own templates, and how it is damaged and repaired.

use std::time::Duration;

use modeldeploy::domain::platform::policy::{Home, PlatformPolicy};
use modeldeploy::domain::registry::group_policy::{Change, Grant};
use serde_json::{Value, json};

use super::{Lines, lines};
use crate::support::{Aws, GROUP, RawAnswer, Run, Template, read_from_project};

pub(super) const LAUNCH_ROLE: &str = "AmazonSageMakerServiceCatalogProductsLaunchRole";
pub(super) const SEED: &str = "modeldeploy/seed/a.zip";
const CLASSIC_ROLE: &str = "AmazonSageMakerServiceCatalogProductsUseRole";
const PRODUCT: &str = "Deployment";
const REGION: &str = "us-east-1";

/// A platform with one project, and what stands in for the services that moto lacks.
pub(crate) struct Platform {
    pub(crate) aws: Aws,
    project: Template,
    pub(super) id: String,
    pub(super) stand_ins: StandIns,
}

#[derive(Clone)]
pub(super) struct StandIns {
    pub(super) trusted_access: &'static str,
    /// The accounts that are delegated administrators; none is asked of from the management account.
    pub(super) delegates: Vec<String>,
    /// Of the last action of the pipeline.
    pub(super) state: Value,
    pub(super) quota: u32,
    pub(super) tags: Value,
    pub(super) principals: Value,
    pub(super) operation: Option<&'static str>,
    pub(super) instance: &'static str,
    /// By how many seconds AWS's clock is ahead.
    pub(super) ahead: i64,
    /// Where the bucket of seeds is.
    pub(super) seeds: &'static str,
}

impl Default for StandIns {
    fn default() -> Self {
        Self {
            trusted_access: "ENABLED",
            delegates: Vec::new(),
            state: json!({"status": "Succeeded"}),
            quota: 8,
            tags: json!([{"Key": "sagemaker:studio-visibility", "Value": "true"}]),
            principals: json!([{"PrincipalARN": "arn:aws:iam::111122223333:role/studio", "PrincipalType": "IAM"}]),
            operation: None,
            instance: "CURRENT",
            ahead: 0,
            seeds: REGION,
        }
    }
}

impl Platform {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A platform whose project has these parameters, too.
    pub(super) fn with(parameters: &[(&str, &str)]) -> Self {
        let aws = Aws::new().with_unit("staging", 2).with_unit("prod", 1);
        let id = format!("p-{}", aws.account());
        let seeds = aws.bucket("seeds");
        aws.put_object(&seeds, SEED, b"PK");
        let text = Run::new(&format!("catalog render --seed-bucket {seeds} --seed-key {SEED}")).run().succeeds().stdout;
        let always = [
            ("AWS::AccountId", aws.account()),
            ("SageMakerProjectName", GROUP),
            ("SageMakerProjectId", &id),
            ("OrganizationalUnitStagingId", aws.unit("staging")),
            ("OrganizationalUnitProdId", aws.unit("prod")),
            ("SageMakerExecutionRoleStagingName", "sagemaker-role-staging"),
            ("SageMakerExecutionRoleProdName", "sagemaker-role-prod"),
        ];
        let all: Vec<(&str, &str)> = always.iter().chain(parameters).copied().collect();
        let project = Template::new(&text, &all);
        let platform = Self { aws, project, id, stand_ins: StandIns::default() };
        platform.make();
        platform.arm();
        platform
    }

    /// The roles of the data science account.
    pub(super) fn roles(&self) -> Vec<Value> {
        let account = self.aws.account().parse().expect("an account");
        let seeds = format!("seeds-{account}");
        let policy = PlatformPolicy::LaunchRole { seed_bucket: &seeds, seed_prefix: "modeldeploy/seed/" };
        let policy = policy.document(Home { partition: "aws", account: &account }).expect("fits");
        let launch = json!({
            "RoleName": LAUNCH_ROLE,
            "AssumeRolePolicyDocument": trust("servicecatalog.amazonaws.com"),
            "Policies": [{"PolicyName": "launch", "PolicyDocument": policy}],
        });
        let own = self.project.resources("AWS::IAM::Role");
        if own.is_empty() {
            return vec![self.classic_role(), launch];
        }
        own.iter().map(|id| self.project.resource(id)).chain([launch]).collect()
    }

    /// The one role of a project with `PipelineRoles=classic`.
    fn classic_role(&self) -> Value {
        let account = self.aws.account().parse().expect("an account");
        let policy = PlatformPolicy::UseRole { key_arn: None };
        let policy = policy.document(Home { partition: "aws", account: &account }).expect("fits");
        // One statement for each: moto understands no list of services.
        let mut trusted = trust("codebuild.amazonaws.com");
        for service in ["codepipeline.amazonaws.com", "events.amazonaws.com"] {
            let more = trust(service)["Statement"][0].clone();
            trusted["Statement"].as_array_mut().expect("statements").push(more);
        }
        json!({
            "RoleName": CLASSIC_ROLE,
            "Path": "/service-role/",
            "AssumeRolePolicyDocument": trusted,
            "Policies": [{"PolicyName": "use", "PolicyDocument": policy}],
        })
    }

    pub(super) fn make(&self) {
        let Self { aws, project, .. } = self;
        aws.bucket("sagemaker-project-p");
        for role in self.roles() {
            aws.make_role(aws.account(), &role);
        }
        for (stage, account) in self.accounts() {
            aws.make_role(&account, &self.target_role(stage, &account));
        }
        aws.make_repository(project.resource("Repository")["RepositoryName"].as_str().expect("a name"));
        for name in ["BuildProject", "TestProject"] {
            aws.make_project(&project.resource(name));
        }
        aws.make_pipeline(&project.resource("Pipeline"));
        for rule in ["ModelRule", "CodeRule"] {
            aws.put_rule(&project.resource(rule));
        }
        self.make_model();
    }

    /// A version whose data and image every target account can read.
    pub(super) fn make_model(&self) {
        let aws = &self.aws;
        let bucket = aws.bucket("sagemaker-models");
        aws.put_object(&bucket, "model.tar.gz", b"weights");
        self.open_models("s3:GetObject");
        let anyone = json!({"Effect": "Allow", "Principal": "*", "Action": "ecr:*"});
        let image = aws.repository("churn");
        aws.put_repository_policy("churn", &json!({"Version": "2012-10-17", "Statement": [anyone]}));
        aws.add_package(&image, Some(&format!("s3://{bucket}/model.tar.gz")));
        let accounts: Vec<String> = self.accounts().into_iter().map(|(_, account)| account).collect();
        self.let_in(&accounts);
    }

    /// Gives the group the policy that a build leaves for these accounts.
    fn let_in(&self, accounts: &[String]) {
        let accounts = accounts.iter().map(|id| id.parse().expect("an account")).collect();
        let group = self.aws.group().parse().expect("an ARN");
        let grant = Grant { group_arn: &group, project_id: &self.id, accounts: &accounts };
        let Ok(Change::Put(policy)) = grant.merge_into(None) else { panic!("a policy to put") };
        self.aws.set_group_policy(GROUP, &serde_json::from_str(&policy).expect("JSON"));
    }

    /// Closes an account of staging, as a build finds it later.
    pub(super) fn close_account(&self) {
        let closed = self.first("staging");
        self.aws.close_account(&closed);
        let accounts = self.accounts().into_iter().map(|(_, account)| account);
        self.let_in(&accounts.filter(|account| *account != closed).collect::<Vec<_>>());
    }

    /// Stages and their accounts.
    pub(super) fn accounts(&self) -> Vec<(&'static str, String)> {
        let of = |stage: &'static str| self.aws.accounts(stage).iter().map(move |id| (stage, id.clone()));
        of("staging").chain(of("prod")).collect()
    }

    pub(super) fn target_role(&self, stage: &str, account: &str) -> Value {
        let classic = self.project.resources("AWS::IAM::Role").is_empty();
        let tester = if classic { format!("service-role/{CLASSIC_ROLE}") } else { "modeldeploy-*-test".to_owned() };
        let pipeline = format!("arn:aws:iam::{}:role/{tester}", self.aws.account());
        let parameters = [
            ("AWS::AccountId", account),
            ("SageMakerRoleSuffix", stage),
            ("PipelineExecutionRoleArn", pipeline.as_str()),
        ];
        Template::new(&read_from_project("templates/target-account.yml"), &parameters).resource("SageMakerCrossRole")
    }

    /// Puts the stand-ins in their places, and nothing else.
    pub(super) fn arm(&self) {
        self.aws.forget_faults();
        self.arm_behind();
    }

    /// Puts the stand-ins behind what comes over calls already.
    pub(super) fn arm_behind(&self) {
        let aws = &self.aws;
        let StandIns { trusted_access, delegates, state, quota, tags, principals, operation, instance, ahead, seeds } =
            self.stand_ins.clone();
        aws.fault("DescribeOrganizationsAccess")
            .answers_with(xml("DescribeOrganizationsAccess", &format!("<Status>{trusted_access}</Status>")));
        aws.fault("ListDelegatedAdministrators").answers_by(move |_| {
            json!({"DelegatedAdministrators": delegates.iter().map(|id| json!({"Id": id})).collect::<Vec<_>>()})
        });
        aws.fault("GetPipelineState").answers_by(move |_| {
            json!({"stageStates": [{"stageName": "Deploy-prod", "actionStates": [
                {"actionName": "Deploy", "latestExecution": state}, {"actionName": "Test"}]}]})
        });
        // moto's buckets are everywhere.
        aws.fault("HeadBucket").replies(move |call| {
            let region = if call.path.starts_with("/seeds-") { seeds } else { REGION };
            let mut answer = RawAnswer::new(200, "application/xml", "");
            answer.headers.push(("x-amz-bucket-region", region.to_owned()));
            answer
        });
        aws.fault("GetBranch").answers_by(|_| json!({"branch": {"branchName": "main"}}));
        // Two pages, of which the second has the quota.
        aws.fault("ListAWSDefaultServiceQuotas").answers_by(|request| match &request["NextToken"] {
            Value::Null => json!({"Quotas": [], "NextToken": "more"}),
            _ => json!({"Quotas": [
                {"QuotaCode": "L-1", "QuotaName": "ml.m5.large for endpoint usage", "Value": 8.0}]}),
        });
        aws.fault("GetServiceQuota").answers_by(move |_| json!({"Quota": {"QuotaCode": "L-1", "Value": quota}}));
        let product = json!({"ProductViewDetail": {"ProductViewSummary": {"ProductId": "prod-1", "Name": PRODUCT}}, "Tags": tags});
        aws.fault("DescribeProductAsAdmin").answers_by(move |_| product.clone());
        aws.fault("ListPortfoliosForProduct").answers_by(|_| json!({"PortfolioDetails": [{"Id": "port-1"}]}));
        aws.fault("ListConstraintsForPortfolio")
            .answers_by(|_| json!({"ConstraintDetails": [{"ConstraintId": "cons-1", "Type": "LAUNCH"}]}));
        let parameters = json!({"LocalRoleName": LAUNCH_ROLE}).to_string();
        aws.fault("DescribeConstraint").answers_by(move |_| json!({"ConstraintParameters": parameters}));
        aws.fault("ListPrincipalsForPortfolio").answers_by(move |_| json!({"Principals": principals}));
        let described = "<StackSet><PermissionModel>SERVICE_MANAGED</PermissionModel><Parameters>\
             <member><ParameterKey>EndpointInstanceCount</ParameterKey><ParameterValue>2</ParameterValue></member>\
             <member><ParameterKey>EndpointInstanceType</ParameterKey><ParameterValue>ml.m5.large</ParameterValue></member>\
             </Parameters></StackSet>";
        aws.fault("DescribeStackSet").answers_with(xml("DescribeStackSet", described));
        let running = operation.map_or_else(String::new, |status| {
            format!("<member><OperationId>op-1</OperationId><Action>UPDATE</Action><Status>{status}</Status></member>")
        });
        let operations = format!("<Summaries>{running}</Summaries>");
        aws.fault("ListStackSetOperations").answers_with(xml("ListStackSetOperations", &operations));
        let accounts = self.accounts();
        aws.fault("ListStackInstances").replies(move |call| {
            let set = call.form("StackSetName").unwrap_or_default();
            let of_set = accounts.iter().filter(|(stage, _)| set.ends_with(&format!("-{stage}")));
            let mut instances = String::new();
            for (number, (stage, account)) in of_set.enumerate() {
                let status = if *stage == "prod" && number == 0 { instance } else { "CURRENT" };
                let reason = if status == "CURRENT" { "" } else { "the role is gone" };
                instances += "<member><Region>us-east-1</Region>";
                for (name, value) in [("Account", account.as_str()), ("Status", status), ("StatusReason", reason)] {
                    instances += &["<", name, ">", value, "</", name, ">"].concat();
                }
                instances += "</member>";
            }
            xml("ListStackInstances", &format!("<Summaries>{instances}</Summaries>"))
        });
        if ahead != 0 {
            let account = aws.account().to_owned();
            aws.fault("GetCallerIdentity").replies(move |_| {
                let mut answer = xml_of(
                    "https://sts.amazonaws.com/doc/2011-06-15/",
                    "GetCallerIdentity",
                    &format!(
                        "<Arn>arn:aws:sts::{account}:user/moto</Arn><UserId>x</UserId><Account>{account}</Account>"
                    ),
                );
                let date = jiff::Timestamp::now() + Duration::from_secs(ahead.unsigned_abs());
                answer.headers.push(("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
                answer
            });
        }
    }

    pub(crate) fn doctor(&self) -> Run {
        Run::new("doctor")
            .aws(&self.aws)
            .env("SAGEMAKER_PROJECT_NAME", GROUP)
            .env("SAGEMAKER_PROJECT_ID", &self.id)
            .with("--artifact-bucket")
            .with(self.bucket("sagemaker-project-p"))
            .with("--seed-bucket")
            .with(self.bucket("seeds"))
            .with("--seed-key")
            .with(SEED)
            .with("--product")
            .with(PRODUCT)
    }

    /// Every check's status, by its id and subject.
    pub(super) fn lines(&self) -> Lines {
        let outcome = self.doctor().with("--format").with("json").run();
        lines(&outcome)
    }
}

impl Platform {
    pub(super) fn role(&self, part: &str) -> String {
        format!("modeldeploy-{}-{part}", self.id)
    }

    pub(super) fn first(&self, stage: &str) -> String {
        self.aws.accounts(stage)[0].clone()
    }

    pub(super) fn bucket(&self, purpose: &str) -> String {
        format!("{purpose}-{}", self.aws.account())
    }

    /// Takes a statement out of the policy of a role.
    pub(super) fn take(&self, part: &str, sid: &str) {
        let name = if part == "launch" { LAUNCH_ROLE.to_owned() } else { self.role(part) };
        let made = self.roles().into_iter().find(|made| made["RoleName"] == name.as_str()).expect("a role");
        let mut document = made["Policies"][0]["PolicyDocument"].clone();
        let statements = document["Statement"].as_array_mut().expect("statements");
        let before = statements.len();
        statements.retain(|one| one["Sid"] != sid);
        assert_eq!(statements.len(), before - 1, "{sid}");
        self.aws.put_role_policy(self.aws.account(), &name, part, &document);
    }

    pub(super) fn delete_test_role(&self) {
        self.aws.delete_role(self.aws.account(), &self.role("test"), &["test"]);
    }

    pub(super) fn trust_another_service(&self, part: &str) {
        self.aws.put_trust(self.aws.account(), &self.role(part), &trust("ec2.amazonaws.com"));
    }

    pub(super) fn delete_target_role(&self) {
        let policies = ["sagemaker-hosting-prod", "sagemaker-testing-prod"];
        self.aws.delete_role(&self.first("prod"), "sagemaker-role-prod", &policies);
    }

    pub(super) fn trust_another_account(&self) {
        let prod = self.first("prod");
        let mut trust = self.target_role("prod", &prod)["AssumeRolePolicyDocument"].clone();
        trust["Statement"][1]["Principal"]["AWS"] = json!("arn:aws:iam::111122223333:root");
        self.aws.put_trust(&prod, "sagemaker-role-prod", &trust);
    }

    pub(super) fn take_target_policy(&self) {
        let nothing = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sagemaker:DescribeEndpoint", "Resource": "*"}]});
        self.aws.put_role_policy(&self.first("prod"), "sagemaker-role-prod", "sagemaker-testing-prod", &nothing);
    }

    pub(super) fn unfilter(&self, rule: &str, filter: &str) {
        let mut rule = self.project.resource(rule);
        let filters = rule["EventPattern"]["detail"].as_object_mut().expect("filters");
        assert!(filters.remove(filter).is_some(), "{filter}");
        self.aws.put_rule(&rule);
    }

    /// Lets everybody do that with model data.
    pub(super) fn open_models(&self, action: &str) {
        let bucket = self.bucket("sagemaker-models");
        let open = json!({"Effect": "Allow", "Principal": "*", "Action": action,
                          "Resource": format!("arn:aws:s3:::{bucket}/*")});
        self.aws.put_bucket_policy(&bucket, &json!({"Version": "2012-10-17", "Statement": [open]}));
    }

    /// Makes again what damage took or changed.
    pub(super) fn repair(&mut self) {
        self.stand_ins = StandIns::default();
        self.arm();
        for role in self.roles() {
            self.mend_role(self.aws.account(), &role);
        }
        let prod = self.first("prod");
        self.mend_role(&prod, &self.target_role("prod", &prod));
        for rule in ["ModelRule", "CodeRule"] {
            self.aws.put_rule(&self.project.resource(rule));
        }
        self.aws.put_object(&self.bucket("seeds"), SEED, b"PK");
        self.open_models("s3:GetObject");
    }

    pub(super) fn mend_role(&self, account: &str, role: &Value) {
        let name = role["RoleName"].as_str().expect("a name");
        if !self.aws.has_role(account, name) {
            return self.aws.make_role(account, role);
        }
        self.aws.put_trust(account, name, &role["AssumeRolePolicyDocument"]);
        for policy in role["Policies"].as_array().expect("policies") {
            let of = policy["PolicyName"].as_str().expect("a name");
            self.aws.put_role_policy(account, name, of, &policy["PolicyDocument"]);
        }
    }
}

pub(super) fn trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})
}

/// An answer of CloudFormation.
pub(super) fn xml(operation: &str, result: &str) -> RawAnswer {
    xml_of("http://cloudformation.amazonaws.com/doc/2010-05-15/", operation, result)
}

pub(super) fn xml_of(namespace: &str, operation: &str, result: &str) -> RawAnswer {
    let text = format!(
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"
    );
    RawAnswer::new(200, "text/xml", text)
}
