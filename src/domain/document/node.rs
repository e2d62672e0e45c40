//! The tree of a document, and what is said of one that cannot be held.

use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Position};

/// Deeper than any template CloudFormation takes, and shallow enough for every stack.
pub(super) const MAX_DEPTH: usize = 100;

/// What to do about a text that is not what it should be.
pub(super) const CORRECT_IT: &str = "correct the text there, or at the end of the line before";

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: Position,
    pub value: Value,
    /// A YAML scalar without quotes, which YAML 1.1 may read as something else than it looks like.
    pub plain: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    /// A boolean as it was written: `True` stays `True`.
    Bool(&'static str),
    /// A number as it was written: `1.50` stays `1.50`, and `0x64` what `number_of` reads.
    Number(String),
    String(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping; a key may stand more than once.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_at: Position,
    /// A YAML key without quotes.
    pub key_plain: bool,
    pub value: Node,
}

pub(super) fn empty(file: &str) -> Finding {
    Finding::of(Rule::FileSyntax, "is empty").in_file(file).hint("write what belongs there, or name another file")
}

pub(super) fn too_deep(file: &str, at: Position) -> Finding {
    Finding::of(Rule::FileSyntax, format!("is nested more than {MAX_DEPTH} levels deep")).at(file, at)
}
/// What a boolean means, however it is written.
pub(in crate::domain) fn is_true(written: &str) -> bool {
    written.eq_ignore_ascii_case("true")
}
