//! Where the bytes of a dataset come from.

use std::fmt::Debug;
use std::io::Read;

/// Bytes that can be read as often as it takes, from their beginning and a part at a time.
pub trait Source: Debug + Send + Sync {
    fn open(&self) -> Box<dyn Read + '_>;
}

impl Source for Vec<u8> {
    fn open(&self) -> Box<dyn Read + '_> {
        Box::new(self.as_slice())
    }
}
