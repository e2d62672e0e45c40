//! A brief as Markdown, for people and for comments on a pull request. What others wrote is in code spans, in which no host
//! makes a link, a mention, a command or HTML of it.

use super::Brief;
use super::changes::Changes;
use super::comparison::{ComparedCase, Figure};
use super::findings::WorstFinding;
use super::model::ModelBrief;
use crate::domain::text::count::counted;
use crate::domain::text::grapheme::shortened;
use crate::domain::text::printable::within_line;

/// Of one text of others.
const MOST_OF_OTHERS: usize = 300;
/// A host takes so many rows, and a reader no more: a comment on GitHub has at most 65,536 characters.
const MOST_ROWS: usize = 60;
const MOST_ITEMS: usize = 40;

/// The document, with a line end at its end.
pub(crate) fn render(brief: &Brief) -> String {
    let mut lines = vec![head(brief), String::new(), format!("{}.", summary(brief)), String::new()];
    if let Some(model) = &brief.model {
        lines.extend(model_items(model));
    }
    if let Some(release) = &brief.release {
        let verified = if release.verified { "verified" } else { "**not verified**" };
        lines.push(format!("- release record: {verified}, {}", code(&release.in_words())));
    }
    section(&mut lines, "Findings", brief.findings.iter().map(finding).collect(), brief.more_findings);
    if let Some(changes) = &brief.changes {
        let title = format!("Changes since version {}", changes.previous_version);
        let mut items = changed(changes);
        let more = items.len().saturating_sub(MOST_ITEMS);
        items.truncate(MOST_ITEMS);
        section(&mut lines, &title, items, more);
    }
    figures(brief, &mut lines);
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

fn head(brief: &Brief) -> String {
    let model = brief.model.as_ref().map(|model| match (&model.group, model.version) {
        (Some(group), Some(version)) => format!(": {} version {version}", code(group)),
        _ => format!(": {}", code(&model.arn)),
    });
    let stage = brief.stage.as_ref().map(|stage| format!(" in {}", code(stage))).unwrap_or_default();
    format!("## {}{}{stage}", brief.verdict.word(), model.unwrap_or_default())
}

fn summary(brief: &Brief) -> String {
    format!("{}; tested {:.0}", brief.verdict.in_words(), brief.finished_at)
}

fn model_items(model: &ModelBrief) -> Vec<String> {
    let mut items = vec![format!("- package: {}", code(&model.arn))];
    if let Some(approval) = &model.approval {
        let reason = approval.reason.as_ref().map(|reason| format!(", because {}", code(reason)));
        items.push(format!("- approval: {}{}", code(&approval.status), reason.unwrap_or_default()));
        let by = approval.last_modified_by.as_ref().map(|by| format!(" by {}", code(by))).unwrap_or_default();
        let at = approval.last_modified_at.map(|at| format!(" at {at:.0}")).unwrap_or_default();
        if !by.is_empty() || !at.is_empty() {
            items.push(format!("- last modified{by}{at}: the approval, unless something else was changed after it"));
        }
    }
    items.extend(model.description.as_ref().map(|text| format!("- description: {}", code(text))));
    items.extend(model.metadata.iter().take(MOST_ITEMS).map(|(name, property)| {
        let before = property.before.as_ref().map(|before| format!(" (version before: {})", code(before)));
        format!("- {}: {}{}", code(name), code(&property.value), before.unwrap_or_default())
    }));
    let more = model.metadata.len().saturating_sub(MOST_ITEMS);
    items.extend((more > 0).then(|| format!("- and {more} more")));
    items
}

/// A heading with a list, unless it is empty.
fn section(lines: &mut Vec<String>, title: &str, items: Vec<String>, more: usize) {
    if items.is_empty() {
        return;
    }
    lines.extend([String::new(), format!("### {title}"), String::new()]);
    lines.extend(items.into_iter().map(|item| format!("- {item}")));
    lines.extend((more > 0).then(|| format!("- and {more} more")));
}

fn finding(found: &WorstFinding) -> String {
    let case = found.case.as_ref().map(|case| format!("case {}, ", code(case))).unwrap_or_default();
    let more = match found.accounts {
        0 | 1 => String::new(),
        all => format!(" and {}", counted(all - 1, "more account")),
    };
    let account = found.account.as_ref().map(|account| format!("{}{more}, ", code(account))).unwrap_or_default();
    format!("{case}{account}{}: {}", code(found.kind.as_str()), code(&found.message))
}

fn changed(changes: &Changes) -> Vec<String> {
    let mut items: Vec<String> =
        changes.files.iter().map(|file| format!("{} {}", code(&file.name), file.change.word())).collect();
    items.extend(changes.parameters.iter().map(|parameter| {
        let name = format!("{} of {}", code(&parameter.name), code(&parameter.stage));
        let values: Vec<String> =
            [&parameter.before, &parameter.now].into_iter().flatten().map(|one| code(one)).collect();
        let hidden = if parameter.hidden { ", values not shown" } else { "" };
        let colon = if values.is_empty() { "" } else { ": " };
        format!("{name} {}{hidden}{colon}{}", parameter.change.word(), values.join(" to "))
    }));
    let all = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", "),
    };
    items.extend(
        changes.images.as_ref().map(|images| format!("image: {} to {}", all(&images.before), all(&images.now))),
    );
    let source = |version: &Option<String>| version.as_ref().map_or_else(|| "none".to_owned(), |one| code(one));
    let commits = changes.source_version.as_ref();
    items.extend(commits.map(|one| format!("commit: {} to {}", source(&one.before), source(&one.now))));
    if items.is_empty() {
        items.push("nothing but the model".to_owned());
    }
    items
}

