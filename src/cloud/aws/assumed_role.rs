//! Roles in target accounts: taken on at once, taken on again before they expire.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use futures::lock::Mutex;

use super::api::Api;
use super::bearer_token::BearerToken;
use super::clients::Clients;
use super::connection::Aws;
use super::error::{cloud_error, unsendable};
use super::http::Http;
use super::retries::Retrying;
use super::s3::client::S3;
use crate::cloud::Roles;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::aws::arn::Arn;
use crate::secrets;

/// Role chaining allows an hour at most (botocore sts.AssumeRole), and a CodeBuild role is a session already.
const SESSION_SECONDS: i32 = 3600;

/// A session with less time left is not worth starting a call with.
const RENEW_BEFORE: Duration = Duration::from_mins(1);

/// A role in a target account, and what acts as it in one Region.
pub(crate) struct AssumedRole {
    pub(super) role: Arn,
    clients: Rc<Clients>,
    credentials: SharedCredentialsProvider,
    api: Api,
    token: RefCell<Option<BearerToken>>,
}

impl AssumedRole {
    /// Takes on the role now: a provider that waits for the first call would blame that call.
    pub(super) async fn assume(
        clients: Rc<Clients>,
        sts: &Retrying<aws_sdk_sts::Client>,
        role: &Arn,
        session_name: &str,
    ) -> CloudResult<Self> {
        let sts = Retrying { client: sts.client.clone(), retries: sts.retries.of_account(&role.account) };
        let source = Source { sts, role: role.clone(), session_name: session_name.to_owned() };
        let first = source.credentials().await?;
        let credentials = SharedCredentialsProvider::new(Renewing { source, current: Mutex::new(first) });
        let api = clients.api.acting_as(role, credentials.clone());
        Ok(Self { role: role.clone(), clients, credentials, api, token: RefCell::default() })
    }

    /// The Region that it acts in.
    pub(super) fn region(&self) -> &str {
        self.api.config.region().map_or("", |region| region.as_ref())
    }

    pub(super) fn runtime(&self) -> &aws_sdk_sagemakerruntime::Client {
        &self.clients.runtime
    }

    /// As whom the runtime is called.
    pub(super) fn invoking(&self) -> aws_sdk_sagemakerruntime::config::Builder {
        aws_sdk_sagemakerruntime::config::Builder::new().credentials_provider(self.credentials.clone())
    }

    pub(super) fn http(&self) -> &Http {
        &self.clients.http
    }

    /// A bearer token of the session.
    pub(super) async fn bearer_token(&self, operation: &str, region: &str) -> CloudResult<String> {
        let credentials =
            self.credentials.provide_credentials().await.map_err(|error| {
                self.explained(CloudError::new(ErrorKind::NoCredentials, operation, error.to_string()))
            })?;
        let mut token = self.token.borrow_mut();
        if let Some(token) = token.as_ref().filter(|token| token.is_good_for(&credentials)) {
            return Ok(token.text.clone());
        }
        let made = BearerToken::new(&credentials, region).map_err(|error| unsendable(operation, error))?;
        Ok(token.insert(made).text.clone())
    }

    pub(super) fn s3(&self) -> S3 {
        let client = Retrying { client: self.clients.s3().clone(), retries: self.api.retries.clone() };
        S3 { client, credentials: Some(self.credentials.clone()) }
    }

    /// All that is asked by JSON.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// Says who was denied: the role itself.
    pub(super) fn explained(&self, mut error: CloudError) -> CloudError {
        error.principal.get_or_insert_with(|| self.role.to_string());
        error
    }
}

#[derive(Debug)]
struct Source {
    sts: Retrying<aws_sdk_sts::Client>,
    role: Arn,
    session_name: String,
}

impl Source {
    /// Whoever the credentials are of, it is the role that was asked for; its path is not in the session's name.
    fn check_user(&self, user: &str) -> Result<(), String> {
        let name = self.role.resource.rsplit('/').next().unwrap_or_default();
        let session = format!("assumed-role/{name}/");
        let is_role = |arn: Arn| arn.account == self.role.account && arn.resource.starts_with(&session);
        let is_same = user.parse().is_ok_and(is_role);
        if is_same { Ok(()) } else { Err(format!("the answer is about {user}, not about {}", self.role)) }
    }

    async fn credentials(&self) -> CloudResult<Credentials> {
        const OPERATION: &str = "sts:AssumeRole";
        let request = |client: &aws_sdk_sts::Client| {
            let request = client.assume_role().role_arn(self.role.to_string()).role_session_name(&self.session_name);
            request.duration_seconds(SESSION_SECONDS).send()
        };
        let assumed = self.sts.call(OPERATION, request).await.map_err(|error| cloud_error(OPERATION, &error))?;
        if let Some(user) = &assumed.assumed_role_user {
            self.check_user(user.arn()).map_err(|message| CloudError::new(ErrorKind::Other, OPERATION, message))?;
        }
        let credentials = assumed
            .credentials
            .ok_or_else(|| CloudError::new(ErrorKind::Other, OPERATION, "the answer holds no credentials"))?;
        secrets::learn(&credentials.secret_access_key);
        secrets::learn(&credentials.session_token);
        Ok(Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            std::time::SystemTime::try_from(credentials.expiration).ok(),
            "AssumeRole",
        ))
    }
}

/// Hands out one session until it is about to end.
#[derive(Debug)]
struct Renewing {
    source: Source,
    current: Mutex<Credentials>,
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let mut current = self.current.lock().await;
            if current.expiry().is_some_and(|end| end < SystemTime::now() + RENEW_BEFORE) {
                let renewed = self.source.credentials().await;
                *current = renewed.map_err(|error| CredentialsError::provider_error(error.to_string()))?;
            }
            Ok(current.clone())
        })
    }
}

impl Roles for Aws {
    type Access = AssumedRole;

    async fn assume_role(&self, role: &Arn, region: &str, session_name: &str) -> CloudResult<AssumedRole> {
        let clients = self.roles.of(&self.api, region);
        self.explain(AssumedRole::assume(clients, &self.sts, role, session_name).await).await
    }
}
