//! YAML as events, each with its place: saphyr-parser's own, for one kind of input.
//!
//! Its parser is generic, and so is compiled where it is used, as small as all of this program is. Compiled here, it is
//! made for speed: of what it takes to check a template, half is reading it.

#![forbid(unsafe_code)]

pub use saphyr_parser::{Event, ScalarStyle, ScanError, Span, Tag};
use saphyr_parser::{Parser, StrInput};

/// The events of a text.
pub struct Events<'t>(Parser<'t, StrInput<'t>>);

impl<'t> Events<'t> {
    pub fn of(text: &'t str) -> Self {
        Self(Parser::new_from_str(text))
    }
}

impl<'t> Iterator for Events<'t> {
    type Item = Result<(Event<'t>, Span), ScanError>;

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
