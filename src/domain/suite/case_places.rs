//! Where the cases of a suite stand in their file, and the fields of each.

use std::collections::BTreeMap;

use crate::domain::document::Node;
use crate::domain::finding::Position;

/// Deeper than any field that a message names.
const MOST_LEVELS: usize = 3;

/// A case's place, and those of its fields by their names: `load.rate`.
#[derive(Debug, Default)]
pub(crate) struct CasePlaces {
    case: Option<Position>,
    fields: BTreeMap<String, Position>,
}

impl CasePlaces {
    pub(crate) fn of(case: &Node) -> Self {
        let mut places = Self { case: Some(case.at), fields: BTreeMap::new() };
        places.add(case, "", MOST_LEVELS);
        places
    }

    fn add(&mut self, node: &Node, outer: &str, levels: usize) {
        for entry in node.as_map().unwrap_or_default().iter().filter(|_| levels > 0) {
            let name = format!("{outer}{}", entry.key);
            self.add(&entry.value, &format!("{name}."), levels - 1);
            self.fields.insert(name, entry.value.at);
        }
    }

    /// Where the field stands that a message speaks of first, else the case.
    pub(crate) fn of_message(&self, message: &str) -> Option<Position> {
        let is_name = |any: char| any.is_ascii_alphanumeric() || "_.".contains(any);
        let mut words = message.split(|any| !is_name(any)).map(|word| word.trim_end_matches('.'));
        words.find_map(|word| self.fields.get(word)).copied().or(self.case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_placed_at_the_field_that_it_speaks_of_or_at_the_case() {
        let case = Node::parse_yaml("name: a\nbody: x\nload:\n  rate: 5\n  duration: 7h\n", "t").expect("YAML");
        let places = CasePlaces::of(&case);
        for (message, line) in [
            ("has a load.duration of \"7h\"", 5),
            ("has a load in another mode", 4),
            ("expects a model_error and an answer at once", 1),
            ("needs one of body, body_file.", 2),
        ] {
            assert_eq!(places.of_message(message).map(|at| at.line), Some(line), "{message}");
        }
        assert_eq!(CasePlaces::default().of_message("has a body"), None);
    }
}
