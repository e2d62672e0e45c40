//! `modeldeploy status`: what is live in every account and Region of every stage; reads only.

mod endpoint;
mod found;
mod look;
mod settings;
mod stages;
mod versions;

use std::time::Duration;

use tokio::time::sleep;

use self::look::Look;
pub(super) use self::settings::Settings;
use super::interruption::{SignalGuard, unless_interrupted, until_interrupted};
use super::session::Session;
use super::stdout::{print, print_json, redraw};
use crate::cli::Format;
use crate::cloud::Cloud;
use crate::cloud::aws::Aws;
use crate::domain::finding::Finding;
use crate::domain::status::{StatusReport, changes};
use crate::domain::text::page::Page;
use crate::error::{Failure, Result};
use crate::files::{Pending, Readers};
use crate::output;
use crate::secrets::masked;

/// Reads all endpoints once, or again and again; `aws` is there unless the cloud is an offline world.
///
/// # Errors
/// Nobody calls, an endpoint could not be read, or stdout refuses.
pub(super) async fn run(settings: &Settings, session: &Session, cloud: &impl Cloud, aws: Option<&Aws>) -> Result<()> {
    let look = Look { settings, session, cloud, aws };
    if let Some(pause) = settings.watch {
        return watch(&look, pause).await;
    }
    // Before any call: nothing that is read is to be lost.
    let html = settings.html.as_deref().map(|path| Pending::at(path, Readers::AsUsual)).transpose()?;
    let report = until_interrupted(Box::pin(look.report())).await?;
    if let Some(file) = html {
        let page = report.html().map_err(|error| {
            Failure::failed(Finding::error("cannot render the page as HTML").cause(error.to_string()))
        })?;
        file.put(masked(&page).as_bytes())?;
    }
    match session.console.format {
        Format::Json => print_json(&format!("{:#}\n", serde_json::to_value(&report).unwrap_or_default()))?,
        Format::Text => print(&report.page(session.console.paper().width), session)?,
    }
    report.unread().map_or(Ok(()), |unread| {
        let finding = Finding::error(format!("{unread} could not be read"));
        Err(Failure::failed(finding.hint("the reasons are beside them; \"modeldeploy doctor\" looks for their causes")))
    })
}

/// Reads until a signal comes, which is how this is meant to end.
async fn watch<C: Cloud>(look: &Look<'_, C>, pause: Duration) -> Result<()> {
    let _signals = SignalGuard::graceful();
    let session = look.session;
    let mut before: Option<StatusReport> = None;
    loop {
        let Ok(read) = unless_interrupted(Box::pin(look.report())).await else { return Ok(()) };
        let report = read?;
        let page = || report.page(session.console.paper().width);
        match &before {
            _ if output::stdout_is_a_terminal() => redraw(&page(), session)?,
            None => print(&page(), session)?,
            Some(before) => {
                let changes = changes(before, &report).into_iter().map(|change| format!("{} {change}", report.at()));
                let changes: Vec<String> = changes.collect();
                if !changes.is_empty() {
                    print(&changes.into_iter().collect::<Page>(), session)?;
                }
            }
        }
        if output::data_is_given_up() || unless_interrupted(sleep(pause)).await.is_err() {
            return Ok(());
        }
        before = Some(report);
    }
}
