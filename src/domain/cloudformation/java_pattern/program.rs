//! A pattern as steps for the matcher.

use super::char_set::CharSet;
use super::parser::Pattern;
use super::syntax::{Appetite, Comparison, Node, Position, Reach};

/// A set that is asked often.
#[derive(Clone, Debug)]
pub(super) struct Members {
    ascii: u128,
    set: CharSet,
}

impl Members {
    fn of(set: CharSet) -> Self {
        let ascii = (0..128).filter(|point| set.contains(*point)).fold(0, |bits, point| bits | 1 << point);
        Self { ascii, set }
    }

    pub(super) fn contain(&self, point: u32) -> bool {
        if point < 128 { self.ascii >> point & 1 == 1 } else { self.set.contains(point) }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    One(Members),
    /// As many of one set as there are, each a way to go on.
    Many {
        set: Members,
        least: u32,
        most: u32,
        lazy: bool,
    },
    /// Goes on at the first, and at the second where that fails.
    Either(usize, usize),
    GoTo(usize),
    /// The start of a group, and its end; with the loop of which it is a round that is tried for itself.
    Open(usize),
    Close(usize, Option<usize>),
    At(Position),
    LineBreak,
    Cluster,
    BackReference(usize, Comparison),
    /// Begins to count.
    LoopStart(usize),
    /// Another round, which follows, or on at `after`; `apart` if each round is tried for itself.
    Loop {
        index: usize,
        after: usize,
        lazy: bool,
        apart: bool,
    },
    /// Begins a round.
    Round(usize),
    LoopEnd(usize),
    /// What follows up to an `End` is tried for itself, and only its first way to match: then on at `after`.
    Atomic {
        after: usize,
    },
    /// Likewise, again and again.
    Possessive {
        least: u32,
        most: u32,
        after: usize,
    },
    Ahead {
        negated: bool,
        after: usize,
    },
    Behind {
        negated: bool,
        reach: Reach,
        after: usize,
    },
    /// The end of what is tried for itself.
    End,
    /// The end of a look-behind, which must be where it began.
    EndBehind,
    /// The end of the pattern, which must be the end of the value.
    Accept,
}

/// How often a loop goes round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) least: u32,
    pub(super) most: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) loops: Vec<Bounds>,
    pub(super) groups: usize,
    /// Whether a way that failed once fails always: not where it depends on what a group matched.
    pub(super) has_references: bool,
    pub(super) has_boundaries: bool,
    pub(super) uses_table: bool,
}

impl Program {
    pub(super) fn of(pattern: &Pattern) -> Self {
        let (steps, loops) = (Vec::new(), Vec::new());
        let Pattern { groups, has_references, has_boundaries, uses_table, .. } = *pattern;
        let mut program = Self { steps, loops, groups, has_references, has_boundaries, uses_table };
        program.add(&pattern.root);
        program.push(Step::Accept);
        program
    }

