//! Access before the roll-out: reads the policies of what a package is made of, and says what is missing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::{Value, json};

use super::super::interruption;
use super::super::session::Session;
use super::super::stdout::print_json;
use super::settings::Settings;
use crate::cli::Format;
use crate::cloud::error::ErrorKind;
use crate::cloud::{Cloud, CloudError, CloudResult, Keys, Repositories, Storage};
use crate::domain::access::{
    AccessCheck, BucketFacts, DataFacts, Evidence, GroupSide, Image, KeyFacts, Reading, RepositoryFacts, Review,
    StoredObject, Wanted, review,
};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::organization::{Account, Targets, UnitId};
use crate::domain::aws::partition::partition_of_region;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::{Finding, Severity};
use crate::domain::iam::Caller;
use crate::domain::project::stage::StageSettings;
use crate::domain::registry::model_package::{GroupRef, ModelPackage, version_arn};
use crate::error::{Exit, Failure, Result};

/// What was read, and what could not be.
pub(super) struct Gathered {
    evidence: Evidence,
    unread: Unread,
}

/// By IAM action: what could not be read, and the first error.
type Unread = BTreeMap<String, (BTreeSet<String>, CloudError)>;

/// What is known by the time of the judgement.
pub(in crate::commands) struct Seen<'a> {
    pub(in crate::commands) group: &'a Arn,
    pub(in crate::commands) package: &'a ModelPackage,
    /// The group's policy as the build will leave it, if that is known.
    pub(in crate::commands) policy: Option<&'a str>,
    pub(in crate::commands) callers: BTreeSet<Caller>,
    pub(in crate::commands) project_id: &'a str,
}

/// The execution role of every stage in every one of its accounts.
pub(in crate::commands) fn callers<'s>(
    region: &str,
    stages: impl IntoIterator<Item = (&'s StageSettings, &'s Targets)>,
) -> BTreeSet<Caller> {
    let of_stage = |(settings, targets): (&StageSettings, &Targets)| {
        let caller = |account: &Account| Caller {
            partition: partition_of_region(region).to_owned(),
            account: account.id.clone(),
            role: settings.role_name.clone(),
            organization: account.organization(),
            root: settings.unit.as_ref().map(UnitId::root),
            paths: account.unit_paths(),
        };
        targets.active.iter().map(caller).collect::<Vec<_>>()
    };
    stages.into_iter().flat_map(of_stage).collect()
}

/// Reads everything that is needed to judge, all at once; what cannot be read ends nothing.
pub(super) async fn gather(
    settings: &Settings,
    cloud: &impl Cloud,
    group: &GroupRef,
    group_arn: &Arn,
    package: &ModelPackage,
) -> Option<Gathered> {
    if settings.access_check == AccessCheck::Off || settings.no_group_policy {
        return None;
    }
    // A group that is named by its name is the caller's own.
    let own_account = match group.arn {
        Some(_) => cloud.account().await.ok()?,
        None => group_arn.account.clone(),
    };
    Some(read(cloud, &own_account, &group_arn.partition, package).await)
}

async fn read(cloud: &impl Cloud, own_account: &str, partition: &str, package: &ModelPackage) -> Gathered {
    let Wanted { data, own, others, strange_data } = Wanted::of(package, own_account);
    let reader = Reader { cloud, unread: RefCell::default() };
    let stored = async {
        let buckets = join_all(data.iter().map(|(name, uris)| reader.bucket(name, uris))).await;
        let keys = reader.keys(&buckets, own_account).await;
        (buckets, keys)
    };
    let repositories = join_all(own.iter().map(|image| reader.repository(image)));
    let ((buckets, keys), repositories) = futures::join!(stored, repositories);
    let (own_account, partition) = (own_account.to_owned(), partition.to_owned());
    let evidence = Evidence { own_account, partition, buckets, keys, repositories, others, strange_data };
    Gathered { evidence, unread: reader.unread.into_inner() }
}

/// The judgement alone, with what could not be read for it and why.
pub(in crate::commands) async fn reviewed(
    cloud: &impl Cloud,
    own_account: &str,
    seen: &Seen<'_>,
) -> (Review, Vec<(String, CloudError)>) {
    let Gathered { evidence, unread } = read(cloud, own_account, &seen.group.partition, seen.package).await;
    let (found, unread) = judge_with_grants(cloud, evidence, unread, seen).await;
    let unread = unread.into_values().map(|(things, error)| (things.into_iter().collect::<Vec<_>>().join(", "), error));
    (found, unread.collect())
}

