//! Captured traffic: what an endpoint was asked and answered, as SageMaker's data capture keeps it, sent to another model
//! and compared.

pub(crate) mod answer;
pub mod case;
pub(crate) mod comparison;
pub(crate) mod draw;
pub(crate) mod metrics;
pub(crate) mod reader;
pub mod record;
pub(crate) mod request;
pub mod sample;
pub(crate) mod shift;
pub(crate) mod spec;
pub mod window;
