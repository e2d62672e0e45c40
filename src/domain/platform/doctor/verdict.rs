//! What came of a check, and what fixes it.

use serde_json::{Value, json};

use super::check::Check;
use super::unseen::{Needed, Unseen};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Ok,
    Warn,
    Fail,
    /// It could not be judged, and why is said.
    Skipped,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// What to do, in words; with the statement to add or the command to run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fix {
    pub what: String,
    pub statement: Option<Value>,
    pub command: Option<String>,
}

impl Fix {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    #[must_use]
    pub(crate) fn statement(mut self, statement: Value) -> Self {
        self.statement = Some(statement);
        self
    }

    #[must_use]
    pub(crate) fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}

/// The answer of a check for one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub check: Check,
    /// What it was asked of, where it is asked of several.
    pub subject: String,
    pub status: Status,
    pub text: String,
    pub fix: Option<Fix>,
    pub needs: Option<Needed>,
}

impl Verdict {
    fn new(check: Check, subject: impl Into<String>, status: Status, text: impl Into<String>) -> Self {
        Self { check, subject: subject.into(), status, text: text.into(), fix: None, needs: None }
    }

    pub(super) fn ok(check: Check, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(check, subject, Status::Ok, text)
    }

    pub(super) fn warn(check: Check, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(check, subject, Status::Warn, text)
    }

    pub(super) fn fail(check: Check, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(check, subject, Status::Fail, text)
    }

    pub(super) fn skipped(check: Check, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(check, subject, Status::Skipped, text)
    }

    /// The verdict on what could not be read: a missing right is the caller's to have, any other error is told.
    pub(super) fn unseen(check: Check, subject: impl Into<String>, unseen: &Unseen) -> Self {
        match unseen {
            Unseen::Unasked(why) => Self::skipped(check, subject, why),
            Unseen::Denied(needed) => {
                let who = needed.who.as_deref().map(|who| format!(" for {who}")).unwrap_or_default();
                let mut skipped = Self::skipped(check, subject, format!("needs {}{who}", needed.action));
                skipped.needs = Some(needed.clone());
                skipped
            }
            Unseen::Missing(what) => {
                Self::fail(check, subject, what).fixed_by(Fix::new("name the right one, or create it"))
            }
            Unseen::Failed(what) => Self::warn(check, subject, format!("cannot be read: {what}")),
        }
    }

    #[must_use]
    pub(super) fn fixed_by(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// A statement of a role's policy that allows these actions there.
pub(super) fn allowing(sid: &str, actions: &[String], resources: &[String]) -> Value {
    let one_or_all = |list: &[String]| match list {
        [only] => json!(only),
        all => json!(all),
    };
    json!({"Sid": sid, "Effect": "Allow", "Action": one_or_all(actions), "Resource": one_or_all(resources)})
}
