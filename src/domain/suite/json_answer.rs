//! An answer in JSON, with its size told before it is taken into memory: there, a value takes up to a hundred times the
//! bytes that it takes on the way.

use std::collections::HashMap;
use std::ptr;

use serde_json::Value;

use crate::domain::document::{fitting, json_document, long_digits};
use crate::domain::suite::event_stream::Event;
use crate::domain::suite::number::Exact;
use crate::domain::text::excerpt::cut;

/// A million rows of four numbers, and as much as a gigabyte of memory holds in any case.
const MOST_VALUES: u64 = 5_000_000;

/// What an answer holds.
#[derive(Debug)]
pub(crate) struct JsonAnswer {
    /// In a place of its own, since `long` knows its parts by where they are.
    pub(crate) value: Box<Value>,
    /// The digits of whole numbers that are too long for a value, by its address.
    long: HashMap<usize, String>,
    /// At most so many values, one within the other counted each.
    pub(crate) values: u64,
    /// At most so many levels.
    pub(crate) depth: u64,
}

impl JsonAnswer {
    /// Reads an answer.
    ///
    /// # Errors
    /// Why it is not JSON, or too large, in words that begin with "expected".
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (values, depth) = extent(bytes);
        if values > MOST_VALUES {
            return Err(format!("expected JSON of at most {MOST_VALUES} values, got {values}"));
        }
        let value = json_document(bytes)
            .map_err(|error| format!("expected JSON, got \"{}\" ({error})", cut(&String::from_utf8_lossy(bytes))))?;
        Ok(Self::of(value, values, depth).knowing(&long_numbers(bytes)))
    }

    /// Reads an answer of several documents, such as JSON Lines or the events of a stream, as a list of them.
    ///
    /// # Errors
    /// Which is not JSON, or that there are too many values, in words that begin with "expected".
    pub(crate) fn of_documents<'t>(
        texts: impl Iterator<Item = &'t str>,
        read: impl Fn(usize, &str) -> Result<Value, String>,
    ) -> Result<Self, String> {
        let (mut list, mut long, mut values, mut depth) = (Vec::new(), Vec::new(), 1, 1);
        for (at, text) in texts.enumerate() {
            let (more, levels) = extent(text.as_bytes());
            (values, depth) = (values + more, depth.max(levels + 1));
            if values > MOST_VALUES {
                return Err(format!("expected JSON of at most {MOST_VALUES} values, got more"));
            }
            list.push(read(at, text)?);
            let numbers = long_numbers(text.as_bytes()).into_iter();
            long.extend(numbers.map(|(place, digits)| (format!("/{at}{place}"), digits)));
        }
        Ok(Self::of(Value::Array(list), values, depth).knowing(&long))
    }

    /// Reads JSON Lines.
    ///
    /// # Errors
    /// Which line is not JSON.
    pub(crate) fn of_lines(text: &str) -> Result<Self, String> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Self::of_documents(lines, |at, line| {
            json_document(line.as_bytes())
                .map_err(|error| format!("expected JSON on line {}, got \"{}\" ({error})", at + 1, cut(line)))
        })
    }

    /// Reads the data of events: JSON where it is some, else the text of it.
    ///
    /// # Errors
    /// There are too many values.
    pub(crate) fn of_events(events: &[Event]) -> Result<Self, String> {
        let data = events.iter().filter_map(Event::data);
        Self::of_documents(data, |_, data| Ok(json_document(data.as_bytes()).unwrap_or_else(|_| data.into())))
    }

    fn of(value: Value, values: u64, depth: u64) -> Self {
        Self { value: Box::new(value), long: HashMap::new(), values, depth }
    }

    fn knowing(mut self, numbers: &[(String, String)]) -> Self {
        for (place, digits) in numbers {
            if let (Some(node), Some(whole)) = (self.value.pointer_mut(place), fitting(digits)) {
                *node = whole;
            }
        }
        let long = numbers.iter().filter(|(_, digits)| fitting(digits).is_none());
        let at = |(place, digits): &(String, String)| Some((address(self.value.pointer(place)?), digits.clone()));
        self.long = long.filter_map(at).collect();
        self
    }

    /// The digits of a whole number in it that is too long for a value.
    pub(crate) fn digits(&self, node: &Value) -> Option<&str> {
        if self.long.is_empty() { None } else { self.long.get(&address(node)).map(String::as_str) }
    }

    /// The number that a part of it is.
    pub(crate) fn number(&self, node: &Value) -> Option<Exact> {
        let number = node.as_number()?;
        self.digits(node).map_or_else(|| Some(Exact::of(number)), Exact::of_text)
    }

    /// A part of it as JSON, with all digits.
    pub(crate) fn text(&self, node: &Value) -> String {
        match node {
            _ if self.long.is_empty() => node.to_string(),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.text(item)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(fields) => {
                let field =
                    |(key, value): (&String, &Value)| format!("{}:{}", Value::from(key.as_str()), self.text(value));
                let fields: Vec<String> = fields.iter().map(field).collect();
                format!("{{{}}}", fields.join(","))
            }
            _ => self.digits(node).map_or_else(|| node.to_string(), str::to_owned),
        }
    }
}

