//! What is live in every account and Region of every stage, beside the registry and the stack sets that deploy there.

mod change;
mod html;
mod page;
mod report;
mod row;

pub(crate) use change::changes;
pub(crate) use report::{StackSetStatus, StageStatus, StatusReport, Versions};
pub(crate) use row::{EndpointRow, Site};
