//! The proxy: records, lets faults come over calls, fills moto's gaps, and hands on everything else.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::answer::RawAnswer;
use super::call::{Call, Protocol};
use super::fault::{Action, EMPTY_PAGE_TOKEN, Rule};
use super::group_policy::GroupPolicies;
use super::meddling::{Meddler, Meddling};
use super::service_catalog::ServiceCatalog;
use super::stack_sets::StackSets;
use super::studio::DomainTags;
use super::{ACCESS_KEY, CREDENTIALS_PATH, SECRET_KEY, SEED_KEY, SESSION_TOKEN};

/// A proxy on a free loopback port, until it is dropped.
pub(super) struct Proxy {
    pub(super) url: String,
    pub(super) state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// All that a proxy remembers.
pub(super) struct State {
    pub(super) moto: String,
    pub(super) account: String,
    pub(super) calls: Mutex<Vec<Arc<Call>>>,
    pub(super) rules: Mutex<Vec<Rule>>,
    pub(super) meddler: Meddler,
    pub(super) policies: GroupPolicies,
    pub(super) catalog: ServiceCatalog,
    pub(super) domain_tags: DomainTags,
    pub(super) stack_sets: StackSets,
    /// After so many more writing calls the network is gone.
    pub(super) lives: Mutex<Option<usize>>,
    pub(super) secrets: Mutex<Vec<String>>,
    pub(super) in_flight: Mutex<InFlight>,
    /// Accounts by the keys that `AssumeRole` gave.
    members: Mutex<BTreeMap<String, String>>,
}

/// How many calls are on their way, and how many ever were at once.
#[derive(Default)]
pub(super) struct InFlight {
    pub(super) now: usize,
    pub(super) most: usize,
}

/// The connection is to be cut.
#[derive(Debug, thiserror::Error)]
#[error("cut off")]
pub(super) struct CutOff;

/// An answer, at once or in parts.
pub(super) type Answer = Response<BoxBody<Bytes, CutOff>>;

impl State {
    pub(super) fn new(moto: String, account: String) -> Self {
        Self {
            moto,
            account,
            calls: Mutex::default(),
            rules: Mutex::default(),
            meddler: Meddler::default(),
            policies: GroupPolicies::default(),
            catalog: ServiceCatalog::default(),
            domain_tags: DomainTags::default(),
            stack_sets: StackSets::default(),
            lives: Mutex::default(),
            secrets: Mutex::default(),
            in_flight: Mutex::default(),
            members: Mutex::default(),
        }
    }
}

impl Proxy {
    pub(super) fn start(state: State) -> Self {
        // No client can be made without a provider, not even for HTTP alone; that another test installed it is no harm.
        _ = rustls::crypto::ring::default_provider().install_default();
        let state = Arc::new(state);
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime for the proxy");
            runtime.block_on(async {
                tokio::select! {
                    never = serve(listener, shared) => match never {},
                    _ = stopped => {}
                }
            });
        });
        Self { url, state, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A panic of the proxy's thread is the test's failure, unless the test fails already.
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            panic!("the proxy in front of moto panicked");
        }
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) -> Infallible {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener for tokio");
    // moto is on loopback: no proxy of this machine's, and no certificates to read.
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (state, client) = (Arc::clone(&state), client.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&state, &client, request));
            // A client that goes away is none of the proxy's business, and a cut-off is meant.
            _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: &State, client: &reqwest::Client, request: Request<Incoming>) -> Result<Answer, CutOff> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| CutOff)?.to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if path == CREDENTIALS_PATH {
        return Ok(respond(container_credentials()));
    }
    let Some((key, region)) = signer(&parts.headers) else {
        let message = "Request is missing Authentication Token";
        return Ok(respond(RawAnswer::error(Protocol::Json, 403, "MissingAuthenticationToken", message)));
    };
    let (acts_in, is_seed) = match (key.strip_prefix(SEED_KEY), key == ACCESS_KEY) {
        (Some(account), _) => (Some(account.to_owned()), true),
        (None, true) => (Some(state.account.clone()), false),
        (None, false) => (None, false),
    };
    let member = || state.members.lock().expect("not poisoned").get(&key).cloned().unwrap_or_default();
    let account = acts_in.clone().unwrap_or_else(member);
    let call = Arc::new(Call::parse(&parts.method, &path, parts.headers, body, &account));
    let caller = Caller { acts_in, account, region, is_seed };
    if is_seed {
        return from_aws(state, client, &parts.method, &caller, &call).await;
    }
    let _counted = Counted::new(state);
    state.calls.lock().expect("not poisoned").push(Arc::clone(&call));
    let meddling = state.meddler.meet(&call);
    match &meddling {
        Some(Meddling::Instead(answer)) => return Ok(respond(answer.clone())),
        Some(Meddling::Cut) => return Err(CutOff),
        Some(Meddling::Hang) => std::future::pending().await,
        Some(Meddling::Late(by)) => tokio::time::sleep(*by).await,
        _ => {}
    }
    let answer = from_aws(state, client, &parts.method, &caller, &call).await?;
    match meddling {
        Some(meddling) => meddling.over(answer).await,
        None => Ok(answer),
    }
}

