//! The real binary, run as a user runs it: one file a subject, `support` for what they share.

#[path = "cli/support/mod.rs"]
mod support;

#[path = "cli/access.rs"]
mod access;
#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/arrays.rs"]
mod arrays;
#[path = "cli/artefacts.rs"]
mod artefacts;
#[path = "cli/baseline.rs"]
mod baseline;
#[path = "cli/bounds.rs"]
mod bounds;
#[path = "cli/brief.rs"]
mod brief;
#[path = "cli/build_aws.rs"]
mod build_aws;
#[path = "cli/build_faults.rs"]
mod build_faults;
#[path = "cli/build_offline.rs"]
mod build_offline;
#[path = "cli/captures.rs"]
mod captures;
#[path = "cli/catalog.rs"]
mod catalog;
#[path = "cli/catalog_import.rs"]
mod catalog_import;
#[path = "cli/chat.rs"]
mod chat;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/check_rules.rs"]
mod check_rules;
#[path = "cli/check_values.rs"]
mod check_values;
#[path = "cli/coming_from.rs"]
mod coming_from;
#[path = "cli/credentials.rs"]
mod credentials;
#[path = "cli/docs.rs"]
mod docs;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/echoes.rs"]
mod echoes;
#[path = "cli/fault_matrix.rs"]
mod fault_matrix;
#[path = "cli/gates.rs"]
mod gates;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/hosts.rs"]
mod hosts;
#[path = "cli/interface.rs"]
mod interface;
#[path = "cli/live_model.rs"]
mod live_model;
#[path = "cli/model_answers.rs"]
mod model_answers;
#[path = "cli/modes_aws.rs"]
mod modes_aws;
#[path = "cli/network.rs"]
mod network;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/permissions.rs"]
mod permissions;
#[path = "cli/platform.rs"]
mod platform;
#[path = "cli/process.rs"]
mod process;
#[path = "cli/rehearse.rs"]
mod rehearse;
#[path = "cli/rendering.rs"]
mod rendering;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/requests_aws.rs"]
mod requests_aws;
#[path = "cli/resolve.rs"]
mod resolve;
#[path = "cli/schemas.rs"]
mod schemas;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/seed.rs"]
mod seed;
#[path = "cli/setup.rs"]
mod setup;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/status.rs"]
mod status;
#[path = "cli/test_aws.rs"]
mod test_aws;
#[path = "cli/test_faults.rs"]
mod test_faults;
#[path = "cli/test_local.rs"]
mod test_local;
#[path = "cli/throttling.rs"]
mod throttling;
#[path = "cli/verify.rs"]
mod verify;
