//! Access before the roll-out: whether every target account can deploy the package, read its data and pull its image.
//!
//! Across accounts both sides have to allow. Only the side of the resource is seen from the build's account; what the
//! target accounts allow their roles is not looked at here.

mod evidence;
mod image;
mod model_data;
mod question;
mod review;

use clap::ValueEnum;
pub(crate) use evidence::{
    BucketFacts, DataFacts, Evidence, ImageState, KeyFacts, KeyGrant, ObjectFacts, Reading, RepositoryFacts,
    RepositoryPolicy, StoredObject, Wanted,
};
pub(crate) use image::is_aws;
pub(crate) use image::{Image, Reference, Registry};
pub(crate) use review::{GroupSide, Review, review};

/// What is made of access that the target accounts lack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AccessCheck {
    /// End with 1 before anything is written
    Error,
    /// Say it and go on
    #[default]
    Warn,
    /// Do not look
    Off,
}
