//! A test suite that can be run: every case of `cases.yml`, compiled and complete.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;

use super::case_places::CasePlaces;
use super::contents::Contents;
use super::dataset::Dataset;
use super::dataset::body::BodyFormat;
use super::dataset::case::DatasetCase;
use super::dataset::spec::DatasetSpec;
use super::document::{Misfit, Node};
use super::duration;
use super::expectation::Expectation;
use super::finding::{Finding, Position};
use super::load::{Load, LoadSpec, MOST_AT_ONCE};
use super::s3_uri::S3Uri;
use super::slo::Slo;
use super::suite_spec::{CaseSpec, Defaults, ModeSpec, SuiteSpec};

/// The one version of the file's format so far.
const VERSION: u32 = 1;
const DEFAULT_CONTENT_TYPE: &str = "text/csv";
const DEFAULT_ACCEPT: &str = "application/json";
/// A container has 60 s to answer (InvokeEndpoint); the service's own answer to a late one comes after that.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(70);
const DEFAULT_RETRIES: u32 = 2;
/// The pauses between them double, so that the last of these comes after hours.
const MOST_RETRIES: u32 = 16;
/// InvocationTimeoutSeconds of InvokeEndpointAsync, unless it is set.
const DEFAULT_ASYNC_DEADLINE: Duration = Duration::from_mins(15);
/// Real-time endpoints take 25 MB (SageMaker developer guide, "Model Hosting FAQs"), serverless ones 4 MB.
pub(super) const REAL_TIME_BYTES: usize = 25_000_000;
pub(super) const SERVERLESS_BYTES: usize = 4_000_000;
/// Inline `Body` of InvokeEndpointAsync (botocore sagemaker-runtime).
const ASYNC_INLINE_BYTES: usize = 128_000;
/// CustomAttributes of InvokeEndpoint: visible ASCII characters (botocore sagemaker-runtime).
const CUSTOM_ATTRIBUTES_CHARS: usize = 1024;

/// A suite as it was read, before the files that it names are.
pub struct SuiteDraft {
    file: String,
    spec: SuiteSpec,
    /// One for each case.
    places: Vec<CasePlaces>,
}

/// A suite that can be run.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    pub cases: Vec<Case>,
    /// Objectives for all requests to one endpoint together.
    pub slo: Slo,
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
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often an attempt that the service or the network lost is made again.
    pub retries: u32,
    /// Requests before those that count.
    pub warmup: u32,
    pub slo: Slo,
    pub expect: Arc<Expectation>,
}

/// What a case sends.
#[derive(Clone, Debug)]
pub enum Work {
    /// The same body a number of times, so many at once.
    Repeat { body: Vec<u8>, times: u32, concurrency: u32 },
    /// The same body at a steady rate.
    Load { body: Vec<u8>, load: Load },
    /// Every row of a dataset once, in batches, so many at once.
    Dataset { case: Arc<DatasetCase>, data: Arc<Dataset>, format: BodyFormat, concurrency: u32 },
}

/// How a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Invoke,
    Stream,
    Async { input: Option<S3Uri>, deadline: Duration },
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
}

impl Case {
    /// How long one attempt may take; an asynchronous one has its own deadline.
    pub fn limit(&self) -> Duration {
        match &self.mode {
            Mode::Async { deadline, .. } => self.timeout + *deadline,
            Mode::Invoke | Mode::Stream => self.timeout,
        }
    }

    /// The kind of case, as reports name it.
    pub fn kind(&self) -> &'static str {
        match (&self.work, &self.mode) {
            (Work::Load { .. }, _) => "load",
            (Work::Dataset { .. }, _) => "dataset",
            (Work::Repeat { .. }, Mode::Invoke) => "invoke",
            (Work::Repeat { .. }, Mode::Stream) => "stream",
            (Work::Repeat { .. }, Mode::Async { .. }) => "async",
        }
    }
}

