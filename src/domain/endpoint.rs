//! Endpoints in target accounts: whether they can be tested, and which model they really serve.

mod change;
mod image;
mod live;
mod model_data;
mod running;
mod status;
mod variant;

pub(crate) use change::changes;
pub(crate) use image::{ImageComparison, compare_images, registered_containers};
pub(crate) use live::{LiveAs, Serves, compare};
pub(crate) use model_data::data_beside;
pub(crate) use running::{Capacity, DeployedImage, RunningVariant};
pub(crate) use status::{DataCapture, Endpoint, MAX_NAME_LENGTH, Readiness, explain, readiness};
pub(crate) use variant::{
    InferenceComponent, InstancePool, LiveContainer, Part, Served, ServedModel, Sizing, Specification, Variant,
    VariantConfig, follow, part_name,
};
