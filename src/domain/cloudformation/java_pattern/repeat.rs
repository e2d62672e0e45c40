//! What repeats a part of a pattern.

use super::defect::Defect;
use super::parser::{Parsed, Parser};
use super::syntax::{Appetite, Node};

impl Parser {
    /// A node, with what repeats it.
    pub(super) fn quantified(&mut self, node: Node) -> Parsed<Node> {
        let (least, most) = match self.reader.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => self.counts()?,
            _ => return Ok(node),
        };
        self.reader.skip(1);
        let appetite = match self.reader.peek() {
            Some('?') => Appetite::Lazy,
            Some('+') => Appetite::Possessive,
            _ => Appetite::Greedy,
        };
        self.reader.skip(usize::from(appetite != Appetite::Greedy));
        Ok(Node::Repeat { inner: Box::new(node), least, most, appetite })
    }

    /// `{n}`, `{n,}` or `{n,m}`, up to before its last brace.
    fn counts(&mut self) -> Parsed<(i32, Option<i32>)> {
        let opened = self.reader.place();
        if !self.reader.raw(1).is_some_and(|one| one.is_ascii_digit()) {
            return Err(self.no_repeat(opened));
        }
        self.reader.skip(1);
        let least = self.count(opened)?;
        let most = if self.reader.eat(',') {
            match self.reader.peek() {
                Some('}') => None,
                Some('0'..='9') => Some(self.count(opened)?),
                _ => return Err(self.no_repeat(opened)),
            }
        } else {
            Some(least)
        };
        if self.reader.peek() != Some('}') {
            return Err(self.no_repeat(opened));
        }
        if let Some(most) = most.filter(|most| *most < least) {
            let hint = format!("write \"{{{most},{least}}}\"");
            return Err(self.refusal(opened, format!("a repeat of at least {least} and at most {most} is none"), hint));
        }
        Ok((least, most))
    }

    fn count(&mut self, opened: usize) -> Parsed<i32> {
        let mut count: i32 = 0;
        while let Some(digit) = self.reader.peek().and_then(|one| one.to_digit(10)) {
            let more = count.checked_mul(10).and_then(|count| count.checked_add(digit.cast_signed()));
            let Some(more) = more else {
                let reason = format!("a repeat is of more than {}", i32::MAX);
                return Err(self.refusal(opened, reason, "write a smaller number"));
            };
            count = more;
            self.reader.skip(1);
        }
        Ok(count)
    }

    fn no_repeat(&self, opened: usize) -> Defect {
        self.refusal(opened, "a \"{\" begins no repeat", self.braces_hint(opened))
    }

    fn braces_hint(&self, opened: usize) -> String {
        let text: String = self.reader.from(opened).take_while(|one| *one != '}').skip(1).collect();
        let plain: String = text.chars().filter(|one| !one.is_whitespace()).collect();
        let numbers: Vec<&str> = plain.split(',').collect();
        let is_repeat = numbers.len() <= 2
            && numbers.iter().any(|one| !one.is_empty())
            && numbers.iter().all(|one| one.chars().all(|one| one.is_ascii_digit()));
        match numbers.as_slice() {
            ["", most] if is_repeat => format!("write \"{{0,{most}}}\""),
            _ if is_repeat => format!("write \"{{{plain}}}\""),
            _ => "write \"\\{\" for the character itself".to_owned(),
        }
    }
}