impl SuiteDraft {
    /// Reads the file's text.
    ///
    /// # Errors
    /// All that does not fit the file's shape, with its places.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        Self::of(&Node::parse_yaml(text, file).map_err(|finding| vec![finding])?, file)
    }

    /// Reads what was parsed of the file.
    ///
    /// # Errors
    /// All that does not fit the file's shape, with its places.
    pub fn of(document: &Node, file: &str) -> Result<Self, Vec<Finding>> {
        let spec: SuiteSpec = document
            .read_whole()
            .map_err(|misfits| misfits.iter().map(|misfit| shape_finding(misfit, file)).collect::<Vec<_>>())?;
        if spec.version != VERSION {
            let what = format!("has version {}, and this modeldeploy reads version {VERSION}", spec.version);
            return Err(vec![Finding::error(what).in_file(file)]);
        }
        let cases = document.get("cases").and_then(Node::as_list).unwrap_or_default();
        Ok(Self { file: file.to_owned(), spec, places: cases.iter().map(CasePlaces::of).collect() })
    }

    /// The files with bodies and schemas that cases name, relative to the suite's own, or `s3://` URIs.
    pub fn files(&self) -> BTreeSet<&str> {
        let bodies = self.spec.cases.iter().filter_map(|case| case.body_file.as_deref());
        let schemas = self.spec.cases.iter().filter_map(|case| case.expect.schema_file());
        bodies.chain(schemas).collect()
    }

    /// The files with datasets that cases name, likewise.
    pub fn datasets(&self) -> BTreeSet<&str> {
        self.spec.cases.iter().filter_map(|case| case.dataset.as_ref()).map(DatasetSpec::file).collect()
    }

    /// Makes a suite of it, with the contents of the files that it names.
    ///
    /// # Errors
    /// All findings of all cases. A file that is not among the contents is the caller's finding, not repeated here.
    pub fn compile(self, contents: &Contents) -> Result<Suite, Vec<Finding>> {
        let Self { file, spec, places } = self;
        let mut findings: Vec<Finding> =
            spec.slo.check().into_iter().map(|wrong| Finding::error(wrong).in_file(&file)).collect();
        let mut suite = Suite { slo: spec.slo, ..Suite::default() };
        let mut named = BTreeMap::new();
        let places = places.into_iter().chain(std::iter::repeat_with(CasePlaces::default));
        for (number, (case, places)) in spec.cases.into_iter().zip(places).enumerate() {
            if let Some(first) = named.insert(case.name.clone(), number) {
                let what = format!("has two cases named \"{}\", number {} and {}", case.name, first + 1, number + 1);
                let hint = "a name finds a case in the results: give each its own";
                let at = places.of_message(&what);
                findings.push(placed(Finding::error(what).hint(hint), &file, at));
            }
            let name = case.name.clone();
            let mut compiler = Compiler { file: &file, places: &places, name, wrong: Vec::new(), warnings: Vec::new() };
            let ready = compiler.case(case, &spec.defaults, spec.slo, contents);
            suite.warnings.extend(compiler.warnings);
            if compiler.wrong.is_empty() {
                suite.cases.extend(ready);
            } else {
                findings.extend(compiler.wrong);
            }
        }
        if findings.is_empty() { Ok(suite) } else { Err(findings) }
    }
}

fn placed(finding: Finding, file: &str, at: Option<Position>) -> Finding {
    match at {
        Some(at) => finding.at(file, at),
        None => finding.in_file(file),
    }
}

