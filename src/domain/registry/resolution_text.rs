//! What was resolved, as text for a terminal of 80 columns.

use jiff::Timestamp;

use crate::domain::registry::model_package::{Container, ModelPackage};
use crate::domain::registry::resolution::Resolution;
use crate::domain::text::page::Page;
use crate::domain::text::wrap::wrapped;

const WIDTH: usize = 80;
/// Where values begin, and where they do below a label that leaves them no room.
const LABEL: usize = 18;
const INDENT: usize = 4;

/// The text.
pub(crate) fn render(resolution: &Resolution) -> Page {
    let mut text = Text::default();
    let group = &resolution.group;
    if let Some(package) = &resolution.model_package {
        let how = if resolution.pinned { " (pinned)" } else { "" };
        text.head(&format!("{} version {}{how}", group.name, package.version));
        text.package(package);
    } else {
        text.head(&format!("{}: no version can be deployed", group.name));
        text.row("group", &group.arn);
    }
    if !resolution.passed_over.is_empty() {
        text.head("passed over");
    }
    for over in &resolution.passed_over {
        text.row(&format!("version {}", over.version), &format!("{}, {}", seconds(over.created_at), over.reason));
    }
    if resolution.more {
        text.head("  and older ones");
    }
    text.0
}

#[derive(Default)]
struct Text(Page);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.line(line.trim_end());
    }

    fn head(&mut self, head: &str) {
        self.line(head);
    }

    /// A label and its value. Prose is broken at words; a name never is, so that it can be copied.
    fn row(&mut self, label: &str, value: &str) {
        let label = format!("  {label}");
        let fits = value.contains(' ') || value.chars().count() <= WIDTH - LABEL;
        let (mut start, indent) = if fits && label.chars().count() < LABEL {
            (format!("{label:<LABEL$}"), LABEL)
        } else {
            self.line(&label);
            (" ".repeat(INDENT), INDENT)
        };
        for line in wrapped(value, WIDTH - indent) {
            self.line(&format!("{start}{line}"));
            start = " ".repeat(indent);
        }
    }

    fn known(&mut self, label: &str, value: Option<&String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.row(label, value);
        }
    }

    fn list(&mut self, label: &str, values: &[String]) {
        if !values.is_empty() {
            self.row(label, &values.join(", "));
        }
    }

    fn package(&mut self, package: &ModelPackage) {
        self.row("arn", &package.arn);
        self.known("description", package.description.as_ref());
        self.row("status", &package.status);
        self.row("registered", &seconds(package.created_at).to_string());
        self.known("registered by", package.created_by.as_ref());
        self.row("approval", &package.approval_status);
        self.known("because", package.approval_description.as_ref());
        if let Some(time) = package.last_modified_at {
            self.row("last modified", &seconds(time).to_string());
        }
        self.known("modified by", package.last_modified_by.as_ref());
        if let Some(cycle) = &package.life_cycle {
            self.row("life cycle", &format!("{}, {}", cycle.stage, cycle.status));
            self.known("because", cycle.description.as_ref());
        }
        self.known("domain", package.domain.as_ref());
        self.known("task", package.task.as_ref());
        self.known("KMS key", package.kms_key.as_ref());
        self.list("content types", &package.supported_content_types);
        self.list("answers", &package.supported_response_types);
        self.list("instance types", &package.supported_instance_types);
        self.known("sample payload", package.sample_payload.as_ref());
        for (at, container) in package.containers.iter().enumerate() {
            self.container(at + 1, container);
        }
        self.metrics(package);
        self.lineage(package);
    }

    fn container(&mut self, number: usize, container: &Container) {
        self.head(&format!("container {number}"));
        self.known("image", container.image.as_ref());
        self.known("digest", container.image_digest.as_ref());
        self.known("model data", container.model_data.as_ref());
        self.known("entity tag", container.model_data_etag.as_ref());
        self.list("more data", &container.more_data);
        self.list("variables", &container.environment);
    }

    fn metrics(&mut self, package: &ModelPackage) {
        if !package.metadata.is_empty() || !package.metrics.is_empty() {
            self.head("metrics and metadata");
        }
        for (name, value) in &package.metadata {
            self.row(name, value);
        }
        for report in &package.metrics {
            self.row(&report.kind, &report.uri);
        }
    }

    fn lineage(&mut self, package: &ModelPackage) {
        if package.lineage.is_empty() && package.source_uri.is_none() && package.model_card.is_none() {
            return;
        }
        self.head("lineage");
        for (name, value) in &package.lineage {
            self.row(name, value);
        }
        self.known("source", package.source_uri.as_ref());
        self.known("model card", package.model_card.as_ref());
    }
}

/// A time without its fractions of a second, for people.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_broken_at_words_and_a_name_never() {
        let mut text = Text::default();
        text.row("description", &"word ".repeat(30));
        assert!(text.0.to_string().lines().all(|line| line.chars().count() <= WIDTH), "{}", text.0);
        let mut text = Text::default();
        let name = "n".repeat(90);
        text.row("arn", &name);
        assert_eq!(text.0.to_string(), format!("  arn\n    {name}\n"));
    }
}
