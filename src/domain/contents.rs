//! The files that a suite names.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dataset::source::Source;

/// What is in files, by the names that the suite gives them.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Bodies and schemas.
    pub whole: BTreeMap<String, Vec<u8>>,
    /// Datasets, which are read in parts.
    pub datasets: BTreeMap<String, Arc<dyn Source>>,
}
