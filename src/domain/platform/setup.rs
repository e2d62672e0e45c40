//! What surrounds the projects of a data science account: what is there, what should be, and the steps between.

mod decision;
mod facts;
pub(crate) mod folder;
mod organization;
mod policies;
mod settings;
pub mod spec;
mod stack_set;
mod stack_set_steps;
mod steps;

#[cfg(test)]
mod tests;

pub(crate) use decision::{Decision, Order, Step, Wishes, model_data_bucket};
pub(crate) use facts::{ClassicRole, Facts, Holder, Home, Organization, Read, StackSetFacts};
pub(crate) use policies::POLICY_NAME;
pub(crate) use settings::{Place, Settings, VERSION};
pub(crate) use stack_set::{StackSet, TEMPLATE, name as stack_set_name, rolled_out};
pub(crate) use steps::decide;
