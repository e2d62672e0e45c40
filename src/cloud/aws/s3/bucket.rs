//! Who may read what is in a bucket: its policy, its owner, the owners and keys of its objects.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;

use super::super::api::Api;
use super::super::error::cloud_error;
use super::super::retries::Retrying;
use super::client::{about, client, client_in};
use crate::cloud::error::ErrorKind;
use crate::cloud::pages::Pages;
use crate::cloud::{CloudError, CloudResult, ListedObject};
use crate::domain::access::{ObjectFacts, StoredObject};
use crate::domain::aws::s3_uri::S3Uri;

/// Why S3 did not answer, and where the bucket is if it is in another Region.
pub(super) struct Refusal {
    pub(super) error: CloudError,
    home: Option<String>,
}

/// Asks in the command's Region and, where S3 points to the bucket's own, once more there.
pub(super) async fn at_home<T>(api: &Api, ask: impl AsyncFn(Retrying<Client>) -> Result<T, Refusal>) -> CloudResult<T> {
    match ask(client(api)).await {
        Err(Refusal { home: home @ Some(_), .. }) => ask(client_in(api, home)).await,
        answer => answer,
    }
    .map_err(|refusal| refusal.error)
}

/// Turns an error of S3 into ours; the answer to a HEAD request has no body to hold a code.
pub(super) fn refusal<E>(uri: &S3Uri, operation: &str, error: &SdkError<E>) -> Refusal
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    SdkError<E>: RequestId + ProvideErrorMetadata,
{
    let response = error.raw_response();
    let status = response.map_or(0, |response| response.status().as_u16());
    let home = response.and_then(|response| response.headers().get("x-amz-bucket-region")).map(str::to_owned);
    let mut said = cloud_error(operation, error);
    if said.code.is_none() && status == 403 {
        said = CloudError {
            request_id: said.request_id,
            ..CloudError::new(ErrorKind::Denied, operation, "access is denied (HTTP 403)")
        };
    }
    // A bucket elsewhere answers 301, or 400 where the signature was made for another Region.
    Refusal { error: about(uri, said), home: home.filter(|_| matches!(status, 301 | 307 | 400)) }
}

fn whole(bucket: &str) -> S3Uri {
    S3Uri { bucket: bucket.to_owned(), key: String::new() }
}

pub(super) async fn policy(api: &Api, bucket: &str) -> CloudResult<Option<String>> {
    at_home(api, async |s3| {
        match s3.call("s3:GetBucketPolicy", |client| client.get_bucket_policy().bucket(bucket).send()).await {
            Ok(answer) => Ok(answer.policy),
            Err(error) if error.code() == Some("NoSuchBucketPolicy") => Ok(None),
            Err(error) => Err(refusal(&whole(bucket), "s3:GetBucketPolicy", &error)),
        }
    })
    .await
}

/// The Region of a bucket; `None` where there is no such bucket. Every answer names it, a refusal as well.
pub(super) async fn region(api: &Api, bucket: &str) -> CloudResult<Option<String>> {
    const OPERATION: &str = "s3:ListBucket";
    match client(api).call(OPERATION, |client| client.head_bucket().bucket(bucket).send()).await {
        Ok(answer) => Ok(answer.bucket_region.or_else(|| api.config.region().map(ToString::to_string))),
        Err(error) => {
            let response = error.raw_response();
            let named = response.and_then(|response| response.headers().get("x-amz-bucket-region")).map(str::to_owned);
            match (named, response.map(|response| response.status().as_u16())) {
                (Some(region), _) => Ok(Some(region)),
                (None, Some(404)) => Ok(None),
                (None, _) => Err(refusal(&whole(bucket), OPERATION, &error).error),
            }
        }
    }
}

pub(super) async fn put_policy(api: &Api, bucket: &str, policy: &str) -> CloudResult<()> {
    at_home(api, async |s3| {
        let put = s3
            .call("s3:PutBucketPolicy", |client| client.put_bucket_policy().bucket(bucket).policy(policy).send())
            .await;
        put.map(|_| ()).map_err(|error| refusal(&whole(bucket), "s3:PutBucketPolicy", &error))
    })
    .await
}

pub(super) async fn owner(api: &Api, bucket: &str) -> CloudResult<String> {
    const OPERATION: &str = "s3:GetBucketAcl";
    let owner = at_home(api, async |s3| {
        let asked = s3.call(OPERATION, |client| client.get_bucket_acl().bucket(bucket).send()).await;
        asked.map_err(|error| refusal(&whole(bucket), OPERATION, &error))
    })
    .await?
    .owner;
    owner
        .and_then(|owner| owner.id)
        .ok_or_else(|| CloudError::new(ErrorKind::Other, OPERATION, "the answer holds no owner"))
}

pub(super) async fn stored(api: &Api, uri: &S3Uri) -> CloudResult<Vec<StoredObject>> {
    // Of a single object's key, other keys may be the continuation: they come after it.
    let most = if uri.is_prefix() { 1000 } else { 1 };
    let page = at_home(api, async |s3| {
        let list = |client: &Client| {
            client.list_objects_v2().bucket(&uri.bucket).prefix(&uri.key).max_keys(most).fetch_owner(true).send()
        };
        s3.call(LIST, list).await.map_err(|error| refusal(uri, LIST, &error))
    })
    .await?;
    answers(uri, &page)?;
    let objects = page.contents.unwrap_or_default().into_iter().map(|object| StoredObject {
        uri: S3Uri { bucket: uri.bucket.clone(), key: object.key.unwrap_or_default() },
        owner: object.owner.and_then(|owner| owner.id),
        size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
    });
    Ok(objects.filter(|object| uri.is_prefix() || object.uri == *uri).collect())
}

