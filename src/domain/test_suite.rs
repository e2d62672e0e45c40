//! `cases.yml`: the requests to send to an endpoint and what is expected of the answers.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use serde::Deserialize;
use serde_json::Value;

use super::expectation::{Expectation, ExpectationSpec};
use super::finding::{Finding, Position, nearest};

/// The one version of the file's format so far.
const VERSION: u32 = 1;
const DEFAULT_CONTENT_TYPE: &str = "text/csv";
const DEFAULT_ACCEPT: &str = "application/json";
/// A container has 60 s to answer (`InvokeEndpoint`); the service's own answer to a late one comes after that.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(70);
const DEFAULT_RETRIES: u32 = 2;

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteSpec {
    version: u32,
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    cases: Vec<CaseSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    content_type: Option<String>,
    accept: Option<String>,
    timeout: Option<String>,
    retries: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSpec {
    name: String,
    body: Option<String>,
    body_file: Option<String>,
    body_json: Option<Value>,
    body_base64: Option<String>,
    content_type: Option<String>,
    accept: Option<String>,
    timeout: Option<String>,
    retries: Option<u32>,
    #[serde(default)]
    expect: ExpectationSpec,
}

/// A suite that can be run as soon as the files that it names are read.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    pub cases: Vec<Case>,
}

/// One request and what is expected of its answer.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub payload: Payload,
    pub content_type: String,
    pub accept: String,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often an attempt that the service or the network lost is made again.
    pub retries: u32,
    pub expect: Expectation,
}

/// The bytes of a request, or the file, relative to the suite's own, that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Bytes(Vec<u8>),
    File(String),
}

impl Suite {
    /// Reads a suite.
    ///
    /// # Errors
    /// The first finding of the file's shape, else all findings of what it says.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        let spec: SuiteSpec =
            serde_path_to_error::deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| {
                let path = error.path().to_string();
                vec![shape_finding(&path, error.inner(), file)]
            })?;
        if spec.version != VERSION {
            return Err(vec![
                Finding::error(format!("has version {}, and this modeldeploy reads version {VERSION}", spec.version))
                    .in_file(file),
            ]);
        }
        let mut findings = Vec::new();
        let mut named = BTreeMap::new();
        let mut cases = Vec::new();
        for (number, case) in spec.cases.into_iter().enumerate() {
            if let Some(first) = named.insert(case.name.clone(), number) {
                let what = format!("has two cases named \"{}\", number {} and {}", case.name, first + 1, number + 1);
                findings.push(
                    Finding::error(what).in_file(file).hint("a name finds a case in the results: give each its own"),
                );
            }
            match prepare(case, &spec.defaults) {
                Ok(case) => cases.push(case),
                Err(wrong) => findings.extend(wrong.into_iter().map(|finding| finding.in_file(file))),
            }
        }
        if findings.is_empty() { Ok(Self { cases }) } else { Err(findings) }
    }

    /// The files that cases name, relative to the suite's own.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.cases.iter().filter_map(|case| match &case.payload {
            Payload::File(path) => Some(path.as_str()),
            Payload::Bytes(_) => None,
        })
    }

    /// Puts the contents of files in the place of their names.
    pub fn fill(&mut self, contents: &BTreeMap<String, Vec<u8>>) {
        for case in &mut self.cases {
            if let Payload::File(path) = &case.payload
                && let Some(bytes) = contents.get(path)
            {
                case.payload = Payload::Bytes(bytes.clone());
            }
        }
    }
}

impl Case {
    /// The request's bytes; nothing as long as a file was not filled in.
    pub fn body(&self) -> &[u8] {
        match &self.payload {
            Payload::Bytes(bytes) => bytes,
            Payload::File(_) => &[],
        }
    }
}

