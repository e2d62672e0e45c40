//! Holds a value against a program, going back where Java would.

use std::collections::HashSet;

use super::characters;
use super::defect::Matched;
use super::position::{self, Words};
use super::program::{Bounds, Program, Step};
use super::syntax::{Comparison, Reach};

/// Steps that may be taken: some tenths of a second.
const MOST_STEPS: u32 = 2_000_000;
/// Ways that may be kept to go back to.
const MOST_WAYS: usize = 300_000;
/// Steps after which ways that failed are remembered.
const STEPS_BEFORE_MEMORY: u32 = 5_000;
const MOST_REMEMBERED: usize = 200_000;

const TOO_LONG: &str = "it takes too many steps";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Round {
    count: u32,
    /// Where the round began; of no loop that runs, nowhere.
    start: Option<usize>,
}

/// What to do when a way fails.
enum Way {
    Resume {
        step: usize,
        at: usize,
    },
    /// After fewer of `Many`, but not fewer than up to `least`.
    Fewer {
        step: usize,
        least: usize,
        at: usize,
    },
    /// After more of `Many`.
    More {
        step: usize,
        at: usize,
        count: u32,
    },
    RestoreRound(usize, Round),
    RestoreGroup(usize, Option<(usize, usize)>),
    RestoreOpened(usize, usize),
}

enum Taken {
    Step(usize, usize),
    End,
}

