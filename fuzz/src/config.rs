//! Stage configs: whatever is read and has no finding reads back from either export with the same values.

use modeldeploy::domain::cloudformation::deployer::ExportFormat;
use modeldeploy::domain::project::stage_config::{ExportedConfig, Parameter, StageConfig};

use crate::place;

const FILE: &str = "staging-config.json";

pub fn holds(text: &str) {
    let (config, findings) = StageConfig::read(text, FILE);
    place::are_inside(&findings, FILE, text);
    let Some(config) = config.filter(|_| findings.is_empty()) else { return };
    let pairs = |list: Vec<Parameter>| list.into_iter().map(|one| (one.key, one.value)).collect();
    let exported = ExportedConfig { parameters: pairs(config.parameters), tags: pairs(config.tags) };
    let read = |format| ExportedConfig::parse(&exported.render(format), FILE);
    assert_eq!(read(ExportFormat::CloudFormation).as_ref(), Ok(&exported));
    let untagged = ExportedConfig { tags: Vec::new(), ..exported.clone() };
    assert_eq!(read(ExportFormat::StackSet), Ok(untagged));
}
