//! A case, from what a person wrote to what can be sent: all that is wrong with it is told at once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;

use crate::domain::finding::Finding;
use crate::domain::finding::Position;
use crate::domain::suite::baseline::Baseline;
use crate::domain::suite::baseline::bound::Bound;
use crate::domain::suite::capture::case::{CaptureCase, OwnTypes};
use crate::domain::suite::capture::sample::Sample;
use crate::domain::suite::capture::spec::CaptureSpec;
use crate::domain::suite::case_places::CasePlaces;
use crate::domain::suite::chat;
use crate::domain::suite::contents::Contents;
use crate::domain::suite::dataset::Dataset;
use crate::domain::suite::dataset::body::BodyFormat;
use crate::domain::suite::dataset::case::DatasetCase;
use crate::domain::suite::dataset::spec::DatasetSpec;
use crate::domain::suite::expectation::{Expectation, Form};
use crate::domain::suite::load::{LoadSpec, MOST_AT_ONCE};
use crate::domain::suite::media_type::is_event_stream;
use crate::domain::suite::npy::{ArrayType, Nested};
use crate::domain::suite::payload::{ASYNC_INLINE_BYTES, REAL_TIME_BYTES, SERVERLESS_BYTES};
use crate::domain::suite::prompts::PromptsSpec;
use crate::domain::suite::slo::Slo;
use crate::domain::suite::spec::{CaseSpec, Defaults, MOST_RETRIES, ModeSpec};
use crate::domain::suite::test_suite::{Body, Case, Mode, RequestOptions, Suite, Work};
use crate::domain::text::duration;

const DEFAULT_CONTENT_TYPE: &str = "text/csv";
const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
/// A container has 60 s to answer (InvokeEndpoint); the service's own answer to a late one comes after that.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(70);
const DEFAULT_RETRIES: u32 = 2;
/// InvocationTimeoutSeconds of InvokeEndpointAsync, unless it is set.
const DEFAULT_ASYNC_DEADLINE: Duration = Duration::from_mins(15);
/// CustomAttributes of InvokeEndpoint: visible ASCII characters (botocore sagemaker-runtime).
const CUSTOM_ATTRIBUTES_CHARS: usize = 1024;

/// SessionId that asks a container to open one (botocore sagemaker-runtime).
pub(super) const NEW_SESSION: &str = "NEW_SESSION";

/// Told of each part of a case before it is compiled, as what is said if that has no end, and of nothing where none is:
/// whoever wrote the part decides how long it takes.
pub(super) type Watch<'a> = &'a dyn Fn(Option<Finding>);

/// Compiles one case and collects all that is wrong with it.
pub(super) struct Compiler<'a> {
    pub(super) file: &'a str,
    pub(super) places: &'a CasePlaces,
    pub(super) watch: Watch<'a>,
    pub(super) name: String,
    pub(super) wrong: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

