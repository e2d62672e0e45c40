//! What a role may do by its own policies.

use super::need::Need;
use crate::domain::iam::{Allowance, Caller, Document, Request, Text, Verdict};

/// The policies of a role, read.
pub(super) struct Rights(Document);

/// Of a need, what a role cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lack {
    /// What no statement allows.
    pub(super) missing: Vec<String>,
    /// What a statement denies, and which.
    pub(super) denied: Vec<String>,
    pub(super) resources: Vec<String>,
    /// What is not decided, and why.
    pub(super) doubts: Vec<String>,
}

impl Rights {
    /// What is not a policy allows nothing; IAM takes none such.
    pub(super) fn of(policies: &[String]) -> Self {
        Self(Document::together(policies.iter().filter_map(|text| Document::parse_of_role(text).ok())))
    }

    /// The needs that are not met.
    pub(super) fn lacks<'n>(&self, caller: &Caller, needs: &'n [Need]) -> Vec<(&'n Need, Lack)> {
        needs.iter().filter_map(|need| Some((need, self.lack(caller, need)?))).collect()
    }

    pub(super) fn lack(&self, caller: &Caller, need: &Need) -> Option<Lack> {
        let mut lack = Lack { missing: Vec::new(), denied: Vec::new(), resources: Vec::new(), doubts: Vec::new() };
        for action in &need.actions {
            for resource in need.resources_of(action) {
                let request = Request::new(caller, action, Text::Whole(resource.clone()));
                let request = need.keys.iter().fold(request, |request, (key, value)| request.with(key, value.clone()));
                let found = match self.0.evaluate(&request, Allowance::Required) {
                    Verdict::Allowed { .. } => continue,
                    Verdict::Denied { by: Some(label) } => (&mut lack.denied, format!("{action} ({label})")),
                    Verdict::Denied { by: None } => (&mut lack.missing, action.clone()),
                    Verdict::Undecided(why) => (&mut lack.doubts, format!("{action}: {}", why.join("; "))),
                };
                let (list, text) = found;
                if !list.contains(&text) {
                    list.push(text);
                }
                if !lack.resources.contains(&resource) {
                    lack.resources.push(resource);
                }
            }
        }
        (!lack.resources.is_empty()).then_some(lack)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn lack(policies: &[Value], actions: &[&str]) -> Option<Lack> {
        let policies: Vec<String> = policies
            .iter()
            .map(|statements| json!({"Version": "2012-10-17", "Statement": statements}).to_string())
            .collect();
        let caller = Caller {
            partition: "aws".to_owned(),
            account: "111111111111".parse().expect("valid"),
            role: Some("build".to_owned()),
            organization: None,
            root: None,
            paths: Vec::new(),
        };
        let need = Need::new("Read", actions, vec!["arn:aws:s3:::models/a".to_owned()]);
        Rights::of(&policies).lack(&caller, &need)
    }

    fn statement(effect: &str, action: &str) -> Value {
        json!({"Sid": "A", "Effect": effect, "Action": action, "Resource": "arn:aws:s3:::models/*"})
    }

    #[test]
    fn policies_together_allow_and_one_denies() {
        let (get, put) = (json!([statement("Allow", "s3:GetObject")]), json!([statement("Allow", "s3:PutObject")]));
        let actions = ["s3:GetObject", "s3:PutObject"];
        assert_eq!(lack(&[get.clone(), put.clone()], &actions), None);
        let found = lack(std::slice::from_ref(&get), &actions).expect("one is missing");
        assert_eq!(found.missing, ["s3:PutObject"]);
        let deny = json!([statement("Deny", "s3:Get*")]);
        let found = lack(&[get.clone(), put, deny], &actions).expect("one is denied");
        assert_eq!(
            (found.denied.as_slice(), found.missing.len()),
            (&["s3:GetObject (statement \"A\")".to_owned()][..], 0)
        );
        let mut conditional = statement("Allow", "s3:GetObject");
        conditional["Condition"] = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
        let found = lack(&[json!([conditional])], &actions[..1]).expect("it is not decided");
        assert_eq!((found.doubts.len(), found.missing.len()), (1, 0));
        assert_eq!(lack(&[json!([conditional]), get], &actions[..1]), None);
        assert_eq!(lack(&[json!("no policy")], &actions[..1]).expect("nothing is allowed").missing.len(), 1);
    }
}
