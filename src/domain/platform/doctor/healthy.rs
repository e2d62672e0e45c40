//! A platform that lacks nothing, for the tests to damage.

use serde_json::{Value, json};

use super::demand::{Demand, Quota};
use super::facts::{
    AccountFacts, Action, ActionState, BuildProject, CallerIdentity, Facts, ModelFacts, Organization, Pipeline,
    Product, Repository, Role, RoleFacts, Rule, Seed, StackSet, StageFacts,
};
use super::purpose::Purpose;
use super::subject::tests::named;
use crate::domain::access::Review;
use crate::domain::aws::arn::AccountId;
use crate::domain::aws::organization::{Account, Targets};
use crate::domain::aws::stack_instance::Instance;
use crate::domain::platform::catalog::{VISIBLE, launch_role};
use crate::domain::registry::group_policy::{Change, Grant};
use crate::domain::registry::model_package::{Container, ModelPackage};

pub(super) const TRUST: &str = r#"{"Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["codebuild.amazonaws.com",
     "codepipeline.amazonaws.com", "events.amazonaws.com", "servicecatalog.amazonaws.com", "sagemaker.amazonaws.com"]}},
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
     "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/modeldeploy-*-test"}}}]}"#;

pub(super) fn role(account: &str, name: &str) -> Role {
    let all = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    Role {
        arn: format!("arn:aws:iam::{account}:role/{name}").parse().expect("valid"),
        trust: TRUST.to_owned(),
        policies: Ok(vec![all.to_string()]),
        boundary: None,
    }
}

fn stage(name: &str, account: &str) -> StageFacts {
    let id: AccountId = account.parse().expect("valid");
    let instance = Instance {
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        status: "CURRENT".to_owned(),
        reason: None,
        stack: None,
    };
    let active = Account {
        id: id.clone(),
        arn: format!("arn:aws:organizations::111111111111:account/o-abc1234567/{account}"),
        name: name.to_owned(),
        state: Some("ACTIVE".to_owned()),
        status: None,
        paths: Vec::new(),
    };
    StageFacts {
        targets: Ok(Targets { active: vec![active], left_out: Vec::new() }),
        demand: Ok(vec![Demand { instance_type: "ml.m5.large".to_owned(), count: 1 }]),
        stack_set: Ok(Some(StackSet {
            name: format!("sagemaker-churn-p-abc123-deploy-{name}"),
            service_managed: true,
            parameters: Vec::new(),
            operations: Ok(Vec::new()),
            instances: Ok(vec![instance]),
        })),
        accounts: vec![AccountFacts {
            account: id,
            session: Ok(()),
            role: Ok(Some(role(account, &format!("sagemaker-role-{name}")))),
            quotas: vec![Ok(Quota { code: "L-1".to_owned(), value: 4.0 })],
        }],
    }
}

fn pipeline() -> Pipeline {
    let action = |category: &str, provider: &str, configuration: Value| Action {
        name: category.to_owned(),
        category: category.to_owned(),
        provider: provider.to_owned(),
        configuration,
    };
    let deploy = |stage: &str, unit: &str| {
        let configuration = json!({"Parameters": format!("BuildArtifact::{stage}-config-export.json"),
            "DeploymentTargets": unit, "Regions": "us-east-1", "PermissionModel": "SERVICE_MANAGED", "CallAs": "SELF"});
        (format!("Deploy-{stage}"), vec![action("Deploy", "CloudFormationStackSet", configuration)])
    };
    let source = json!({"RepositoryName": "sagemaker-churn-p-abc123-modeldeploy", "BranchName": "main"});
    Pipeline {
        name: "sagemaker-churn-p-abc123-modeldeploy".to_owned(),
        arn: "arn:aws:codepipeline:us-east-1:111111111111:sagemaker-churn-p-abc123-modeldeploy".parse().expect("valid"),
        role: "arn:aws:iam::111111111111:role/modeldeploy-p-abc123-pipeline".to_owned(),
        stages: vec![
            ("Source".to_owned(), vec![action("Source", "CodeCommit", source)]),
            deploy("staging", "ou-ab12-0staging"),
            ("Approve-prod".to_owned(), vec![action("Approval", "Manual", json!({}))]),
            deploy("prod", "ou-ab12-0000prod"),
        ],
    }
}

fn project(name: &str) -> BuildProject {
    let subject = named();
    let mut variables = vec![
        ("SAGEMAKER_PROJECT_NAME".to_owned(), "churn".to_owned()),
        ("SAGEMAKER_PROJECT_ID".to_owned(), "p-abc123".to_owned()),
        ("SOURCE_MODEL_PACKAGE_GROUP_NAME".to_owned(), "churn".to_owned()),
        ("ARTIFACT_BUCKET".to_owned(), "sagemaker-project-p-abc123".to_owned()),
        ("ORGANIZATIONAL_UNIT_ID".to_owned(), "ou-ab12-0staging".to_owned()),
        ("SAGEMAKER_EXECUTION_ROLE_NAME".to_owned(), "sagemaker-role-staging".to_owned()),
    ];
    for settings in &subject.stages {
        variables.push((settings.stage.unit_variable(), settings.unit.clone().expect("named").to_string()));
        variables.push((settings.stage.role_variable(), settings.role_name.clone().expect("named")));
    }
    BuildProject {
        name: name.to_owned(),
        role: "arn:aws:iam::111111111111:role/modeldeploy-p-abc123-build".to_owned(),
        image: "aws/codebuild/amazonlinux-x86_64-standard:5.0".to_owned(),
        variables,
    }
}

