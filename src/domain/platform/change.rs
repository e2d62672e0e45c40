//! What a command would change in an account, shown before it does.

use serde::Serialize;
use serde_json::{Value, json};
use similar::TextDiff;

use crate::domain::finding::Finding;
use crate::domain::finding::Severity;
use crate::domain::text::count::counted;
use crate::domain::text::page::Page;

/// Lines of a document that stand unchanged around those that change.
const CONTEXT: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verb {
    Create,
    Update,
}

/// One thing that would be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    pub verb: Verb,
    /// What and which: `policy of bucket models`.
    pub subject: String,
    pub why: String,
    /// The document or value as it is; nothing where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The command that takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
}

/// All that would be written, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub changes: Vec<Change>,
    /// What is already as it should be.
    pub kept: Vec<String>,
    /// What only a person can do or has to know.
    pub notes: Vec<Finding>,
}

impl Plan {
    /// The plan for a program.
    pub(crate) fn document(&self) -> Value {
        let note = |note: &Finding| json!({"severity": note.severity.name(), "what": note.to_string(), "cause": note.cause, "hint": note.hint});
        let notes: Vec<Value> = self.notes.iter().map(note).collect();
        json!({"changes": self.changes, "kept": self.kept, "notes": notes})
    }

    /// The plan for a person: each change with its lines that go (-) and come (+), then what stays.
    pub(crate) fn page(&self) -> Page {
        let mut page = Page::default();
        for change in &self.changes {
            let (sign, verb) = match change.verb {
                Verb::Create => ('+', "create"),
                Verb::Update => ('~', "update"),
            };
            page.line(format!("{sign} {verb} {}", change.subject));
            page.line(format!("    {}", change.why));
            if let Some(undo) = &change.undo {
                page.line(format!("    to undo: {undo}"));
            }
            page.extend(change.difference());
        }
        page.extend(self.kept.iter().map(|kept| format!("= {kept}")));
        let changes = counted(self.changes.len(), "change");
        let unread = self.notes.iter().filter(|note| note.severity == Severity::Error).count();
        let unknown = format!("{} could not be read", counted(unread, "thing"));
        // Who reads the last line alone must not take what nobody could see for complete.
        page.line(match (self.changes.len(), unread) {
            (0, 0) => "nothing to do".to_owned(),
            (0, _) => format!("it is not known whether there is anything to do: {unknown}"),
            (_, 0) => format!("{changes}, {} as it should be", self.kept.len()),
            _ => format!("{changes}, {} as it should be, and maybe more: {unknown}", self.kept.len()),
        });
        page
    }
}

impl Change {
    fn difference(&self) -> Vec<String> {
        let (before, after) = (self.before.as_deref().unwrap_or_default(), self.after.as_deref().unwrap_or_default());
        let mut lines = Vec::new();
        for (number, hunk) in
            TextDiff::from_lines(before, after).unified_diff().context_radius(CONTEXT).iter_hunks().enumerate()
        {
            if number > 0 {
                lines.push("      ...".to_owned());
            }
            lines.extend(hunk.iter_changes().map(|line| format!("    {} {}", line.tag(), line.value().trim_end())));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(verb: Verb, subject: &str, before: Option<String>, after: &str) -> Change {
        let (subject, after) = (subject.to_owned(), Some(after.to_owned()));
        Change { verb, subject, why: "accounts read models".to_owned(), before, after, undo: None }
    }

    #[test]
    fn only_what_changes_is_shown_with_a_little_around_it() {
        let mut plan = Plan::default();
        let before = (0..20).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
        let after = before.replace("line 10\n", "line ten\n");
        plan.changes.push(change(Verb::Update, "policy of bucket models", Some(before), &after));
        plan.kept.push("role".to_owned());
        assert_eq!(
            plan.page().to_string(),
            "~ update policy of bucket models\n    accounts read models\n      line 7\n      line 8\n      line 9\n    \
             - line 10\n    + line ten\n      line 11\n      line 12\n      line 13\n= role\n1 change, 1 as it should be\n"
        );
    }

    #[test]
    fn what_could_not_be_read_is_not_taken_for_nothing_to_do() {
        let mut plan = Plan::default();
        assert_eq!(plan.page().to_string(), "nothing to do\n");
        plan.notes.push(Finding::warning("the role is made by hand"));
        assert_eq!(plan.page().to_string(), "nothing to do\n");
        plan.notes.push(Finding::error("cannot read bucket models"));
        assert_eq!(
            plan.page().to_string(),
            "it is not known whether there is anything to do: 1 thing could not be read\n"
        );
        plan.changes.push(change(Verb::Create, "role", None, "a"));
        assert!(
            plan.page()
                .to_string()
                .ends_with("\n1 change, 0 as it should be, and maybe more: 1 thing could not be read\n")
        );
    }

    #[test]
    fn a_new_document_is_all_new_lines() {
        let mut plan = Plan::default();
        let undo = Some("delete it".to_owned());
        plan.changes.push(Change { undo, ..change(Verb::Create, "role", None, "a\nb\n") });
        let text = plan.page().to_string();
        assert!(
            text.starts_with("+ create role\n    accounts read models\n    to undo: delete it\n    + a\n    + b\n"),
            "{text}"
        );
    }
}