/// Serde's message, with the place in front and the nearest right name behind.
fn shape_finding(path: &str, error: &serde_yaml::Error, file: &str) -> Finding {
    let message = error.to_string();
    let place = error.location().map(|at| Position { line: at.line(), column: at.column() });
    let reason = match place {
        Some(Position { line, column }) => message.replace(&format!(" at line {line} column {column}"), ""),
        None => message.clone(),
    };
    // The YAML reader puts a path of its own in front, which ends before the field that is meant.
    let reason = match reason.split_once(": ") {
        Some((place, rest)) if !place.contains(' ') => rest.to_owned(),
        _ => reason,
    };
    let what = if path == "." { "cannot be read".to_owned() } else { format!("cannot be read at {path}") };
    let mut finding = Finding::error(what).cause(reason.clone());
    finding = match place {
        Some(position) => finding.at(file, position),
        None => finding.in_file(file),
    };
    let mut quoted = reason.split('`').skip(1).step_by(2);
    if reason.starts_with("unknown field")
        && let Some(near) = quoted.next().and_then(|unknown| nearest(unknown, quoted))
    {
        finding = finding.hint(format!("did you mean \"{near}\"?"));
    }
    finding
}

fn prepare(spec: CaseSpec, defaults: &Defaults) -> Result<Case, Vec<Finding>> {
    let mut findings = Vec::new();
    let name = spec.name;
    let mut report = |what: String| findings.push(Finding::error(format!("case \"{name}\" {what}")));
    let mut payloads = Vec::new();
    payloads.extend(spec.body.map(|text| Payload::Bytes(text.into_bytes())));
    payloads.extend(spec.body_file.map(Payload::File));
    payloads.extend(spec.body_json.map(|value| Payload::Bytes(value.to_string().into_bytes())));
    if let Some(text) = spec.body_base64 {
        match base64::engine::general_purpose::STANDARD.decode(text.trim()) {
            Ok(bytes) => payloads.push(Payload::Bytes(bytes)),
            Err(error) => {
                report(format!("has a body_base64 that is none: {error}"));
                payloads.push(Payload::Bytes(Vec::new()));
            }
        }
    }
    if payloads.len() != 1 {
        let found = if payloads.is_empty() { "none" } else { "several" };
        report(format!("needs one of body, body_file, body_json and body_base64, and has {found}"));
    }
    let timeout = match spec.timeout.as_ref().or(defaults.timeout.as_ref()) {
        None => DEFAULT_TIMEOUT,
        Some(text) => humantime::parse_duration(text).unwrap_or_else(|error| {
            report(format!("has a timeout that is none: \"{text}\" ({error}; write for example 30s)"));
            DEFAULT_TIMEOUT
        }),
    };
    let expect = spec.expect.compile().unwrap_or_else(|wrong| {
        wrong.into_iter().for_each(&mut report);
        Expectation::default()
    });
    let payload = payloads.pop().unwrap_or(Payload::Bytes(Vec::new()));
    let or_default = |own: Option<String>, suite: &Option<String>, fallback: &str| {
        own.or_else(|| suite.clone()).unwrap_or_else(|| fallback.to_owned())
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Case {
        name,
        payload,
        content_type: or_default(spec.content_type, &defaults.content_type, DEFAULT_CONTENT_TYPE),
        accept: or_default(spec.accept, &defaults.accept, DEFAULT_ACCEPT),
        timeout,
        retries: spec.retries.or(defaults.retries).unwrap_or(DEFAULT_RETRIES),
        expect,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        Suite::parse(text, "cases.yml").expect_err(text)
    }

    #[test]
    fn defaults_hold_until_a_case_says_otherwise() {
        let suite = Suite::parse(
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
        let [a, b, c, d] = &suite.cases[..] else { panic!("four cases") };
        assert_eq!((a.content_type.as_str(), a.accept.as_str()), ("text/plain", "application/json"));
        assert_eq!((a.timeout, a.retries), (Duration::from_secs(5), 0));
        assert_eq!((b.timeout, b.body()), (Duration::from_mins(1), &br#"{"z":1,"a":[1.5,true]}"#[..]));
        assert_eq!(c.payload, Payload::File("data/c.bin".into()));
        assert_eq!(d.body(), [0, 1]);
        assert_eq!(suite.files().collect::<Vec<_>>(), ["data/c.bin"]);
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