const LIST: &str = "s3:ListBucket";

/// Holds a page of a listing against what was asked for.
fn answers(prefix: &S3Uri, page: &ListObjectsV2Output) -> CloudResult<()> {
    // By an alias of an access point, another bucket is asked.
    let is_alias = ["-s3alias", "-ol-s3"].iter().any(|ending| prefix.bucket.ends_with(ending));
    let bucket = page.name().filter(|name| !name.is_empty() && !is_alias && *name != prefix.bucket);
    let stray = page.contents().iter().filter_map(|object| object.key()).find(|key| !key.starts_with(&prefix.key));
    let about_else = match (bucket, stray) {
        (Some(bucket), _) => format!("the answer is about bucket \"{bucket}\""),
        (None, Some(key)) => format!("the answer is about something else: it lists \"{key}\""),
        (None, None) => return Ok(()),
    };
    Err(about(prefix, CloudError::new(ErrorKind::Other, LIST, about_else)))
}

/// The token of the next page, if there is one.
fn next(prefix: &S3Uri, page: &ListObjectsV2Output) -> CloudResult<Option<String>> {
    let token = page.next_continuation_token().filter(|token| !token.is_empty());
    if token.is_none() && page.is_truncated() == Some(true) {
        let message = "the answer says that there is more, and has no token to ask for it";
        return Err(about(prefix, CloudError::new(ErrorKind::Other, LIST, message)));
    }
    Ok(token.map(str::to_owned))
}

pub(super) async fn list(
    api: &Api,
    prefix: &S3Uri,
    after: Option<&str>,
    page: &mut dyn FnMut(Vec<ListedObject>) -> bool,
) -> CloudResult<()> {
    let mut pages = Pages::of(LIST);
    let mut token: Option<String> = None;
    loop {
        let answer = at_home(api, async |s3| {
            let list = |client: &Client| {
                let list = client.list_objects_v2().bucket(&prefix.bucket).prefix(&prefix.key);
                let start = after.filter(|_| token.is_none()).map(str::to_owned);
                list.set_start_after(start).set_continuation_token(token.clone()).send()
            };
            s3.call(LIST, list).await.map_err(|error| refusal(prefix, LIST, &error))
        })
        .await?;
        answers(prefix, &answer)?;
        let next = next(prefix, &answer)?;
        let listed = answer.contents.unwrap_or_default().into_iter().filter_map(|object| {
            let size = object.size.and_then(|size| u64::try_from(size).ok());
            Some(ListedObject { key: object.key?, size, entity_tag: object.e_tag })
        });
        let listed: Vec<ListedObject> = listed.collect();
        let is_new = !listed.is_empty();
        if !page(listed) {
            return Ok(());
        }
        token = pages.turn(next, is_new)?;
        if token.is_none() {
            return Ok(());
        }
    }
}

pub(super) async fn facts(api: &Api, uri: &S3Uri) -> CloudResult<Option<ObjectFacts>> {
    at_home(api, async |s3| {
        match s3.call("s3:GetObject", |client| client.head_object().bucket(&uri.bucket).key(&uri.key).send()).await {
            Ok(object) => Ok(Some(ObjectFacts {
                key: object.ssekms_key_id,
                bucket_key: object.bucket_key_enabled.unwrap_or_default(),
            })),
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
            Err(error) => Err(refusal(uri, "s3:GetObject", &error)),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::Object;

    use super::*;

    fn page(bucket: &str, key: &str) -> ListObjectsV2Output {
        ListObjectsV2Output::builder().name(bucket).contents(Object::builder().key(key).build()).build()
    }

    #[test]
    fn a_listing_of_another_bucket_or_prefix_is_no_answer() {
        let prefix: S3Uri = "s3://b/cap/".parse().expect("a URI");
        let said = |page: &ListObjectsV2Output| answers(&prefix, page).map_err(|error| error.to_string());
        assert_eq!(said(&page("b", "cap/a.jsonl")), Ok(()));
        assert_eq!(said(&ListObjectsV2Output::builder().build()), Ok(()));
        let else_said = |what: &str| Err(format!("s3:ListBucket: s3://b/cap/: the answer is about {what}"));
        assert_eq!(said(&page("c", "cap/a.jsonl")), else_said("bucket \"c\""));
        assert_eq!(said(&page("b", "other/a.jsonl")), else_said("something else: it lists \"other/a.jsonl\""));
        let alias: S3Uri = "s3://b-s3alias/cap/".parse().expect("a URI");
        assert!(answers(&alias, &page("b", "cap/a.jsonl")).is_ok());
    }

    #[test]
    fn a_listing_that_goes_on_without_a_token_is_not_whole() {
        let prefix: S3Uri = "s3://b/cap/".parse().expect("a URI");
        let said = |is_truncated, token: Option<&str>| {
            let page = ListObjectsV2Output::builder().set_is_truncated(is_truncated);
            let page = page.set_next_continuation_token(token.map(str::to_owned)).build();
            next(&prefix, &page).map_err(|error| error.to_string())
        };
        let more = "s3:ListBucket: s3://b/cap/: the answer says that there is more, and has no token to ask for it";
        assert_eq!(said(Some(true), None), Err(more.to_owned()));
        assert_eq!(said(Some(true), Some("")), Err(more.to_owned()));
        assert_eq!(said(Some(true), Some("t")), Ok(Some("t".to_owned())));
        assert_eq!(said(Some(false), None), Ok(None));
        assert_eq!(said(None, None), Ok(None));
    }
}
