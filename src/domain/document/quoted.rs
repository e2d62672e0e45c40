//! Lines of quoted texts that stand as far left as their key: YAML forbids it, and every reader that CloudFormation's
//! users meet takes it. They are moved to the right, where they mean the same.

use std::collections::BTreeSet;

use crate::domain::finding::Position;

/// Deeper than any key.
const MOST_MOVED: usize = 200;
/// So many blanks at most are put in: a text of many short lines is no reason to fill the memory.
const MOST_BLANKS: usize = 64 << 20;

/// A text whose quoted lines were moved.
pub(super) struct Moved {
    pub(super) text: String,
    /// The lines that were moved, counted from 1.
    lines: BTreeSet<usize>,
    by: usize,
}

impl Moved {
    pub(super) fn none_of(text: &str) -> Self {
        // To the right of where the innermost mapping or list of any line may begin
        let begins = |line: &str| line.chars().take_while(|any| " -?:".contains(*any)).count();
        let by = text.lines().map(begins).max().unwrap_or_default().min(MOST_MOVED) + 1;
        Self { text: text.to_owned(), lines: BTreeSet::new(), by }
    }

    /// Whether a quote stands at that place of the file.
    pub(super) fn is_quote(&self, at: Position) -> bool {
        self.scanner_at(at).is_some_and(|mut rest| matches!(rest.peek(), Some('"' | '\'')))
    }

    fn scanner_at(&self, at: Position) -> Option<Scanner<'_>> {
        let column = if self.lines.contains(&at.line) { at.column + self.by } else { at.column };
        let mut rest = Scanner::new(&self.text);
        while rest.line < at.line || (rest.line == at.line && rest.column < column) {
            rest.next()?;
        }
        (rest.line == at.line).then_some(rest)
    }

    /// Moves the lines of the quoted text that begins at that place of the file; `false` if nothing is left to be moved.
    pub(super) fn one(&mut self, at: Position) -> bool {
        let mut lines = BTreeSet::new();
        if let Some(mut rest) = self.scanner_at(at)
            && let Some(quote) = rest.peek()
        {
            rest.quoted(quote, &mut lines);
        }
        lines.retain(|line| !self.lines.contains(line));
        self.put_in(&lines)
    }

    /// Moves the lines of all quoted texts there are, found without a parser; `false` if nothing is left to be moved.
    pub(super) fn all(&mut self) -> bool {
        let mut lines = Scanner::new(&self.text).all_quoted();
        lines.retain(|line| !self.lines.contains(line));
        self.put_in(&lines)
    }

    fn put_in(&mut self, lines: &BTreeSet<usize>) -> bool {
        if lines.is_empty() || (self.lines.len() + lines.len()) * self.by > MOST_BLANKS {
            return false;
        }
        let mut moved = String::with_capacity(self.text.len() + lines.len() * self.by);
        for (number, line) in (1..).zip(self.text.split_inclusive('\n')) {
            if lines.contains(&number) {
                moved.extend(std::iter::repeat_n(' ', self.by));
            }
            moved.push_str(line);
        }
        self.text = moved;
        self.lines.extend(lines);
        true
    }

    /// A place as it is in the file.
    pub(super) fn back(&self, mut at: Position) -> Position {
        if self.lines.contains(&at.line) {
            at.column = at.column.saturating_sub(self.by).max(1);
        }
        at
    }
}

/// As much of YAML as tells where quoted texts begin and end.
struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    column: usize,
}

