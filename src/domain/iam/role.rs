//! A role as IAM knows it.

use serde_json::Value;

use super::super::arn::Arn;
use super::statement::texts;
use super::wildcard::Pattern;

/// A role, and who may take it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub arn: Arn,
    /// Its trust policy.
    pub trust: String,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

/// The name of a role: its ARN, or the name with its path, without what stands before it.
pub fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// Whether a trust policy lets a service take the role on. Its conditions are not looked at: they compare what only the
/// service knows.
pub fn trusts(policy: &str, service: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.as_slice(),
        one => std::slice::from_ref(one),
    };
    let of = |value: &Value| texts(value).unwrap_or_default();
    let takes_on = |action: &String| Pattern::wild(action).lowercase().matches("sts:assumerole");
    statements.iter().any(|one| {
        one["Effect"] == "Allow"
            && of(&one["Principal"]["Service"]).iter().any(|name| name == service)
            && of(&one["Action"]).iter().any(takes_on)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