fn address(node: &Value) -> usize {
    ptr::from_ref(node).addr()
}

/// Whole numbers that are too long for a value: where each is, as a JSON Pointer, and its digits. The text is JSON.
pub(crate) fn long_numbers(bytes: &[u8]) -> Vec<(String, String)> {
    const SHORTEST: usize = 16;
    if !bytes.chunk_by(|one, next| one.is_ascii_digit() && next.is_ascii_digit()).any(|run| run.len() >= SHORTEST) {
        return Vec::new();
    }
    let mut found = Vec::new();
    // Of each level: the key or the number of the part at hand, and whether it is a list.
    let mut levels: Vec<(String, usize, bool)> = Vec::new();
    let mut key = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => {
                while let Some(inner) = bytes.get(at).filter(|inner| **inner != b'"') {
                    at += if *inner == b'\\' { 2 } else { 1 };
                }
                at += 1;
                key = bytes.get(start..at).and_then(|text| serde_json::from_slice::<String>(text).ok());
            }
            b':' => levels.last_mut().into_iter().for_each(|level| level.0 = key.take().unwrap_or_default()),
            b'[' | b'{' => levels.push((String::new(), 0, *byte == b'[')),
            b']' | b'}' => _ = levels.pop(),
            b',' => levels.last_mut().into_iter().for_each(|level| level.1 += 1),
            b'-' | b'0'..=b'9' => {
                while bytes.get(at).is_some_and(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)) {
                    at += 1;
                }
                if let Some(digits) = std::str::from_utf8(&bytes[start..at]).ok().and_then(long_digits) {
                    found.push((pointer(&levels), digits));
                }
            }
            _ => {}
        }
    }
    found
}

/// RFC 6901
fn pointer(levels: &[(String, usize, bool)]) -> String {
    let step = |(key, number, is_list): &(String, usize, bool)| {
        if *is_list { format!("/{number}") } else { format!("/{}", key.replace('~', "~0").replace('/', "~1")) }
    };
    levels.iter().map(step).collect()
}

/// How many values and levels a text in JSON has at most.
pub(crate) fn extent(bytes: &[u8]) -> (u64, u64) {
    let (mut values, mut depth, mut deepest) = (1, 0_u64, 1);
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                while let Some(inner) = rest.next().filter(|inner| **inner != b'"') {
                    if *inner == b'\\' {
                        rest.next();
                    }
                }
            }
            b',' => values += 1,
            b'[' | b'{' => {
                (values, depth) = (values + 1, depth + 1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (values, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_is_told_without_reading_values() {
        for (text, values, depth) in [
            ("1", 1, 1),
            ("[]", 2, 1),
            (r#"{"a": [1, "[,\",["], "b": {}}"#, 6, 2),
            ("[[[]]]", 4, 3),
            ("]]][", 2, 1),
            ("\"[[[", 1, 1),
        ] {
            assert_eq!(extent(text.as_bytes()), (values, depth), "{text}");
        }
    }

    #[test]
    fn a_whole_number_keeps_its_digits_however_long_it_is() {
        let text = r#"{"a,[": {"~/": [1, 123456789012345678901, {"x": "\"12345678901234567890123"}, [-98765432109876543210]]},
            "b": 12345678901234567890123.5, "c": 1147250893347815425}"#;
        let answer = JsonAnswer::parse(text.as_bytes()).expect("JSON");
        let of = |place: &str| answer.digits(answer.value.pointer(place).expect(place));
        assert_eq!(of("/a,[/~0~1/1"), Some("123456789012345678901"));
        assert_eq!(of("/a,[/~0~1/3/0"), Some("-98765432109876543210"));
        assert_eq!((of("/b"), of("/c"), of("/a,[/~0~1/2/x")), (None, None, None));
        let alone = JsonAnswer::parse(b" 123456789012345678901 ").expect("JSON");
        assert_eq!(alone.digits(&alone.value), Some("123456789012345678901"));
    }

    #[test]
    fn an_answer_of_too_many_values_is_not_read() {
        let many = format!("[{}1]", "1,".repeat(5_000_000));
        let error = JsonAnswer::parse(many.as_bytes()).expect_err("too many");
        assert_eq!(error, "expected JSON of at most 5000000 values, got 5000002");
        let error = JsonAnswer::parse(b"{\"a\": 1, \"a\": 2}").expect_err("twice");
        assert!(error.ends_with("(the key \"a\" is there twice at line 1 column 12)"), "{error}");
        let error = JsonAnswer::parse(b"[1, NaN]").expect_err("no JSON");
        assert!(error.starts_with("expected JSON, got \"[1, NaN]\" ("), "{error}");
    }
}
