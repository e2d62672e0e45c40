//! Several runs under one another, so that a snapshot shows the wording of all messages on a subject.

use std::fmt::Write;

use super::Outcome;

#[derive(Default)]
pub(crate) struct Gallery(String);

impl Gallery {
    /// Adds how a run ended: its exit code and what it said on stderr.
    pub(crate) fn add(&mut self, title: &str, outcome: &Outcome) {
        let code = outcome.code.map_or("none".to_owned(), |code| code.to_string());
        let gap = if self.0.is_empty() { "" } else { "\n" };
        write!(self.0, "{gap}# {title}: exit code {code}\n{}", outcome.stderr).expect("a string takes it");
    }

    pub(crate) fn text(&self) -> &str {
        self.check_shape();
        &self.0
    }

    /// The house's rules for messages: a label, lower case unless it begins with a name, no final full stop.
    fn check_shape(&self) {
        for line in self.0.lines() {
            let labels = ["error: ", "warning: ", "cause: ", "hint: "];
            if let Some(text) = labels.iter().find_map(|label| line.strip_prefix(label)) {
                let first = text.split(' ').next().unwrap_or_default();
                let is_name = first.chars().skip(1).any(|any| !any.is_lowercase()) || text.starts_with("JSON");
                assert!(is_name || !first.starts_with(char::is_uppercase), "a message begins with a capital: {line}");
                assert!(!text.ends_with('.'), "a message ends with a full stop: {line}");
            }
        }
    }
}
