//! What has to hold whatever a person writes into a file that we read. `tests/fuzz.rs` holds what was once found to it.

pub mod cases;
pub mod config;
mod place;
pub mod template;
pub mod world;
