//! Policies as IAM reads and evaluates them, for as much as can be known before the request is made.
//!
//! What is not known then (the network that a request comes from, the tags of a session) makes a verdict undecided,
//! with the reason; it is never guessed. Sources: IAM user guide, "Policy evaluation logic" and "IAM JSON policy
//! elements reference".

mod condition;
mod document;
mod element;
mod holds;
mod principal;
mod request;
mod role;
mod statement;
mod verdict;
mod wildcard;
mod written;

pub use document::Document;
pub(super) use element::texts;
pub use principal::Caller;
pub use request::{Key, Request};
pub use role::trusts;
pub(crate) use role::{Identity, role_name};
pub use verdict::{Allowance, Verdict};
pub use wildcard::Text;
pub(crate) use written::Written;
