//! What is true of AWS without us: names, places, partitions, the organization and stack sets.

pub mod arn;
pub(crate) mod call_as;
pub(crate) mod organization;
pub(crate) mod partition;
pub mod s3_uri;
pub(crate) mod session_name;
pub(crate) mod stack_instance;
pub(crate) mod stack_operation;
