//! What a test lets come over calls, since moto never fails.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::answer::RawAnswer;
use super::call::{Call, Protocol};
use super::event_stream::StreamedAnswer;
use super::proxy::State;

/// A rule in the making: on which calls.
#[must_use]
pub(crate) struct Fault<'a> {
    state: &'a State,
    operation: String,
    account: Option<String>,
    from: usize,
    to: usize,
}

/// A rule at work.
pub(super) struct Rule {
    operation: String,
    account: Option<String>,
    /// The matching calls, counted from 0, that it comes over.
    from: usize,
    to: usize,
    seen: usize,
    action: Action,
}

/// What comes over a call.
#[derive(Clone)]
pub(super) enum Action {
    /// Another answer; moto is not asked.
    Answer(RawAnswer),
    /// An answer that goes by the call.
    Respond(Arc<dyn Fn(&Call) -> RawAnswer + Send + Sync>),
    /// A response stream.
    Stream(StreamedAnswer),
    /// The connection is cut.
    Cut,
    /// The connection is cut after so many bytes of moto's answer.
    BreakOff(usize),
    /// No answer, and the connection stays.
    Hang,
    /// moto's answer, later.
    Delay(Duration),
    /// moto's answer, with other contents.
    Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>),
    /// moto's answer, with credentials that have expired.
    Expire,
    /// It is done, and the answer is this one.
    DoneBut(RawAnswer),
    /// moto's answer as long as there is something left, else another one.
    Spend(Arc<Mutex<Bucket>>, RawAnswer),
}

/// Calls that a service takes: so many at once, and so many more a second.
pub(super) struct Bucket {
    left: f64,
    at_once: f64,
    a_second: f64,
    since: Instant,
}

impl Bucket {
    pub(super) fn takes_one(&mut self) -> bool {
        let now = Instant::now();
        let more = self.a_second * now.duration_since(self.since).as_secs_f64();
        (self.left, self.since) = ((self.left + more).min(self.at_once), now);
        let takes = self.left >= 1.0;
        self.left -= f64::from(u8::from(takes));
        takes
    }
}

impl<'a> Fault<'a> {
    pub(super) fn on(state: &'a State, operation: &str) -> Self {
        Self { state, operation: operation.to_owned(), account: None, from: 0, to: usize::MAX }
    }

    /// Only calls in that account; `AssumeRole` counts in its role's.
    pub(crate) fn in_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only the first calls, that many; else every one.
    pub(crate) fn first(mut self, times: usize) -> Self {
        self.to = times;
        self
    }

    /// Only one call, counted from 1.
    pub(crate) fn nth(mut self, number: usize) -> Self {
        self.from = number - 1;
        self.to = number;
        self
    }

    fn by(self, action: Action) {
        let Self { state, operation, account, from, to } = self;
        state.rules.lock().expect("not poisoned").push(Rule { operation, account, from, to, seen: 0, action });
    }

    /// Answered with a service's error.
    pub(crate) fn fails(self, status: u16, code: &str, message: &str) {
        let answer = RawAnswer::error(protocol_of(&self.operation), status, code, message);
        self.by(Action::Answer(answer));
    }

    /// In the words of Organizations, which name neither the permission nor the caller.
    pub(crate) fn denies(self) {
        const MESSAGE: &str = "You don't have permissions to access this resource.";
        match protocol_of(&self.operation) {
            Protocol::Json => self.fails(400, "AccessDeniedException", MESSAGE),
            Protocol::Query => self.fails(403, "AccessDenied", MESSAGE),
            Protocol::Rest => self.fails(403, "AccessDeniedException", MESSAGE),
            // An answer to a HEAD request has no body.
            Protocol::S3 if self.operation.starts_with("Head") => {
                self.answers_with(RawAnswer::new(403, "application/xml", ""));
            }
            Protocol::S3 => self.fails(403, "AccessDenied", "Access Denied"),
        }
    }

    pub(crate) fn throttles(self) {
        let answer = self.throttling();
        self.by(Action::Answer(answer));
    }

    /// Throttled, and asked to come back as a header says.
    pub(crate) fn throttles_until(self, header: &'static str, value: &str) {
        let mut answer = self.throttling();
        answer.headers.push((header, value.to_owned()));
        self.by(Action::Answer(answer));
    }

    /// Throttled beyond so many calls a second, and so many at once.
    pub(crate) fn takes(self, a_second: f64, at_once: f64) {
        let (answer, since) = (self.throttling(), Instant::now());
        self.by(Action::Spend(Arc::new(Mutex::new(Bucket { left: at_once, at_once, a_second, since })), answer));
    }

    fn throttling(&self) -> RawAnswer {
        let (status, code) = match self.operation.as_str() {
            "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => (400, "TooManyRequestsException"),
            "AssumeRole" | "GetCallerIdentity" => (400, "Throttling"),
            // Not modelled for the runtime, so unverified.
            "InvokeEndpoint" => (429, "ThrottlingException"),
            _ => (400, "ThrottlingException"),
        };
        RawAnswer::error(protocol_of(&self.operation), status, code, "Rate exceeded")
    }

