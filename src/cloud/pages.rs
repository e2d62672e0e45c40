//! The pages of a list: each token is used once, and there is an end to them.

use std::collections::HashSet;

use super::error::ErrorKind;
use super::error::{CloudError, CloudResult};

/// The longest lists that AWS allows have fewer: 20 accounts of a unit a page, 100 of the 100,000 stacks of a stack set.
const MOST: usize = 1_000;

/// A page may be empty and not the last, where the service looks through more than it answers.
const MOST_IN_VAIN: usize = 200;

/// How far a list was turned.
#[derive(Debug)]
pub(crate) struct Pages {
    operation: String,
    tokens: HashSet<String>,
    turned: usize,
    in_vain: usize,
}

impl Pages {
    /// Those of one list; the operation is the IAM action of its calls.
    pub(crate) fn of(operation: impl Into<String>) -> Self {
        Self { operation: operation.into(), tokens: HashSet::new(), turned: 0, in_vain: 0 }
    }

    /// Takes the token that a page ended with, and whether the page held anything that is new; answers with the token to
    /// ask for the next one, if there is one.
    ///
    /// # Errors
    /// The service would go on for ever.
    pub(crate) fn turn(&mut self, token: Option<String>, is_new: bool) -> CloudResult<Option<String>> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        self.turned += 1;
        self.in_vain = if is_new { 0 } else { self.in_vain + 1 };
        let endless = if !self.tokens.insert(token.clone()) {
            format!("the service gives the token of page {} a second time", self.turned + 1)
        } else if self.in_vain >= MOST_IN_VAIN {
            format!("{MOST_IN_VAIN} pages in a row have nothing new, and the service gives a token for one more")
        } else if self.turned >= MOST {
            format!("the list has more than {MOST} pages")
        } else {
            return Ok(Some(token));
        };
        Err(CloudError::new(ErrorKind::Other, &self.operation, endless))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pages are asked for until there is an end, and what is said of it.
    fn turned(token: impl Fn(usize) -> Option<String>, is_new: bool) -> (usize, Option<String>) {
        let mut pages = Pages::of("x:List");
        for asked in 1.. {
            match pages.turn(token(asked), is_new) {
                Ok(Some(_)) => {}
                Ok(None) => return (asked, None),
                Err(error) => return (asked, Some(error.to_string())),
            }
        }
        unreachable!("a list has an end")
    }

    #[test]
    fn a_list_ends_with_the_page_without_a_token() {
        assert_eq!(turned(|asked| (asked < 30).then(|| asked.to_string()), true), (30, None));
        assert_eq!(turned(|_| Some(String::new()), true), (1, None));
    }

    #[test]
    fn a_list_without_an_end_is_an_error_that_names_its_call() {
        let said = |text: &str| Some(format!("x:List: {text}"));
        let again = said("the service gives the token of page 3 a second time");
        assert_eq!(turned(|_| Some("a".to_owned()), true), (2, again));
        let again = said("the service gives the token of page 4 a second time");
        assert_eq!(turned(|asked| Some((asked % 2).to_string()), false), (3, again));
        let in_vain = said("200 pages in a row have nothing new, and the service gives a token for one more");
        assert_eq!(turned(|asked| Some(asked.to_string()), false), (200, in_vain));
        let most = said("the list has more than 1000 pages");
        assert_eq!(turned(|asked| Some(asked.to_string()), true), (1000, most));
    }
}
