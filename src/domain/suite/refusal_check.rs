//! What an expectation asks of a model that is to refuse a request.

use regex::Regex;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::pattern::{is_plain, regular_expression};
use crate::domain::suite::refusal::told;
use crate::domain::suite::unmet::Verdict;

/// `model_error` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "ModelErrorSpec"))]
pub(crate) struct RefusalSpec {
    status: Option<u16>,
    message_matches: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct RefusalCheck {
    status: Option<u16>,
    message: Option<Regex>,
}

impl RefusalSpec {
    /// # Errors
    /// The pattern is none, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<RefusalCheck, String> {
        let pattern = |pattern: String| regular_expression("expect.model_error.message_matches", &pattern);
        Ok(RefusalCheck { status: self.status, message: self.message_matches.map(pattern).transpose()? })
    }
}

impl RefusalCheck {
    /// Whether it takes no longer than reading the message does.
    pub(crate) fn is_plain(&self) -> bool {
        self.message.as_ref().is_none_or(is_plain)
    }

    pub(crate) fn judge(&self, status: u16, message: &str, verdict: &mut Verdict) {
        if let Some(wanted) = self.status.filter(|wanted| *wanted != status) {
            verdict.add(FailureKind::WrongModelError, || {
                format!("expected the model to refuse with {wanted}, got {status}: {}", told(message))
            });
        }
        if let Some(regex) = self.message.as_ref().filter(|regex| !regex.is_match(message)) {
            verdict.add(FailureKind::WrongModelError, || {
                format!("expected a refusal that matches /{regex}/, got \"{}\"", told(message))
            });
        }
    }
}
