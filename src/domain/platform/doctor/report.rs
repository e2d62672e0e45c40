//! The verdicts for a person and for a program, and the fixes in the order in which to make them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::check::Area;
use super::unseen::Needed;
use super::verdict::{Fix, Status, Verdict};
use crate::domain::text::page::{Ink, Page};
use crate::domain::text::wrap::wrapped;

/// All verdicts of a run.
pub(crate) struct Report {
    verdicts: Vec<Verdict>,
    fixes: Vec<(Vec<String>, Fix)>,
}

/// Labels longer than this have their text below them.
const LABEL_MAX: usize = 34;
/// Terminals narrower than this have no room for two columns.
const NARROW: usize = 80;

impl Report {
    pub(crate) fn of(mut verdicts: Vec<Verdict>) -> Self {
        // Stable, so that within an area everything stays in its order.
        verdicts.sort_by_key(|verdict| verdict.check.area());
        let fixes = fixes(&verdicts);
        Self { verdicts, fixes }
    }

    pub(crate) fn count(&self, status: Status) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.status == status).count()
    }

    /// For a person at a terminal of that width.
    pub(crate) fn page(&self, width: usize) -> Page {
        let mut page = Page::default();
        let lines = together(&self.verdicts);
        let lengths = lines.iter().map(|(label, _)| label.chars().count());
        let widest = lengths.filter(|length| *length <= LABEL_MAX).max().unwrap_or_default();
        let mut area: Option<Area> = None;
        for (label, verdict) in &lines {
            if area != Some(verdict.check.area()) {
                if area.is_some() {
                    page.line("");
                }
                area = Some(verdict.check.area());
                page.heading(verdict.check.area().title());
            }
            line(&mut page, label, verdict, widest, width);
        }
        if !self.fixes.is_empty() {
            page.line("");
            page.heading("What to do, in this order");
        }
        for (number, (labels, fix)) in self.fixes.iter().enumerate() {
            let head = format!("{}. {}", number + 1, fix.what);
            page.extend(indented(&head, width.saturating_sub(5), "  ", "     "));
            page.extend(indented(&format!("for {}", shown(labels)), width.saturating_sub(5), "     ", "     "));
            if let Some(statement) = &fix.statement {
                page.document(&serde_json::to_string_pretty(statement).unwrap_or_default(), "     ");
            }
            if let Some(command) = &fix.command {
                page.document(command, "     ");
            }
        }
        page.line("");
        page.line(self.summary());
        page
    }

    fn summary(&self) -> String {
        let counts = [Status::Ok, Status::Warn, Status::Fail, Status::Skipped]
            .map(|status| format!("{} {}", self.count(status), status.word()));
        counts.join(", ")
    }

    /// For a program; the same verdicts give the same bytes.
    pub(crate) fn json(&self) -> String {
        let lines = self.verdicts.iter().map(|verdict| Line {
            area: verdict.check.area().title(),
            check: verdict.check.id(),
            subject: (!verdict.subject.is_empty()).then_some(&verdict.subject),
            status: verdict.status.word(),
            message: &verdict.text,
            needs: verdict.needs.as_ref().map(|needed| needed.action.as_str()),
        });
        let count = |status: Status| self.count(status);
        let document = json!({
            "schemaVersion": 1,
            "summary": {"ok": count(Status::Ok), "warn": count(Status::Warn), "fail": count(Status::Fail),
                        "skipped": count(Status::Skipped)},
            "checks": lines.collect::<Vec<_>>(),
            "fixes": self.fixes.iter().map(|(labels, fix)| json!({
                "for": labels, "what": fix.what, "statement": fix.statement, "command": fix.command,
            })).collect::<Vec<_>>(),
        });
        format!("{document:#}\n")
    }
}

#[derive(Serialize)]
struct Line<'a> {
    area: &'static str,
    check: &'static str,
    subject: Option<&'a String>,
    status: &'static str,
    message: &'a str,
    /// The right that is missing to judge it.
    needs: Option<&'a str>,
}