/// What stands to the left of a text that has no end but a line further left.
type Indent = Option<usize>;

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.chars().peekable(), line: 1, column: 1 }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn second(&self) -> Option<char> {
        self.rest.clone().nth(1)
    }

    fn next(&mut self) -> Option<char> {
        let any = self.rest.next()?;
        (self.line, self.column) = if any == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        Some(any)
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.next();
        }
    }

    fn skip_blanks(&mut self) {
        self.skip(|any| matches!(any, ' ' | '\t' | '\r'));
    }

    fn skip_line(&mut self) {
        self.skip(|any| any != '\n');
        self.next();
    }

    fn at_end_of_line(&mut self) -> bool {
        matches!(self.peek(), None | Some('\n'))
    }

    /// Whether an indicator stands here: one that a blank or the end of the line follows.
    fn indicator(&mut self, indicators: &str) -> bool {
        self.peek().is_some_and(|any| indicators.contains(any))
            && matches!(self.second(), None | Some(' ' | '\t' | '\r' | '\n'))
    }

    /// Whether a line begins here that ends a document, also within a text.
    fn document_marker(&self) -> bool {
        let mut rest = self.rest.clone();
        let marker = [rest.next(), rest.next(), rest.next()];
        [[Some('-'); 3], [Some('.'); 3]].contains(&marker) && rest.next().is_none_or(char::is_whitespace)
    }

    /// Goes to the end of the quoted text that begins here; the lines that it goes on in, blank ones left out, are added.
    fn quoted(&mut self, quote: char, lines: &mut BTreeSet<usize>) {
        self.next();
        while let Some(any) = self.next() {
            match any {
                '\n' => {
                    let is_marker = self.document_marker();
                    self.skip_blanks();
                    if !is_marker && !self.at_end_of_line() {
                        lines.insert(self.line);
                    }
                }
                '\\' if quote == '"' && self.peek() != Some('\n') => _ = self.next(),
                _ if any == quote && quote == '\'' && self.peek() == Some(quote) => _ = self.next(),
                _ if any == quote => return,
                _ => {}
            }
        }
    }

    fn all_quoted(mut self) -> BTreeSet<usize> {
        let mut lines = BTreeSet::new();
        // A text without quotes goes on in lines that stand further right than this
        let mut open: Option<Indent> = None;
        while self.peek().is_some() {
            self.skip(|any| any == ' ');
            let indent = self.column - 1;
            self.skip_blanks();
            let goes_on = open.is_some_and(|outer| outer.is_none_or(|outer| indent > outer));
            if self.at_end_of_line() || goes_on {
                self.skip_line();
                continue;
            }
            open = self.block_line(&mut lines);
        }
        lines
    }

    /// Goes through a line, and through the quoted texts, lists and mappings in brackets that begin in it. Answers what
    /// is to the left of a text that goes on after it.
    fn block_line(&mut self, lines: &mut BTreeSet<usize>) -> Option<Indent> {
        let mut outer: Indent = (self.column - 1).checked_sub(1);
        loop {
            self.skip_blanks();
            let (line, column) = (self.line, self.column - 1);
            match self.peek() {
                None => return None,
                Some('\n' | '#') => {
                    self.skip_line();
                    return None;
                }
                Some('|' | '>') => {
                    self.skip_line();
                    return Some(outer);
                }
                Some('-' | '?' | ':') if self.indicator("-?:") => {
                    self.next();
                    outer = Some(column);
                    continue;
                }
                Some('!' | '&') => {
                    self.skip(|any| !any.is_whitespace());
                    continue;
                }
                Some(quote @ ('"' | '\'')) => self.quoted(quote, lines),
                Some('[' | '{') => self.flow(lines),
                Some(_) => {
                    if !self.plain_key() {
                        self.skip_line();
                        return Some(outer);
                    }
                }
            }
            self.skip_blanks();
            if !(self.indicator(":") && self.line == line) {
                self.skip_line();
                return None;
            }
            self.next();
            outer = Some(column);
        }
    }

    /// Goes to the colon behind a key without quotes, or to where the line ends.
    fn plain_key(&mut self) -> bool {
        let mut before = 'x';
        while let Some(any) = self.peek() {
            if any == '\n' || (any == '#' && before.is_whitespace()) {
                return false;
            }
            if self.indicator(":") {
                return true;
            }
            before = any;
            self.next();
        }
        false
    }

    /// Goes to the end of the list or mapping in brackets that begins here.
    fn flow(&mut self, lines: &mut BTreeSet<usize>) {
        let mut depth = 0_usize;
        // Within a text without quotes, a quote is a character like others
        let (mut in_text, mut before) = (false, ' ');
        while let Some(any) = self.peek() {
            match any {
                '"' | '\'' if !in_text => {
                    self.quoted(any, lines);
                    before = any;
                    continue;
                }
                '#' if before.is_whitespace() => {
                    self.skip(|any| any != '\n');
                    continue;
                }
                '[' | '{' => (depth, in_text) = (depth + 1, false),
                ']' | '}' => (depth, in_text) = (depth - 1, false),
                ',' => in_text = false,
                ':' if !in_text || matches!(self.second(), None | Some(' ' | '\n' | '\r' | '\t' | ',' | ']' | '}')) => {
                    in_text = false;
                }
                '!' | '&' if !in_text => {
                    self.skip(|any| !any.is_whitespace() && !",[]{}".contains(any));
                    before = 'x';
                    continue;
                }
                _ => in_text |= !any.is_whitespace(),
            }
            before = any;
            self.next();
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        Scanner::new(text).all_quoted().into_iter().collect()
    }

    #[test]
    fn the_lines_that_quoted_texts_go_on_in_are_found() {
        for (text, found) in [
            ("a: \"b\nc\"\nd: 'e\n\nf'\n", &[2, 5][..]),
            ("- \"b\nc\"\n- - 'd\ne'\n- k: !Sub \"x\ny\"\n", &[2, 4, 6]),
            ("\"a\": \"b\nc\"\n? 'k'\n: \"d\ne\"\n", &[2, 5]),
            ("a: [b, \"c\nd\", 'e''\nf', {g: \"h\\\"\ni\", \"j\":\"k\nl\"}]\nm: \"n\no\"", &[2, 3, 4, 5, 7]),
            ("a:\n  \"b\nc\"\n", &[3]),
            ("a: \"b\r\nc\"\r\n", &[2]),
        ] {
            assert_eq!(lines(text), found, "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_opens_no_text_is_none() {
        for text in [
            "a: it's\nb: 5\" pipe\nc: x # don't\n# isn't\nd: e\n",
            "a: |\n  'b\n  c\nd: >-\n\n  \"e\n f: g\nh: i\n",
            "a: b\n  'c\n  d\ne: f\n",
            "- a\n - 'b\n- c: |\n    \"d\n- e\n",
            "a: [it's, b\"c, d # 'e\n, f]\ng: h\n",
            "a: {b: c'd, e: 5\", f: g}\nh: i\n",
            "a: *it's\nb: c\n",
        ] {
            assert_eq!(lines(text), [0; 0], "{text:?}");
        }
    }

    #[test]
    fn a_place_in_a_line_that_was_moved_is_the_one_in_the_file() {
        let mut moved = Moved::none_of("a:\n  b: 'c\nd'\n");
        assert!(moved.one(Position { line: 2, column: 6 }));
        assert_eq!(moved.text, "a:\n  b: 'c\n   d'\n");
        assert_eq!(moved.back(Position { line: 3, column: 5 }), Position { line: 3, column: 2 });
        assert_eq!(moved.back(Position { line: 2, column: 5 }), Position { line: 2, column: 5 });
        assert!(!moved.all() && !moved.one(Position { line: 2, column: 6 }));
        assert!(moved.is_quote(Position { line: 3, column: 2 }));
        assert!(!moved.is_quote(Position { line: 2, column: 3 }) && !moved.is_quote(Position { line: 9, column: 1 }));
    }
}
