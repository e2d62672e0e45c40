//! The command's own credentials, fetched from where the settings say that they are.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sso::SsoCredentialsProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use aws_sdk_sts::types;
use futures::future::LocalBoxFuture;

use super::credential_process;
use super::error::{cloud_error, innermost};
use super::settings::{CredentialSource, InstanceSettings, Role, of_client};
use crate::cloud::CloudError;
use crate::cloud::error::ErrorKind;
use crate::domain::finding::Finding;
use crate::error::Failure;
use crate::files::{Most, bytes, plain};
use crate::secrets;

/// Asks a person on the terminal; `None` where there is none.
pub(crate) type AskForCode = fn(String) -> LocalBoxFuture<'static, Option<String>>;

/// How addresses of this machine are asked, which hand out credentials.
pub(super) struct Machine<'s> {
    /// Reaches them
    pub(super) config: ProviderConfig,
    pub(super) instance: &'s InstanceSettings,
}

/// What the calls of a command are made with. `config` is that of the calls.
///
/// # Errors
/// A profile wants the code of an MFA device, and nobody gives it.
pub(super) async fn provider(
    source: &CredentialSource,
    config: &SdkConfig,
    machine: &Machine<'_>,
    ask: AskForCode,
) -> crate::error::Result<SharedCredentialsProvider> {
    let provider = match source {
        CredentialSource::Keys(keys) => return Ok(SharedCredentialsProvider::new(keys.clone())),
        CredentialSource::Role(role) => {
            let code = match &role.mfa_serial {
                Some(serial) => Some(code(role, serial, ask).await?),
                None => None,
            };
            let source = Box::pin(self::provider(&role.source, config, machine, ask)).await?;
            let sts = sts(&config.to_builder().credentials_provider(source).build());
            Provider::Role(OfRole { sts, role: role.clone(), code: Mutex::new(code) })
        }
        CredentialSource::WebIdentity { role, token_file, session_name } => {
            let (role, token_file) = (role.clone(), token_file.clone());
            let session_name = session_name.clone().unwrap_or_else(session);
            Provider::WebIdentity(OfWebIdentity { sts: sts(config), role, token_file, session_name })
        }
        CredentialSource::Sso { account, role, region, start_url, session } => {
            let mut sso = SsoCredentialsProvider::builder();
            sso.set_session_name(session.clone());
            let sso = sso.account_id(account).role_name(role).start_url(start_url).region(Region::new(region.clone()));
            let mut of_services = machine.config.clone();
            if let Some(http) = config.http_client() {
                of_services = of_services.with_http_client(http);
            }
            Provider::sdk("IAM Identity Center", sso.configure(&of_services).build())
        }
        CredentialSource::Process(command) => Provider::Process(command.clone()),
        CredentialSource::Container { token_file } => Provider::Sdk {
            from: "the container's credentials",
            token_file: token_file.clone(),
            inner: SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(&machine.config).build()),
        },
        CredentialSource::Instance => {
            let client = machine.instance.client(&machine.config);
            let instance = ImdsCredentialsProvider::builder().configure(&machine.config).imds_client(client).build();
            Provider::sdk("no credentials are set, and the instance gives none", instance)
        }
        CredentialSource::Nowhere => Provider::Nobody,
    };
    Ok(SharedCredentialsProvider::new(provider))
}

enum Provider {
    Role(OfRole),
    WebIdentity(OfWebIdentity),
    Process(String),
    /// Of the SDK, whose errors do not say where they come from
    Sdk {
        from: &'static str,
        /// What it reads by itself, to its end
        token_file: Option<String>,
        inner: SharedCredentialsProvider,
    },
    Nobody,
}

impl Provider {
    fn sdk(from: &'static str, inner: impl ProvideCredentials + 'static) -> Self {
        Self::Sdk { from, token_file: None, inner: SharedCredentialsProvider::new(inner) }
    }

    async fn credentials(&self) -> Result {
        match self {
            Self::Role(role) => role.credentials().await,
            Self::WebIdentity(token) => token.credentials().await,
            Self::Process(command) => {
                let given = credential_process::credentials(command).await;
                given.map_err(|why| failed(CloudError::new(ErrorKind::NoCredentials, "credential_process", why)))
            }
            Self::Sdk { from, token_file, inner } => {
                if let Some(file) = token_file {
                    token_in(file, from)?;
                }
                let given = inner.provide_credentials().await;
                given.map_err(|error| failed(CloudError::new(ErrorKind::NoCredentials, *from, innermost(&error))))
            }
            Self::Nobody => {
                let what = "AWS_EC2_METADATA_DISABLED is true, so the instance was not asked";
                Err(failed(CloudError::new(ErrorKind::NoCredentials, "no credentials are set", what)))
            }
        }
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.credentials().await?;
            secrets::learn(credentials.secret_access_key());
            secrets::learn(credentials.session_token().unwrap_or_default());
            Ok(credentials)
        })
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it holds may be a secret.
        f.write_str("Provider")
    }
}

