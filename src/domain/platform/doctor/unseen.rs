//! What could not be read, and why.

pub(crate) type Seen<T> = Result<T, Unseen>;

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// Nothing names it, or what it depends on is not known.
    Unasked(String),
    Denied(Needed),
    /// What was named is not there.
    Missing(String),
    Failed(String),
}

impl Unseen {
    pub(crate) fn unasked(why: impl Into<String>) -> Self {
        Self::Unasked(why.into())
    }
}

/// A reading that was denied: the right that is missing, on what, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Needed {
    pub who: Option<String>,
    pub action: String,
    pub resource: String,
}
