//! What a parenthesis begins.

use super::defect::Defect;
use super::parser::{Parsed, Parser, flag};
use super::syntax::{Node, Reach};

impl Parser {
    /// `(`, up to its end and what repeats it; nothing if it only sets flags.
    pub(super) fn group(&mut self) -> Parsed<Option<Node>> {
        let opened = self.reader.place();
        let flags = self.flags;
        self.enter()?;
        let node = if self.reader.next() == Some('?') {
            let Some(node) = self.special_group(opened)? else {
                self.leave();
                return Ok(None);
            };
            node
        } else {
            self.capture()?
        };
        if !self.reader.eat(')') {
            let hint = "close it, or write \"\\(\" for the character itself";
            return Err(self.refusal(opened, "a group is not closed", hint));
        }
        self.leave();
        self.set_flags(flags);
        self.quantified(node).map(Some)
    }

    fn capture(&mut self) -> Parsed<Node> {
        self.groups += 1;
        let number = self.groups;
        Ok(Node::Group(Some(number), Box::new(self.expression()?)))
    }

    /// What begins with `(?`; nothing for flags that hold for what comes after.
    fn special_group(&mut self, opened: usize) -> Parsed<Option<Node>> {
        let kind = self.reader.raw(1);
        self.reader.skip(2);
        let inner = |parser: &mut Self| parser.expression().map(Box::new);
        Ok(Some(match kind {
            Some(':') => Node::Group(None, inner(self)?),
            Some('=') => Node::Ahead { negated: false, inner: inner(self)? },
            Some('!') => Node::Ahead { negated: true, inner: inner(self)? },
            Some('>') => Node::Atomic(inner(self)?),
            Some('<') => match self.reader.peek() {
                Some(sign @ ('=' | '!')) => {
                    self.reader.skip(1);
                    self.behind(opened, sign == '!')?
                }
                _ => self.named(opened)?,
            },
            _ => {
                self.reader.go_to(self.reader.place() - usize::from(kind.is_some()));
                if !self.inline_flags(opened)? {
                    return Ok(None);
                }
                Node::Group(None, inner(self)?)
            }
        }))
    }

    fn behind(&mut self, opened: usize, negated: bool) -> Parsed<Node> {
        let inner = Box::new(self.expression()?);
        let extent = inner.extent();
        if !extent.has_most {
            let reason = "what stands in a look-behind has no longest match";
            let hint = "give each repeat of a group in it an end, such as {0,255}, and no alternatives to a group that is repeated";
            return Err(self.refusal(opened, reason, hint));
        }
        let in_points = self.reader.has_pairs_after(opened);
        Ok(Node::Behind { negated, inner, reach: Reach { least: extent.least, most: extent.most, in_points } })
    }

    fn named(&mut self, opened: usize) -> Parsed<Node> {
        let name = self.group_name(opened)?;
        if self.names.contains_key(&name) {
            let hint = "give each group a name of its own";
            return Err(self.refusal(opened, format!("two groups are named \"{name}\""), hint));
        }
        self.names.insert(name, self.groups + 1);
        self.capture()
    }

    /// The name of a group, with the `>` that ends it.
    pub(super) fn group_name(&mut self, opened: usize) -> Parsed<String> {
        let start = self.reader.place();
        let first = self.reader.read();
        if !first.is_some_and(|one| one.is_ascii_alphabetic()) {
            let hint = "begin the name with a letter of a-z or A-Z";
            return Err(self.refusal(opened, "the name of a group begins with no letter", hint));
        }
        let mut name: String = first.into_iter().collect();
        loop {
            match self.reader.read() {
                Some('>') => return Ok(name),
                Some(one) if one.is_ascii_alphanumeric() => name.push(one),
                other => {
                    let reason = match other {
                        None => "the name of a group is not closed by \">\"".to_owned(),
                        Some(other) => format!("the name of a group has a \"{other}\""),
                    };
                    let rest =
                        self.reader.from(start).take_while(|one| *one != '>').filter(char::is_ascii_alphanumeric);
                    let hint = format!(
                        "a name has only letters of a-z and A-Z, and digits: write \"<{}>\"",
                        rest.collect::<String>()
                    );
                    return Err(self.refusal(opened, reason, hint));
                }
            }
        }
    }

    pub(super) fn numbered(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Letters of flags after `(?`; whether a group comes with them.
    fn inline_flags(&mut self, opened: usize) -> Parsed<bool> {
        let (mut on, mut flags) = (true, self.flags);
        loop {
            let one = self.reader.peek();
            let given = match one {
                Some('i') => flag::ANY_CASE,
                Some('m') => flag::MULTILINE,
                Some('s') => flag::DOT_ALL,
                Some('d') => flag::UNIX_LINES,
                Some('u') => flag::UNICODE_CASE,
                Some('x') => flag::COMMENTS,
                Some('U') => flag::UNICODE_CLASSES | flag::UNICODE_CASE,
                Some('-') if on => {
                    on = false;
                    self.reader.skip(1);
                    continue;
                }
                _ => break,
            };
            flags = if on { flags | given } else { flags & !given };
            self.set_flags(flags);
            self.reader.skip(1);
        }
        match self.reader.read() {
            Some(')') => Ok(false),
            Some(':') => Ok(true),
            other => Err(self.unknown_group(opened, other)),
        }
    }

    fn unknown_group(&self, opened: usize, found: Option<char>) -> Defect {
        let hint = match found {
            Some('P') if self.reader.raw(0) == Some('=') => "write \"\\k<name>\"",
            Some('P') if self.reader.raw(0) == Some('<') => "write \"(?<name>...)\", without the P",
            Some('\'') => "write \"(?<name>...)\"",
            Some('#') => "leave the comment out, or write it after \"#\" under the flag (?x)",
            Some('|' | 'R' | '&' | '(' | '0'..='9') => "Java has no such group: write out what it stands for",
            None => "close it, or write \"\\(\" for the character itself",
            _ => "the flags of Java are i, m, s, d, u, x and U; write \"(?:...)\" for a group without a number",
        };
        let what: String = self.reader.since(opened);
        self.refusal(opened, format!("\"{what}\" begins no group"), hint)
    }
}