/// Who calls.
struct Caller {
    /// The account that moto is told of, where the key does not tell it.
    acts_in: Option<String>,
    account: String,
    region: String,
    /// A test that fills its AWS
    is_seed: bool,
}

/// The answer of a test's rules, of what fills moto's gaps, or of moto.
async fn from_aws(
    state: &State,
    client: &reqwest::Client,
    method: &Method,
    caller: &Caller,
    call: &Call,
) -> Result<Answer, CutOff> {
    let (path, is_seed) = (&call.path, caller.is_seed);
    // What is shared with an account is reached by its ARN; moto looks into the caller's own account only.
    let acts_in = caller.acts_in.clone().map(|own| call.owner().unwrap_or(own));
    let (mut change, mut done_but, mut break_off, mut expires) = (None, None, None, false);
    if !is_seed {
        let met =
            state.rules.lock().expect("not poisoned").iter_mut().filter_map(|rule| rule.meet(call)).collect::<Vec<_>>();
        for action in met {
            match action {
                Action::Answer(answer) => return Ok(respond(answer)),
                Action::Respond(by) => return Ok(respond(by(call))),
                Action::Stream(answer) => return Ok(answer.response()),
                Action::Cut => return Err(CutOff),
                Action::BreakOff(after) => break_off = Some(after),
                Action::Hang => std::future::pending().await,
                Action::Delay(by) => tokio::time::sleep(by).await,
                Action::Rewrite(by) => change = Some(by),
                Action::Expire => expires = true,
                Action::DoneBut(answer) => done_but = Some(answer),
                Action::Spend(bucket, answer) => {
                    if !bucket.lock().expect("not poisoned").takes_one() {
                        return Ok(respond(answer));
                    }
                }
            }
        }
    }
    let last = !is_seed && state.spend_a_life(call)?;
    let own = state.policies.answer(call, &caller.account, &caller.region);
    let own = own.or_else(|| state.stack_sets.answer(call).filter(|_| !is_seed));
    let own = own.or_else(|| state.catalog.answer(call)).or_else(|| state.domain_tags.answer(call));
    match own {
        Some(_) if last => return Err(CutOff),
        Some(answer) => return Ok(respond(done_but.unwrap_or(answer))),
        None => {}
    }
    let mut headers = call.headers.clone();
    for name in ["host", "connection", "content-length", "transfer-encoding"] {
        headers.remove(name);
    }
    if let Some(account) = acts_in {
        headers.insert("x-moto-account-id", HeaderValue::from_str(&account).expect("digits"));
    }
    let request = client.request(method.clone(), format!("{}{path}", state.moto)).headers(headers).body(for_moto(call));
    let moto = request.send().await.unwrap_or_else(|error| panic!("moto at {} is not there: {error}", state.moto));
    let (status, headers) = (moto.status(), moto.headers().clone());
    let mut bytes = moto.bytes().await.unwrap_or_else(|error| panic!("moto broke off: {error}"));
    if let Some(answer) = done_but {
        return Ok(respond(answer));
    }
    if last {
        return Err(CutOff);
    }
    if call.action == "cloudformation:DescribeStackSet" {
        bytes = state.stack_sets.complete(call, &String::from_utf8_lossy(&bytes)).into();
    }
    if expires {
        bytes = with_past_expiration(&String::from_utf8_lossy(&bytes)).into();
    }
    if call.operation() == "CompleteMultipartUpload" {
        let answer = String::from_utf8_lossy(&bytes);
        bytes = answer.replace("CompleteMultipartUploadResponse", "CompleteMultipartUploadResult").into();
    }
    if call.operation() == "AssumeRole" {
        state.learn_member(&call.account, &bytes);
    }
    if let Some(change) = change
        && let Ok(mut value) = serde_json::from_slice(&bytes)
    {
        change(&mut value);
        bytes = value.to_string().into();
    }
    Ok(as_far_as(break_off, forward(status, &headers, bytes.clone()), &bytes))
}

/// A call counted while it is on its way.
struct Counted<'a>(&'a State);