    pub(crate) fn expires_the_token(self) {
        let (status, code) = match protocol_of(&self.operation) {
            Protocol::Json => (400, "ExpiredTokenException"),
            Protocol::Query => (403, "ExpiredToken"),
            Protocol::Rest => (403, "ExpiredTokenException"),
            Protocol::S3 => (400, "ExpiredToken"),
        };
        self.fails(status, code, "The security token included in the request is expired");
    }

    /// What is asked for is done, and who asks never learns it: as if it had been ended in between.
    pub(crate) fn does_and_denies(self) {
        let answer = RawAnswer::error(protocol_of(&self.operation), 403, "AccessDenied", "It was done, though.");
        self.by(Action::DoneBut(answer));
    }

    /// `AssumeRole` gives credentials that are good for nothing more, by their own `Expiration`.
    pub(crate) fn gives_a_session_that_ends_at_once(self) {
        self.by(Action::Expire);
    }

    /// A gateway's answer, which no service wrote.
    pub(crate) fn answers_http_500(self) {
        self.by(Action::Answer(RawAnswer::new(500, "text/html", "<html>Internal Server Error</html>")));
    }

    pub(crate) fn cuts_off(self) {
        self.by(Action::Cut);
    }

    pub(crate) fn breaks_off_after(self, bytes: usize) {
        self.by(Action::BreakOff(bytes));
    }

    pub(crate) fn never_answers(self) {
        self.by(Action::Hang);
    }

    pub(crate) fn delays(self, by: Duration) {
        self.by(Action::Delay(by));
    }

    /// An empty page with a token; the page behind the token is moto's first.
    pub(crate) fn gives_an_empty_page(self, list: &str) {
        let page = serde_json::json!({list: [], "NextToken": EMPTY_PAGE_TOKEN});
        self.by(Action::Answer(RawAnswer::json(200, &page)));
    }

    /// moto's JSON answer, changed.
    pub(crate) fn changes(self, change: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.by(Action::Rewrite(Arc::new(change)));
    }

    /// A JSON answer in moto's stead, made of the JSON request.
    pub(crate) fn answers_by(self, answer: impl Fn(&Value) -> Value + Send + Sync + 'static) {
        self.by(Action::Respond(Arc::new(move |call| RawAnswer::json(200, &answer(&call.json())))));
    }

    /// An answer in moto's stead, made of the call.
    pub(crate) fn replies(self, answer: impl Fn(&Call) -> RawAnswer + Send + Sync + 'static) {
        self.by(Action::Respond(Arc::new(answer)));
    }

    pub(crate) fn answers_with(self, answer: RawAnswer) {
        self.by(Action::Answer(answer));
    }

    /// A response stream, which moto lacks.
    pub(crate) fn streams(self, answer: StreamedAnswer) {
        self.by(Action::Stream(answer));
    }

    /// The model's container answered with that status.
    pub(crate) fn answers_model_error(self, status: u16, message: &str) {
        let answer = RawAnswer::model_error(status, message);
        self.by(Action::Answer(answer));
    }
}

impl Rule {
    /// What comes over this call by the rule; counts the call if it matches.
    pub(super) fn meet(&mut self, call: &Call) -> Option<Action> {
        if self.operation != call.operation() || self.account.as_ref().is_some_and(|account| *account != call.account) {
            return None;
        }
        let number = self.seen;
        self.seen += 1;
        (self.from..self.to).contains(&number).then(|| self.action.clone())
    }
}

pub(super) const EMPTY_PAGE_TOKEN: &str = "behind-an-empty-page";

fn protocol_of(operation: &str) -> Protocol {
    match operation {
        "AssumeRole"
        | "GetCallerIdentity"
        | "GetRole"
        | "GetRolePolicy"
        | "GetPolicy"
        | "GetPolicyVersion"
        | "ListRolePolicies"
        | "ListAttachedRolePolicies"
        | "PutRolePolicy" => Protocol::Query,
        _ if operation.contains("StackSet") || operation.contains("OrganizationsAccess") => Protocol::Query,
        "InvokeEndpoint" | "InvokeEndpointWithResponseStream" | "InvokeEndpointAsync" | "CallWithBearerToken" => {
            Protocol::Rest
        }
        "GetBucketPolicy"
        | "GetBucketAcl"
        | "GetObject"
        | "HeadBucket"
        | "HeadObject"
        | "ListObjectsV2"
        | "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload"
        | "AbortMultipartUpload"
        | "PutObject"
        | "PutBucketPolicy"
        | "GetObjectTagging"
        | "PutObjectTagging"
        | "GetBucketCors"
        | "PutBucketCors" => Protocol::S3,
        _ => Protocol::Json,
    }
}
