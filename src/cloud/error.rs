//! Why the other side did not do what it was asked.

use std::fmt;

use crate::domain::finding::Finding;
use crate::domain::text::excerpt::bounded;
use crate::error::Failure;

/// What an error calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// A permission is missing.
    Denied,
    /// The credentials were good and are no longer.
    Expired,
    /// There are no usable credentials.
    NoCredentials,
    /// Too many requests, or the service is not up to it now; the same call may go through later.
    Busy,
    /// No connection, or it broke off.
    Unreachable,
    /// Somebody else changed the same thing in the meantime.
    Conflict,
    /// What was asked for is not there.
    NotFound,
    /// The offline world does not say it: a model's answer to a request, a policy.
    NotRecorded,
    Other,
}

/// One call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloudError {
    pub kind: ErrorKind,
    /// The IAM action of an AWS call (`sagemaker:ListModelPackages`), or the request of another one.
    pub operation: String,
    pub code: Option<String>,
    pub message: String,
    pub request_id: Option<String>,
    /// Who was denied, as far as that is known.
    pub principal: Option<String>,
    /// Where the call went, as far as that helps: a Region, a URL.
    pub place: Option<String>,
    /// What to do about this very one, where its kind does not say it.
    pub advice: Option<String>,
}

pub(crate) type CloudResult<T> = Result<T, CloudError>;

impl CloudError {
    pub(crate) fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation: operation.into(),
            code: None,
            message: message.into(),
            request_id: None,
            principal: None,
            place: None,
            advice: None,
        }
    }

    /// A finding that says what could not be done because of this.
    pub(crate) fn finding(&self, what: impl Into<String>) -> Finding {
        let finding = Finding::error(what).cause(self.to_string());
        match self.hint() {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }

    /// The failure of a step that cannot go on without what was asked for.
    pub(crate) fn failure(&self, what: impl Into<String>) -> Failure {
        Failure::failed(self.finding(what))
    }

    /// What happened, in one text; with what to do about it where only a person can.
    pub(crate) fn message(&self) -> String {
        match self.hint() {
            Some(hint)
                if self.advice.is_some()
                    || matches!(
                        self.kind,
                        ErrorKind::Denied | ErrorKind::Expired | ErrorKind::NoCredentials | ErrorKind::NotRecorded
                    ) =>
            {
                format!("{self}; {hint}")
            }
            _ => self.to_string(),
        }
    }

    fn hint(&self) -> Option<String> {
        if self.advice.is_some() {
            return self.advice.clone();
        }
        let place = self.place.as_deref().map(|place| format!(" ({place})")).unwrap_or_default();
        Some(match self.kind {
            ErrorKind::Denied => {
                let who = self.principal.as_deref().unwrap_or("the caller (see \"aws sts get-caller-identity\")");
                // AWS gives the same answer where the role does not trust the caller, and where there is no such role.
                let and =
                    if self.operation == "sts:AssumeRole" { ", and let the role's trust policy name it" } else { "" };
                format!("allow {} to {who}{and}", self.operation)
            }
            ErrorKind::Expired => "get fresh credentials; in CodeBuild, start the build again".to_owned(),
            ErrorKind::NoCredentials => "give credentials: a profile (AWS_PROFILE), the AWS_ACCESS_KEY_ID variables, \
                                    or the build's service role; with --offline none are needed"
                .to_owned(),
            ErrorKind::Busy => "it was tried again several times; try once more later".to_owned(),
            ErrorKind::Unreachable => {
                format!(
                    "check the Region, the network and the proxy (AWS_REGION, HTTPS_PROXY, AWS_ENDPOINT_URL){place}"
                )
            }
            ErrorKind::NotRecorded => {
                "record it with \"modeldeploy rehearse --model-url URL\" and a model server, which keeps \
                                  the answers in the world in its output directory; or add it to the world's \
                                  Invocations"
                    .to_owned()
            }
            ErrorKind::Conflict => "somebody else changes the same thing: run the build again".to_owned(),
            ErrorKind::NotFound | ErrorKind::Other => return None,
        })
    }
}

impl std::error::Error for CloudError {}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        write!(f, ": {}", bounded(self.message.as_str()))?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}
