//! What a backslash begins.

use super::char_set::CharSet;
use super::characters;
use super::defect::Defect;
use super::parser::{Parsed, Parser, flag};
use super::syntax::{Escaped, Node, Position};

const BLANKS: [(u32, u32); 8] = [
    (0x09, 0x09),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x180E, 0x180E),
    (0x2000, 0x200A),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
];
const IDEOGRAPHIC_SPACE: (u32, u32) = (0x3000, 0x3000);
const LINE_ENDS: [(u32, u32); 3] = [(0x0A, 0x0D), (0x85, 0x85), (0x2028, 0x2029)];
const DIGITS: (u32, u32) = (0x30, 0x39);
const WORD: [(u32, u32); 4] = [DIGITS, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
const SPACE: [(u32, u32); 2] = [(0x09, 0x0D), (0x20, 0x20)];

impl Parser {
    /// An escape outside of classes, but for properties.
    pub(super) fn escape(&mut self) -> Parsed<Escaped> {
        let place = self.reader.place();
        if let Some(escaped) = self.shared_escape(false)? {
            return Ok(escaped);
        }
        let unicode = self.has(flag::UNICODE_CLASSES);
        let node = match self.reader.last() {
            Some(digit @ '1'..='9') => {
                let number = self.reference(digit as u32 - '0' as u32);
                self.reference_to(number)
            }
            Some('k') => {
                if self.reader.read() != Some('<') {
                    return Err(self.refusal(place, "\"\\k\" names no group", "write \"\\k<name>\""));
                }
                let name = self.group_name(place)?;
                let Some(number) = self.numbered(&name) else {
                    let hint = "name the group before what refers to it";
                    return Err(self.refusal(place, format!("no group before it is named \"{name}\""), hint));
                };
                self.reference_to(number)
            }
            // `\G` is where the last match ended, and there was none
            Some('A' | 'G') => Node::At(Position::Start),
            Some('z') => Node::At(Position::VeryEnd),
            Some('Z') => Node::At(Position::End { unix: self.has(flag::UNIX_LINES) }),
            Some('b') if self.reader.peek() == Some('{') && self.reader.raw(1) == Some('g') => {
                self.reader.skip(2);
                if self.reader.read() != Some('}') {
                    return Err(self.unknown_escape(place));
                }
                self.undecided = Some("Java fails at \"\\b{g}\" at the end of a value".to_owned());
                Node::Cluster
            }
            Some(letter @ ('b' | 'B')) => {
                self.uses_table |= unicode;
                self.has_boundaries |= !unicode;
                Node::At(Position::WordBoundary { unicode, negated: letter == 'B' })
            }
            Some('R') => Node::LineBreak,
            Some('X') => {
                self.uses_table = true;
                Node::Cluster
            }
            _ => return Err(self.unknown_escape(place)),
        };
        Ok(Escaped::Other(node))
    }

    fn reference_to(&mut self, group: usize) -> Node {
        self.has_references = true;
        Node::BackReference(group, self.comparison())
    }

    /// An escape in a class.
    pub(super) fn escape_in_class(&mut self, begins_range: bool) -> Parsed<Escaped> {
        let place = self.reader.place();
        match self.shared_escape(begins_range)? {
            Some(escaped) => Ok(escaped),
            None => Err(self.unknown_escape(place)),
        }
    }

    /// What is the same in a class and outside of one; nothing for what is not, then the cursor is after its letter.
    fn shared_escape(&mut self, begins_range: bool) -> Parsed<Option<Escaped>> {
        let place = self.reader.place();
        let letter = self.reader.raw(1);
        self.reader.skip(2);
        let Some(letter) = letter else {
            return Err(self.refusal(place, "it ends with a backslash", "write \"\\\\\" for the character itself"));
        };
        let point = match letter {
            'a' => 0x07,
            'e' => 0x1B,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' if begins_range => 0x0B,
            '0' => self.octal(place)?,
            'x' => self.hexadecimal(place)?,
            'u' => self.utf16(place)?,
            'c' => match self.reader.read() {
                Some(control) => u32::from(control) ^ 64,
                None => {
                    return Err(self.refusal(
                        place,
                        "\"\\c\" names no control character",
                        "write for example \"\\cA\"",
                    ));
                }
            },
            'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'v' | 'V' | 'w' | 'W' => {
                let set = self.predefined(letter.to_ascii_lowercase());
                let set = if letter.is_ascii_uppercase() { set.negated() } else { set };
                return Ok(Some(Escaped::Other(Node::One(set))));
            }
            'N' => self.character_name(place)?,
            'A' | 'B' | 'G' | 'R' | 'X' | 'Z' | 'b' | 'k' | 'z' | '1'..='9' => return Ok(None),
            letter if letter.is_ascii_alphabetic() => return Err(self.unknown_escape(place)),
            other => other.into(),
        };
        Ok(Some(Escaped::Character(point)))
    }

    fn predefined(&mut self, letter: char) -> CharSet {
        if self.has(flag::UNICODE_CLASSES)
            && let Some(set) = characters::named(&format!("u/{letter}"), false)
        {
            self.uses_table = true;
            return set;
        }
        match letter {
            'd' => CharSet::of(&[DIGITS]),
            'h' => CharSet::of(&BLANKS).union(&CharSet::of(&[IDEOGRAPHIC_SPACE])),
            's' => CharSet::of(&SPACE),
            'v' => CharSet::of(&LINE_ENDS),
            _ => CharSet::of(&WORD),
        }
    }

    fn unknown_escape(&self, place: usize) -> Defect {
        let letter = self.reader.from(place).nth(1).unwrap_or_default();
        let hint = match letter {
            'K' => "Java has no \"\\K\": write a look-behind, \"(?<=...)\"".to_owned(),
            'g' => "write \"\\1\" for what the first group matched, \"\\k<name>\" for a named one".to_owned(),
            'E' => "\"\\E\" ends what \"\\Q\" begins: leave it out".to_owned(),
            'i' => "write \"[a-zA-Z_:]\", which XML Schema means by it".to_owned(),
            'O' => "write \"(?s:.)\" for any character".to_owned(),
            letter if letter.is_ascii_digit() || "AbBGkRXZz".contains(letter) => {
                "it stands for no character: write it outside of the class".to_owned()
            }
            letter => format!("write \"{letter}\", or \"\\\\{letter}\" for a backslash before it"),
        };
        self.refusal(place, format!("\"\\{letter}\" is not an escape of Java, or not here"), hint)
    }

    fn character_name(&mut self, place: usize) -> Parsed<u32> {
        if self.reader.read() != Some('{') {
            let hint = "write \"[^\\n]\" for any character but the end of a line";
            return Err(self.refusal(place, "\"\\N\" names no character", hint));
        }
        while let Some(one) = self.reader.read() {
            if one == '}' {
                self.undecided = Some("the names of characters, \"\\N{...}\", are not known here".to_owned());
                return Ok(0);
            }
        }
        Err(self.refusal(place, "the name of a character is not closed by \"}\"", "write for example \"\\x{263A}\""))
    }

    fn digit(&mut self, radix: u32) -> Option<u32> {
        let digit = self.reader.peek()?.to_digit(radix)?;
        self.reader.skip(1);
        Some(digit)
    }

    fn octal(&mut self, place: usize) -> Parsed<u32> {
        let Some(mut number) = self.digit(8) else {
            return Err(self.refusal(
                place,
                "\"\\0\" without an octal number",
                "write \"\\x00\" for the character NUL",
            ));
        };
        let most = if number <= 3 { 2 } else { 1 };
        for _ in 0..most {
            let Some(digit) = self.digit(8) else { break };
            number = number * 8 + digit;
        }
        Ok(number)
    }

    fn hexadecimal(&mut self, place: usize) -> Parsed<u32> {
        let hint = "write two digits, as in \"\\x0A\", or \"\\x{...}\" with up to 10FFFF";
        if let Some(high) = self.digit(16) {
            return match self.digit(16) {
                Some(low) => Ok(high * 16 + low),
                None => Err(self.refusal(place, "\"\\x\" without two hexadecimal digits", hint)),
            };
        }
        let mut number = 0;
        let mut digits = 0;
        if self.reader.eat('{') {
            while let Some(digit) = self.digit(16) {
                (number, digits) = (number * 16 + digit, digits + 1);
                if number > 0x0010_FFFF {
                    return Err(self.refusal(place, "\"\\x{...}\" is above 10FFFF", hint));
                }
            }
            if digits > 0 && self.reader.read() == Some('}') {
                return Ok(number);
            }
        }
        Err(self.refusal(place, "\"\\x\" without a hexadecimal number", hint))
    }

    /// `\uXXXX`; two that are a pair of surrogates are one character.
    fn utf16(&mut self, place: usize) -> Parsed<u32> {
        let high = self.unit(place)?;
        let after = self.reader.place();
        if (0xD800..0xDC00).contains(&high) && self.reader.read() == Some('\\') && self.reader.read() == Some('u') {
            let low = self.unit(place)?;
            if (0xDC00..0xE000).contains(&low) {
                return Ok(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
        }
        self.reader.go_to(after);
        Ok(high)
    }

    fn unit(&mut self, place: usize) -> Parsed<u32> {
        let mut number = 0;
        for _ in 0..4 {
            let Some(digit) = self.digit(16) else {
                let text: String = self.reader.from(place).skip(2).take_while(|one| *one != '}').collect();
                let hint = match text.strip_prefix('{') {
                    Some(number) => format!("write \"\\x{{{number}}}\""),
                    None => "write four digits, as in \"\\u00E9\", or \"\\x{...}\" with up to 10FFFF".to_owned(),
                };
                return Err(self.refusal(place, "\"\\u\" without four hexadecimal digits", hint));
            };
            number = number * 16 + digit;
        }
        Ok(number)
    }
}
