//! The real binary, run as a user runs it: one file a subject, `support` for what they share.

#[path = "cli/support/mod.rs"]
mod support;

#[path = "cli/rehearse.rs"]
mod rehearse;