impl Verdict {
    fn label(&self) -> String {
        format!("{} {}", self.check.id(), self.subject).trim_end().to_owned()
    }
}

/// The verdicts with their labels; one line for all things of which a check says the same, unless there is something to
/// fix in each.
fn together(verdicts: &[Verdict]) -> Vec<(String, &Verdict)> {
    let mut lines: Vec<(usize, &Verdict)> = Vec::new();
    for verdict in verdicts {
        let merges = matches!(verdict.status, Status::Ok | Status::Skipped);
        let same = |other: &Verdict| {
            merges && (other.check, other.status, &other.text) == (verdict.check, verdict.status, &verdict.text)
        };
        match lines.iter_mut().find(|(_, first)| same(first)) {
            Some((count, _)) => *count += 1,
            None => lines.push((1, verdict)),
        }
    }
    let label = |(count, verdict): (usize, &Verdict)| match count {
        1 => verdict.label(),
        _ => format!("{} ({count})", verdict.check.id()),
    };
    lines.into_iter().map(|(count, verdict)| (label((count, verdict)), verdict)).collect()
}

fn line(page: &mut Page, label: &str, verdict: &Verdict, widest: usize, width: usize) {
    const BEFORE: usize = 2 + 7 + 1;
    let status = (Some(ink(verdict.status)), format!("{:<7}", verdict.status.word()));
    let mut with_status =
        |rest: &str| page.painted(vec![(None, "  ".to_owned()), status.clone(), (None, format!(" {rest}"))]);
    let length = label.chars().count();
    let indent = BEFORE + widest + 2;
    let fits = BEFORE + length + 2 + verdict.text.chars().count() <= width;
    if width < NARROW || (length > widest && !fits) {
        let mut labels = indented(label, width.saturating_sub(BEFORE), "", &" ".repeat(BEFORE)).into_iter();
        with_status(&labels.next().unwrap_or_default());
        page.extend(labels);
        let spaces = " ".repeat(BEFORE + 2);
        page.extend(indented(&verdict.text, width.saturating_sub(BEFORE + 2), &spaces, &spaces));
        return;
    }
    if length > widest {
        return with_status(&format!("{label}  {}", verdict.text));
    }
    let mut rest = indented(&verdict.text, width.saturating_sub(indent), "", &" ".repeat(indent)).into_iter();
    with_status(&format!("{label:<widest$}  {}", rest.next().unwrap_or_default()));
    page.extend(rest);
}

fn ink(status: Status) -> Ink {
    match status {
        Status::Ok => Ink::Good,
        Status::Warn => Ink::Doubtful,
        Status::Fail => Ink::Bad,
        Status::Skipped => Ink::Aside,
    }
}

/// Lines of at most `width` characters behind what is put before the first and the further ones.
fn indented(text: &str, width: usize, first: &str, further: &str) -> Vec<String> {
    let lines = wrapped(text, width).into_iter().zip(std::iter::once(first).chain(std::iter::repeat(further)));
    lines.map(|(line, before)| format!("{before}{line}")).collect()
}

/// The first few of the labels.
fn shown(labels: &[String]) -> String {
    const SHOWN: usize = 4;
    let more = labels.len().saturating_sub(SHOWN);
    let and = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{and}", labels[..labels.len().min(SHOWN)].join(", "))
}

/// What has failed first, in the order of the checks, since what comes later often hangs on it; then what is only
/// doubtful; then what would let more be judged.
fn fixes(verdicts: &[Verdict]) -> Vec<(Vec<String>, Fix)> {
    let mut fixes: Vec<(Vec<String>, Fix)> = Vec::new();
    for status in [Status::Fail, Status::Warn, Status::Skipped] {
        for verdict in verdicts.iter().filter(|verdict| verdict.status == status) {
            let Some(fix) = &verdict.fix else { continue };
            match fixes.iter_mut().find(|(_, known)| known == fix) {
                Some((labels, _)) => labels.push(verdict.label()),
                None => fixes.push((vec![verdict.label()], fix.clone())),
            }
        }
    }
    let mut by_caller: BTreeMap<Option<&str>, (Vec<String>, Vec<&Needed>)> = BTreeMap::new();
    for verdict in verdicts {
        let Some(needed) = &verdict.needs else { continue };
        let (labels, needs) = by_caller.entry(needed.who.as_deref()).or_default();
        labels.push(verdict.label());
        needs.push(needed);
    }
    fixes.extend(by_caller.into_iter().map(|(who, (labels, needs))| {
        let who = who.unwrap_or("whoever runs this");
        (labels, Fix::new(format!("to have more judged, allow {who} to read it")).statement(reading(&needs)))
    }));
    fixes
}

