//! What the tests share: a run of the binary that reads as a sentence, and an AWS of its own for every test.

mod aws;
mod gallery;
mod model_server;
mod project;
mod python;
mod repository;
mod run;
mod template;
mod terminal;

pub(crate) use aws::{ACCESS_KEY, SECRET_KEY, SESSION_TOKEN};
pub(crate) use aws::{AsyncResult, Aws, Deployment, Meddling, Protocol, RawAnswer, StreamedAnswer};
pub(crate) use gallery::Gallery;
pub(crate) use model_server::ModelServer;
pub(crate) use project::{BUILD_ID, ENDPOINT, GROUP, TEMPLATE, answers, cases};
pub(crate) use python::{any_python, test_python};
pub(crate) use repository::{WORLD, in_a_repository, in_world, read_from_project, world};
pub(crate) use run::{Outcome, Run, account_of, case_of, tells};
pub(crate) use template::{ACCOUNT, Template, actions, statements};
pub(crate) use terminal::on_a_terminal;