pub(super) struct Matcher<'a> {
    program: &'a Program,
    text: &'a [u16],
    words: Words,
    rounds: Vec<Round>,
    groups: Vec<Option<(usize, usize)>>,
    opened: Vec<usize>,
    ways: Vec<Way>,
    steps: u32,
    /// Where look-behind must end.
    behind_end: usize,
    /// What is tried for itself right now.
    attempt: u32,
    attempts: u32,
    failed: HashSet<Vec<u32>>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(program: &'a Program, text: &'a [u16], words: Words) -> Self {
        Self {
            program,
            text,
            words,
            rounds: vec![Round::default(); program.loops.len()],
            groups: vec![None; program.groups + 1],
            opened: vec![0; program.groups + 1],
            ways: Vec::new(),
            steps: 0,
            behind_end: 0,
            attempt: 0,
            attempts: 0,
            failed: HashSet::new(),
        }
    }

    /// Whether all of the text matches.
    pub(super) fn matches(mut self) -> Matched<bool> {
        Ok(self.run(0, 0)?.is_some())
    }

    /// Where the first way ends that leads from a step to the end of what is tried for itself.
    fn run(&mut self, step: usize, at: usize) -> Matched<Option<usize>> {
        let (base, outer) = (self.ways.len(), self.attempt);
        self.attempts += 1;
        self.attempt = self.attempts;
        let end = self.search(step, at, base)?;
        self.attempt = outer;
        // Java forgets nothing of what groups matched on the way
        self.ways.truncate(base);
        Ok(end)
    }

    fn search(&mut self, mut step: usize, mut at: usize, base: usize) -> Matched<Option<usize>> {
        loop {
            self.count()?;
            match self.take(step, at)? {
                Some(Taken::Step(next, place)) => (step, at) = (next, place),
                Some(Taken::End) => return Ok(Some(at)),
                None => match self.go_back(base)? {
                    Some(resumed) => (step, at) = resumed,
                    None => return Ok(None),
                },
            }
        }
    }

    fn count(&mut self) -> Matched<()> {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.ways.len() > MOST_WAYS { Err(TOO_LONG) } else { Ok(()) }
    }

    /// One step, and where it leads; nothing if it fails.
    fn take(&mut self, step: usize, at: usize) -> Matched<Option<Taken>> {
        let program = self.program;
        let on = |at| Some(Taken::Step(step + 1, at));
        Ok(match &program.steps[step] {
            Step::One(set) => position::code_point(self.text, at)
                .filter(|(point, _)| set.contain(*point))
                .and_then(|(_, length)| on(at + length)),
            Step::Many { .. } => self.many(step, at),
            Step::Either(first, second) => {
                self.ways.push(Way::Resume { step: *second, at });
                Some(Taken::Step(*first, at))
            }
            Step::GoTo(next) => Some(Taken::Step(*next, at)),
            Step::Open(group) => {
                self.ways.push(Way::RestoreOpened(*group, self.opened[*group]));
                self.opened[*group] = at;
                on(at)
            }
            Step::Close(group, round) if self.is_idle(*group, *round, at) => on(at),
            Step::Close(group, _) => {
                self.ways.push(Way::RestoreGroup(*group, self.groups[*group]));
                self.groups[*group] = Some((self.opened[*group], at));
                on(at)
            }
            Step::At(position) => {
                position::holds(*position, self.text, at, self.words).then_some(Taken::Step(step + 1, at))
            }
            Step::LineBreak => match self.text.get(at) {
                Some(0x0D) if self.text.get(at + 1) == Some(&0x0A) => {
                    self.ways.push(Way::Resume { step: step + 1, at: at + 1 });
                    on(at + 2)
                }
                Some(0x0A..=0x0D | 0x85 | 0x2028 | 0x2029) => on(at + 1),
                _ => None,
            },
            Step::Cluster => position::cluster_end(self.text, at)?.and_then(on),
            Step::BackReference(group, comparison) => self.referred(*group, *comparison, at).and_then(on),
            Step::LoopStart(index) => {
                self.set_round(*index, Round { count: 0, start: Some(at) });
                on(at)
            }
            Step::Loop { index, .. } => {
                if self.is_new(step, at) {
                    self.next_round(step, at, *index)
                } else {
                    None
                }
            }
            Step::Round(index) => {
                let Bounds { least, most } = program.loops[*index];
                // Beyond what is asked for, rounds without an end need no count
                let top = if most == u32::MAX { least + 1 } else { most };
                let count = (self.rounds[*index].count + 1).min(top);
                self.set_round(*index, Round { count, start: Some(at) });
                on(at)
            }
            Step::LoopEnd(index) => {
                self.set_round(*index, Round::default());
                on(at)
            }
            Step::Atomic { after } => self.run(step + 1, at)?.map(|end| Taken::Step(*after, end)),
            Step::Possessive { least, most, after } => {
                self.possessive(step + 1, at, *least, *most)?.map(|end| Taken::Step(*after, end))
            }
            Step::Ahead { negated, after } => {
                (self.run(step + 1, at)?.is_some() != *negated).then_some(Taken::Step(*after, at))
            }
            Step::Behind { negated, reach, after } => {
                (self.behind(step + 1, at, *reach)? != *negated).then_some(Taken::Step(*after, at))
            }
            Step::End => Some(Taken::End),
            Step::EndBehind => (at == self.behind_end).then_some(Taken::End),
            Step::Accept => (at == self.text.len()).then_some(Taken::End),
        })
    }

    /// The newest way that is left, down to where this run began.
    fn go_back(&mut self, base: usize) -> Matched<Option<(usize, usize)>> {
        while self.ways.len() > base {
            self.count()?;
            let resumed = match self.ways.pop() {
                Some(Way::RestoreRound(index, round)) => {
                    self.rounds[index] = round;
                    continue;
                }
                Some(Way::RestoreGroup(group, was)) => {
                    self.groups[group] = was;
                    continue;
                }
                Some(Way::RestoreOpened(group, was)) => {
                    self.opened[group] = was;
                    continue;
                }
                Some(Way::Resume { step, at }) => Some((step, at)),
                Some(Way::Fewer { step, least, at }) => {
                    let at = position::before(self.text, at, least);
                    if at > least {
                        self.ways.push(Way::Fewer { step, least, at });
                    }
                    Some((step + 1, at))
                }
                Some(Way::More { step, at, count }) => self.more(step, at, count),
                None => None,
            };
            if let Some((step, at)) = resumed
                && self.is_new(step, at)
            {
                return Ok(Some((step, at)));
            }
        }
        Ok(None)
    }

    /// Whether this has not failed before: the same step at the same place, in the same rounds of all loops.
    fn is_new(&mut self, step: usize, at: usize) -> bool {
        if self.program.has_references || self.steps < STEPS_BEFORE_MEMORY || self.failed.len() >= MOST_REMEMBERED {
            return true;
        }
        let number = |one: usize| u32::try_from(one).unwrap_or(u32::MAX);
        let mut way = Vec::with_capacity(3 + self.rounds.len());
        way.extend([self.attempt, number(step), number(at)]);
        for round in &self.rounds {
            way.push(round.start.map_or(0, |start| (round.count << 1 | u32::from(start == at)) + 1));
        }
        self.failed.insert(way)
    }

    fn set_round(&mut self, index: usize, round: Round) {
        self.ways.push(Way::RestoreRound(index, self.rounds[index]));
        self.rounds[index] = round;
    }

    /// Java does not keep what a group matched in a round of nothing that nobody asked for.
    fn is_idle(&self, group: usize, round: Option<usize>, at: usize) -> bool {
        self.opened[group] == at
            && round.is_some_and(|index| self.rounds[index].count > self.program.loops[index].least)
    }

    fn next_round(&mut self, step: usize, at: usize, index: usize) -> Option<Taken> {
        let Step::Loop { after, lazy, apart, .. } = self.program.steps[step] else { return None };
        let Bounds { least, most } = self.program.loops[index];
        let Round { count, start } = self.rounds[index];
        if count > 0 && start == Some(at) {
            // A round of nothing is the last one; what comes after a lazy loop has been tried before it
            let was_tried = lazy && apart && count > least;
            return (!was_tried).then_some(Taken::Step(after, at));
        }
        if count >= most {
            return Some(Taken::Step(after, at));
        }
        if count < least {
            return Some(Taken::Step(step + 1, at));
        }
        let (first, second) = if lazy { (after, step + 1) } else { (step + 1, after) };
        self.ways.push(Way::Resume { step: second, at });
        Some(Taken::Step(first, at))
    }

    fn many(&mut self, step: usize, at: usize) -> Option<Taken> {
        let Step::Many { set, least, most, lazy } = &self.program.steps[step] else { return None };
        let (mut end, mut count, mut least_end) = (at, 0, at);
        let wanted = if *lazy { *least } else { *most };
        while count < wanted
            && let Some((point, length)) = position::code_point(self.text, end)
            && set.contain(point)
        {
            end += length;
            count += 1;
            if count == *least {
                least_end = end;
            }
        }
        self.steps += count / 64;
        if count < *least {
            return None;
        }
        if *lazy && count < *most {
            self.ways.push(Way::More { step, at: end, count });
        } else if !*lazy && end > least_end {
            self.ways.push(Way::Fewer { step, least: least_end, at: end });
        }
        Some(Taken::Step(step + 1, end))
    }

    /// One more of a lazy `Many`.
    fn more(&mut self, step: usize, at: usize, count: u32) -> Option<(usize, usize)> {
        let Step::Many { set, most, .. } = &self.program.steps[step] else { return None };
        let (point, length) = position::code_point(self.text, at)?;
        if !set.contain(point) {
            return None;
        }
        let (at, count) = (at + length, count + 1);
        if count < *most {
            self.ways.push(Way::More { step, at, count });
        }
        Some((step + 1, at))
    }

    fn possessive(&mut self, step: usize, mut at: usize, least: u32, most: u32) -> Matched<Option<usize>> {
        for count in 0..most {
            match self.run(step, at)? {
                // What matched nothing once does so for ever
                Some(end) if end == at => break,
                Some(end) => at = end,
                None if count < least => return Ok(None),
                None => break,
            }
        }
        Ok(Some(at))
    }

    /// Java tries a look-behind from the nearest place on to the farthest.
    fn behind(&mut self, step: usize, at: usize, reach: Reach) -> Matched<bool> {
        let farthest = position::back(self.text, at, reach.most, reach.in_points).max(0);
        let mut from = position::back(self.text, at, reach.least, reach.in_points);
        let outer = std::mem::replace(&mut self.behind_end, at);
        let mut found = false;
        while !found && from >= farthest {
            let Ok(place) = usize::try_from(from) else { break };
            found = self.run(step, place)?.is_some();
            from = if from > farthest { position::back(self.text, place, 1, reach.in_points) } else { from - 1 };
        }
        self.behind_end = outer;
        Ok(found)
    }

    /// Where the text of a group ends when it stands here again.
    fn referred(&self, group: usize, comparison: Comparison, at: usize) -> Option<usize> {
        let (start, end) = (*self.groups.get(group)?)?;
        let length = end - start;
        let there = self.text.get(at..at + length)?;
        let is_same = match comparison {
            Comparison::Exact => there == &self.text[start..end],
            Comparison::AsciiCase => same(&self.text[start..end], there, |point| match u8::try_from(point) {
                Ok(letter) => letter.to_ascii_lowercase().into(),
                Err(_) => point,
            }),
            Comparison::UnicodeCase => same(&self.text[start..end], there, characters::folded),
        };
        is_same.then_some(at + length)
    }
}

fn same(one: &[u16], other: &[u16], folded: impl Fn(u32) -> u32) -> bool {
    let points = |text: &[u16]| -> Vec<u32> {
        let mut at = 0;
        std::iter::from_fn(|| {
            let (point, length) = position::code_point(text, at)?;
            at += length;
            Some(folded(point))
        })
        .collect()
    };
    points(one) == points(other)
}