impl<'a> Counted<'a> {
    fn new(state: &'a State) -> Self {
        let mut in_flight = state.in_flight.lock().expect("not poisoned");
        in_flight.now += 1;
        in_flight.most = in_flight.most.max(in_flight.now);
        Self(state)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.in_flight.lock().expect("not poisoned").now -= 1;
    }
}

impl State {
    /// Whether this is the last writing call that gets through, though not its answer; nothing does after it.
    fn spend_a_life(&self, call: &Call) -> Result<bool, CutOff> {
        let mut lives = self.lives.lock().expect("not poisoned");
        match &mut *lives {
            None => Ok(false),
            Some(0) => Err(CutOff),
            Some(left) => {
                *left -= usize::from(call.writes());
                Ok(*left == 0)
            }
        }
    }

    /// Remembers whose the keys are that a role was given, and what of them is secret.
    fn learn_member(&self, account: &str, xml: &[u8]) {
        let text = String::from_utf8_lossy(xml);
        let element = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            rest.split_once("</").map(|(value, _)| value.to_owned())
        };
        if let Some(key) = element("AccessKeyId") {
            self.members.lock().expect("not poisoned").insert(key, account.to_owned());
        }
        let secrets = [element("SecretAccessKey"), element("SessionToken")];
        self.secrets.lock().expect("not poisoned").extend(secrets.into_iter().flatten());
    }
}

/// Access key and Region from `Credential=KEY/20261124/us-east-1/sts/aws4_request`, which a bearer token holds as well.
fn signer(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get("authorization")?.to_str().ok()?;
    let presigned = text.strip_prefix("Bearer sagemaker-api-key-").map(|token| {
        let url = STANDARD.decode(token).expect("a token is Base64");
        String::from_utf8(url).expect("a token is a URL").replace("%2F", "/")
    });
    let mut scope = presigned.as_deref().unwrap_or(text).split_once("Credential=")?.1.split('/');
    let key = scope.next()?.to_owned();
    Some((key, scope.nth(1)?.to_owned()))
}

/// The request as moto understands it.
fn for_moto(call: &Call) -> Bytes {
    if call.protocol != Protocol::Json {
        return call.body.clone();
    }
    let Ok(Value::Object(mut request)) = serde_json::from_slice(&call.body) else { return call.body.clone() };
    if request.get("NextToken").is_some_and(|token| token == EMPTY_PAGE_TOKEN) {
        request.remove("NextToken");
    }
    if call.operation() == "DescribeModelPackageGroup"
        && let Some(name) = request.get("ModelPackageGroupName").and_then(Value::as_str)
        && let Some((_, name)) = name.split_once(":model-package-group/")
    {
        let name = Value::from(name);
        request.insert("ModelPackageGroupName".to_owned(), name);
    }
    Value::Object(request).to_string().into()
}

fn with_past_expiration(xml: &str) -> String {
    let (before, rest) = xml.split_once("<Expiration>").expect("an answer to AssumeRole");
    let (_, after) = rest.split_once('<').expect("an end tag");
    format!("{before}<Expiration>2026-01-01T00:00:00Z<{after}")
}

fn container_credentials() -> RawAnswer {
    let body = json!({
        "RoleArn": "arn:aws:iam::111122223333:role/build",
        "AccessKeyId": ACCESS_KEY,
        "SecretAccessKey": SECRET_KEY,
        "Token": SESSION_TOKEN,
        "Expiration": "2099-01-01T00:00:00Z",
    });
    RawAnswer::new(200, "application/json", body.to_string())
}

fn respond(answer: RawAnswer) -> Answer {
    let status = StatusCode::from_u16(answer.status).expect("an HTTP status");
    let headers = answer
        .headers
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(&value).expect("a header's value")));
    forward(status, &headers.collect(), answer.body.into())
}

/// The answer; or its head, so many bytes of its body, and then the connection is gone.
pub(super) fn as_far_as(break_off: Option<usize>, mut head: Answer, body: &Bytes) -> Answer {
    let Some(after) = break_off else { return head };
    head.headers_mut().insert("content-length", body.len().into());
    let begin = body.slice(..after.min(body.len()));
    let parts = stream::unfold(Some(Ok(Frame::data(begin))), async |part| {
        // Else the head would go with what comes after it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let part = part?;
        let next = part.is_ok().then_some(Err(CutOff));
        Some((part, next))
    });
    head.map(|_| BodyExt::boxed(StreamBody::new(parts)))
}

pub(super) fn forward(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body).map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    for name in ["connection", "content-length", "transfer-encoding"] {
        response.headers_mut().remove(name);
    }
    response
}
