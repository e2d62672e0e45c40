//! What a test run found: results, and every report that is made of them.

pub(crate) mod contradiction;
pub(crate) mod counted_failures;
pub(crate) mod failure_kind;
pub(crate) mod html;
pub(crate) mod junit;
pub(crate) mod latency;
pub(crate) mod results;
pub(crate) mod summary;
pub(crate) mod timeline;
