//! A property that is to be rewritten.

use super::property::Form;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Position;

/// A property that names a file, or spells a place in S3 in a way that CloudFormation does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The resource's name in the template.
    pub resource: String,
    /// `Code`, `Command.ScriptLocation`
    pub property: String,
    pub at: Position,
    pub names: Named,
    /// Whether a single file has to be put into a zip archive.
    pub zip: bool,
    /// Whether the file is a template, which may name files itself.
    pub is_template: bool,
    /// Whether it is an asset of the CDK, which somebody else may publish.
    pub is_asset: bool,
    pub(super) spelling: Spelling,
}

/// Where a place is written down, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// In the stead of the value.
    Whole(Form),
    /// In texts within the value: the bucket and the key.
    Parts { bucket: Position, key: Position },
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A file or folder, relative to the template.
    Local(String),
    /// A place in S3, which the property wants as a mapping.
    Place(S3Uri),
}
