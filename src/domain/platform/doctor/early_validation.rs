//! CloudFormation's validation before a deployment, which since June 2026 comes before every stack operation. The reason
//! that it leaves names the validation and not what is wrong: only `DescribeEvents` tells (botocore 1.44.8). That a stack of
//! a stack set leaves the same reason is unverified on AWS.

/// What every validation's name begins with; it is a name and not wording.
const PREFIX: &str = "AWS::EarlyValidation::";

/// What the validations that a reason names look for; none of a reason of another kind.
pub(super) fn explained(reason: &str) -> Option<String> {
    let mut names: Vec<&str> = reason.split(PREFIX).skip(1).map(name).collect();
    names.sort_unstable();
    names.dedup();
    let told: Vec<String> = names.iter().map(|name| format!("{name} ({})", means(name))).collect();
    (!told.is_empty()).then(|| format!("the validation before the deployment refused it: {}", told.join(", ")))
}

fn name(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

fn means(name: &str) -> &'static str {
    match name {
        "ResourceExistenceCheck" => "something of that name is there already, and is not part of the stack",
        "PropertyValidation" => "a property is not as the resource's schema has it",
        _ => "AWS documents it",
    }
}

/// Shows what is wrong; to be run in the stack's account.
pub(super) fn command(stack: &str, region: &str) -> String {
    format!("aws cloudformation describe-events --stack-name {stack} --filters FailedEvents=true --region {region}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validations_of_a_reason_are_explained() {
        let reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To \
                      troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.";
        let told = explained(reason).expect("one");
        assert!(told.contains("ResourceExistenceCheck (something of that name is there already"), "{told}");
        assert_eq!(explained("Resource handler returned message: \"no quota\""), None);
        let two = explained("[AWS::EarlyValidation::PropertyValidation, AWS::EarlyValidation::New]").expect("two");
        assert!(two.contains("New (AWS documents it), PropertyValidation (a property"), "{two}");
    }
}
