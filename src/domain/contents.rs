//! The files that a suite names.

use std::collections::BTreeMap;

/// Bytes of files, by the names that the suite gives them.
pub type Contents = BTreeMap<String, Vec<u8>>;
