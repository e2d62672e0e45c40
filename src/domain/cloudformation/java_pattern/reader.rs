//! The characters of a pattern, as Java goes through them.

/// A cursor; in comments mode it passes over white space and comments wherever it looks.
pub(super) struct Reader {
    /// Each with its place in the pattern as it was written.
    characters: Vec<(char, usize)>,
    at: usize,
    pub(super) comments: Option<LineEnds>,
}

/// What ends a comment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnds {
    All,
    Unix,
}

impl LineEnds {
    pub(super) fn contain(self, one: u32) -> bool {
        one == 0x0A || self == Self::All && matches!(one, 0x0D | 0x85 | 0x2028 | 0x2029)
    }
}

impl Reader {
    pub(super) fn of(pattern: &str) -> Self {
        let characters = unquoted(&pattern.chars().enumerate().map(|(at, one)| (one, at)).collect::<Vec<_>>());
        Self { characters, at: 0, comments: None }
    }

    pub(super) fn raw(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).map(|(one, _)| *one)
    }

    /// The one before the cursor, whatever it is.
    pub(super) fn last(&self) -> Option<char> {
        self.at.checked_sub(1).and_then(|at| self.characters.get(at)).map(|(one, _)| *one)
    }

    pub(super) fn peek(&mut self) -> Option<char> {
        if let Some(ends) = self.comments {
            while let Some(one) = self.raw(0) {
                if one == '#' {
                    while self.raw(0).is_some_and(|one| !ends.contain(one.into())) {
                        self.at += 1;
                    }
                } else if matches!(one, '\t'..='\r' | ' ') {
                    self.at += 1;
                } else {
                    break;
                }
            }
        }
        self.raw(0)
    }

    pub(super) fn read(&mut self) -> Option<char> {
        let one = self.peek();
        self.skip(1);
        one
    }

    /// Goes on, and looks.
    pub(super) fn next(&mut self) -> Option<char> {
        self.skip(1);
        self.peek()
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.characters.len());
    }

    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.skip(usize::from(is_there));
        is_there
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn go_to(&mut self, place: usize) {
        self.at = place;
    }

    /// What stands from a place to before the cursor.
    pub(super) fn since(&self, place: usize) -> String {
        self.characters[place..self.at].iter().map(|(one, _)| *one).collect()
    }

    pub(super) fn from(&self, place: usize) -> impl Iterator<Item = char> {
        self.characters[place..].iter().map(|(one, _)| *one)
    }

    /// The number of a character in the pattern as it was written.
    pub(super) fn character(&self, place: usize) -> usize {
        let last = self.characters.last().map_or(0, |(_, at)| *at);
        self.characters.get(place).map_or(last, |(_, at)| *at) + 1
    }

    /// Whether a character follows that takes two units of UTF-16.
    pub(super) fn has_pairs_after(&self, place: usize) -> bool {
        self.characters[place.min(self.characters.len())..].iter().any(|(one, _)| one.len_utf16() == 2)
    }
}

/// Java writes `\Q...\E` out before it reads a pattern: what is neither letter nor digit gets a backslash.
fn unquoted(pattern: &[(char, usize)]) -> Vec<(char, usize)> {
    let mut out = Vec::with_capacity(pattern.len());
    let (mut rest, mut quoted, mut begins) = (pattern.iter().copied().peekable(), false, false);
    while let Some((one, at)) = rest.next() {
        let next = rest.peek().map(|(next, _)| *next);
        match one {
            '\\' if quoted && next == Some('E') => {
                (quoted, begins) = (false, false);
                rest.next();
                continue;
            }
            '\\' if !quoted && next == Some('Q') => {
                (quoted, begins) = (true, true);
                rest.next();
                continue;
            }
            '\\' if !quoted => {
                out.push((one, at));
                out.extend(rest.next());
            }
            // So that it is not part of an escape that stands before the quote
            '0'..='9' if begins => out.extend([('\\', at), ('x', at), ('3', at), (one, at)]),
            _ if quoted && one.is_ascii() && !one.is_ascii_alphanumeric() => out.extend([('\\', at), (one, at)]),
            _ => out.push((one, at)),
        }
        begins = false;
    }
    out
}