    fn push(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    fn add(&mut self, node: &Node) {
        match node {
            Node::Sequence(parts) => parts.iter().for_each(|part| self.add(part)),
            Node::Alternatives(parts) => self.add_alternatives(parts),
            Node::One(set) => {
                self.push(Step::One(Members::of(set.clone())));
            }
            Node::At(position) => {
                self.push(Step::At(*position));
            }
            Node::LineBreak => {
                self.push(Step::LineBreak);
            }
            Node::Cluster => {
                self.push(Step::Cluster);
            }
            Node::BackReference(group, comparison) => {
                self.push(Step::BackReference(*group, *comparison));
            }
            Node::Group(number, inner) => self.add_group(*number, None, |program| program.add(inner)),
            Node::Atomic(inner) => self.add_apart(|program| program.add(inner)),
            Node::Ahead { negated, inner } => {
                let step = |after| Step::Ahead { negated: *negated, after };
                self.add_between(|program| program.add(inner), Step::End, step);
            }
            Node::Behind { negated, inner, reach } => {
                let step = |after| Step::Behind { negated: *negated, reach: *reach, after };
                self.add_between(|program| program.add(inner), Step::EndBehind, step);
            }
            Node::Repeat { inner, least, most, appetite } => {
                let bounds = Bounds { least: least.cast_unsigned(), most: most.map_or(u32::MAX, i32::cast_unsigned) };
                self.add_repeat(inner, bounds, *appetite);
            }
        }
    }

    /// What a group matched is kept for references only.
    fn add_group(&mut self, number: Option<usize>, round: Option<usize>, inner: impl FnOnce(&mut Self)) {
        let number = number.filter(|_| self.has_references);
        if let Some(number) = number {
            self.push(Step::Open(number));
        }
        inner(self);
        if let Some(number) = number {
            self.push(Step::Close(number, round));
        }
    }

    fn add_alternatives(&mut self, parts: &[Node]) {
        let mut ends = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            if at + 1 == parts.len() {
                self.add(part);
                break;
            }
            let either = self.push(Step::Either(0, 0));
            self.add(part);
            ends.push(self.push(Step::GoTo(0)));
            self.steps[either] = Step::Either(either + 1, self.steps.len());
        }
        for end in ends {
            self.steps[end] = Step::GoTo(self.steps.len());
        }
    }

    /// What is tried for itself.
    fn add_apart(&mut self, inner: impl FnOnce(&mut Self)) {
        self.add_between(inner, Step::End, |after| Step::Atomic { after });
    }

    fn add_between(&mut self, inner: impl FnOnce(&mut Self), end: Step, step: impl FnOnce(usize) -> Step) {
        let begin = self.push(Step::End);
        inner(self);
        self.push(end);
        self.steps[begin] = step(self.steps.len());
    }

    fn add_repeat(&mut self, inner: &Node, bounds: Bounds, appetite: Appetite) {
        let Bounds { least, most } = bounds;
        let lazy = appetite == Appetite::Lazy;
        // Java tries a part that is not a group, or that has but one way to match, for itself each time
        let is_group = matches!(inner, Node::Group(..));
        match inner {
            Node::One(set) => {
                let many = Step::Many { set: Members::of(set.clone()), least, most, lazy };
                if appetite == Appetite::Possessive {
                    self.add_apart(|program| _ = program.push(many));
                } else {
                    _ = self.push(many);
                }
            }
            _ if appetite == Appetite::Possessive => {
                self.add_between(
                    |program| program.add(inner),
                    Step::End,
                    |after| Step::Possessive { least, most, after },
                );
            }
            _ if (least, most) == (0, 1) => {
                let either = self.push(Step::End);
                if is_group {
                    self.add(inner);
                } else {
                    self.add_apart(|program| program.add(inner));
                }
                let (once, never) = (either + 1, self.steps.len());
                self.steps[either] = if lazy { Step::Either(never, once) } else { Step::Either(once, never) };
            }
            Node::Group(number, part) if inner.extent().one_way => self.add_loop(bounds, (lazy, true), |program| {
                let round = Some(program.loops.len() - 1);
                program.add_group(*number, round, |program| program.add_apart(|program| program.add(part)));
            }),
            Node::Group(..) => self.add_loop(bounds, (lazy, false), |program| program.add(inner)),
            _ => self.add_loop(bounds, (lazy, true), |program| program.add_apart(|program| program.add(inner))),
        }
    }

    fn add_loop(&mut self, bounds: Bounds, (lazy, apart): (bool, bool), body: impl FnOnce(&mut Self)) {
        let index = self.loops.len();
        self.loops.push(bounds);
        self.push(Step::LoopStart(index));
        let check = self.push(Step::End);
        self.push(Step::Round(index));
        body(self);
        self.push(Step::GoTo(check));
        let after = self.push(Step::LoopEnd(index));
        self.steps[check] = Step::Loop { index, after, lazy, apart };
    }
}