/// Compiles one case and collects all that is wrong with it.
struct Compiler<'a> {
    file: &'a str,
    places: &'a CasePlaces,
    name: String,
    wrong: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Compiler<'_> {
    fn report(&mut self, what: &str) {
        let finding = Finding::error(format!("case \"{}\" {what}", self.name));
        self.wrong.push(placed(finding, self.file, self.places.of_message(what)));
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
    fn case(&mut self, mut spec: CaseSpec, defaults: &Defaults, suite_slo: Slo, contents: &Contents) -> Option<Case> {
        let dataset = spec.dataset.take().map(|dataset| self.dataset(&spec, dataset, defaults, contents));
        let body = if dataset.is_some() { None } else { self.body(&spec, contents) };
        let mode = self.mode(&spec, body.as_deref());
        let timeout = self.time("timeout", spec.timeout.as_ref().or(defaults.timeout.as_ref()), DEFAULT_TIMEOUT);
        self.report_all(&spec.slo.check());
        let or_default = |own: Option<String>, suite: &Option<String>, fallback: &str| {
            own.or_else(|| suite.clone()).unwrap_or_else(|| fallback.to_owned())
        };
        let options = RequestOptions {
            content_type: or_default(spec.content_type, &defaults.content_type, DEFAULT_CONTENT_TYPE),
            accept: or_default(spec.accept, &defaults.accept, DEFAULT_ACCEPT),
            target_variant: spec.target_variant,
            target_model: spec.target_model,
            inference_component: spec.inference_component,
            custom_attributes: spec.custom_attributes,
            enable_explanations: spec.enable_explanations,
            session_id: spec.session_id,
        };
        if let Some(text) = &options.custom_attributes
            && (text.len() > CUSTOM_ATTRIBUTES_CHARS || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
        {
            let most = CUSTOM_ATTRIBUTES_CHARS;
            self.report(&format!("has custom_attributes that are not at most {most} visible ASCII characters"));
        }
        for (name, set, modes) in [
            ("target_variant", options.target_variant.is_some(), "invoke and stream"),
            ("target_model", options.target_model.is_some(), "invoke"),
            ("inference_component", options.inference_component.is_some(), "invoke and stream"),
            ("enable_explanations", options.enable_explanations.is_some(), "invoke"),
            ("session_id", options.session_id.is_some(), "invoke and stream"),
        ] {
            let own = match mode {
                Mode::Invoke => "invoke",
                Mode::Stream => "stream",
                Mode::Async { .. } => "async",
            };
            if set && !modes.contains(own) {
                self.report(&format!("has a {name}, which mode {own} does not take (only {modes})"));
            }
        }
        let times = spec.repeat.or(defaults.repeat).unwrap_or(1);
        let concurrency = spec.concurrency.or(defaults.concurrency).unwrap_or(1);
        if times == 0 {
            self.report("has a repeat of 0, so nothing would be sent");
        }
        let retries = spec.retries.or(defaults.retries).unwrap_or(DEFAULT_RETRIES);
        for (name, number, range) in
            [("concurrency", concurrency, 1..=MOST_AT_ONCE), ("retries", retries, 0..=MOST_RETRIES)]
        {
            if !range.contains(&number) {
                self.report(&format!("sets {name} to {number}: write {} to {}", range.start(), range.end()));
            }
        }
        let load = spec.load.as_ref().map(LoadSpec::compile);
        if load.is_some() && mode != Mode::Invoke {
            self.report("has a load in another mode than invoke");
        }
        if load.is_some() && (spec.repeat.is_some() || spec.concurrency.is_some()) {
            self.report("has a load and a repeat or concurrency: the load says how often and how many at once");
        }
        let expect = spec.expect.compile(contents).unwrap_or_else(|wrong| {
            self.report_all(&wrong);
            Some(Expectation::default())
        })?;
        let work = match (dataset, load) {
            (Some(dataset), None) => {
                let (case, data, format) = dataset?;
                Work::Dataset { case: Arc::new(case), data: Arc::new(data), format, concurrency }
            }
            (Some(_), Some(_)) => {
                self.report("has a dataset and a load: make two cases of it");
                return None;
            }
            (None, None) => Work::Repeat { body: body?, times, concurrency },
            (None, Some(Ok(load))) => Work::Load { body: body?, load },
            (None, Some(Err(wrong))) => {
                self.report_all(&wrong);
                return None;
            }
        };
        let slo = Slo { error_rate: spec.slo.error_rate.or(suite_slo.error_rate), ..spec.slo };
        if slo.first_byte_ms.is_some() && mode != Mode::Stream {
            self.report("has an slo.first_byte_ms, which only mode stream measures");
        }
        Some(Case {
            name: spec.name,
            work,
            mode,
            options,
            timeout,
            retries,
            warmup: spec.warmup.or(defaults.warmup).unwrap_or_default(),
            slo,
            expect: Arc::new(expect),
        })
    }

    /// A dataset with its rows; `None` where its file is missing, or where something was reported.
    fn dataset(
        &mut self,
        spec: &CaseSpec,
        dataset: DatasetSpec,
        defaults: &Defaults,
        contents: &Contents,
    ) -> Option<(DatasetCase, Dataset, BodyFormat)> {
        if spec.body.is_some() || spec.body_file.is_some() || spec.body_json.is_some() || spec.body_base64.is_some() {
            self.report("has a dataset and a body: the rows are the bodies");
        }
        if spec.repeat.is_some() || spec.expect.wants_refusal() {
            self.report(
                "has a dataset and a repeat or an expected model_error: every row is sent once, to be answered",
            );
        }
        let content_type = spec.content_type.as_ref().or(defaults.content_type.as_ref());
        let format = BodyFormat::of(content_type.map_or(DEFAULT_CONTENT_TYPE, String::as_str))
            .map_err(|wrong| self.report(&wrong))
            .ok();
        let case = dataset.compile().map_err(|wrong| self.report_all(&wrong)).ok()?;
        let source = contents.datasets.get(&case.file.to_string())?;
        let data = Dataset::read(&case, Arc::clone(source)).map_err(|wrong| self.wrong.extend(wrong)).ok()?;
        Some((case, data, format?))
    }

    fn body(&mut self, spec: &CaseSpec, contents: &Contents) -> Option<Vec<u8>> {
        let mut bodies = Vec::new();
        bodies.extend(spec.body.as_ref().map(|text| Some(text.clone().into_bytes())));
        bodies.extend(spec.body_file.as_ref().map(|file| contents.whole.get(file).cloned()));
        bodies.extend(spec.body_json.as_ref().map(|value| Some(value.to_string().into_bytes())));
        bodies.extend(spec.body_base64.as_ref().map(|text| {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text.trim());
            decoded
                .map_err(|error| {
                    let reason = error.to_string().to_lowercase();
                    self.report(&format!("has a body_base64 that is none: {}", reason.trim_end_matches('.')));
                })
                .ok()
        }));
        if bodies.len() == 1 {
            return bodies.pop().flatten();
        }
        let found = if bodies.is_empty() { "none" } else { "several" };
        self.report(&format!("needs one of body, body_file, body_json and body_base64, and has {found}"));
        None
    }

    /// The mode, with the size rules that each has.
    fn mode(&mut self, spec: &CaseSpec, body: Option<&[u8]>) -> Mode {
        let bytes = body.map_or(0, <[u8]>::len);
        if spec.mode != ModeSpec::Async && (spec.r#async.input.is_some() || spec.r#async.deadline.is_some()) {
            self.report("has async settings without mode: async");
        }
        if spec.mode == ModeSpec::Async {
            let input = spec.r#async.input.as_ref().and_then(|text| {
                text.parse().map_err(|error| self.report(&format!("has an unusable async.input: {error}"))).ok()
            });
            if spec.r#async.input.is_none() && bytes > ASYNC_INLINE_BYTES {
                let limit = ASYNC_INLINE_BYTES;
                self.report(&format!("has a body of {bytes} bytes, and {limit} can go inline: give an async.input"));
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
        if spec.mode == ModeSpec::Stream { Mode::Stream } else { Mode::Invoke }
    }

    fn time(&mut self, field: &str, text: Option<&String>, fallback: Duration) -> Duration {
        let Some(text) = text else { return fallback };
        duration::parse(text, duration::SHORTEST..=duration::LONGEST).unwrap_or_else(|error| {
            self.report(&format!("sets {field} to \"{text}\": {error}"));
            fallback
        })
    }
}

