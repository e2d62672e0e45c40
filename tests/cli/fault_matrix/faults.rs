//! The kinds of fault.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Meddling, Protocol, RawAnswer};

/// A kind of fault.
pub(super) struct Fault {
    pub(super) name: &'static str,
    /// Over how many calls it comes.
    pub(super) times: usize,
    pub(super) after: After,
    pub(super) meddling: fn(Protocol) -> Meddling,
}

/// What must be so when it is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It is waited out: the run ends as one that nothing came over.
    AsEver,
    /// Nothing true was said: the run may end as it likes, but what it says is done, is done.
    Honest,
    /// A well-formed answer that says something else: the run may believe it.
    Believed,
}

const ALWAYS: usize = usize::MAX;

const fn fault(name: &'static str, times: usize, after: After, meddling: fn(Protocol) -> Meddling) -> Fault {
    Fault { name, times, after, meddling }
}

pub(super) const FAULTS: &[Fault] = &[
    fault("throttled once", 1, After::AsEver, throttled),
    fault("throttled for ever", ALWAYS, After::Honest, throttled),
    fault("HTTP 429, Retry-After, once", 1, After::AsEver, |protocol| {
        let Meddling::Instead(mut answer) = throttled(protocol) else { unreachable!() };
        answer.status = 429;
        answer.headers.push(("retry-after", "1".to_owned()));
        Meddling::Instead(answer)
    }),
    fault("HTTP 500 once", 1, After::AsEver, |protocol| refused(protocol, 500, "InternalFailure", "on purpose")),
    fault("HTTP 500 for ever", ALWAYS, After::Honest, |protocol| {
        refused(protocol, 500, "InternalFailure", "on purpose")
    }),
    fault("a gateway's HTTP 502 once", 1, After::AsEver, |_| page(502)),
    fault("a gateway's HTTP 502 for ever", ALWAYS, After::Honest, |_| page(502)),
    fault("cut before the answer, once", 1, After::AsEver, |_| Meddling::Cut),
    fault("cut before the answer, for ever", ALWAYS, After::Honest, |_| Meddling::Cut),
    fault("done, and the answer lost once", 1, After::Honest, |_| Meddling::Lost),
    fault("broken off in the answer, once", 1, After::Honest, |_| Meddling::BrokenOff),
    fault("broken off in the answer, for ever", ALWAYS, After::Honest, |_| Meddling::BrokenOff),
    fault("denied", ALWAYS, After::Honest, |protocol| {
        let code = if protocol == Protocol::Query { "AccessDenied" } else { "AccessDeniedException" };
        refused(protocol, 403, code, "not authorized")
    }),
    fault("expired credentials", ALWAYS, After::Honest, |protocol| {
        refused(protocol, 403, "ExpiredTokenException", "The security token included in the request is expired")
    }),
    fault("invalid input", ALWAYS, After::Believed, |protocol| {
        refused(protocol, 400, "ValidationException", "on purpose")
    }),
    fault("not there", ALWAYS, After::Believed, |protocol| {
        refused(protocol, 404, "ResourceNotFoundException", "on purpose")
    }),
    fault("a conflict", ALWAYS, After::Honest, |protocol| refused(protocol, 409, "ConflictException", "on purpose")),
    fault("HTTP 200 with nothing", ALWAYS, After::Honest, |_| Meddling::Body(|_| Vec::new())),
    fault("HTTP 200 with an empty document", ALWAYS, After::Honest, |protocol| match protocol {
        Protocol::Json | Protocol::Rest => Meddling::Body(|_| b"{}".to_vec()),
        Protocol::Query | Protocol::S3 => Meddling::Body(|_| b"<Answer/>".to_vec()),
    }),
    fault("HTTP 200 with a web page", ALWAYS, After::Honest, |_| page(200)),
    fault("HTTP 200 with half an answer", ALWAYS, After::Honest, |_| Meddling::Half),
    fault("no lists in the answer", ALWAYS, After::Honest, |_| Meddling::Json(without_lists)),
    fault("other types in the answer", ALWAYS, After::Honest, |_| Meddling::Json(of_other_types)),
    fault("the same page for ever", ALWAYS, After::Honest, |_| Meddling::Json(with_a_token)),
    fault("40 MB of blanks", ALWAYS, After::Honest, |_| {
        Meddling::Body(|mut body| {
            body.resize(body.len() + 40_000_000, b' ');
            body
        })
    }),
    fault("a redirect", ALWAYS, After::Honest, |_| {
        let mut answer = RawAnswer::new(307, "text/plain", "");
        answer.headers.push(("location", "http://127.0.0.1:9/elsewhere".to_owned()));
        Meddling::Instead(answer)
    }),
    fault("a hostile message", ALWAYS, After::Honest, |protocol| {
        // XML has no control characters.
        let escape = if matches!(protocol, Protocol::Json | Protocol::Rest) { "\u{1b}[2J" } else { "" };
        refused(protocol, 400, "AccessDenied", &format!("{escape}gone\n::error::forged\n##vso[x]\u{202e}"))
    }),
    fault("late", 1, After::AsEver, |_| Meddling::Late(Duration::from_millis(300))),
    fault("no answer, once", 1, After::AsEver, |_| Meddling::Hang),
];

fn refused(protocol: Protocol, status: u16, code: &str, message: &str) -> Meddling {
    Meddling::Instead(RawAnswer::error(protocol, status, code, message))
}

fn throttled(protocol: Protocol) -> Meddling {
    match protocol {
        Protocol::S3 => refused(protocol, 503, "SlowDown", "Please reduce your request rate."),
        Protocol::Rest => refused(protocol, 429, "ThrottlingException", "Rate exceeded"),
        Protocol::Json | Protocol::Query => refused(protocol, 400, "Throttling", "Rate exceeded"),
    }
}

fn page(status: u16) -> Meddling {
    Meddling::Instead(RawAnswer::new(status, "text/html", "<html><body>A proxy's page</body></html>"))
}

/// What is within a member may be left out by the model; a list is what an answer is there for.
fn without_lists(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_array());
    }
}

fn of_other_types(value: &mut Value) {
    if let Value::Object(fields) = value {
        for field in fields.values_mut() {
            *field = match field {
                Value::String(_) => json!({"a": 1}),
                _ => json!("text"),
            };
        }
    }
}

fn with_a_token(value: &mut Value) {
    if let Value::Object(fields) = value {
        let name = if fields.keys().any(|key| key.starts_with(char::is_lowercase)) { "nextToken" } else { "NextToken" };
        fields.insert(name.to_owned(), json!("again"));
    }
}
