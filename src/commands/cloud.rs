//! Which cloud a command speaks to: AWS, an offline world, or a model server.

use super::session::Session;
use crate::cli::Global;
use crate::cli::test::ModelServerArgs;
use crate::cloud::aws::Aws;
use crate::cloud::model_server::{Manners, ModelServer};
use crate::cloud::offline::Offline;
use crate::cloud::offline::world::World;
use crate::domain::finding::Finding;
use crate::domain::text::masking::{may_be_secret_header, secrets_of_header};
use crate::error::{Failure, Result};
use crate::output;
use crate::secrets;

/// Refuses an offline world where there is nothing that it could stand in for.
pub(super) fn only_aws(global: &Global, command: &str, harmless: &str) -> Result<()> {
    if global.offline.is_none() {
        return Ok(());
    }
    Err(Failure::invalid([Finding::error(format!("{command} speaks to AWS only"))
        .hint(format!("leave out --offline (MODELDEPLOY_OFFLINE); {harmless}"))]))
}

/// The offline world that was asked for, its variables put behind those of the process.
pub(super) fn offline(global: &Global, server: Option<ModelServer>, session: &mut Session) -> Result<Option<Offline>> {
    let Some(path) = &global.offline else { return Ok(None) };
    let world = World::read(path)?;
    Ok(Some(enter(world, server, session)))
}

pub(super) fn enter(world: World, server: Option<ModelServer>, session: &mut Session) -> Offline {
    for (name, value) in &world.environment {
        session.environment.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Offline::new(world, server)
}

/// The model server that was asked for.
pub(super) fn model_server(args: &ModelServerArgs) -> Option<ModelServer> {
    if let Some(url) = &args.model_url {
        secrets::learn_url(url.as_str());
    }
    let mut manners = Manners {
        health_path: args.health_path.clone(),
        invocations_path: args.invocations_path.clone(),
        chat_path: args.chat_path.clone(),
        headers: args.model_header.clone(),
    };
    for (name, value) in &mut manners.headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if may_be_secret_header(name.as_str(), &text) {
            value.set_sensitive(true);
            secrets::learn_all(&secrets_of_header(&text));
        }
    }
    args.model_url.clone().map(|url| ModelServer::new(url, manners))
}

pub(super) async fn connect(global: &Global) -> Result<Aws> {
    let region = global.region.clone().filter(|region| !region.is_empty());
    Aws::connect(region, |question| Box::pin(async move { output::ask(&question).await })).await
}