/// A table of the figures; cases that failed come first.
fn figures(brief: &Brief, lines: &mut Vec<String>) {
    let mut cases: Vec<&ComparedCase> = brief.cases.iter().collect();
    cases.sort_by_key(|case| case.accounts.passed == case.accounts.all);
    let rows: Vec<String> =
        cases.iter().flat_map(|case| case.figures.iter().map(|figure| row(case, figure, brief))).collect();
    if rows.is_empty() {
        return;
    }
    lines.extend([String::new(), "### Figures".to_owned(), String::new()]);
    if let Some(baseline) = &brief.baseline {
        let package = baseline.model_package_arn.as_ref().map(|arn| format!(", {}", code(arn))).unwrap_or_default();
        let file = code(&baseline.file);
        lines.extend([format!("Baseline: {file}{package}, tested {:.0}.", baseline.finished_at), String::new()]);
        lines.extend(["| case | figure | now | baseline |".to_owned(), "|---|---|---|---|".to_owned()]);
    } else {
        lines.extend(["| case | figure | now |".to_owned(), "|---|---|---|".to_owned()]);
    }
    let more = rows.len().saturating_sub(MOST_ROWS);
    lines.extend(rows.into_iter().take(MOST_ROWS));
    if more > 0 {
        lines.extend([String::new(), format!("And {} in the results.", counted(more, "more row"))]);
    }
}

fn row(case: &ComparedCase, figure: &Figure, brief: &Brief) -> String {
    let now = figure.now_in_words();
    let now = if figure.within_bounds == Some(false) { format!("**{now}**") } else { now };
    let before = figure.before_in_words().unwrap_or_default();
    let before = if brief.baseline.is_some() { format!(" {before} |") } else { String::new() };
    format!("| {} | {} | {now} |{before}", cell(&case.name), cell(figure.label()))
}

/// A text of others within a cell of a table, which ends at a bar even in a code span.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\u{7c}")
}

/// A text of others as a code span (CommonMark 0.31, 6.1): fenced by more backticks than it has in a row.
fn code(text: &str) -> String {
    let shown = within_line(&shortened(text, MOST_OF_OTHERS)).into_owned();
    if shown.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let longest = shown.split(|any| any != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let ends = |any: char| shown.starts_with(any) || shown.ends_with(any);
    let pad = if ends('`') || ends(' ') { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::brief::tests::brief_of;

    /// What a line says outside of its code spans: each ends at the next run of as many backticks as it begins with.
    fn outside_of_code(line: &str) -> String {
        let (mut outside, mut rest) = (String::new(), line);
        while let Some(start) = rest.find('`') {
            let run = rest[start..].len() - rest[start..].trim_start_matches('`').len();
            outside += &rest[..start];
            let behind = &rest[start + run..];
            let mut at = 0;
            let end = loop {
                let next = behind[at..].find('`').map(|next| at + next).expect("every code span ends");
                let length = behind[next..].len() - behind[next..].trim_start_matches('`').len();
                if length == run {
                    break next + run;
                }
                at = next + length;
            };
            outside.push('C');
            rest = &behind[end..];
        }
        outside + rest
    }

    #[test]
    fn a_code_span_holds_whatever_is_in_it() {
        for (text, shown) in [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("``a", "``` ``a ```"),
            (" a ", "`  a  `"),
            ("", "(empty)"),
            ("a\n@b", "`a\\n@b`"),
            ("##vso[x]", "`#\\u{23}vso[x]`"),
        ] {
            assert_eq!(code(text), shown);
        }
        assert_eq!(cell("a|b\\|c"), "`a\\u{7c}b\\\\u{7c}c`");
    }

    #[test]
    fn nothing_of_others_is_more_than_text() {
        let evil =
            "</details><img src=x> [a](http://b) @all #1 ![i](j) | x | ` ```\n# head\n- [ ] *b* \u{202e}http://c";
        let page = render(&brief_of(evil, 2, 2));
        for line in page.lines() {
            let outside = outside_of_code(line);
            for word in ["<", "@", "http", "](", "#1", "*b*", "\u{202e}"] {
                assert!(!outside.contains(word), "{word} in {outside}");
            }
        }
        let heads = page.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(heads, 4, "verdict, findings, changes, figures: {page}");
    }

    #[test]
    fn a_comment_of_a_large_run_is_no_longer_than_hosts_take() {
        let page = render(&brief_of(&"a name ".repeat(100), 1_000, 50));
        assert!(page.len() < 65_536, "{} bytes", page.len());
        assert!(page.contains("more rows in the results."), "{page}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_text_of_others_is_in_a_code_span(text in "(?s)[`|\\\\<\\[@ ]{0,30}.{0,100}") {
            let plain = render(&brief_of("x", 2, 2));
            let page = render(&brief_of(&text, 2, 2));
            let skeleton = |page: &str| page.lines().map(outside_of_code).collect::<Vec<_>>().join("\n");
            let emptied = |page: &str| skeleton(page).replace("(empty)", "C");
            prop_assert_eq!(emptied(&page), emptied(&plain));
        }
    }
}
