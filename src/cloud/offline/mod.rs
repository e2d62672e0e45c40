//! The offline world: the whole pipeline on a laptop, with no account and no network.

mod arn_index;
mod deployment;
mod endpoints;
mod keys;
mod organization;
mod registry;
mod repositories;
mod runtime;
mod site;
mod storage;
pub mod world;
mod world_key;

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;

use self::world::World;
use super::model_server::ModelServer;
use super::{Caller, Cloud, CloudResult, Object};
use crate::domain::cloudformation::roll_out::RollOut;

/// A world that answers like a cloud, and that a roll-out changes.
#[derive(Debug)]
pub(crate) struct Offline {
    region: String,
    world: RefCell<World>,
    /// Objects in S3, which last as long as the command does.
    objects: RefCell<BTreeMap<String, Object>>,
    server: Option<ModelServer>,
}

impl Offline {
    /// A world whose endpoints answer from recordings, or through `server` if there is one.
    pub(crate) fn new(world: World, server: Option<ModelServer>) -> Self {
        Self { region: world.region.clone(), world: RefCell::new(world), objects: RefCell::default(), server }
    }

    /// The world as it is now.
    pub(crate) fn world(&self) -> Ref<'_, World> {
        self.world.borrow()
    }

    /// Puts what a template makes of a stage's parameters into an account; answers what became of each endpoint.
    pub(crate) fn deploy(&self, roll_out: &RollOut) -> Vec<String> {
        deployment::put(&mut self.world.borrow_mut(), roll_out)
    }
}

impl Cloud for Offline {}

impl Caller for Offline {
    fn region(&self) -> &str {
        &self.region
    }

    async fn account(&self) -> CloudResult<String> {
        Ok(self.world.borrow().caller.account.clone())
    }
}
