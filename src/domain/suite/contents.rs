//! The files that a suite names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::suite::capture::sample::Sample;
use crate::domain::suite::dataset::source::Source;

/// What is in files, by the names that the suite gives them.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Bodies and schemas.
    pub whole: BTreeMap<String, Vec<u8>>,
    /// Datasets, which are read in parts.
    pub datasets: BTreeMap<String, Arc<dyn Source>>,
    /// The results of the run on the model before, where they take the place of those that the suite names.
    pub baseline: Option<(String, Vec<u8>)>,
    /// What was drawn of captured traffic, by the names of the cases.
    pub captures: BTreeMap<String, Arc<Sample>>,
}
