//! Rules of `DataCaptureConfig`, and of role ARNs, which are written beside it.

use super::super::finding::Finding;
use super::super::finding::rule::Rule;
use super::deployment::{Deployment, ENDPOINT_CONFIG, MODEL, Resource, SCALABLE_TARGET, called};
use crate::domain::cloudformation::evaluation::value::{Data, Evaluated};
use crate::domain::cloudformation::intrinsic::{Call, Function};

/// Whether a config is sure to capture data.
pub(super) fn captures(config: &Resource<'_>) -> bool {
    let Some(capture) = config.properties.get("DataCaptureConfig") else { return false };
    let off = capture.get("EnableCapture").is_some_and(|one| !one.is_true());
    matches!(capture.data, Data::Map(_)) && !off
}

pub(super) fn check(deployment: &mut Deployment<'_>) {
    for config in deployment.all(ENDPOINT_CONFIG) {
        if let Some(capture) = config.properties.get("DataCaptureConfig") {
            check_capture(deployment, &config, capture);
        }
    }
    for (kind, property) in
        [(MODEL, "ExecutionRoleArn"), (ENDPOINT_CONFIG, "ExecutionRoleArn"), (SCALABLE_TARGET, "RoleARN")]
    {
        for resource in deployment.all(kind) {
            role(deployment, &resource, property);
        }
    }
}

fn check_capture(deployment: &mut Deployment<'_>, config: &Resource<'_>, capture: &Evaluated) {
    let name = called(config);
    let header = capture.get("CaptureContentTypeHeader");
    let listed = |key: &str| header.and_then(|header| header.get(key)).is_some();
    let named = listed("CsvContentTypes") || listed("JsonContentTypes");
    if captures(config) && !named && header.is_none_or(|header| matches!(header.data, Data::Map(_))) {
        let what = format!("{name} captures data without CaptureContentTypeHeader");
        let finding = Finding::of(Rule::CaptureContentType, what)
            .cause("SageMaker then stores every payload as base64")
            .hint("list the content types under CsvContentTypes and JsonContentTypes");
        deployment.add(finding, capture.at);
    }
}

/// An ARN that names a partition, in a template that goes to accounts of any.
fn role(deployment: &mut Deployment<'_>, resource: &Resource<'_>, property: &str) {
    let Some(value) = resource.properties.get(property) else { return };
    let Some(text) = value.text() else { return };
    // An ARN that a parameter brings is the config's, which is the stage's own
    let written = resource.node.get("Properties").and_then(|node| node.get(property));
    if matches!(written.and_then(Call::of), Some(Call { function: Function::Ref(_), .. })) {
        return;
    }
    let shown = text.to_string();
    let partition =
        shown.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam:")).map(|(partition, _)| partition);
    if let Some(partition) = partition.filter(|partition| partition.starts_with("aws")) {
        let what = format!("{} has {property} in the fixed partition \"{partition}\"", called(resource));
        let hint = "write ${AWS::Partition} with !Sub, so that it works in every partition";
        deployment.add(Finding::of(Rule::RolePartition, what).hint(hint), value.at);
    }
}
