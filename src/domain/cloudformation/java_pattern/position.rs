//! Places in a text of UTF-16, and what Java sees there.

use std::sync::LazyLock;

use super::char_set::CharSet;
use super::characters;
use super::defect::Matched;
use super::reader::LineEnds;
use super::syntax::Position;

fn is_high(unit: u16) -> bool {
    (0xD800..0xDC00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xDC00..0xE000).contains(&unit)
}

/// The code point at a place, and how many units it takes; a surrogate without the other is one for itself.
pub(super) fn code_point(text: &[u16], at: usize) -> Option<(u32, usize)> {
    let high = *text.get(at)?;
    match text.get(at + 1) {
        Some(low) if is_high(high) && is_low(*low) => {
            Some((0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(*low) - 0xDC00), 2))
        }
        _ => Some((high.into(), 1)),
    }
}

/// The place of the code point before this one, but not before `least`.
pub(super) fn before(text: &[u16], at: usize, least: usize) -> usize {
    if at >= least + 2 && is_low(text[at - 1]) && is_high(text[at - 2]) { at - 2 } else { at - 1 }
}

/// So many units back, or code points; units may lead out of the text.
pub(super) fn back(text: &[u16], at: usize, count: i32, in_points: bool) -> i64 {
    let here = i32::try_from(at).unwrap_or(i32::MAX);
    if !in_points {
        return here.wrapping_sub(count).into();
    }
    let (mut place, mut left) = (at, count);
    while place > 0 && left > 0 {
        place = before(text, place, 0);
        left -= 1;
    }
    i64::try_from(place).unwrap_or(i64::MAX)
}

/// What `\b` takes for words: since Java 19 ASCII, as `\w` does; before, all letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Ascii,
    Unicode,
}

/// Whether a position is here; but for `\b`, of which versions of Java differ.
pub(super) fn holds(position: Position, text: &[u16], at: usize, words: Words) -> bool {
    let (last, next) = (at.checked_sub(1).map(|at| text[at]), text.get(at).copied());
    let ends = |unix: bool, unit: Option<u16>| {
        let ends = if unix { LineEnds::Unix } else { LineEnds::All };
        unit.is_some_and(|unit| ends.contain(unit.into()))
    };
    let is_in_break = |unix: bool| !unix && last == Some(0x0D) && next == Some(0x0A);
    match position {
        Position::Start => at == 0,
        Position::VeryEnd => next.is_none(),
        Position::LineStart { unix } => next.is_some() && (at == 0 || ends(unix, last)) && !is_in_break(unix),
        Position::LineEnd { unix } => next.is_none() || ends(unix, next) && !is_in_break(unix),
        Position::End { unix } => {
            let is_last = at + 1 == text.len() || !unix && text[at..] == [0x0D, 0x0A];
            next.is_none() || is_last && ends(unix, next) && !is_in_break(unix)
        }
        Position::WordBoundary { unicode, negated } => is_word_boundary(text, at, unicode, words) != negated,
    }
}

fn table(key: &str) -> CharSet {
    characters::named(key, false).unwrap_or_default()
}

static MARKS: LazyLock<CharSet> = LazyLock::new(|| table("p/Mn"));
static LETTERS_AND_DIGITS: LazyLock<CharSet> = LazyLock::new(|| table("p/LD"));
static WORD: LazyLock<CharSet> = LazyLock::new(|| table("u/w"));

fn is_word_boundary(text: &[u16], at: usize, unicode: bool, words: Words) -> bool {
    let is_word = |point: u32| match words {
        _ if unicode => WORD.contains(point),
        _ if point < 0x80 => point == 0x5F || u8::try_from(point).is_ok_and(|one| one.is_ascii_alphanumeric()),
        Words::Ascii => false,
        Words::Unicode => LETTERS_AND_DIGITS.contains(point),
    };
    word_at(text, at, &is_word) != word_before(text, at, &is_word)
}

fn word_at(text: &[u16], at: usize, is_word: &dyn Fn(u32) -> bool) -> bool {
    code_point(text, at)
        .is_some_and(|(point, _)| is_word(point) || point > 0x7F && MARKS.contains(point) && has_base(text, at))
}

fn word_before(text: &[u16], at: usize, is_word: &dyn Fn(u32) -> bool) -> bool {
    at > 0 && word_at(text, before(text, at, 0), is_word)
}

/// Whether a mark stands on a letter or digit.
fn has_base(text: &[u16], at: usize) -> bool {
    let mut before = (0..=at).rev().filter_map(|at| code_point(text, at)).map(|(point, _)| point);
    before
        .find(|point| LETTERS_AND_DIGITS.contains(*point) || !MARKS.contains(*point))
        .is_some_and(|point| LETTERS_AND_DIGITS.contains(point))
}

/// What holds characters together: Unicode Standard Annex 29.
struct Clusters {
    control: CharSet,
    mark: CharSet,
    extend: CharSet,
    prepend: CharSet,
    picture: CharSet,
    letter: CharSet,
}

static CLUSTERS: LazyLock<Clusters> = LazyLock::new(|| Clusters {
    control: table("x/control"),
    mark: table("x/mark"),
    extend: table("x/extend"),
    prepend: table("x/prepend"),
    picture: table("x/picture"),
    letter: table("p/Lo"),
});

const JOINER: u32 = 0x200D;

fn is_flag(point: u32) -> bool {
    (0x1_F1E6..=0x1_F1FF).contains(&point)
}

/// Letters of Korean: whether two of them make one syllable.
fn is_syllable(first: u32, second: u32) -> bool {
    let leading = |one: u32| matches!(one, 0x1100..=0x115F | 0xA960..=0xA97C);
    let vowel = |one: u32| matches!(one, 0x1160..=0x11A7 | 0xD7B0..=0xD7C6);
    let trailing = |one: u32| matches!(one, 0x11A8..=0x11FF | 0xD7CB..=0xD7FB);
    let whole = |one: u32| matches!(one, 0xAC00..=0xD7A3);
    let open = |one: u32| whole(one) && (one - 0xAC00).is_multiple_of(28);
    leading(first) && (leading(second) || vowel(second) || whole(second))
        || (open(first) || vowel(first)) && (vowel(second) || trailing(second))
        || (whole(first) || trailing(first)) && trailing(second)
}

/// Where the cluster ends that begins here; nothing at the end of the text.
pub(super) fn cluster_end(text: &[u16], at: usize) -> Matched<Option<usize>> {
    let Some((mut last, length)) = code_point(text, at) else { return Ok(None) };
    let (mut end, mut flags, mut after_picture) =
        (at + length, usize::from(is_flag(last)), CLUSTERS.picture.contains(last));
    while let Some((next, length)) = code_point(text, end) {
        let sets = &*CLUSTERS;
        let holds = (last, next) == (0x0D, 0x0A)
            || !sets.control.contains(last)
                && !sets.control.contains(next)
                && (sets.mark.contains(next)
                    || sets.prepend.contains(last)
                    || is_syllable(last, next)
                    || last == JOINER && after_picture && sets.picture.contains(next)
                    || flags % 2 == 1 && is_flag(next));
        if !holds {
            if sets.mark.contains(last) && sets.letter.contains(next) {
                return Err("Java 17 and newer ones do not agree on \"\\X\" in scripts of India");
            }
            break;
        }
        after_picture = sets.picture.contains(next) || after_picture && (next == JOINER || sets.extend.contains(next));
        flags = if is_flag(next) { flags + 1 } else { 0 };
        (last, end) = (next, end + length);
    }
    Ok(Some(end))
}
