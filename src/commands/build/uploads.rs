//! What the template names, put into S3 before anything changes.

use super::super::project::Artefact;
use super::super::upload::{Destination, put_once};
use super::settings::Settings;
use crate::cloud::Storage;
use crate::error::Result;

/// What became of an artefact, or would become in a dry run.
#[derive(Debug)]
pub(super) struct Uploaded<'a> {
    pub(super) artefact: &'a Artefact,
    /// It was not there yet.
    pub(super) is_new: bool,
}

/// Looks which artefacts are there already, and uploads the others unless this is a dry run.
pub(super) async fn upload<'a>(
    artefacts: &'a [Artefact],
    settings: &Settings,
    cloud: &impl Storage,
) -> Result<Vec<Uploaded<'a>>> {
    let mut uploaded = Vec::new();
    for artefact in artefacts {
        let destination = Destination {
            place: &artefact.place,
            kms_key: settings.kms_key.as_deref(),
            setting: "--artifact-bucket (ARTIFACT_BUCKET)",
        };
        let is_new = put_once(cloud, &artefact.source, &artefact.bytes, destination, settings.dry_run).await?;
        uploaded.push(Uploaded { artefact, is_new });
    }
    Ok(uploaded)
}