impl Compiler<'_> {
    /// Takes a message `what is wrong: why; what to do`, of which the first alone must be there.
    pub(super) fn report(&mut self, message: &str) {
        self.wrong.push(self.finding(message));
    }

    fn finding(&self, message: &str) -> Finding {
        let finding = told(&format!("case \"{}\" ", self.name), message);
        placed(finding, self.file, self.places.of_message(message))
    }

    /// Compiles what may have no end, and is told of each part of it.
    fn watched<T>(&self, compile: impl FnOnce(&dyn Fn(&str)) -> T) -> T {
        let begins = |part: &str| (self.watch)(Some(self.finding(&format!("cannot be compiled at {part}"))));
        let compiled = compile(&begins);
        (self.watch)(None);
        compiled
    }

    fn report_all(&mut self, what: &[String]) {
        for what in what {
            self.report(what);
        }
    }

    fn warn(&mut self, what: &str, cause: &str) {
        let finding = Finding::warning(format!("case \"{}\" {what}", self.name)).cause(cause);
        self.warnings.push(placed(finding, self.file, self.places.of_message(what)));
    }

    /// A case; `None` where a file that it needs is missing, or where something was reported.
    pub(super) fn case(
        &mut self,
        mut spec: CaseSpec,
        defaults: &Defaults,
        suite: &Suite,
        names_baseline: bool,
        contents: &Contents,
    ) -> Option<Case> {
        let dataset = spec.dataset.take().map(|dataset| self.dataset(&spec, dataset, defaults, contents));
        let capture = spec.capture.take().map(|capture| self.capture(&spec, capture, dataset.is_some(), contents));
        let body = if dataset.is_some() || capture.is_some() { None } else { self.body(&spec, contents) };
        let is_chat = spec.mode == ModeSpec::Chat;
        let asked = chat::asked(&spec);
        let prompts = spec.load.as_ref().and_then(|load| load.prompts.as_ref());
        let drawn = prompts.map(|prompts| self.drawn(&spec, prompts, contents));
        let mode = self.mode(&spec, body.as_deref());
        if spec.load.is_some() {
            self.check_load(&spec, &mode);
        }
        let against_baseline = self.against_baseline(&spec, suite.baseline.as_deref(), names_baseline);
        let timeout = self.time("timeout", spec.timeout.as_ref().or(defaults.timeout.as_ref()), DEFAULT_TIMEOUT);
        self.report_all(&spec.slo.check());
        let (content_type, accept) = content_types(&spec, defaults, &mode);
        let options = RequestOptions {
            content_type,
            accept,
            target_variant: spec.target_variant,
            target_model: spec.target_model,
            inference_component: spec.inference_component,
            custom_attributes: spec.custom_attributes,
            enable_explanations: spec.enable_explanations,
            session_id: spec.session_id,
            target_container_hostname: spec.target_container_hostname,
            inference_id: spec.inference_id,
            prefix_aware_id: spec.prefix_aware_id,
            adapter: spec.adapter,
        };
        self.check_ids(&options);
        self.check_mode_takes(&options, spec.session_from.is_some(), &mode);
        let times = spec.repeat.or(defaults.repeat).unwrap_or(1);
        let concurrency = spec.concurrency.or(defaults.concurrency).unwrap_or(1);
        let retries = spec.retries.or(defaults.retries).unwrap_or(DEFAULT_RETRIES);
        self.check_counts(times, concurrency, retries);
        if spec.expect.compares() && (times < 2 || spec.load.is_some() || dataset.is_some() || capture.is_some()) {
            self.report("has expect.repeats, which compares the answers to one request; add a repeat of 2 or more");
        }
        let load = spec.load.as_ref().map(LoadSpec::compile);
        if !is_chat && spec.expect.is_of_chat() {
            self.report("has expect.chat without \"mode: chat\"");
        }
        let expect = spec.expect;
        let expect = self.watched(|begins| expect.compile(contents, begins)).unwrap_or_else(|wrong| {
            self.report_all(&wrong);
            Some(Expectation::default())
        })?;
        let work = match (dataset, load) {
            (None, None) if capture.is_some() => {
                let (case, sample) = capture.flatten()?;
                Work::Capture { case: Arc::new(case), sample, concurrency }
            }
            (None, Some(_)) if capture.is_some() => {
                self.report("has a capture and a load; make two cases of it");
                return None;
            }
            (Some(dataset), None) => {
                let (case, data, format) = dataset?;
                Work::Dataset { case: Arc::new(case), data: Arc::new(data), format, concurrency }
            }
            (Some(_), Some(_)) => {
                self.report("has a dataset and a load; make two cases of it");
                return None;
            }
            (None, None) => Work::Repeat { body: body?, times, concurrency },
            (None, Some(Ok(load))) => {
                let same = body?;
                Work::Load { body: drawn.unwrap_or(Some(Body::Same(same)))?, load }
            }
            (None, Some(Err(wrong))) => {
                self.report_all(&wrong);
                return None;
            }
        };
        let slo = Slo { error_rate: spec.slo.error_rate.or(suite.slo.error_rate), ..spec.slo };
        let is_streamed = mode.is_streamed();
        let form = match mode {
            Mode::Chat { is_streamed: false } => Form::Document,
            Mode::Chat { .. } => Form::Stream,
            Mode::Stream if is_event_stream(&options.accept) => Form::Stream,
            _ => Form::Any,
        };
        for name in slo.of_streams().into_iter().filter(|_| !is_streamed) {
            self.report(&format!(
                "has an slo.{name}, which only streams have; write mode stream, or mode chat without stream: false"
            ));
        }
        Some(Case {
            name: spec.name,
            work,
            mode,
            options,
            session_from: spec.session_from,
            timeout,
            retries,
            warmup: spec.warmup.or(defaults.warmup).unwrap_or_default(),
            slo,
            against_baseline,
            expect: Arc::new(expect.streamed(is_streamed).of_chat(is_chat).of_request(asked).in_form(form)),
        })
    }

    /// By how much figures may be worse than the baseline's; a baseline that is named and was not read is told elsewhere.
    fn against_baseline(&mut self, spec: &CaseSpec, baseline: Option<&Baseline>, names_baseline: bool) -> Vec<Bound> {
        let bounds = spec.against_baseline.compile().unwrap_or_else(|wrong| {
            self.report_all(&wrong);
            Vec::new()
        });
        match baseline {
            _ if bounds.is_empty() => {}
            Some(baseline) => self.report_all(&baseline.lack(&spec.name, &bounds)),
            None if names_baseline => {}
            None => self.report(
                "has an against_baseline, and there is no baseline; name its results in baseline, or with --baseline",
            ),
        }
        bounds
    }

    fn check_counts(&mut self, times: u32, concurrency: u32, retries: u32) {
        if times == 0 {
            self.report("has a repeat of 0, so nothing would be sent; write 1 or more");
        }
        for (name, number, range) in
            [("concurrency", concurrency, 1..=MOST_AT_ONCE), ("retries", retries, 0..=MOST_RETRIES)]
        {
            if !range.contains(&number) {
                self.report(&format!("sets {name} to {number}; write {} to {}", range.start(), range.end()));
            }
        }
    }

    fn check_load(&mut self, spec: &CaseSpec, mode: &Mode) {
        if matches!(mode, Mode::Async { .. }) {
            self.report("has a load in mode async, whose answers are fetched and not waited for");
        }
        if spec.repeat.is_some() || spec.concurrency.is_some() {
            self.report("has a load and a repeat or concurrency: the load says how often and how many at once");
        }
    }

    /// What only some operations of the runtime take.
    fn check_mode_takes(&mut self, options: &RequestOptions, goes_on: bool, mode: &Mode) {
        for (name, set, modes) in [
            ("target_variant", options.target_variant.is_some(), "invoke and stream"),
            ("target_model", options.target_model.is_some(), "invoke"),
            ("inference_component", options.inference_component.is_some(), "invoke, stream and chat"),
            ("enable_explanations", options.enable_explanations.is_some(), "invoke"),
            ("session_id", options.session_id.is_some(), "invoke and stream"),
            ("session_from", goes_on, "invoke and stream"),
            ("target_container_hostname", options.target_container_hostname.is_some(), "invoke and stream"),
            ("prefix_aware_id", options.prefix_aware_id.is_some(), "invoke and stream"),
            // That the route for chats takes them is not documented.
            ("custom_attributes", options.custom_attributes.is_some(), "invoke, stream and async"),
            ("inference_id", options.inference_id.is_some(), "invoke, stream and async"),
        ] {
            let own = match mode {
                Mode::Invoke => "invoke",
                Mode::Stream => "stream",
                Mode::Async { .. } => "async",
                Mode::Chat { .. } => "chat",
            };
            if name == "session_id" && *mode == Mode::Stream && options.session_id.as_deref() == Some(NEW_SESSION) {
                // SessionId of InvokeEndpointWithResponseStream (botocore sagemaker-runtime)
                self.report(
                    "has a session_id of NEW_SESSION, and a stream goes on with a session but opens none; \
                     open it in a case of mode invoke, and name that in session_from",
                );
            }
            if set && !modes.contains(own) {
                self.report(&format!("has a {name}, which mode {own} does not take (only {modes})"));
            }
        }
    }

    /// Ids and attributes as InvokeEndpoint takes them (botocore sagemaker-runtime).
    fn check_ids(&mut self, options: &RequestOptions) {
        if let Some(text) = &options.custom_attributes
            && (text.len() > CUSTOM_ATTRIBUTES_CHARS || !is_visible(text))
        {
            let most = CUSTOM_ATTRIBUTES_CHARS;
            self.report(&format!(
                "has custom_attributes that are not at most {most} visible ASCII characters; shorten them"
            ));
        }
        let is_name = |text: &str| {
            text.len() <= 63
                && text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if let Some(name) = options.target_container_hostname.as_ref().filter(|name| !is_name(name)) {
            self.report(&format!(
                "has a target_container_hostname of \"{name}\"; write at most 63 letters, digits and hyphens"
            ));
        }
        for (field, id) in [
            ("inference_id", &options.inference_id),
            ("prefix_aware_id", &options.prefix_aware_id),
            ("adapter", &options.adapter),
        ] {
            let fits = |id: &str| (1..=64).contains(&id.len()) && !id.starts_with(' ') && is_visible(id);
            if id.as_deref().is_some_and(|id| !fits(id)) {
                self.report(&format!("has {field} that is not 1 to 64 visible ASCII characters; write another one"));
            }
        }
    }

    /// What a case cannot have beside something that brings its bodies; `chats` is what mode chat sends instead.
    fn brings_bodies(&mut self, spec: &CaseSpec, what: &str, [bodies, each, chats]: [&str; 3]) {
        let body = spec.has_body().then_some("a body");
        for field in body.into_iter().chain(chat::fields_of(spec)) {
            self.report(&format!("has {what} and {field}: {bodies} are the bodies"));
        }
        if spec.mode == ModeSpec::Chat {
            self.report(&format!("has {what} in mode chat, which sends {chats}"));
        }
        if spec.repeat.is_some() || spec.expect.wants_refusal() {
            self.report(&format!(
                "has {what} and a repeat or an expected model_error: {each} is sent once, to be answered"
            ));
        }
    }

    /// A dataset with its rows; `None` where its file is missing, or where something was reported.
    fn dataset(
        &mut self,
        spec: &CaseSpec,
        dataset: DatasetSpec,
        defaults: &Defaults,
        contents: &Contents,
    ) -> Option<(DatasetCase, Dataset, BodyFormat)> {
        self.brings_bodies(spec, "a dataset", ["the rows", "every row", "messages and no rows"]);
        let content_type = spec.content_type.as_ref().or(defaults.content_type.as_ref());
        let format = dataset
            .body_format(content_type.map_or(DEFAULT_CONTENT_TYPE, String::as_str))
            .map_err(|wrong| self.report(&wrong))
            .ok();
        let compiled = self.watched(|begins| {
            begins("dataset");
            dataset.compile()
        });
        let mut case = compiled.map_err(|wrong| self.report_all(&wrong)).ok()?;
        let source = contents.datasets.get(&case.file.to_string())?;
        let data = Dataset::read(&case, Arc::clone(source)).map_err(|wrong| self.wrong.extend(wrong)).ok()?;
        case.has_lists = data.has_lists();
        let format = format?;
        if matches!(format, BodyFormat::Npy(_) | BodyFormat::Libsvm { .. })
            && let Some(Err(reason)) = data.batches(&case, format).next()
        {
            self.report(&format!("has a dataset that cannot be sent as {format}: {reason}"));
            return None;
        }
        Some((case, data, format))
    }

    /// Captured traffic with what was drawn of it; `None` where that is missing, or where something was reported.
    fn capture(
        &mut self,
        spec: &CaseSpec,
        capture: CaptureSpec,
        has_dataset: bool,
        contents: &Contents,
    ) -> Option<(CaptureCase, Arc<Sample>)> {
        if has_dataset {
            self.report("has a capture and a dataset; make two cases of it");
        }
        self.brings_bodies(spec, "a capture", ["what was captured", "every request", "messages"]);
        let own = OwnTypes { content_type: spec.content_type.is_some(), accept: spec.accept.is_some() };
        let compiled = self.watched(|begins| {
            begins("capture");
            capture.compile(own)
        });
        let case = compiled.map_err(|wrong| self.report_all(&wrong)).ok()?;
        Some((case, Arc::clone(contents.captures.get(&spec.name)?)))
    }

    fn body(&mut self, spec: &CaseSpec, contents: &Contents) -> Option<Vec<u8>> {
        let mut bodies = Vec::new();
        if spec.mode == ModeSpec::Chat {
            match chat::request(spec) {
                Ok(request) => bodies.push(Some(request.body())),
                Err(wrong) => {
                    self.report_all(&wrong);
                    bodies.push(None);
                }
            }
        } else {
            for field in chat::fields_of(spec) {
                self.report(&format!("has {field} without \"mode: chat\""));
            }
        }
        bodies.extend(spec.body.as_ref().map(|text| Some(text.clone().into_bytes())));
        bodies.extend(spec.body_file.as_ref().map(|file| contents.whole.get(file).cloned()));
        bodies.extend(spec.body_json.as_ref().map(|value| Some(value.to_string().into_bytes())));
        bodies.extend(spec.body_npy.as_ref().map(|array| {
            let kind = array.r#type.unwrap_or(ArrayType::Float64);
            let written = Nested::of(&array.values).and_then(|nested| nested.written(kind));
            written.map_err(|reason| self.report(&format!("has no array in body_npy: {reason}"))).ok()
        }));
        bodies.extend(spec.body_base64.as_ref().map(|text| {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text.trim());
            decoded
                .map_err(|error| {
                    let reason = error.to_string().to_lowercase();
                    self.report(&format!("has an invalid body_base64: {}", reason.trim_end_matches('.')));
                })
                .ok()
        }));
        if bodies.len() == 1 {
            return bodies.pop().flatten();
        }
        if spec.mode == ModeSpec::Chat {
            self.report("has a body beside the messages of its chat; write one of them");
            return None;
        }
        let found = if bodies.is_empty() { "none" } else { "several" };
        self.report(&format!(
            "needs one of body, body_file, body_json, body_npy and body_base64, and has {found}; write one of them"
        ));
        None
    }

    /// What requests say that draw it.
    fn drawn(&mut self, spec: &CaseSpec, prompts: &PromptsSpec, contents: &Contents) -> Option<Body> {
        if spec.mode != ModeSpec::Chat {
            self.report("has load.prompts without \"mode: chat\"");
            return None;
        }
        let prompts = prompts.compile(contents).unwrap_or_else(|wrong| {
            self.report_all(&wrong);
            None
        })?;
        Some(Body::Drawn { request: chat::request(spec).ok()?, prompts: Arc::new(prompts) })
    }

    /// The mode, with the size rules that each has.
    fn mode(&mut self, spec: &CaseSpec, body: Option<&[u8]>) -> Mode {
        let bytes = body.map_or(0, <[u8]>::len);
        if spec.mode != ModeSpec::Async && (spec.r#async.input.is_some() || spec.r#async.deadline.is_some()) {
            self.report("has async settings without \"mode: async\"");
        }
        if spec.mode == ModeSpec::Async {
            let input = spec.r#async.input.as_ref().and_then(|text| {
                text.parse().map_err(|error| self.report(&format!("has an unusable async.input: {error}"))).ok()
            });
            if spec.r#async.input.is_none() && bytes > ASYNC_INLINE_BYTES {
                let limit = ASYNC_INLINE_BYTES;
                self.report(&format!("has a body of {bytes} bytes, and {limit} can go inline; give an async.input"));
            }
            let deadline = self.time("async.deadline", spec.r#async.deadline.as_ref(), DEFAULT_ASYNC_DEADLINE);
            return Mode::Async { input, deadline };
        }
        if bytes > REAL_TIME_BYTES {
            let cause = format!("a real-time endpoint takes {REAL_TIME_BYTES} bytes");
            self.warn(&format!("has a body of {bytes} bytes"), &cause);
        } else if bytes > SERVERLESS_BYTES {
            let cause =
                format!("a serverless endpoint takes {SERVERLESS_BYTES} bytes, a real-time one {REAL_TIME_BYTES}");
            self.warn(&format!("has a body of {bytes} bytes"), &cause);
        }
        match spec.mode {
            ModeSpec::Stream => Mode::Stream,
            ModeSpec::Chat => Mode::Chat { is_streamed: spec.stream.unwrap_or(true) },
            ModeSpec::Invoke | ModeSpec::Async => Mode::Invoke,
        }
    }

    fn time(&mut self, field: &str, text: Option<&String>, fallback: Duration) -> Duration {
        let Some(text) = text else { return fallback };
        duration::parse(text, duration::SHORTEST..=duration::LONGEST).unwrap_or_else(|error| {
            self.report(&format!("sets {field} to \"{text}\": {error}"));
            fallback
        })
    }
}

