//! The role of Studio's users, who read a template in S3 and hand on the launch role.

use serde_json::{Value, json};

use super::rights::Rights;
use crate::domain::aws::arn::Arn;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;

/// What keeps the role from starting projects from the template.
pub(crate) fn review(role: &Arn, rights: &Rights, place: &S3Uri, launch_role: &Arn, region: &str) -> Vec<Finding> {
    let bucket = format!("arn:{}:s3:::{}", role.partition, place.bucket);
    let prefix = place.key.rfind('/').map_or("", |end| &place.key[..=end]);
    // The SageMaker blog on templates in S3 asks for read access, and AWS's samples name the tags as what is forgotten.
    let of_bucket: [Value; 2] = [
        json!({"Sid": "ReadProjectTemplates", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectTagging"],
               "Resource": format!("{bucket}/{prefix}*")}),
        json!({"Sid": "ListProjectTemplates", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket}),
    ];
    let pass = json!({"Sid": "PassLaunchRole", "Effect": "Allow", "Action": "iam:PassRole",
                      "Resource": launch_role.to_string()});
    let who = format!("Studio's role {role}");
    let lack = |statement: &Value| rights.lack(&who, role, statement, region);
    let of_bucket = of_bucket.iter().filter_map(lack).map(|finding| {
        let cause = finding.cause.clone().unwrap_or_default();
        finding.cause(format!("{cause}; the bucket's own policy may allow it as well, and was not judged"))
    });
    of_bucket.chain(lack(&pass)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_read_the_template_and_pass_the_role_starts_projects() {
        let arn = |name: &str| -> Arn { format!("arn:aws:iam::111122223333:role/{name}").parse().expect("an ARN") };
        let place = "s3://seeds/modeldeploy/templates/deploy.yml".parse().expect("a place");
        let review = |statements: &Value| {
            let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            let rights = Rights { attached: Vec::new(), policies: vec![policy] };
            let found = review(&arn("Studio"), &rights, &place, &arn("service-role/Launch"), "us-east-1");
            found.iter().map(|one| one.cause.clone().unwrap_or_default()).collect::<Vec<_>>()
        };
        let read =
            json!({"Effect": "Allow", "Action": ["s3:Get*", "s3:ListBucket"], "Resource": "arn:aws:s3:::seeds*"});
        let pass = json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/service-role/*",
            "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}});
        assert_eq!(review(&json!([read, pass])), [""; 0]);
        let found = review(&json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("not allowed: s3:GetObjectTagging; the bucket's own policy"), "{found:?}");
        assert_eq!(found[2], "not allowed: iam:PassRole");
    }
}
