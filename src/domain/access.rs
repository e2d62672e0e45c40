//! Access before the roll-out: whether every target account can deploy the package, read its data and pull its image.
//!
//! Across accounts both sides have to allow. Only the side of the resource is seen from the build's account; what the
//! target accounts allow their roles is not looked at here.

mod evidence;
mod image;
mod model_data;
mod question;
mod review;

pub use evidence::{
    BucketFacts, DataFacts, Evidence, ImageState, KeyFacts, KeyGrant, ObjectFacts, Reading, RepositoryFacts,
    RepositoryPolicy, StoredObject, Wanted,
};
pub(crate) use image::is_aws;
pub use image::{Image, Reference, Registry};
pub use review::{Gap, GroupSide, PolicyChange, Review, review};
