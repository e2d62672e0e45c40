//! What a policy says of a request.

use super::document::Document;
use super::holds::Holds;
use super::request::Request;
use super::statement::{Effect, Statement};

/// Whether a resource's policy has to allow, or may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// Across accounts, and for keys always: what is not allowed is denied.
    Required,
    /// Within one account the role's own policy may allow as well, so only a Deny counts.
    Optional,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// By a statement; by none where the resource's policy need not allow.
    Allowed { by: Option<String> },
    /// By a statement, or for lack of one that allows.
    Denied { by: Option<String> },
    /// Each statement that would change the verdict, with what is not known of it.
    Undecided(Vec<String>),
}

impl Document {
    /// Evaluates the policy as IAM does: a statement that denies comes before all that allow.
    pub fn evaluate(&self, request: &Request<'_>, allowance: Allowance) -> Verdict {
        let (mut allowed, mut doubted, mut may_be_denied) = (None, Vec::new(), Vec::new());
        for (label, value) in self.statements() {
            let statement = match Statement::parse(value) {
                Ok(statement) => statement,
                Err(why) => {
                    let of_allow = value["Effect"] == "Allow";
                    let doubts = if of_allow { &mut doubted } else { &mut may_be_denied };
                    doubts.push(format!("{label} {why}"));
                    continue;
                }
            };
            match (statement.effect, statement.applies(request, self.has_variables())) {
                (_, Holds::No) => {}
                (Effect::Deny, Holds::Yes) => return Verdict::Denied { by: Some(label) },
                (Effect::Deny, Holds::Unknown(why)) => may_be_denied.push(format!("{label} denies, perhaps: {why}")),
                (Effect::Allow, Holds::Yes) => allowed = allowed.or(Some(label)),
                (Effect::Allow, Holds::Unknown(why)) => doubted.push(format!("{label} allows, perhaps: {why}")),
            }
        }
        let may_be_allowed = allowed.is_some() || allowance == Allowance::Optional;
        match (may_be_allowed, doubted.is_empty(), may_be_denied.is_empty()) {
            (true, _, true) => Verdict::Allowed { by: allowed },
            (true, _, false) => Verdict::Undecided(may_be_denied),
            (false, false, _) => {
                doubted.extend(may_be_denied);
                Verdict::Undecided(doubted)
            }
            (false, true, _) => Verdict::Denied { by: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::iam::{Caller, Key, Text};

    fn caller() -> Caller {
        Caller {
            partition: "aws".to_owned(),
            account: "222222222222".parse().expect("valid"),
            role: Some("deploy".to_owned()),
            organization: Some("o-abc".to_owned()),
            root: None,
            paths: Vec::new(),
        }
    }

    fn evaluate(statements: &Value, allowance: Allowance) -> Verdict {
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let caller = caller();
        let request =
            Request::new(&caller, "s3:GetObject", Text::Whole("arn:aws:s3:::models/churn/model.tar.gz".to_owned()))
                .with("kms:ViaService", Key::known("s3.us-east-1.amazonaws.com"));
        Document::parse(&document).expect("valid").evaluate(&request, allowance)
    }

    fn judge(statements: &Value) -> Verdict {
        evaluate(statements, Allowance::Required)
    }

    fn allow(more: &Value) -> Value {
        let mut statement = json!({"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                                   "Resource": "arn:aws:s3:::models/*"});
        for (key, value) in more.as_object().expect("an object") {
            if let Some(other) = key.strip_prefix("Not") {
                statement.as_object_mut().expect("an object").remove(other);
            }
            statement[key] = value.clone();
        }
        statement
    }

    #[test]
    fn a_statement_allows_what_all_of_its_elements_are_about() {
        for more in [
            json!({}),
            json!({"Action": "S3:getobject"}),
            json!({"Action": ["s3:List*", "s3:Get*"]}),
            json!({"Action": "*"}),
            json!({"Action": "s3:Get?bject"}),
            json!({"NotAction": "s3:Put*"}),
            json!({"Resource": "*"}),
            json!({"Resource": ["arn:aws:s3:::models", "arn:aws:s3:::models/churn/*"]}),
            json!({"Resource": "arn:*:s3:::models/*/model.tar.gz"}),
            json!({"NotResource": "arn:aws:s3:::models/secret/*"}),
            json!({"Principal": {"AWS": "222222222222"}}),
            json!({"NotPrincipal": {"AWS": "333333333333"}}),
            json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}}),
            json!({"Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}),
            json!({"Resource": "arn:aws:s3:::models/${aws:PrincipalAccount,'churn'}/*", "Sid": "",
                   "Condition": {}}),
        ] {
            let expected = if more.get("Sid").is_some() {
                Verdict::Denied { by: None }
            } else {
                Verdict::Allowed { by: Some("statement \"A\"".to_owned()) }
            };
            assert_eq!(judge(&json!([allow(&more)])), expected, "{more}");
        }
        for more in [
            json!({"Action": "s3:GetObjectVersion"}),
            json!({"Action": "ecr:*"}),
            json!({"NotAction": "s3:*"}),
            json!({"Resource": "arn:aws:s3:::models"}),
            json!({"Resource": "arn:aws:s3:::models/CHURN/*"}),
            json!({"NotResource": "arn:aws:s3:::models/churn/*"}),
            json!({"Principal": {"AWS": "333333333333"}}),
            json!({"Principal": {"Service": "sagemaker.amazonaws.com"}}),
            json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-other"}}}),
        ] {
            assert_eq!(judge(&json!(allow(&more))), Verdict::Denied { by: None }, "{more}");
        }
        assert_eq!(judge(&json!([])), Verdict::Denied { by: None });
    }

    #[test]
    fn a_deny_comes_before_every_allow() {
        let deny = |more: Value| {
            let mut statement = allow(&more);
            statement["Effect"] = json!("Deny");
            statement["Sid"] = json!("D");
            statement
        };
        let both = |more: Value| judge(&json!([allow(&json!({})), deny(more)]));
        let denied = Verdict::Denied { by: Some("statement \"D\"".to_owned()) };
        assert_eq!(both(json!({})), denied);
        assert_eq!(both(json!({"NotPrincipal": {"AWS": "111111111111"}})), denied);
        assert_eq!(both(json!({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-other"}}})), denied);
        let allowed = Verdict::Allowed { by: Some("statement \"A\"".to_owned()) };
        assert_eq!(both(json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}})), allowed);
        assert_eq!(both(json!({"Action": "s3:Put*"})), allowed);
        let Verdict::Undecided(doubts) = both(json!({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}))
        else {
            panic!("decided")
        };
        assert!(doubts[0].starts_with("statement \"D\" denies, perhaps: condition key aws:SourceVpce"), "{doubts:?}");
    }

    #[test]
    fn within_one_account_silence_is_no_denial_but_a_deny_is() {
        let optional = |statements: Value| evaluate(&statements, Allowance::Optional);
        assert_eq!(optional(json!([])), Verdict::Allowed { by: None });
        let unknown = json!({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}});
        assert_eq!(optional(json!([allow(&unknown)])), Verdict::Allowed { by: None });
        let mut deny = allow(&json!({}));
        deny["Effect"] = json!("Deny");
        assert_eq!(optional(json!([deny])), Verdict::Denied { by: Some("statement \"A\"".to_owned()) });
    }

    #[test]
    fn what_cannot_be_read_or_known_is_undecided_where_it_matters() {
        let unknown = allow(&json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}));
        assert!(matches!(judge(&json!([unknown])), Verdict::Undecided(_)));
        assert!(matches!(judge(&json!([unknown, allow(&json!({}))])), Verdict::Allowed { .. }));
        for strange in [
            json!({"Effect": "Maybe"}),
            json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Until": 1}),
            json!({"Effect": "Deny", "Principal": "*", "NotPrincipal": "*", "Action": "*"}),
            json!({"Effect": "Deny", "Principal": "*"}),
            json!({"Effect": "Deny", "Action": "*"}),
            json!(7),
        ] {
            let verdict = judge(&json!([allow(&json!({})), strange]));
            assert!(matches!(verdict, Verdict::Undecided(_)), "{strange} {verdict:?}");
        }
    }

    #[test]
    fn policy_variables_came_with_the_second_version() {
        let document = |version: &str| {
            let statement = allow(&json!({"Resource": "arn:aws:s3:::${aws:PrincipalAccount}/*"}));
            Document::parse(&json!({"Version": version, "Statement": statement}).to_string()).expect("valid")
        };
        let caller = caller();
        let request = Request::new(&caller, "s3:GetObject", Text::Whole("arn:aws:s3:::222222222222/model".to_owned()));
        let verdict = |version: &str| document(version).evaluate(&request, Allowance::Required);
        assert!(matches!(verdict("2012-10-17"), Verdict::Allowed { .. }));
        assert_eq!(verdict("2008-10-17"), Verdict::Denied { by: None });
    }

    /// Statements of which each element may or may not be about the request, or not be known.
    fn statement() -> impl Strategy<Value = Value> {
        let effect = prop::sample::select(vec!["Allow", "Deny"]);
        let principal = prop::sample::select(vec![
            json!("*"),
            json!({"AWS": "222222222222"}),
            json!({"AWS": "arn:aws:iam::222222222222:role/deploy"}),
            json!({"AWS": "arn:aws:sts::222222222222:assumed-role/deploy/x"}),
            json!({"AWS": "333333333333"}),
        ]);
        let action = prop::sample::select(vec!["*", "s3:*", "s3:GetObject", "s3:PutObject"]);
        let resource = prop::sample::select(vec!["*", "arn:aws:s3:::models/*", "arn:aws:s3:::other/*"]);
        let condition = prop::sample::select(vec![
            json!({}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-other"}}),
            json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
            json!({"Bool": {"aws:SecureTransport": "false"}}),
        ]);
        (effect, principal, action, resource, condition).prop_map(|(effect, principal, action, resource, condition)| {
            json!({"Effect": effect, "Principal": principal, "Action": action, "Resource": resource,
                       "Condition": condition})
        })
    }

    fn rank(verdict: &Verdict) -> u8 {
        match verdict {
            Verdict::Denied { .. } => 0,
            Verdict::Undecided(_) => 1,
            Verdict::Allowed { .. } => 2,
        }
    }

    proptest! {
        #[test]
        fn a_further_deny_never_gives_access_and_a_further_allow_never_takes_it(
            statements in prop::collection::vec(statement(), 0..5),
            mut more in statement(),
            at in 0_usize..5,
        ) {
            for allowance in [Allowance::Required, Allowance::Optional] {
                let before = rank(&evaluate(&json!(statements), allowance));
                for (effect, fits) in [("Deny", u8::le as fn(&u8, &u8) -> bool), ("Allow", u8::ge)] {
                    more["Effect"] = json!(effect);
                    let mut changed = statements.clone();
                    changed.insert(at.min(statements.len()), more.clone());
                    let after = rank(&evaluate(&json!(changed), allowance));
                    prop_assert!(fits(&after, &before), "{} {} -> {}", effect, before, after);
                }
            }
        }

        #[test]
        fn the_order_of_statements_does_not_matter(statements in prop::collection::vec(statement(), 0..6)) {
            let mut reversed = statements.clone();
            reversed.reverse();
            prop_assert_eq!(rank(&judge(&json!(statements))), rank(&judge(&json!(reversed))));
        }

        #[test]
        fn what_is_decided_stays_so_when_the_unknown_becomes_known(statements in prop::collection::vec(statement(), 0..6)) {
            let before = judge(&json!(statements));
            for known in [true, false] {
                let text = json!(statements).to_string();
                let condition = if known { r#""aws:PrincipalOrgID":"o-abc""# } else { r#""aws:PrincipalOrgID":"o-x""# };
                let text = text.replace(r#""aws:SourceVpce":"vpce-1""#, condition);
                let name = if known { "role/deploy" } else { "role/other" };
                let text = text.replace("arn:aws:sts::222222222222:assumed-role/deploy/x",
                    &format!("arn:aws:iam::222222222222:{name}"));
                let after = judge(&serde_json::from_str(&text).expect("JSON"));
                prop_assert!(rank(&before) == 1 || rank(&before) == rank(&after), "{:?} {:?}", before, after);
            }
        }
    }
}
