//! A test suite that can be run: every case of `cases.yml`, compiled and complete.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::suite::baseline::Baseline;
use crate::domain::suite::baseline::bound::Bound;
use crate::domain::suite::capture::case::CaptureCase;
use crate::domain::suite::capture::sample::Sample;
use crate::domain::suite::chat::ChatRequest;
use crate::domain::suite::dataset::Dataset;
use crate::domain::suite::dataset::body::BodyFormat;
use crate::domain::suite::dataset::case::DatasetCase;
use crate::domain::suite::expectation::Expectation;
use crate::domain::suite::load::Load;
use crate::domain::suite::prompts::Prompts;
use crate::domain::suite::slo::Slo;

/// A suite that can be run.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    pub cases: Vec<Case>,
    /// Objectives for all requests to one endpoint together.
    pub slo: Slo,
    /// The run that cases are held against.
    pub baseline: Option<Arc<Baseline>>,
    /// What works, but not everywhere.
    pub warnings: Vec<Finding>,
}

/// One case: what is sent, how, and what is expected.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub work: Work,
    pub mode: Mode,
    pub options: RequestOptions,
    /// The case before it whose answer opened the session that it goes on with.
    pub session_from: Option<String>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often an attempt that the service or the network lost is made again.
    pub retries: u32,
    /// Requests before those that count.
    pub warmup: u32,
    pub slo: Slo,
    /// By how much its figures may be worse than the baseline's.
    pub against_baseline: Vec<Bound>,
    pub expect: Arc<Expectation>,
}

/// What a case sends.
#[derive(Clone, Debug)]
pub enum Work {
    /// The same body a number of times, so many at once.
    Repeat { body: Vec<u8>, times: u32, concurrency: u32 },
    /// Requests that follow each other as a load says.
    Load { body: Body, load: Load },
    /// Every row of a dataset once, in batches, so many at once.
    Dataset { case: Arc<DatasetCase>, data: Arc<Dataset>, format: BodyFormat, concurrency: u32 },
    /// Requests that were captured, each once, so many at once.
    Capture { case: Arc<CaptureCase>, sample: Arc<Sample>, concurrency: u32 },
}

/// What the requests of a load say.
#[derive(Clone, Debug)]
pub enum Body {
    /// All the same.
    Same(Vec<u8>),
    /// Each to a language model what it draws.
    Drawn { request: ChatRequest, prompts: Arc<Prompts> },
}

impl Body {
    /// That of the request of this number.
    pub fn of(&self, number: u64) -> Cow<'_, [u8]> {
        match self {
            Self::Same(body) => Cow::Borrowed(body),
            Self::Drawn { request, prompts } => Cow::Owned(request.saying(&prompts.of(number))),
        }
    }
}

/// How a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Invoke,
    Stream,
    Async {
        input: Option<S3Uri>,
        deadline: Duration,
    },
    /// A chat request, whose answer comes in a stream or not.
    Chat {
        is_streamed: bool,
    },
}

impl Mode {
    pub fn is_streamed(&self) -> bool {
        matches!(self, Self::Stream | Self::Chat { is_streamed: true })
    }
}

/// What goes with a request beside its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    pub content_type: String,
    pub accept: String,
    pub target_variant: Option<String>,
    pub target_model: Option<String>,
    pub inference_component: Option<String>,
    pub custom_attributes: Option<String>,
    pub enable_explanations: Option<String>,
    pub session_id: Option<String>,
    pub target_container_hostname: Option<String>,
    pub inference_id: Option<String>,
    pub prefix_aware_id: Option<String>,
    pub adapter: Option<String>,
}

impl Case {
    /// How long one attempt may take; an asynchronous one has its own deadline.
    pub(crate) fn limit(&self) -> Duration {
        match &self.mode {
            Mode::Async { deadline, .. } => self.timeout + *deadline,
            Mode::Invoke | Mode::Stream | Mode::Chat { .. } => self.timeout,
        }
    }

    /// The kind of case, as reports name it.
    pub(crate) fn kind(&self) -> &'static str {
        match (&self.work, &self.mode) {
            (Work::Load { .. }, _) => "load",
            (Work::Dataset { .. }, _) => "dataset",
            (Work::Capture { .. }, _) => "capture",
            (Work::Repeat { .. }, Mode::Invoke) => "invoke",
            (Work::Repeat { .. }, Mode::Stream) => "stream",
            (Work::Repeat { .. }, Mode::Async { .. }) => "async",
            (Work::Repeat { .. }, Mode::Chat { .. }) => "chat",
        }
    }
}