/// Statements for the rights that reading lacked, one for each resource.
fn reading(needs: &[&Needed]) -> Value {
    let mut by_resource: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for needed in needs {
        let actions = by_resource.entry(&needed.resource).or_default();
        if !actions.contains(&needed.action.as_str()) {
            actions.push(&needed.action);
        }
    }
    let statements = by_resource.into_iter().map(|(resource, mut actions)| {
        actions.sort_unstable();
        json!({"Effect": "Allow", "Action": actions, "Resource": resource})
    });
    statements.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::platform::doctor::Check;

    fn verdicts() -> Vec<Verdict> {
        let needs = |check, action: &str| Verdict {
            needs: Some(Needed { who: None, action: action.to_owned(), resource: "*".to_owned() }),
            ..Verdict::skipped(check, "", format!("needs {action}"))
        };
        vec![
            Verdict::warn(
                Check::Unit,
                "staging",
                "one account is left out since it is SUSPENDED and nothing is deployed to it",
            )
            .fixed_by(Fix::new("move it")),
            needs(Check::Product, "servicecatalog:SearchProductsAsAdmin"),
            needs(Check::Pipeline, "codepipeline:GetPipeline"),
            Verdict::fail(Check::Role, "modeldeploy-p-abc123-build", "does not exist").fixed_by(Fix::new("make it")),
            Verdict::fail(Check::Role, "modeldeploy-p-abc123-test", "does not exist").fixed_by(Fix::new("make it")),
            Verdict::ok(Check::Caller, "", "user/me"),
        ]
    }

    #[test]
    fn fixes_come_in_order_and_once() {
        let report = Report::of(verdicts());
        let whats: Vec<&str> = report.fixes.iter().map(|(_, fix)| fix.what.as_str()).collect();
        assert_eq!(whats, ["make it", "move it", "to have more judged, allow whoever runs this to read it"]);
        assert_eq!(report.fixes[0].0.len(), 2);
        let statement = report.fixes[2].1.statement.as_ref().expect("a statement");
        let actions = json!(["codepipeline:GetPipeline", "servicecatalog:SearchProductsAsAdmin"]);
        assert_eq!(statement, &json!([{"Effect": "Allow", "Action": actions, "Resource": "*"}]));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_no_word_is_lost() {
        let report = Report::of(verdicts());
        for width in [40, 79, 80, 120] {
            let text = report.page(width).to_string();
            // A word that is too long stands alone, and a statement is to be copied as it is.
            let wraps = |line: &&str| line.split_whitespace().count() > 1 && !line.contains('"');
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > width).filter(wraps).collect();
            assert!(wide.is_empty(), "{width}: {wide:?}");
            let words: Vec<&str> = text.split_whitespace().collect();
            assert!(words.windows(2).any(|pair| pair == ["to", "it"]), "{text}");
        }
        let text = report.page(100).to_string();
        assert!(text.starts_with("Caller\n  ok      caller"), "{text}");
        assert!(text.ends_with("\n1 ok, 1 warn, 2 fail, 2 skipped\n"), "{text}");
    }

    #[test]
    fn programs_get_the_same() {
        let json: Value = serde_json::from_str(&Report::of(verdicts()).json()).expect("JSON");
        assert_eq!(json["summary"], json!({"ok": 1, "warn": 1, "fail": 2, "skipped": 2}));
        assert_eq!(json["checks"][0]["check"], "caller");
        assert_eq!(json["fixes"].as_array().map(Vec::len), Some(3));
    }
}