/// What does not fit, with its place in front and the nearest right name behind.
fn shape_finding(misfit: &Misfit, file: &str) -> Finding {
    let mut finding = misfit.finding("cannot be read", file);
    if misfit.reason() == "missing field `version`" {
        finding = finding.hint(format!("write \"version: {VERSION}\" at the top"));
    }
    if let Some(near) = misfit.nearest() {
        finding = finding.hint(format!("did you mean \"{near}\"?"));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        match SuiteDraft::parse(text, "cases.yml") {
            Ok(draft) => draft.compile(&Contents::default()).expect_err(text),
            Err(findings) => findings,
        }
    }

    #[test]
    fn defaults_hold_until_a_case_says_otherwise() {
        let draft = SuiteDraft::parse(
            "
version: 1
defaults: {content_type: text/plain, timeout: 5s, retries: 0}
cases:
  - {name: a, body: x}
  - {name: b, body_json: {z: 1, a: [1.50, true]}, content_type: application/json, timeout: 1m}
  - {name: c, body_file: data/c.bin}
  - {name: d, body_base64: AAE=}
",
            "cases.yml",
        )
        .expect("valid");
        assert_eq!(draft.files(), ["data/c.bin"].into());
        let whole = BTreeMap::from([("data/c.bin".into(), vec![7])]);
        let suite = draft.compile(&Contents { whole, ..Contents::default() }).expect("compiles");
        let [a, b, c, d] = &suite.cases[..] else { panic!("four cases") };
        let body = |case: &Case| match &case.work {
            Work::Repeat { body, times: 1, concurrency: 1 } => body.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((a.options.content_type.as_str(), a.options.accept.as_str()), ("text/plain", "application/json"));
        assert_eq!((a.timeout, a.retries), (Duration::from_secs(5), 0));
        assert_eq!((b.timeout, body(b)), (Duration::from_mins(1), br#"{"z":1,"a":[1.5,true]}"#.to_vec()));
        assert_eq!(body(c), [7]);
        assert_eq!(body(d), [0, 1]);
    }

    #[test]
    fn an_unknown_field_is_named_with_place_and_nearest_name() {
        let found = findings("version: 1\ncases:\n  - name: a\n    bdoy: x\n");
        assert_eq!(found[0].to_string(), "cases.yml:4:5: cannot be read at cases[0].bdoy");
        assert!(found[0].cause.as_deref().is_some_and(|cause| cause.starts_with("unknown field `bdoy`")));
        assert_eq!(found[0].hint.as_deref(), Some("did you mean \"body\"?"));
    }

    #[test]
    fn all_that_is_wrong_with_the_cases_is_said_at_once() {
        let found = findings(
            "
version: 1
cases:
  - {name: a, body: x, body_json: 1}
  - {name: a, body: x, timeout: soon}
  - {name: b}
  - {name: c, body: x, expect: {json: [{path: 'no path', equals: 1}, {path: '$.a'}], body: {matches: '('}}}
",
        );
        assert_eq!(found.len(), 7, "{found:#?}");
        assert!(findings("version: 2\n")[0].what.contains("version 2"));
        assert!(findings("cases: []")[0].cause.as_deref().is_some_and(|cause| cause.contains("version")));
    }
}
