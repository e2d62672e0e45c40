//! One fault over one operation, whoever answers it: moto, a gap of moto's that the proxy fills, or a test's stand-in.
//!
//! The table of faults (tests/cli/fault_matrix.rs) is tried on every call with these; a single test says what comes over
//! a call with `Fault`.

use std::sync::Mutex;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::Value;

use super::answer::RawAnswer;
use super::call::Call;
use super::proxy::{Answer, CutOff, as_far_as, forward};

/// What comes over a call.
#[derive(Clone)]
pub(crate) enum Meddling {
    /// Another answer; nobody is asked.
    Instead(RawAnswer),
    /// The connection is cut before anybody is asked.
    Cut,
    /// No answer, and the connection stays.
    Hang,
    /// The answer, later.
    Late(Duration),
    /// It is done, and the answer gets lost.
    Lost,
    /// The first half of the answer, and then the connection is cut.
    BrokenOff,
    /// The first half of the answer as if it were the whole.
    Half,
    /// The answer with another body.
    Body(fn(Vec<u8>) -> Vec<u8>),
    /// The answer, if it is JSON, changed.
    Json(fn(&mut Value)),
}

/// The one fault of a test, if there is one.
#[derive(Default)]
pub(super) struct Meddler(Mutex<Option<Rule>>);

struct Rule {
    operation: String,
    /// So many calls more.
    left: usize,
    meddling: Meddling,
}

impl Meddler {
    pub(super) fn set(&self, operation: &str, times: usize, meddling: Meddling) {
        let rule = Rule { operation: operation.to_owned(), left: times, meddling };
        *self.0.lock().expect("not poisoned") = Some(rule);
    }

    pub(super) fn forget(&self) {
        *self.0.lock().expect("not poisoned") = None;
    }

    /// What comes over this call, if anything does; counts it.
    pub(super) fn meet(&self, call: &Call) -> Option<Meddling> {
        let mut rule = self.0.lock().expect("not poisoned");
        let rule = rule.as_mut().filter(|rule| rule.operation == call.operation() && rule.left > 0)?;
        rule.left -= 1;
        Some(rule.meddling.clone())
    }
}

impl Meddling {
    /// The answer as it arrives.
    pub(super) async fn over(self, answer: Answer) -> Result<Answer, CutOff> {
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        let half = body.len() / 2;
        let body = match self {
            Self::Lost => return Err(CutOff),
            Self::BrokenOff => {
                return Ok(as_far_as(Some(half), forward(parts.status, &parts.headers, body.clone()), &body));
            }
            Self::Half => body.slice(..half),
            Self::Body(change) => change(body.to_vec()).into(),
            Self::Json(change) => match serde_json::from_slice(&body) {
                Ok(mut value) => {
                    change(&mut value);
                    value.to_string().into()
                }
                Err(_) => body,
            },
            Self::Instead(_) | Self::Cut | Self::Hang | Self::Late(_) => body,
        };
        Ok(forward(parts.status, &parts.headers, body))
    }
}
