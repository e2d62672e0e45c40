//! The field's own nouns and rules: pure, without clock, environment, network or any AWS type.

pub mod approval;
pub mod arn;
pub mod build_plan;
pub mod digest;
pub mod document;
pub mod endpoint;
pub mod evaluation;
pub mod expectation;
pub mod finding;
pub mod group_policy;
pub mod junit;
pub mod latency;
pub mod load;
pub mod model_package;
pub mod organization;
pub mod release;
pub mod roll_out;
pub mod s3_uri;
pub mod session_name;
pub mod slo;
pub mod stage;
pub mod stage_config;
pub mod suite_spec;
pub mod template;
pub mod test_report;
pub mod test_suite;
