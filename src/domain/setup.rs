//! What surrounds the projects of a data science account: what is there, what should be, and the steps between.

mod decision;
mod facts;
pub mod folder;
mod organization;
mod policies;
mod settings;
mod shape;
pub mod spec;
mod stack_set;

#[cfg(test)]
mod tests;

pub use decision::{Decision, Order, Step, Wishes, decide, model_data_bucket};
pub use facts::{ClassicRole, Facts, Holder, Home, Organization, Read, StackSetFacts};
pub use policies::POLICY_NAME;
pub use settings::{Place, Settings, StageAccounts, VERSION};
pub use stack_set::{StackSet, TEMPLATE, name as stack_set_name, rolled_out};
