//! What is wrong with a pattern.

/// Why no value can be held against a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Java does not take it.
    Refused(Refusal),
    /// Java takes it, or one of its versions; what it makes of values is not known here.
    Undecided(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: String,
    /// The character that shows it, counted from 1.
    pub character: usize,
    /// How it is written in Java.
    pub hint: String,
}

/// Why it is not known whether a value matches.
pub(super) type Matched<T> = Result<T, &'static str>;