/// Where no message says what to do.
const LOOK_IT_UP: &str = "look the field up in what \"modeldeploy test --print-schema\" prints";

/// A finding of a message `what is wrong: why; what to do`.
pub(super) fn told(subject: &str, message: &str) -> Finding {
    let (rest, hint) = split_outside(message, "; ").unwrap_or((message, LOOK_IT_UP));
    let (what, cause) = split_outside(rest, ": ").map_or((rest, None), |(what, cause)| (what, Some(cause)));
    let finding = Finding::error(format!("{subject}{what}")).hint(hint);
    match cause {
        Some(cause) => finding.cause(cause),
        None => finding,
    }
}

/// The parts of a text before and behind a mark that is in no quotes and no brackets.
fn split_outside<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let (mut is_quoted, mut depth) = (false, 0_u32);
    for (at, any) in text.char_indices() {
        match any {
            '"' => is_quoted = !is_quoted,
            '(' | '[' | '{' if !is_quoted => depth += 1,
            ')' | ']' | '}' if !is_quoted => depth = depth.saturating_sub(1),
            _ if !is_quoted && depth == 0 && text[at..].starts_with(mark) => {
                return Some((&text[..at], &text[at + mark.len()..]));
            }
            _ => {}
        }
    }
    None
}

pub(super) fn placed(finding: Finding, file: &str, at: Option<Position>) -> Finding {
    match at {
        Some(at) => finding.at(file, at),
        None => finding.in_file(file),
    }
}

/// What a request is, and what its answer is to be: a chat's are known, unless the case itself says otherwise.
fn content_types(spec: &CaseSpec, defaults: &Defaults, mode: &Mode) -> (String, String) {
    let of_chat = |name: &str| matches!(mode, Mode::Chat { .. }).then(|| name.to_owned());
    let first = |names: [Option<String>; 3], fallback: &str| {
        names.into_iter().flatten().next().unwrap_or_else(|| fallback.to_owned())
    };
    let (sent, answered) = (of_chat(JSON), of_chat(if mode.is_streamed() { EVENT_STREAM } else { JSON }));
    (
        first([spec.content_type.clone(), sent, defaults.content_type.clone()], DEFAULT_CONTENT_TYPE),
        first([spec.accept.clone(), answered, defaults.accept.clone()], JSON),
    )
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
