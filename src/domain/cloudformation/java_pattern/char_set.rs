//! Sets of code points. Java's are of all of them, so surrogates are in them too.

const LAST: u32 = 0x0010_FFFF;

/// Code points, as ranges in order that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CharSet(Vec<(u32, u32)>);

impl CharSet {
    pub(super) fn of(ranges: &[(u32, u32)]) -> Self {
        let mut set = ranges.to_vec();
        set.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(set.len());
        for (first, last) in set {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub(super) fn one(point: u32) -> Self {
        Self(vec![(point, point)])
    }

    pub(super) fn all() -> Self {
        Self(vec![(0, LAST)])
    }

    pub(super) fn has_more_than_latin(&self) -> bool {
        self.0.last().is_some_and(|(_, last)| *last > 0xFF)
    }

    pub(super) fn points(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    pub(super) fn contains(&self, point: u32) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= point);
        after > 0 && point <= self.0[after - 1].1
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self::of(&[self.0.as_slice(), other.0.as_slice()].concat())
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        self.negated().union(&other.negated()).negated()
    }

    pub(super) fn negated(&self) -> Self {
        let mut next = 0;
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        for (first, last) in &self.0 {
            if next < *first {
                gaps.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            gaps.push((next, LAST));
        }
        Self(gaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_joined_cut_and_turned_round() {
        let (letters, some) = (CharSet::of(&[(97, 122), (65, 90)]), CharSet::of(&[(100, 110), (111, 111), (48, 57)]));
        assert_eq!(letters.union(&some).0, [(48, 57), (65, 90), (97, 122)]);
        assert_eq!(letters.intersection(&some).0, [(100, 111)]);
        assert_eq!(letters.negated().negated(), letters);
        assert_eq!(CharSet::all().negated(), CharSet::default());
        assert!(some.contains(100) && some.contains(111) && !some.contains(112) && !some.contains(0));
    }
}
