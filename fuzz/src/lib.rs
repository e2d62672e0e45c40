//! What has to hold whatever a person writes into a file that we read. `tests/fuzz.rs` holds what was once found to it.

pub mod answers;
mod bounds;
pub mod captures;
pub mod cases;
pub mod config;
pub mod expectations;
mod place;
pub mod policies;
pub mod records;
pub mod template;
pub mod world;