fn rules() -> Vec<Rule> {
    let rule = |name: &str, pattern: Value| Rule { name: name.to_owned(), enabled: true, pattern, role: None };
    let model = json!({"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": ["churn"],
        "ModelApprovalStatus": ["Approved", "Rejected"], "UpdatedModelPackageFields": ["ModelApprovalStatus"]}});
    let code = json!({"source": ["aws.codecommit"],
        "resources": ["arn:aws:codecommit:us-east-1:111111111111:sagemaker-churn-p-abc123-modeldeploy"],
        "detail": {"event": ["referenceCreated", "referenceUpdated"], "referenceName": ["main"]}});
    vec![rule("sagemaker-p-abc123-model", model), rule("sagemaker-p-abc123-code", code)]
}

fn group_policy() -> String {
    let group = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/churn".parse().expect("valid");
    let accounts = ["222222222222", "333333333333"].map(|id| id.parse().expect("valid")).into();
    let grant = Grant { group_arn: &group, project_id: "p-abc123", accounts: &accounts };
    let Ok(Change::Put(policy)) = grant.merge_into(None) else { panic!("a policy") };
    policy
}

/// A platform that lacks nothing, read by whoever may read everything.
pub(super) fn healthy() -> Facts {
    let home = "111111111111";
    let here = || Ok(Some("us-east-1".to_owned()));
    let of = |name: &str, purposes: &[Purpose]| RoleFacts {
        name: name.to_owned(),
        purposes: purposes.to_vec(),
        found: Ok(Some(role(home, name))),
    };
    let container = Container {
        image: Some(format!("{home}.dkr.ecr.us-east-1.amazonaws.com/churn:1")),
        model_data: Some("s3://models/churn/model.tar.gz".to_owned()),
        ..Container::default()
    };
    Facts {
        caller: Ok(CallerIdentity {
            account: home.parse().expect("valid"),
            arn: format!("arn:aws:sts::{home}:assumed-role/modeldeploy-p-abc123-test/me").parse().expect("valid"),
        }),
        clock: Ok(0),
        organization: Ok(Some(Organization {
            id: "o-abc1234567".to_owned(),
            management: home.parse().expect("valid"),
            features: "ALL".to_owned(),
        })),
        trusted_access: Ok("ENABLED".to_owned()),
        delegates: Ok(Vec::new()),
        stages: vec![stage("staging", "222222222222"), stage("prod", "333333333333")],
        roles: vec![
            of("modeldeploy-p-abc123-build", &[Purpose::Build]),
            of("modeldeploy-p-abc123-test", &[Purpose::Test]),
            of("modeldeploy-p-abc123-pipeline", &[Purpose::Pipeline]),
            of("modeldeploy-p-abc123-events", &[Purpose::Events]),
            of(launch_role::NAME, &[Purpose::Launch]),
        ],
        model: ModelFacts {
            group: Ok(Some(
                format!("arn:aws:sagemaker:us-east-1:{home}:model-package-group/churn").parse().expect("valid"),
            )),
            policy: Ok(Some(group_policy())),
            package: Ok(Some(ModelPackage { version: 3, containers: vec![container], ..ModelPackage::default() })),
            life_cycles: Vec::new(),
            review: Ok(Review::default()),
            unread: Vec::new(),
        },
        artifact_bucket: here(),
        seed: Seed { found: Ok(true), region: here(), policy: Ok(None) },
        product: Ok(Some(Product {
            id: "prod-1".to_owned(),
            name: "modeldeploy".to_owned(),
            tags: vec![(VISIBLE.0.to_owned(), VISIBLE.1.to_owned())],
            portfolios: vec!["port-1".to_owned()],
            launch_roles: Ok(vec![launch_role::NAME.to_owned()]),
            principals: Ok(vec![format!("arn:aws:iam::{home}:role/studio")]),
        })),
        pipeline: Ok(Some(pipeline())),
        last_execution: Ok(vec![ActionState {
            stage: "Source".to_owned(),
            action: "Source".to_owned(),
            status: "Succeeded".to_owned(),
            code: None,
            message: None,
        }]),
        build_project: Ok(Some(project("sagemaker-churn-p-abc123-modeldeploy"))),
        test_project: Ok(Some(project("sagemaker-churn-p-abc123-testing"))),
        repository: Ok(Some(Repository { has_branch: Ok(true) })),
        rules: Ok(rules()),
    }
}
