//! Reads a pattern as `java.util.regex.Pattern` does, and knows what that refuses.

use std::collections::BTreeMap;

use super::char_set::CharSet;
use super::characters;
use super::defect::{Defect, Refusal};
use super::reader::{LineEnds, Reader};
use super::syntax::{Comparison, Escaped, Node, Position};

/// Far more than anyone writes, far less than what our stack holds.
const MOST_NESTED: usize = 100;

pub(super) type Parsed<T> = Result<T, Defect>;

/// Java's own flags, by their letters in a pattern.
pub(super) mod flag {
    pub(crate) const UNIX_LINES: u8 = 1; // d
    pub(crate) const ANY_CASE: u8 = 2; // i
    pub(crate) const MULTILINE: u8 = 4; // m
    pub(crate) const DOT_ALL: u8 = 8; // s
    pub(crate) const UNICODE_CASE: u8 = 16; // u
    pub(crate) const COMMENTS: u8 = 32; // x
    pub(crate) const UNICODE_CLASSES: u8 = 64; // U
}

pub(super) struct Parser {
    pub(super) reader: Reader,
    pub(super) flags: u8,
    /// How many groups have been opened.
    pub(super) groups: usize,
    pub(super) names: BTreeMap<String, usize>,
    nested: usize,
    /// Whether anything refers to what a group matched.
    pub(super) has_references: bool,
    /// Whether `\b` stands in it as the flag `U` does not mean it.
    pub(super) has_boundaries: bool,
    /// Whether anything was taken from the table of characters that may differ between versions of Java.
    pub(super) uses_table: bool,
    /// What Java takes, or one of its versions, and what is not known here.
    pub(super) undecided: Option<String>,
}

/// A pattern that Java takes.
pub(super) struct Pattern {
    pub(super) root: Node,
    pub(super) groups: usize,
    pub(super) has_references: bool,
    /// Whether `\b` stands in it as the flag `U` does not mean it.
    pub(super) has_boundaries: bool,
    pub(super) uses_table: bool,
}

impl Pattern {
    pub(super) fn parse(pattern: &str) -> Parsed<Self> {
        let reader = Reader::of(pattern);
        let names = BTreeMap::new();
        let (flags, groups, nested) = (0, 0, 0);
        let (has_references, has_boundaries, uses_table, undecided) = (false, false, false, None);
        let mut parser =
            Parser { reader, flags, groups, names, nested, has_references, has_boundaries, uses_table, undecided };
        let root = parser.expression()?;
        if parser.reader.peek().is_some() {
            let hint = "write \"\\)\" for the character itself";
            return Err(parser.refusal(parser.reader.place(), "a \")\" closes nothing", hint));
        }
        let Parser { groups, has_references, has_boundaries, uses_table, undecided, .. } = parser;
        match undecided {
            Some(reason) => Err(Defect::Undecided(reason)),
            None => Ok(Self { root, groups, has_references, has_boundaries, uses_table }),
        }
    }
}

