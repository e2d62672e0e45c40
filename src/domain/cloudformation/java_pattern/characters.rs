//! What Java knows of characters: models/characters.txt, which two versions of it were asked for by `make java`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::char_set::CharSet;

const TABLE: &str = include_str!("../../../../models/characters.txt");
/// How the rows of simple mappings begin; by how much a letter moves comes then.
const UPPER: &str = "upper/";
const LOWER: &str = "lower/";

/// A set by its kind and name, such as `sc/LATIN`; with `any_case`, the letters of either case where only one is meant.
pub(super) fn named(key: &str, any_case: bool) -> Option<CharSet> {
    any_case.then(|| row(&format!("i{key}"))).flatten().or_else(|| row(key))
}

/// Whether only the newer of the two versions knows the name.
pub(super) fn is_newer(key: &str) -> bool {
    TABLE
        .lines()
        .find_map(|line| line.strip_prefix("newer\t"))
        .is_some_and(|names| names.split('\t').any(|one| one == key))
}

/// The code points of which the two versions do not say the same.
pub(super) fn differing() -> &'static CharSet {
    static DIFFERING: LazyLock<CharSet> = LazyLock::new(|| row("differs").unwrap_or_default());
    &DIFFERING
}

fn row(key: &str) -> Option<CharSet> {
    rows().find_map(|(names, ranges)| names.split('\t').any(|name| is(name, key)).then(|| decoded(ranges)))
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once("\t\t"))
}

/// A block is also called by its name without spaces, and with lines in the place of spaces and hyphens.
fn is(name: &str, key: &str) -> bool {
    name == key || name.starts_with("blk/") && (name.replace(' ', "") == key || name.replace([' ', '-'], "_") == key)
}

/// Each range stands by its distance from the end of the one before, and by how much longer than one it is.
fn decoded(ranges: &str) -> CharSet {
    let number = |text: &str| u32::from_str_radix(text, 16).unwrap_or_default();
    let mut end = 0;
    let ranges: Vec<_> = ranges
        .split_ascii_whitespace()
        .map(|range| {
            let (gap, more) = range.split_once('+').unwrap_or((range, "0"));
            let first = end + number(gap);
            end = first + number(more);
            (first, end)
        })
        .collect();
    CharSet::of(&ranges)
}

type Mapping = BTreeMap<u32, u32>;

fn mapping(kind: &str) -> Mapping {
    let moved = rows().filter_map(|(names, ranges)| Some((names.strip_prefix(kind)?.parse().ok()?, decoded(ranges))));
    moved
        .flat_map(|(by, set): (i32, CharSet)| {
            set.points().map(|one| (one, one.wrapping_add_signed(by))).collect::<Vec<_>>()
        })
        .collect()
}

static UPPERCASE: LazyLock<Mapping> = LazyLock::new(|| mapping(UPPER));
static LOWERCASE: LazyLock<Mapping> = LazyLock::new(|| mapping(LOWER));

fn upper(point: u32) -> u32 {
    UPPERCASE.get(&point).copied().unwrap_or(point)
}

fn lower(point: u32) -> u32 {
    LOWERCASE.get(&point).copied().unwrap_or(point)
}

/// What a code point counts as where the case of letters does not.
pub(super) fn folded(point: u32) -> u32 {
    lower(upper(point))
}

/// Whether a letter has another case at all, as Java sees it.
pub(super) fn is_cased(point: u32) -> bool {
    upper(point) != point || folded(point) != point
}

fn with_a_case() -> impl Iterator<Item = u32> {
    UPPERCASE.keys().chain(LOWERCASE.keys()).copied()
}

/// What counts as the same as `point`.
pub(super) fn same(point: u32) -> CharSet {
    let wanted = folded(point);
    let same = with_a_case().filter(|one| folded(*one) == wanted).chain([wanted]);
    CharSet::of(&same.map(|one| (one, one)).collect::<Vec<_>>())
}

/// A range, and what is in it when its case is changed.
pub(super) fn same_as_range(first: u32, last: u32) -> CharSet {
    let range = first..=last;
    let same = with_a_case().filter(|one| range.contains(&upper(*one)) || range.contains(&folded(*one)));
    CharSet::of(&same.map(|one| (one, one)).chain([(first, last)]).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_by_every_name_that_java_takes() {
        let has = |key: &str, point| named(key, false).is_some_and(|set| set.contains(point));
        assert!(has("p/Lu", 0x41) && !has("p/Lu", 0x61) && has("is/ALPHABETIC", 0xE4) && has("sc/LATN", 0xE4));
        for block in ["blk/GREEK", "blk/GREEK AND COPTIC", "blk/GREEKANDCOPTIC"] {
            assert!(has(block, 0x3B1), "{block}");
        }
        for block in ["blk/LATIN-1 SUPPLEMENT", "blk/LATIN-1SUPPLEMENT", "blk/LATIN_1_SUPPLEMENT"] {
            assert!(has(block, 0xE9), "{block}");
        }
        assert!(named("p/lu", false).is_none() && named("blk/LATIN1SUPPLEMENT", false).is_none());
        assert!(named("p/Lu", true).is_some_and(|set| set.contains(0x61)));
        assert!(is_newer("is/EMOJI") && !is_newer("is/ALPHABETIC"));
        assert_eq!(named("p/Cs", false), Some(CharSet::of(&[(0xD800, 0xDFFF)])));
    }

    #[test]
    fn letters_are_the_same_in_either_case() {
        assert_eq!((folded(0x212A), folded(0x17F), folded(0xC9)), (0x6B, 0x73, 0xE9));
        assert!(same(0x6B).contains(0x212A) && same_as_range(0x61, 0x7A).contains(0x212A));
        assert!(is_cased(0x41) && !is_cased(0x30));
    }
}
