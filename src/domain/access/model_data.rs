//! Model data: whether it is there, whose it is, and who can read and decrypt it.

use super::evidence::{BucketFacts, DataFacts, KeyFacts, KeyGrant, Reading};
use super::question::{Ask, Outcome, ask, by_outcome, in_words, who};
use super::review::{Gap, Judge, PolicyChange, PolicyOf};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::partition::Partition;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::iam::{Allowance, Caller, Document, Key, Text};

impl Judge<'_> {
    pub(super) fn bucket(&mut self, bucket: &BucketFacts) {
        for data in &bucket.data {
            self.presence(data);
            self.ownership(bucket, data);
        }
        let Some(policy) = bucket.policy.known() else { return };
        let data: Vec<String> = bucket.data.iter().map(|data| data.uri.to_string()).collect();
        let name = &bucket.name;
        let of = PolicyOf {
            cannot: format!("cannot read model data {}", in_words(&data)),
            change: PolicyChange {
                policy: format!("the policy of bucket {name}"),
                read: format!("aws s3api get-bucket-policy --bucket {name} --query Policy --output text"),
                write: format!("aws s3api put-bucket-policy --bucket {name} --policy file://policy.json"),
                grant: None,
            },
            sid: "ModeldeployModelData",
            names_resources: true,
        };
        let Some(policy) = self.document(&of, policy.as_deref().unwrap_or_default()) else { return };
        let asks: Vec<Ask> = bucket.data.iter().flat_map(|data| self.reads(data)).collect();
        let callers = self.callers;
        for (outcome, callers) in by_outcome(callers, |caller| ask(&policy, &asks, caller, self.allowance(caller))) {
            self.conclude(&of, &asks, outcome, &callers);
        }
    }

    /// Under a prefix, all objects are listed and read.
    fn reads(&self, data: &DataFacts) -> Vec<Ask> {
        let S3Uri { bucket, key } = &data.uri;
        let arn = |rest: &str| format!("arn:{}:s3:::{bucket}{rest}", self.evidence.partition);
        // Only who lists gives a prefix.
        let read = |ask: Ask| ask.with("s3:prefix", Key::Absent);
        if !data.uri.is_prefix() {
            return vec![read(Ask::new("s3:GetObject", arn(&format!("/{key}"))))];
        }
        let prefix = Key::Known(vec![Text::Whole(key.clone())]);
        vec![
            read(Ask::on_all("s3:GetObject", arn(&format!("/{key}")))),
            Ask::new("s3:ListBucket", arn("")).with("s3:prefix", prefix),
        ]
    }

    fn presence(&mut self, data: &DataFacts) {
        let listed_none = data.objects.known().is_some_and(Vec::is_empty);
        if listed_none || data.head.known().is_some_and(Option::is_none) {
            self.review.gaps.push(Gap {
                what: format!("model data {} is not there", data.uri),
                cause: format!(
                    "bucket {} has no such {}",
                    data.uri.bucket,
                    if data.uri.is_prefix() { "prefix" } else { "object" }
                ),
                remedy: "put it back, or approve a version whose model data is there".to_owned(),
                statement: None,
                change: None,
            });
        }
    }

    /// A bucket's policy does not reach an object that another account owns (Amazon S3 user guide, "Controlling
    /// ownership of objects").
    fn ownership(&mut self, bucket: &BucketFacts, data: &DataFacts) {
        let (Some(owner), Some(objects)) = (bucket.owner.known(), data.objects.known()) else { return };
        let mut foreign = objects.iter().filter(|object| object.owner.as_ref().is_some_and(|other| other != owner));
        let Some(first) = foreign.next() else { return };
        let others = foreign.clone().count();
        let and = if others > 0 { format!(" and {others} more under {}", data.uri) } else { String::new() };
        self.review.ownership.push(Gap {
            what: format!("model data {}{and} belongs to another account than its bucket", first.uri),
            cause: format!(
                "its owner is canonical user {}, the bucket's is {owner}: the bucket's policy does not reach it",
                first.owner.as_deref().unwrap_or_default()
            ),
            remedy:
                "copy it in place, so that the bucket's account owns it: \"modeldeploy build --fix-ownership\"; if \
                     that may not read it, its owner has to allow it first (\"aws s3api put-object-acl --acl \
                     bucket-owner-full-control\")"
                    .to_owned(),
            statement: None,
            change: None,
        });
        self.review.foreign.push(first.clone());
        self.review.foreign.extend(foreign.cloned());
    }

    pub(super) fn key(&mut self, key: &KeyFacts) {
        let of = PolicyOf {
            cannot: format!("cannot decrypt model data {}", key.at),
            change: PolicyChange {
                policy: format!("the policy of key {}", key.id),
                read: format!("aws kms get-key-policy --key-id {} --query Policy --output text", key.id),
                write: format!(
                    "aws kms put-key-policy --key-id {} --policy-name default --policy file://policy.json",
                    key.id
                ),
                grant: Some(format!(
                    "aws kms create-grant --key-id {} --operations Decrypt --grantee-principal ROLE_ARN",
                    key.id
                )),
            },
            sid: "ModeldeployModelKey",
            names_resources: true,
        };
        let arn = key.id.parse::<Arn>().ok();
        if let Some(owner) = arn.as_ref().map(|arn| &arn.account).filter(|owner| **owner != self.evidence.own_account) {
            let callers: Vec<&Caller> = self.callers.iter().collect();
            let what = format!("whether {} can decrypt model data {} is not known", who(&callers), key.at);
            let why =
                format!("its key {} belongs to account {owner}, whose key policy cannot be read from here", key.id);
            self.doubt(what, why);
            return;
        }
        let Some(policy) = key.policy.known() else { return };
        let Some(policy) = self.document(&of, policy) else { return };
        let asks = [self.decryption(key, arn.as_ref())];
        let grants = key.grants.as_ref().and_then(|grants| grants.known()).map(Vec::as_slice).unwrap_or_default();
        let callers = self.callers;
        // A key's policy has to allow even within its own account (KMS developer guide, "Key policies").
        let outcome =
            |caller: &Caller| match (ask(&policy, &asks, caller, Allowance::Required), granted(grants, caller)) {
                // A grant stands for a statement that allows; one that denies comes before it all the same.
                (Outcome::Lacking(_) | Outcome::Undecided(_), Some(Outcome::Allowed)) => {
                    ask(&policy, &asks, caller, Allowance::Optional)
                }
                (Outcome::Lacking(_), Some(constrained)) => constrained,
                (said, _) => said,
            };
        for (outcome, callers) in by_outcome(callers, outcome) {
            let is_open = matches!(outcome, Outcome::Lacking(_) | Outcome::Undecided(_));
            match &key.grants {
                None if is_open => _ = self.review.grants_wanted.insert(key.id.clone()),
                Some(Reading::Unread) if matches!(outcome, Outcome::Lacking(_)) => self.doubt(
                    format!("whether {} can decrypt model data {} is not known", who(&callers), key.at),
                    format!("{} does not allow it, and the grants of the key cannot be read", of.change.policy),
                ),
                _ if is_open && is_aws_managed(&policy) => self.review.gaps.push(Gap {
                    what: format!("{} {}", who(&callers), of.cannot),
                    cause: format!("key {} is the one that AWS keeps for S3, and serves its own account only", key.id),
                    remedy: format!(
                        "encrypt it with a key of your own: \"aws s3 cp {0} {0} --sse aws:kms --sse-kms-key-id\" and \
                         the key's ARN",
                        key.at
                    ),
                    statement: None,
                    change: None,
                }),
                _ => self.conclude(&of, &asks, outcome, &callers),
            }
        }
    }

    /// S3 asks KMS in the reader's name.
    fn decryption(&self, key: &KeyFacts, arn: Option<&Arn>) -> Ask {
        let partition = &self.evidence.partition;
        let suffix = Partition::named(partition).dns_suffix;
        let via = match arn {
            Some(arn) => Key::known(format!("s3.{}.{suffix}", arn.region)),
            None => Key::Unknown("the key's Region is not known"),
        };
        let S3Uri { bucket, key: name } = &key.at;
        let context = if key.bucket_key { bucket.clone() } else { format!("{bucket}/{name}") };
        Ask::new("kms:Decrypt", "*")
            .with("kms:ViaService", via)
            .with("kms:EncryptionContext:aws:s3:arn", Key::known(format!("arn:{partition}:s3:::{context}")))
    }
}

/// What a key's grants say for a caller, if they say anything.
fn granted(grants: &[KeyGrant], caller: &Caller) -> Option<Outcome> {
    let names = [caller.role_arn(), Some(caller.account_arn()), Some(caller.account.to_string())];
    let mut mine = grants.iter().filter(|grant| {
        names.contains(&Some(grant.grantee.clone())) && grant.operations.iter().any(|operation| operation == "Decrypt")
    });
    match (mine.clone().any(|grant| !grant.constrained), mine.next()) {
        (true, _) => Some(Outcome::Allowed),
        (false, Some(_)) => {
            Some(Outcome::Undecided(vec!["a grant allows it for some encryption contexts only".to_owned()]))
        }
        (false, None) => None,
    }
}

/// The id that AWS gives the policy of its own key for S3 (unverified: seen in answers, not documented).
fn is_aws_managed(policy: &Document) -> bool {
    policy.id().is_some_and(|id| id.starts_with("auto-s3"))
}
