//! Texts as people are shown them: printable, counted, cut, and without secrets.

pub(crate) mod count;
pub(crate) mod duration;
pub(crate) mod excerpt;
pub(crate) mod grapheme;
pub(crate) mod known_secrets;
pub(crate) mod masking;
pub(crate) mod page;
pub(crate) mod printable;
mod spelling;
pub(crate) mod wrap;
