//! Policies: whatever stands in one, ours is merged in without the loss of a statement, a second merge has nothing to do,
//! and a verdict comes to an end, at a Deny where all is denied.

use std::collections::BTreeSet;

use modeldeploy::domain::aws::arn::Arn;
use modeldeploy::domain::iam::{Allowance, Caller, Document, Key, Request, Text, Verdict, trusts};
use modeldeploy::domain::registry::group_policy::{Change, Grant};
use serde_json::{Value, json};

use crate::bounds::in_time;

const GROUP: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/churn";
const OBJECT: &str = "arn:aws:s3:::models/churn/model.tar.gz";

pub fn holds(text: &str) {
    in_time(|| {
        merging_loses_nothing(text);
        let _ = trusts(text, "sagemaker.amazonaws.com");
        for read in [Document::parse, Document::parse_of_role] {
            if let Ok(document) = read(text) {
                let written = document.render();
                assert_eq!(read(&written).as_ref(), Ok(&document), "{written}");
                a_deny_counts(&document);
            }
        }
    });
}

/// The statements of a text that is a policy.
fn statements(text: &str) -> Option<Vec<Value>> {
    match serde_json::from_str::<Value>(text).ok()?.get_mut("Statement")?.take() {
        Value::Array(statements) => Some(statements),
        statement @ Value::Object(_) => Some(vec![statement]),
        _ => None,
    }
}

fn merging_loses_nothing(text: &str) {
    let group: Arn = GROUP.parse().expect("an ARN");
    let accounts = BTreeSet::from(["222222222222".parse().expect("an account")]);
    let grant = Grant { group_arn: &group, project_id: "p-1", accounts: &accounts };
    let Ok(Change::Put(merged)) = grant.merge_into(Some(text)) else { return };
    let after = statements(&merged).expect("a policy");
    let is_ours = |one: &Value| matches!(one["Sid"].as_str(), Some("ModeldeployGroupp1" | "ModeldeployPackagesp1"));
    let theirs = |all: &[Value]| all.iter().filter(|one| !is_ours(one)).cloned().collect::<Vec<_>>();
    // A text of blanks is no policy yet
    let before = if text.trim().is_empty() { Vec::new() } else { statements(text).expect("it was merged into") };
    assert_eq!(theirs(&before), theirs(&after), "{text}");
    assert_eq!(after.len(), theirs(&after).len() + 2, "{text}");
    assert_eq!(grant.merge_into(Some(&merged)), Ok(Change::None), "{text}");
}

fn a_deny_counts(document: &Document) {
    let caller = Caller {
        partition: "aws".to_owned(),
        account: "222222222222".parse().expect("an account"),
        role: Some("deploy".to_owned()),
        organization: Some("o-abc".to_owned()),
        root: Some("r-abc".to_owned()),
        paths: Vec::new(),
    };
    let requests = [
        Request::new(&caller, "s3:GetObject", Text::Whole(OBJECT.to_owned())),
        Request::new(&caller, "kms:Decrypt", Text::StartsWith("arn:aws:kms:us-east-1:".to_owned()))
            .with("kms:ViaService", Key::known("s3.us-east-1.amazonaws.com")),
    ];
    let all = json!({"Sid": "All", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
    for (request, allowance) in requests.iter().zip([Allowance::Required, Allowance::Optional]) {
        let verdict = document.evaluate(request, allowance);
        assert_eq!(document.evaluate(request, allowance), verdict);
        let mut denying = document.clone();
        denying.merge(std::slice::from_ref(&all));
        let denied = denying.evaluate(request, allowance);
        assert!(matches!(denied, Verdict::Denied { by: Some(_) }), "{denied:?}: {}", denying.render());
    }
}
