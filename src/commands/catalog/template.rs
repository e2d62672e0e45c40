//! The template that is rendered and imported.

use super::settings::Settings;
use crate::cloud::Storage;
use crate::cloud::aws::Aws;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::digest::sha256;
use crate::domain::finding::{Finding, Severity};
use crate::domain::platform::catalog::placement;
use crate::domain::platform::project_template::{ProjectTemplate, bucket_finding};
use crate::error::{Failure, Result};

/// Its text.
pub(super) fn render(template: &ProjectTemplate) -> Result<String> {
    let findings = template.findings();
    if !findings.is_empty() {
        return Err(Failure::invalid(findings));
    }
    template
        .render()
        .map_err(|error| Failure::failed(Finding::error("cannot render the project template").cause(error.to_string())))
}

/// What is imported.
pub(super) struct Template {
    pub(super) text: String,
    pub(super) digest: String,
    pub(super) bucket: String,
    /// The seed zip that its projects start from, where that is not asked of each.
    pub(super) seed: Option<S3Uri>,
}

/// The rendered template; all that is wrong with the flags is said at once.
pub(super) fn template(settings: &Settings) -> Result<Template> {
    let mut findings: Vec<Finding> = placement::prefix_finding(&settings.prefix).into_iter().collect();
    findings.extend(settings.bucket.as_deref().and_then(bucket_finding));
    if settings.is_in_s3 {
        findings.extend(placement::file_name(&settings.product).err());
    }
    for (flag, value, most) in [("--portfolio", &settings.portfolio, 100), ("--product", &settings.product, 8191)] {
        if value.trim().is_empty() || value.chars().count() > most {
            findings
                .push(Finding::error(format!("{flag} has to have 1 to {most} characters")).hint("give another name"));
        }
    }
    let rendered = match render(&settings.template) {
        Ok(text) => Some(text),
        Err(failure) => {
            findings.extend(failure.findings);
            None
        }
    };
    let bucket = settings.bucket.clone().or_else(|| settings.template.seed_bucket.clone());
    let (Some(text), Some(bucket), true) = (rendered, bucket, findings.is_empty()) else {
        return Err(Failure::invalid(findings));
    };
    let seed = settings.template.seed_bucket.clone().zip(settings.template.seed_key.clone());
    let seed = seed.map(|(bucket, key)| S3Uri { bucket, key });
    Ok(Template { digest: sha256(text.as_bytes()), text, bucket, seed })
}

/// That projects will find no seed; only a look tells, since the template is good without.
pub(super) async fn seed_doubts(template: &Template, aws: &Aws) -> Vec<Finding> {
    let Some(seed) = &template.seed else { return Vec::new() };
    match aws.has_object(seed).await {
        Ok(true) => Vec::new(),
        Ok(false) => vec![
            Finding::warning(format!("seed zip {seed} is not there, or you may not see it"))
                .cause("a project that is created without it fails")
                .hint("upload it with \"modeldeploy seed upload\", and give the key that it prints"),
        ],
        Err(error) => {
            let finding = error.finding(format!("whether seed zip {seed} is there is not known"));
            vec![Finding { severity: Severity::Warning, ..finding }]
        }
    }
}
