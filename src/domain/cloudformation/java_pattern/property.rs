//! `\p{...}`: categories, scripts, blocks and Java's own sets.

use super::char_set::CharSet;
use super::characters;
use super::parser::{Parsed, Parser, flag};

impl Parser {
    /// `\p{Name}`, `\pL`, `\P{...}`, from the backslash on.
    pub(super) fn property(&mut self) -> Parsed<CharSet> {
        let place = self.reader.place();
        let negated = self.reader.raw(1) == Some('P');
        self.reader.skip(1);
        let name = self.property_name(place)?;
        let keys = self.keys(&name);
        let any_case = self.has(flag::ANY_CASE);
        let set = keys.iter().find_map(|key| characters::named(key, any_case));
        // Blocks do not change, nor does what is said of Latin-1
        self.uses_table |= !name.starts_with("In") && set.as_ref().is_some_and(CharSet::has_more_than_latin);
        match set {
            Some(set) if negated => Ok(set.negated()),
            Some(set) => Ok(set),
            None if keys.iter().any(|key| characters::is_newer(key)) => {
                self.undecided = Some(format!("Java 25 knows the property \"{name}\", Java 17 does not"));
                Ok(CharSet::default())
            }
            None => Err(self.refusal(place, format!("Java knows no property \"{name}\""), hint(&name))),
        }
    }

    fn property_name(&mut self, place: usize) -> Parsed<String> {
        if self.reader.next() != Some('{') {
            return match self.reader.read() {
                Some(one) => Ok(one.to_string()),
                None => Err(self.refusal(place, "a property has no name", "write for example \"\\p{L}\"")),
            };
        }
        self.reader.skip(1);
        let start = self.reader.place();
        let length = self.reader.from(start).take_while(|one| *one != '}').count();
        self.reader.skip(length);
        let name = self.reader.since(start);
        let is_closed = self.reader.raw(0).is_some();
        self.reader.skip(1);
        if name.is_empty() || !is_closed {
            let reason = if is_closed { "a property has no name" } else { "a property is not closed by \"}\"" };
            return Err(self.refusal(place, reason, "write for example \"\\p{L}\""));
        }
        Ok(name)
    }

    /// Where the table has what a name can mean, in Java's order.
    fn keys(&self, name: &str) -> Vec<String> {
        if let Some((kind, value)) = name.split_once('=') {
            return match kind.to_ascii_lowercase().as_str() {
                "sc" | "script" => vec![format!("sc/{}", value.to_uppercase())],
                "blk" | "block" => vec![format!("blk/{}", value.to_uppercase())],
                "gc" | "general_category" => vec![format!("p/{value}")],
                _ => Vec::new(),
            };
        }
        if let Some(block) = name.strip_prefix("In") {
            return vec![format!("blk/{}", block.to_uppercase())];
        }
        if let Some(name) = name.strip_prefix("Is") {
            let upper = name.to_uppercase();
            return vec![format!("is/{upper}"), format!("posix/{upper}"), format!("p/{name}"), format!("sc/{upper}")];
        }
        let own = format!("p/{name}");
        if self.has(flag::UNICODE_CLASSES) { vec![format!("posix/{}", name.to_uppercase()), own] } else { vec![own] }
    }
}

/// The long names of categories, which other engines take.
const CATEGORIES: [(&str, &str); 8] = [
    ("Letter", "L"),
    ("Lowercase_Letter", "Ll"),
    ("Uppercase_Letter", "Lu"),
    ("Mark", "M"),
    ("Number", "N"),
    ("Decimal_Number", "Nd"),
    ("Punctuation", "P"),
    ("Symbol", "S"),
];

fn hint(name: &str) -> String {
    let known = |key: &str| characters::named(key, false).is_some();
    let upper = name.to_uppercase();
    if let Some((_, short)) = CATEGORIES.iter().find(|(long, _)| *long == name) {
        return format!("write \"\\p{{{short}}}\"");
    }
    let mut capital = name.to_lowercase();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if known(&format!("p/{capital}")) {
        return format!("write \"\\p{{{capital}}}\"");
    }
    if known(&format!("is/{upper}")) || known(&format!("sc/{upper}")) {
        return format!("write \"\\p{{Is{name}}}\"");
    }
    if known(&format!("blk/{upper}")) {
        return format!("write \"\\p{{In{name}}}\"");
    }
    "properties are for example \\p{L}, \\p{Lower}, \\p{IsLatin}, \\p{InGreek}, \\p{IsAlphabetic}".to_owned()
}
