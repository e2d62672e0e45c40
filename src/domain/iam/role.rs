//! A role as IAM knows it.

use super::document::Document;
use super::request::Request;
use super::verdict::{Allowance, Verdict};
use crate::domain::aws::arn::Arn;

/// A role, and who may take it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub arn: Arn,
    /// Its trust policy.
    pub trust: String,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

/// The name of a role: its ARN, or the name with its path, without what stands before it.
pub(crate) fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// Whether a trust policy lets a service take the role on. What only the service knows, such as the account that it acts
/// for, is no reason to doubt it.
pub fn trusts(policy: &str, service: &str) -> bool {
    let request = Request::of_service(service, "sts:AssumeRole");
    let verdict = Document::parse(policy).map(|document| document.evaluate(&request, Allowance::Required));
    matches!(verdict, Ok(Verdict::Allowed { .. } | Verdict::Undecided(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_service_is_trusted_where_a_statement_lets_it_take_the_role_on() {
        let trusted = |effect: &str, action: &Value| {
            let statement = json!({"Effect": effect, "Principal": {"Service": ["a.amazonaws.com", "b.amazonaws.com"]},
                                   "Action": action});
            trusts(&json!({"Statement": statement}).to_string(), "b.amazonaws.com")
                && trusts(&json!({"Statement": [{}, statement]}).to_string(), "a.amazonaws.com")
        };
        for action in ["sts:AssumeRole", "sts:Assume*", "sts:*", "*", "STS:assumerole"] {
            assert!(trusted("Allow", &json!(action)), "{action}");
        }
        assert!(trusted("Allow", &json!(["sts:TagSession", "sts:AssumeRole"])));
        assert!(!trusted("Allow", &json!("sts:TagSession")) && !trusted("Deny", &json!("*")));
        assert!(!trusts("no policy", "a.amazonaws.com") && !trusts("{}", ""));
    }

    #[test]
    fn a_statement_that_denies_outweighs_one_that_trusts() {
        let allow = json!({"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:*"});
        let trusted = |other: &Value| {
            let policy = json!({"Version": "2012-10-17", "Statement": [allow, other]}).to_string();
            trusts(&policy, "sagemaker.amazonaws.com")
        };
        let deny = |principal: &Value| json!({"Effect": "Deny", "Principal": principal, "Action": "sts:AssumeRole"});
        assert!(!trusted(&deny(&json!("*"))));
        assert!(!trusted(&deny(&json!({"Service": ["sagemaker.amazonaws.com"]}))));
        assert!(trusted(&deny(&json!({"Service": "lambda.amazonaws.com"}))));
        assert!(trusted(&deny(&json!({"AWS": "111111111111"}))));
        let mut conditional = deny(&json!("*"));
        conditional["Condition"] = json!({"StringNotEquals": {"aws:SourceAccount": "111111111111"}});
        assert!(trusted(&conditional), "the service says which account it acts for");
        let others = json!({"Effect": "Deny", "NotPrincipal": {"Service": "sagemaker.amazonaws.com"}, "Action": "*"});
        assert!(trusted(&others));
    }
}