/// Judges; where a policy leaves it to the grants of its key, reads these and judges again.
async fn judge_with_grants(
    cloud: &impl Cloud,
    mut evidence: Evidence,
    unread: Unread,
    seen: &Seen<'_>,
) -> (Review, Unread) {
    let reader = Reader { cloud, unread: RefCell::new(unread) };
    let mut found = judge(&evidence, seen);
    if !found.grants_wanted.is_empty() {
        let wanted = evidence.keys.iter_mut().filter(|key| found.grants_wanted.contains(&key.id));
        join_all(wanted.map(|key| reader.grants(key))).await;
        found = judge(&evidence, seen);
    }
    (found, reader.unread.into_inner())
}

struct Reader<'a, C> {
    cloud: &'a C,
    unread: RefCell<Unread>,
}

impl<C: Storage + Keys + Repositories> Reader<'_, C> {
    async fn read<T>(&self, what: impl Into<String>, asked: impl Future<Output = CloudResult<T>>) -> Reading<T> {
        match asked.await {
            Ok(value) => Reading::Known(value),
            // That a bucket is not there is said of the data in it.
            Err(error) if error.kind == ErrorKind::NotFound => Reading::Unread,
            Err(error) => {
                let mut unread = self.unread.borrow_mut();
                let (things, _) =
                    unread.entry(error.operation.clone()).or_insert_with(|| (BTreeSet::new(), error.clone()));
                things.insert(what.into());
                Reading::Unread
            }
        }
    }

    async fn bucket(&self, name: &str, uris: &BTreeSet<S3Uri>) -> BucketFacts {
        let (policy, owner, data) = futures::join!(
            self.read(format!("the policy of bucket {name}"), self.cloud.bucket_policy(name)),
            self.read(format!("the owner of bucket {name}"), self.cloud.bucket_owner(name)),
            join_all(uris.iter().map(|uri| self.data(uri)))
        );
        BucketFacts { name: name.to_owned(), policy, owner, data }
    }

    async fn data(&self, uri: &S3Uri) -> DataFacts {
        let list = self.read(format!("the owner of {uri}"), self.cloud.stored_objects(uri));
        let facts = async |of: &S3Uri| self.read(format!("the encryption of {of}"), self.cloud.object_facts(of)).await;
        let (objects, head) = if uri.is_prefix() {
            let objects = list.await;
            let head = match objects.known().and_then(|objects| objects.first()) {
                Some(first) => facts(&first.uri).await,
                None => Reading::Unread,
            };
            (objects, head)
        } else {
            futures::join!(list, facts(uri))
        };
        DataFacts { uri: uri.clone(), objects, head }
    }

    /// The keys that the data is encrypted with; the policy of another account's key cannot be read.
    async fn keys(&self, buckets: &[BucketFacts], own_account: &str) -> Vec<KeyFacts> {
        let mut keys: BTreeMap<&str, KeyFacts> = BTreeMap::new();
        for data in buckets.iter().flat_map(|bucket| &bucket.data) {
            let Some(Some(head)) = data.head.known() else { continue };
            let Some(id) = &head.key else { continue };
            keys.entry(id).or_insert_with(|| KeyFacts {
                id: id.clone(),
                at: data.uri.clone(),
                bucket_key: head.bucket_key,
                policy: Reading::Unread,
                grants: None,
            });
        }
        join_all(keys.into_values().map(async |key| {
            let is_own = key.id.parse::<Arn>().map_or(true, |arn| arn.account == own_account);
            if !is_own {
                return key;
            }
            let policy = self.read(format!("the policy of key {}", key.id), self.cloud.key_policy(&key.id)).await;
            KeyFacts { policy, ..key }
        }))
        .await
    }

    async fn grants(&self, key: &mut KeyFacts) {
        key.grants = Some(self.read(format!("the grants of key {}", key.id), self.cloud.key_grants(&key.id)).await);
    }

    async fn repository(&self, image: &Image) -> RepositoryFacts {
        let (policy, state) = futures::join!(
            self.read(format!("the repository policy of image {image}"), self.cloud.repository_policy(&image.registry)),
            self.read(format!("whether image {image} is there"), self.cloud.image_state(image)),
        );
        RepositoryFacts { image: image.clone(), policy, state }
    }
}