impl Parser {
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag == flag
    }

    pub(super) fn set_flags(&mut self, flags: u8) {
        self.flags = flags;
        let ends = if self.has(flag::UNIX_LINES) { LineEnds::Unix } else { LineEnds::All };
        self.reader.comments = self.has(flag::COMMENTS).then_some(ends);
    }

    pub(super) fn refusal(&self, place: usize, reason: impl Into<String>, hint: impl Into<String>) -> Defect {
        Defect::Refused(Refusal { reason: reason.into(), character: self.reader.character(place), hint: hint.into() })
    }

    pub(super) fn expression(&mut self) -> Parsed<Node> {
        let mut parts = vec![self.sequence()?];
        while self.reader.eat('|') {
            parts.push(self.sequence()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Alternatives(parts) })
    }

    fn sequence(&mut self) -> Parsed<Node> {
        let mut parts = Vec::new();
        while let Some(one) = self.reader.peek() {
            let node = match one {
                '|' | ')' => break,
                '(' => {
                    parts.extend(self.group()?);
                    continue;
                }
                '[' => Node::One(self.class(true)?),
                '^' | '$' | '.' => {
                    self.reader.skip(1);
                    self.meta(one)
                }
                '*' | '+' | '?' => {
                    let reason = format!("\"{one}\" has nothing to repeat");
                    let hint = format!("write \"\\{one}\" for the character itself");
                    return Err(self.refusal(self.reader.place(), reason, hint));
                }
                '\\' if matches!(self.reader.raw(1), Some('p' | 'P')) => Node::One(self.property()?),
                _ => self.literals(&mut parts)?,
            };
            parts.push(self.quantified(node)?);
        }
        Ok(Node::Sequence(parts))
    }

    fn meta(&self, one: char) -> Node {
        let unix = self.has(flag::UNIX_LINES);
        match (one, self.has(flag::MULTILINE)) {
            ('^', true) => Node::At(Position::LineStart { unix }),
            ('^', false) => Node::At(Position::Start),
            ('$', true) => Node::At(Position::LineEnd { unix }),
            ('$', false) => Node::At(Position::End { unix }),
            _ if self.has(flag::DOT_ALL) => Node::One(CharSet::all()),
            _ => {
                let ends = if unix { LineEnds::Unix } else { LineEnds::All };
                let set: Vec<_> = [0x0A, 0x0D, 0x85, 0x2028, 0x2029]
                    .into_iter()
                    .filter(|one| ends.contain(*one))
                    .map(|one| (one, one))
                    .collect();
                Node::One(CharSet::of(&set).negated())
            }
        }
    }

    /// A run of characters that stand for themselves: all but the last go into `parts`, for the last may be repeated.
    /// Or one escape that stands for something else. Before a "{" that has nothing to repeat Java sees an empty text.
    fn literals(&mut self, parts: &mut Vec<Node>) -> Parsed<Node> {
        let mut run = Vec::new();
        let mut before_last = self.reader.place();
        while let Some(one) = self.reader.peek() {
            let start = self.reader.place();
            match one {
                '*' | '+' | '?' | '{' => {
                    if run.len() > 1 {
                        self.reader.go_to(before_last);
                        run.pop();
                    }
                    break;
                }
                '$' | '.' | '^' | '(' | '[' | '|' | ')' => break,
                '\\' => {
                    if matches!(self.reader.raw(1), Some('p' | 'P')) {
                        break;
                    }
                    match self.escape()? {
                        Escaped::Character(point) => run.push(point),
                        Escaped::Other(node) if run.is_empty() => return Ok(node),
                        Escaped::Other(_) => {
                            self.reader.go_to(start);
                            break;
                        }
                    }
                }
                _ => {
                    self.reader.skip(1);
                    run.push(one.into());
                }
            }
            before_last = start;
        }
        let is_text = run.len() > 1;
        let last = run.pop();
        for point in run {
            let one = self.one_of_text(point, is_text);
            parts.push(one);
        }
        Ok(last.map_or(Node::Sequence(Vec::new()), |point| self.one_of_text(point, is_text)))
    }

    /// In a text, Java takes for a letter whatever counts as the same; alone, only for a letter that has another case.
    fn one_of_text(&mut self, point: u32, is_text: bool) -> Node {
        if is_text && self.has(flag::ANY_CASE | flag::UNICODE_CASE) {
            self.uses_table |= point > 0x7F;
            return Node::One(characters::same(point));
        }
        Node::One(self.single(point))
    }

    pub(super) fn single(&mut self, point: u32) -> CharSet {
        if !self.has(flag::ANY_CASE) {
            return CharSet::one(point);
        }
        if self.has(flag::UNICODE_CASE) {
            self.uses_table |= point > 0x7F;
            return if characters::is_cased(point) { characters::same(point) } else { CharSet::one(point) };
        }
        match u8::try_from(point) {
            Ok(letter) if letter.is_ascii_alphabetic() => {
                let both = [letter.to_ascii_lowercase(), letter.to_ascii_uppercase()].map(u32::from);
                CharSet::of(&both.map(|one| (one, one)))
            }
            _ => CharSet::one(point),
        }
    }

    pub(super) fn enter(&mut self) -> Parsed<()> {
        self.nested += 1;
        if self.nested <= MOST_NESTED {
            return Ok(());
        }
        Err(Defect::Undecided(format!("its groups and classes are nested deeper than {MOST_NESTED}")))
    }

    pub(super) fn leave(&mut self) {
        self.nested -= 1;
    }

    pub(super) fn comparison(&self) -> Comparison {
        match (self.has(flag::ANY_CASE), self.has(flag::UNICODE_CASE)) {
            (true, true) => Comparison::UnicodeCase,
            (true, false) => Comparison::AsciiCase,
            _ => Comparison::Exact,
        }
    }

    /// The number that a back reference means: as many digits as make one of a group that is there.
    pub(super) fn reference(&mut self, first: u32) -> usize {
        let mut number = first as usize;
        while let Some(digit) = self.reader.peek().and_then(|one| one.to_digit(10)) {
            let longer = number * 10 + digit as usize;
            if longer > self.groups {
                break;
            }
            number = longer;
            self.reader.skip(1);
        }
        number
    }
}
