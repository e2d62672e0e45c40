//! `modeldeploy catalog import`: the project template where Studio finds it.

use super::settings::Settings;
use super::template::template;
use super::{product, studio};
use crate::cloud::aws::Aws;
use crate::commands::session::Session;
use crate::error::Result;

pub(in super::super) async fn run(settings: &Settings, session: &Session, aws: &Aws) -> Result<()> {
    let template = template(settings)?;
    if settings.is_in_s3 {
        Box::pin(studio::run(settings, &template, session, aws)).await
    } else {
        Box::pin(product::run(settings, &template, session, aws)).await
    }
}
