//! What an expectation asks of the body as a whole.

use regex::Regex;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::digest::sha256;
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::answer_body::AnswerBody;
use crate::domain::suite::pattern::{is_plain, regular_expression};
use crate::domain::suite::unmet::Verdict;
use crate::domain::text::excerpt::cut;

/// `body` as it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct BodySpec {
    equals: Option<String>,
    contains: Option<String>,
    matches: Option<String>,
    sha256: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum BodyCheck {
    Equals(String),
    Contains(String),
    Matches(Regex),
    Sha256(String),
}

impl BodySpec {
    /// # Errors
    /// The pattern is none, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<Vec<BodyCheck>, String> {
        let mut checks = Vec::new();
        checks.extend(self.equals.map(BodyCheck::Equals));
        checks.extend(self.contains.map(BodyCheck::Contains));
        if let Some(pattern) = &self.matches {
            checks.push(BodyCheck::Matches(regular_expression("expect.body.matches", pattern)?));
        }
        checks.extend(self.sha256.map(|digest| BodyCheck::Sha256(digest.to_lowercase())));
        Ok(checks)
    }
}

/// More of what is the same hides what is not.
const LONGEST_WORD: usize = 100;

impl BodyCheck {
    /// Whether it takes no longer than reading the body does.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Matches(regex) => is_plain(regex),
            Self::Equals(_) | Self::Contains(_) | Self::Sha256(_) => true,
        }
    }

    pub(crate) fn judge(&self, body: &AnswerBody<'_>, verdict: &mut Verdict) {
        self.unmet(body.bytes, &body.text)
            .into_iter()
            .for_each(|message| verdict.add(FailureKind::WrongBody, || message));
    }

    fn unmet(&self, bytes: &[u8], text: &str) -> Option<String> {
        match self {
            Self::Equals(wanted) if wanted != text => Some(difference(wanted, text)),
            Self::Contains(wanted) if !text.contains(wanted.as_str()) => {
                Some(format!("expected a body that contains \"{}\", got \"{}\"", cut(wanted), cut(text)))
            }
            Self::Matches(regex) if !regex.is_match(text) => {
                Some(format!("expected a body that matches /{regex}/, got \"{}\"", cut(text)))
            }
            Self::Sha256(wanted) => {
                let got = sha256(bytes);
                (*wanted != got)
                    .then(|| format!("expected a body with SHA-256 {wanted}, got {got}, {} bytes", bytes.len()))
            }
            _ => None,
        }
    }
}

/// Where two texts begin to differ, and how each goes on from the word before: half a secret is not known to be one.
fn difference(wanted: &str, got: &str) -> String {
    let pairs = wanted.char_indices().zip(got.chars());
    let same: usize = pairs.take_while(|((_, left), right)| left == right).map(|((_, any), _)| any.len_utf8()).sum();
    let is_of_word =
        |any: char| !any.is_whitespace() && !matches!(any, '"' | '\'' | ',' | ':' | '{' | '[' | '(' | '<' | '>');
    let start = wanted[..same].trim_end_matches(is_of_word).len();
    let start = wanted.floor_char_boundary(start.max(same.saturating_sub(LONGEST_WORD)));
    if start == 0 {
        return format!("expected the body \"{}\", got \"{}\"", cut(wanted), cut(got));
    }
    let place = got[..start].chars().count() + 1;
    let (wanted, got) = (cut(&wanted[start..]), cut(&got[start..]));
    format!("expected the body to go on with \"{wanted}\" from character {place}, got \"{got}\"")
}