/// What came of the check.
#[derive(Default)]
pub(super) struct Access {
    /// Objects to take over, if that is asked for.
    pub(super) foreign: Vec<StoredObject>,
    /// What was said, for programs; null where nothing was checked.
    pub(super) document: Value,
}

/// Judges what was read and says what is missing.
///
/// # Errors
/// Something is missing and `--access-check error` makes that an error.
pub(super) async fn check(
    settings: &Settings,
    session: &Session,
    cloud: &impl Cloud,
    gathered: Option<Gathered>,
    seen: &Seen<'_>,
) -> Result<Access> {
    let is_strict = settings.access_check == AccessCheck::Error;
    let Some(Gathered { evidence, unread }) = gathered else {
        if is_strict {
            return Err(Failure::failed(unchecked(settings)));
        }
        return Ok(Access::default());
    };
    let (found, unread) = judge_with_grants(cloud, evidence, unread, seen).await;
    for (things, error) in unread.into_values() {
        // What a world does not say is not a fault of anybody's.
        if is_strict || error.kind != ErrorKind::NotRecorded {
            let things: Vec<String> = things.into_iter().collect();
            let what = format!("access is not checked in full: cannot read {}", things.join(", "));
            session.console.warning(&Finding { severity: Severity::Warning, ..error.finding(what) });
        }
    }
    for doubt in &found.doubts {
        session.console.warning(doubt);
    }
    let mut gaps = found.gaps;
    let foreign = if settings.fix_ownership { found.foreign } else { Vec::new() };
    if !settings.fix_ownership {
        gaps.extend(found.ownership);
    }
    let doubts: Vec<Value> =
        found.doubts.iter().map(|doubt| json!({"what": doubt.what, "cause": doubt.cause})).collect();
    let document = json!({"gaps": gaps, "undecided": doubts});
    if is_strict && !gaps.is_empty() {
        if session.console.format == Format::Json {
            print_json(&format!("{:#}\n", json!({"access": document})))?;
        }
        let findings = gaps.iter().map(|gap| gap.finding(Severity::Error)).collect();
        return Err(Failure { exit: Exit::Failed, findings });
    }
    for gap in &gaps {
        session.console.warning(&gap.finding(Severity::Warning));
    }
    if settings.dry_run {
        for object in &foreign {
            session
                .console
                .note(&format!("would copy {} onto itself, so that its bucket's account owns it", object.uri));
        }
    }
    Ok(Access { foreign, document })
}

/// What was asked to be an error if it is missing has to be looked at.
fn unchecked(settings: &Settings) -> Finding {
    let finding = Finding::error("access cannot be checked, and --access-check is error");
    if settings.no_group_policy {
        return finding
            .cause("with --no-group-policy the target accounts are not known")
            .hint("leave one of the two flags out");
    }
    finding.cause("the account of the credentials cannot be read").hint("allow sts:GetCallerIdentity to the caller")
}

fn judge(evidence: &Evidence, seen: &Seen<'_>) -> Review {
    // By the group's own ARN: some answers change the case of its name.
    let package = version_arn(seen.group, seen.package.version);
    let side = seen.policy.map(|policy| GroupSide { package: &package, group: &seen.package.group, policy });
    review(evidence, side.as_ref(), &seen.callers, seen.project_id)
}

/// Makes the build's account the owner of model data that another account owns.
///
/// # Errors
/// One of the objects cannot be copied.
pub(super) async fn take_over(session: &Session, cloud: &impl Cloud, foreign: &[StoredObject]) -> Result<()> {
    for object in foreign {
        interruption::begins(&format!("copy of {} onto itself", object.uri));
        cloud.take_over(object).await.map_err(|error| {
            error.failure(format!("cannot copy {} onto itself, to take it over from another account", object.uri))
        })?;
        interruption::is_done();
        session.console.note(&format!("copied {} onto itself: its bucket's account owns it now", object.uri));
    }
    Ok(())
}
