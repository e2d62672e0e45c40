//! A pattern of Java taken apart.

use super::char_set::CharSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appetite {
    Greedy,
    Lazy,
    Possessive,
}

/// How a back reference compares letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Exact,
    /// Without regard to the case of the letters of ASCII.
    AsciiCase,
    UnicodeCase,
}

/// What stands between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Start,
    LineStart {
        unix: bool,
    },
    /// The end, or before the last end of a line.
    End {
        unix: bool,
    },
    LineEnd {
        unix: bool,
    },
    VeryEnd,
    WordBoundary {
        unicode: bool,
        negated: bool,
    },
}

#[derive(Debug)]
pub(super) enum Node {
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    /// One code point.
    One(CharSet),
    At(Position),
    /// `\R`
    LineBreak,
    /// `\X`
    Cluster,
    BackReference(usize, Comparison),
    /// `(...)` with its number, `(?:...)` without one.
    Group(Option<usize>, Box<Node>),
    /// `(?>...)`
    Atomic(Box<Node>),
    Ahead {
        negated: bool,
        inner: Box<Node>,
    },
    Behind {
        negated: bool,
        inner: Box<Node>,
        reach: Reach,
    },
    Repeat {
        inner: Box<Node>,
        least: i32,
        most: Option<i32>,
        appetite: Appetite,
    },
}

/// From how far back a look-behind is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) least: i32,
    pub(super) most: i32,
    /// Java counts in code points where the pattern holds one that takes two units of UTF-16, else in units.
    pub(super) in_points: bool,
}

/// What Java finds out of a part before it matches: how long a match can be, and whether there is but one way to match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) least: i32,
    pub(super) most: i32,
    /// What comes to `most`: Java begins its sum anew after alternatives.
    settled: i32,
    /// Whether there is a longest match.
    pub(super) has_most: bool,
    pub(super) one_way: bool,
}

const NOTHING: Extent = Extent { least: 0, most: 0, settled: 0, has_most: true, one_way: true };

impl Node {
    pub(super) fn extent(&self) -> Extent {
        let extent = self.after(NOTHING);
        Extent { most: extent.settled.wrapping_add(extent.most), settled: 0, ..extent }
    }

    /// How far a match reaches that has come as far as `before`.
    fn after(&self, before: Extent) -> Extent {
        match self {
            Self::Sequence(parts) => parts.iter().fold(before, |before, part| part.after(before)),
            Self::Alternatives(parts) => before.and(Self::any(parts)).settled(),
            Self::One(_) => before.and(Extent { least: 1, most: 1, ..NOTHING }),
            Self::LineBreak => before.and(Extent { least: 1, most: 2, ..NOTHING }),
            Self::BackReference(..) => Extent { has_most: false, ..before },
            Self::Group(_, inner) | Self::Atomic(inner) => inner.after(before),
            Self::At(_) | Self::Cluster | Self::Ahead { .. } | Self::Behind { .. } => before,
            Self::Repeat { inner, least, most, appetite } => inner.repeated(before, *least, *most, *appetite),
        }
    }

    fn any(parts: &[Self]) -> Extent {
        let mut any = Extent { least: i32::MAX, most: -1, one_way: false, ..NOTHING };
        for part in parts.iter().map(Self::extent) {
            any.least = any.least.min(part.least);
            any.most = any.most.max(part.most);
            any.has_most &= part.has_most;
        }
        any
    }

    /// Java's own sums, which go round where they are too large: `(?<=a*)` has a longest match, `(?<=(?:a)*)` none.
    fn repeated(&self, before: Extent, least: i32, most: Option<i32>, appetite: Appetite) -> Extent {
        let inner = self.extent();
        if (least, most) == (0, Some(1)) {
            let after = before.and(Extent { least: 0, one_way: false, ..inner });
            let is_branch = matches!(self, Self::Group(..)) && appetite != Appetite::Possessive;
            return if is_branch { after.settled() } else { after };
        }
        if matches!(self, Self::One(_)) && appetite == Appetite::Greedy && most.is_none() {
            return before.and(Extent { least, most: i32::MAX, one_way: false, ..NOTHING });
        }
        if matches!(self, Self::Group(..)) && appetite != Appetite::Possessive && !inner.one_way {
            return Extent { has_most: false, one_way: false, ..before };
        }
        let longest = inner.most.wrapping_mul(most.unwrap_or(i32::MAX)).wrapping_add(before.most);
        let shortest = inner.least.wrapping_mul(least).wrapping_add(before.least);
        Extent {
            least: if shortest < before.least { 0x0FFF_FFFF } else { shortest },
            most: longest,
            settled: before.settled,
            has_most: before.has_most && inner.has_most && longest >= before.most,
            one_way: before.one_way && inner.one_way && most == Some(least),
        }
    }
}

impl Extent {
    fn settled(self) -> Self {
        Self { most: 0, settled: self.settled.wrapping_add(self.most), ..self }
    }

    fn and(self, next: Self) -> Self {
        Self {
            least: self.least.wrapping_add(next.least),
            most: self.most.wrapping_add(next.most),
            settled: self.settled,
            has_most: self.has_most && next.has_most,
            one_way: self.one_way && next.one_way,
        }
    }
}

pub(super) enum Escaped {
    /// A character that stands for itself.
    Character(u32),
    Other(Node),
}
