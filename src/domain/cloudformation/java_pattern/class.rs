//! `[...]`, with what Java makes of unions and intersections in it.

use super::char_set::CharSet;
use super::characters;
use super::parser::{Parsed, Parser, flag};
use super::syntax::{Escaped, Node};

/// What a class holds. Java keeps all single characters of Latin-1 in one place, also those that come after a `&&`.
#[derive(Clone)]
enum Members {
    Singles,
    Set(CharSet),
    Union(Box<Members>, Box<Members>),
    Intersection(Box<Members>, Box<Members>),
}

impl Members {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Set(one), Self::Set(other)) => Self::Set(one.union(&other)),
            (one, other) => Self::Union(Box::new(one), Box::new(other)),
        }
    }

    fn set(&self, singles: &CharSet) -> CharSet {
        match self {
            Self::Singles => singles.clone(),
            Self::Set(set) => set.clone(),
            Self::Union(one, other) => one.set(singles).union(&other.set(singles)),
            Self::Intersection(one, other) => one.set(singles).intersection(&other.set(singles)),
        }
    }
}

/// A class that is being read.
#[derive(Default)]
struct Open {
    members: Option<Members>,
    /// What was read last, but for single characters.
    last: Option<Members>,
    singles: CharSet,
    /// Whether there are single characters that are not yet among the members.
    has_singles: bool,
}

impl Open {
    fn add(&mut self, more: Members) {
        self.last = Some(more.clone());
        self.members = Some(match self.members.take() {
            None => more,
            Some(members) => members.with(more),
        });
    }

    fn take_singles_in(&mut self) {
        if self.has_singles {
            if self.members.is_none() {
                self.last = Some(Members::Singles);
            }
            self.members = Some(match self.members.take() {
                None => Members::Singles,
                Some(members) => members.with(Members::Singles),
            });
            self.has_singles = false;
        }
    }
}

impl Parser {
    /// A class from its `[` on, or what stands right of a `&&`, up to the `]` that is left to the class around it.
    pub(super) fn class(&mut self, is_whole: bool) -> Parsed<CharSet> {
        let opened = self.reader.place();
        self.enter()?;
        let mut open = Open::default();
        let mut one = if is_whole { self.reader.next() } else { self.reader.peek() };
        let negated = is_whole && one == Some('^') && self.reader.last() == Some('[');
        if negated {
            one = self.reader.next();
        }
        loop {
            match one {
                Some('[') => {
                    let inner = self.class(true)?;
                    open.add(Members::Set(inner));
                }
                Some('&') if self.is_intersection() => self.intersection(&mut open, opened)?,
                Some(']') if open.members.is_some() || open.has_singles => {
                    self.leave();
                    self.reader.skip(usize::from(is_whole));
                    open.take_singles_in();
                    let set = open.members.map(|members| members.set(&open.singles)).unwrap_or_default();
                    return Ok(if negated { set.negated() } else { set });
                }
                None => {
                    let hint = "close it, or write \"\\[\" for the character itself";
                    return Err(self.refusal(opened, "a class, \"[...]\", is not closed", hint));
                }
                Some(_) => {
                    if let Some(set) = self.range(&mut open)? {
                        open.add(Members::Set(set));
                    } else {
                        open.has_singles = true;
                        open.last = None;
                    }
                }
            }
            one = self.reader.peek();
        }
    }

    /// Whether a second `&` follows; a single one is a character like any other. Java goes one back to read it, and so
    /// misses it in comments mode where white space follows.
    fn is_intersection(&mut self) -> bool {
        let follows = self.reader.next() == Some('&');
        if !follows {
            self.reader.go_to(self.reader.place() - 1);
        }
        follows
    }

    fn intersection(&mut self, open: &mut Open, opened: usize) -> Parsed<()> {
        let mut one = self.reader.next();
        let mut right: Option<CharSet> = None;
        while !matches!(one, Some(']' | '&')) {
            let more = self.class(one == Some('['))?;
            right = Some(right.map_or_else(|| more.clone(), |right| right.union(&more)));
            one = self.reader.peek();
        }
        open.take_singles_in();
        if let Some(right) = right {
            open.last = Some(Members::Set(right));
        }
        match (open.members.take(), open.last.clone()) {
            (Some(left), Some(right)) => open.members = Some(Members::Intersection(Box::new(left), Box::new(right))),
            (None, Some(right)) => open.members = Some(right),
            (None, None) => {
                let hint = "write \"\\&\" for the character itself";
                return Err(self.refusal(opened, "\"&&\" has a class on neither side", hint));
            }
            (Some(left), None) => {
                open.members = Some(left);
                let reason = "Java 25 refuses the \"&&\" in a class, Java 17 takes it and fails at values";
                self.undecided = Some(reason.to_owned());
            }
        }
        Ok(())
    }

    /// A range, an escape, or a character that goes to the single ones.
    fn range(&mut self, open: &mut Open) -> Parsed<Option<CharSet>> {
        let place = self.reader.place();
        let point = match self.reader.peek() {
            Some('\\') if matches!(self.reader.raw(1), Some('p' | 'P')) => return self.property().map(Some),
            Some('\\') => {
                let begins_range = self.reader.raw(2) == Some('-');
                match self.escape_in_class(begins_range)? {
                    Escaped::Character(point) => point,
                    Escaped::Other(Node::One(set)) => return Ok(Some(set)),
                    Escaped::Other(_) => return Ok(None),
                }
            }
            one => {
                self.reader.skip(1);
                one.map_or(0, u32::from)
            }
        };
        if self.reader.peek() == Some('-') && !matches!(self.reader.raw(1), Some('[' | ']')) {
            return self.range_from(place, point).map(Some);
        }
        Ok(self.single_in_class(point, open))
    }

    fn range_from(&mut self, place: usize, first: u32) -> Parsed<CharSet> {
        let last = match self.reader.next() {
            Some('\\') => match self.escape_in_class(true)? {
                Escaped::Character(point) => Some(point),
                Escaped::Other(_) => None,
            },
            one => {
                self.reader.skip(1);
                one.map(u32::from)
            }
        };
        let Some(last) = last.filter(|last| *last >= first) else {
            let range = self.reader.since(place);
            let hint = "put the smaller one first, or write \"\\-\" for the hyphen itself";
            return Err(self.refusal(place, format!("\"{range}\" is not a range"), hint));
        };
        if !self.has(flag::ANY_CASE) {
            return Ok(CharSet::of(&[(first, last)]));
        }
        if self.has(flag::UNICODE_CASE) {
            self.uses_table |= last > 0x7F;
            return Ok(characters::same_as_range(first, last));
        }
        let cut = |from: u32, to: u32| (first.max(from), last.min(to));
        let mut ranges = vec![(first, last)];
        for ((from, to), moved) in [(cut(0x41, 0x5A), 0x20), (cut(0x61, 0x7A), -0x20)] {
            if from <= to {
                ranges.push((from.wrapping_add_signed(moved), to.wrapping_add_signed(moved)));
            }
        }
        Ok(CharSet::of(&ranges))
    }

    /// Java's table of single characters is of Latin-1, where each has its other case there too.
    fn single_in_class(&mut self, point: u32, open: &mut Open) -> Option<CharSet> {
        let folds_out = matches!(point, 0xFF | 0xB5 | 0x49 | 0x69 | 0x53 | 0x73 | 0x4B | 0x6B | 0xC5 | 0xE5);
        let set = self.single(point);
        if point > 0xFF || folds_out && self.has(flag::ANY_CASE | flag::UNICODE_CASE) {
            return Some(set);
        }
        open.singles = open.singles.union(&set);
        None
    }
}
