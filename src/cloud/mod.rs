//! The questions and orders that the pipeline has for its cloud, answered by AWS or by the offline world.
//!
//! Commands speak to the traits of [`services`]. `setup`, `catalog` and `doctor` speak to [`aws::Aws`] itself: they look
//! after the accounts of the platform, which an offline world does not have. So does `status` for builds and stack sets.

mod answer;
pub mod aws;
mod described;
pub(crate) mod error;
mod http;
pub(crate) mod model_server;
pub mod offline;
mod pages;
mod services;
pub(crate) mod units;

pub(crate) use error::{CloudError, CloudResult};
pub(crate) use pages::Pages;
pub(crate) use services::MOST_ANSWER_BYTES;
pub(crate) use services::{
    AsyncOutput, Caller, Cloud, Endpoints, Invocation, Keys, ListedObject, ModelRegistry, Object, Organizations, Page,
    Repositories, Roles, Runtime, Storage, Streamed, Upload,
};
use services::{Incoming, session};