/// The code for a role, which is good for one session.
async fn code(role: &Role, serial: &str, ask: AskForCode) -> crate::error::Result<String> {
    let code = ask(format!("Code of the MFA device {serial}:")).await.filter(|code| !code.is_empty());
    code.ok_or_else(|| {
        let profile = &role.profile;
        let what = format!("profile \"{profile}\" wants the code of an MFA device, and none was given");
        Failure::invalid([Finding::error(what).cause(format!("its mfa_serial is {serial}")).hint(format!(
            "run the command on a terminal, where you are asked for it, or give it a session: \"eval $(aws configure \
             export-credentials --profile '{profile}' --format env)\""
        ))])
    })
}

/// STS with retries of its own: credentials are fetched inside of another call.
fn sts(config: &SdkConfig) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(&of_client(config, "STS")).retry_config(RetryConfig::standard());
    aws_sdk_sts::Client::from_conf(config.build())
}

/// The name of a session that nobody gave one.
fn session() -> String {
    format!("modeldeploy-{}", std::process::id())
}

struct OfRole {
    sts: aws_sdk_sts::Client,
    role: Box<Role>,
    /// Taken by the first session
    code: Mutex<Option<String>>,
}

impl OfRole {
    async fn credentials(&self) -> Result {
        const OPERATION: &str = "sts:AssumeRole";
        let role = &self.role;
        let code = self.code.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(serial), None) = (&role.mfa_serial, &code) {
            let what = format!("the session started with the code of {serial} has expired");
            return Err(failed(CloudError::new(ErrorKind::Expired, OPERATION, what)));
        }
        let assumed = self
            .sts
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(role.session_name.clone().unwrap_or_else(session))
            .set_external_id(role.external_id.clone())
            .set_duration_seconds(role.duration_seconds)
            .set_serial_number(role.mfa_serial.clone())
            .set_token_code(code)
            .send()
            .await;
        let assumed = assumed.map_err(|error| {
            let error = cloud_error(OPERATION, &error);
            let principal = format!("the identity that assumes {} for profile \"{}\"", role.arn, role.profile);
            failed(CloudError { principal: error.principal.or(Some(principal)), ..error })
        })?;
        of_answer(OPERATION, assumed.credentials)
    }
}

struct OfWebIdentity {
    sts: aws_sdk_sts::Client,
    role: String,
    token_file: String,
    session_name: String,
}

impl OfWebIdentity {
    async fn credentials(&self) -> Result {
        const OPERATION: &str = "sts:AssumeRoleWithWebIdentity";
        // Read for every session: whoever wrote the file writes a new token before the old one ends.
        let token = token_in(&self.token_file, OPERATION)?;
        let assumed = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(&self.role)
            .role_session_name(&self.session_name)
            .web_identity_token(token)
            .send()
            .await
            .map_err(|error| {
                let principal = format!("the token {} for {}", self.token_file, self.role);
                failed(CloudError { principal: Some(principal), ..cloud_error(OPERATION, &error) })
            })?;
        of_answer(OPERATION, assumed.credentials)
    }
}

/// The token that a file holds, for an operation.
fn token_in(file: &str, operation: &str) -> std::result::Result<String, CredentialsError> {
    let token = bytes(file.as_ref(), Most::Written).map_err(|error| {
        let what = format!("cannot read the token {file}: {}", plain(&error));
        failed(CloudError::new(ErrorKind::NoCredentials, operation, what))
    })?;
    let token = String::from_utf8_lossy(&token).into_owned();
    secrets::learn(&token);
    Ok(token)
}

fn of_answer(operation: &str, credentials: Option<types::Credentials>) -> Result {
    let answered = credentials
        .ok_or_else(|| failed(CloudError::new(ErrorKind::Other, operation, "the answer holds no credentials")))?;
    Ok(Credentials::new(
        answered.access_key_id,
        answered.secret_access_key,
        Some(answered.session_token),
        SystemTime::try_from(answered.expiration).ok(),
        "AssumeRole",
    ))
}

/// The error as it is to be shown, inside of the one that the SDK hands on.
fn failed(error: CloudError) -> CredentialsError {
    CredentialsError::provider_error(error)
}
