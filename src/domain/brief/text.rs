//! A brief for a text field: the most important fact first, all of them in one line.

use super::Brief;
use super::changes::Changes;
use super::comparison::{ComparedCase, Figure};
use super::findings::WorstFinding;
use super::model::ModelBrief;
use crate::domain::text::count::counted;
use crate::domain::text::grapheme::{shortened, units};
use crate::domain::text::printable::within_line;

/// An approval's `CustomData` takes 1,000 characters (CodePipeline user guide, "Manual approval action reference"). How it
/// counts them is not said: UTF-16 units, as AWS's services in Java count, are never fewer than characters.
const LIMIT: usize = 1_000;
/// What the project template puts before it: "To ", the longest name of a stage, ": ".
const BEFORE: usize = 3 + 64 + 2;
/// The most units of the text.
pub(crate) const MOST: usize = LIMIT - BEFORE;
/// Of one text of others.
const MOST_OF_OTHERS: usize = 160;
/// Nobody is helped by less of a fact.
const LEAST: usize = 40;
const MOST_CASES: usize = 20;
/// A dataset has up to thirty scores, of which a line cannot take all.
const MAIN_SCORES: [&str; 8] = ["accuracy", "f1_macro", "roc_auc", "log_loss", "rmse", "mae", "r2", "agreement"];
const MOST_OTHER_SCORES: usize = 3;
const SEPARATOR: &str = " | ";

/// What is told, and what it is about for a reader who is not told.
pub(crate) struct Fact {
    topic: &'static str,
    pub text: String,
}

/// The text: within the limit of an approval, without a line end.
pub(crate) fn render(brief: &Brief) -> String {
    fitted(&facts(brief), MOST)
}

/// As many facts as fit, and at the end what is left out.
fn fitted(facts: &[Fact], most: usize) -> String {
    let joined = |facts: &[Fact]| facts.iter().map(|fact| fact.text.as_str()).collect::<Vec<_>>().join(SEPARATOR);
    let whole = joined(facts);
    if units(&whole) <= most {
        return whole;
    }
    for (at, next) in facts.iter().enumerate().rev() {
        let mark = |rest: &[Fact]| format!("{SEPARATOR}left out: {}", topics(rest).join(", "));
        let head = facts[..at].iter().map(|fact| fact.text.clone() + SEPARATOR).collect::<String>();
        let text_with = |mark: &str| {
            let room = most.checked_sub(units(&head) + units(mark))?;
            (room >= LEAST).then(|| shortened(&next.text, room))
        };
        // Whole, if there is room for it: then it is not what is left out.
        let after = mark(&facts[at + 1..]);
        if let Some(text) = text_with(&after).filter(|text| *text == next.text && at + 1 < facts.len()) {
            return head + &text + &after;
        }
        let after = mark(&facts[at..]);
        if let Some(text) = text_with(&after) {
            return head + &text + &after;
        }
    }
    shortened(&whole, most)
}

fn topics(facts: &[Fact]) -> Vec<&'static str> {
    let mut topics = Vec::new();
    for fact in facts {
        if !topics.contains(&fact.topic) {
            topics.push(fact.topic);
        }
    }
    topics
}

/// Everything that is told, the most important first; each is one line.
pub(crate) fn facts(brief: &Brief) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut tell = |topic, text: String| facts.push(Fact { topic, text });
    let stage = brief.stage.as_ref().map(|stage| format!(" in {}", shown(stage))).unwrap_or_default();
    tell("verdict", format!("{}{stage}: {}", brief.verdict.word(), brief.verdict.in_words()));
    if let Some(model) = &brief.model {
        tell("version", version(model));
    }
    if let Some(release) = brief.release.as_ref().filter(|release| !release.verified) {
        tell("release", shown(&release.in_words()));
    }
    for found in &brief.findings {
        tell("findings", finding(found));
    }
    if brief.more_findings > 0 {
        tell("findings", format!("and {}", counted(brief.more_findings, "more finding")));
    }
    if let Some(approval) = brief.model.as_ref().and_then(approval) {
        tell("approval", approval);
    }
    if let Some(changes) = &brief.changes {
        tell("changes", changed(changes));
    }
    if let Some(scores) = of_cases(brief, scores) {
        tell("scores", format!("{}: {scores}", compared("scores", brief)));
    }
    if let Some(metadata) = brief.model.as_ref().and_then(metadata) {
        tell("metadata", metadata);
    }
    if let Some(latencies) = of_cases(brief, |case| case.figures.iter().filter(|figure| !figure.is_score).collect()) {
        tell("latencies", format!("{}: {latencies}", compared("latencies", brief)));
    }
    if let Some(description) = brief.model.as_ref().and_then(|model| model.description.as_ref()) {
        tell("description", format!("described as: {}", shown(description)));
    }
    facts
}

/// A text of others within a fact, of which it makes no two.
fn shown(text: &str) -> String {
    within_line(&shortened(text, MOST_OF_OTHERS)).replace('|', "\\u{7c}")
}

fn version(model: &ModelBrief) -> String {
    match (&model.group, model.version) {
        (Some(group), Some(version)) => format!("{} version {version}, {}", shown(group), shown(&model.arn)),
        _ => shown(&model.arn),
    }
}

fn approval(model: &ModelBrief) -> Option<String> {
    let approval = model.approval.as_ref()?;
    let reason = approval.reason.as_ref().map(|reason| format!(": {}", shown(reason))).unwrap_or_default();
    let by = approval.last_modified_by.as_ref().map(|by| format!(" by {}", shown(by)));
    let at = approval.last_modified_at.map(|at| format!(" {at:.0}"));
    let modified = if by.is_some() || at.is_some() { "; last modified" } else { "" };
    let (by, at) = (by.unwrap_or_default(), at.unwrap_or_default());
    Some(format!("{} in the registry{reason}{modified}{by}{at}", shown(&approval.status)))
}

fn finding(found: &WorstFinding) -> String {
    let case = found.case.as_ref().map(|case| format!("case {}, ", shown(case))).unwrap_or_default();
    let more = match found.accounts {
        0 | 1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    let account = found.account.as_ref().map(|account| format!("{}{more}: ", shown(account))).unwrap_or_default();
    format!("{case}{account}{} ({})", shown(&found.message), found.kind.as_str())
}

fn changed(changes: &Changes) -> String {
    let mut parts: Vec<String> =
        changes.files.iter().map(|file| format!("{} {}", shown(&file.name), file.change.word())).collect();
    for parameter in &changes.parameters {
        let name = format!("{} {}", shown(&parameter.stage), shown(&parameter.name));
        parts.push(match (&parameter.before, &parameter.now) {
            (Some(before), Some(now)) => format!("{name} {} -> {}", shown(before), shown(now)),
            (None, Some(now)) => format!("{name} {} as {}", parameter.change.word(), shown(now)),
            _ => format!("{name} {}", parameter.change.word()),
        });
    }
    if changes.images.is_some() {
        parts.push("image changed".to_owned());
    }
    if changes.source_version.is_some() {
        parts.push("commit changed".to_owned());
    }
    if parts.is_empty() {
        parts.push("nothing but the model".to_owned());
    }
    format!("changed since version {}: {}", changes.previous_version, parts.join(", "))
}

/// What figures are, and what is in brackets behind them.
fn compared(what: &str, brief: &Brief) -> String {
    if brief.baseline.is_some() { format!("{what} (baseline)") } else { what.to_owned() }
}

/// The scores of a case that say most: those that it is held against its baseline by, and the usual ones.
fn scores(case: &ComparedCase) -> Vec<&Figure> {
    let all = || case.figures.iter().filter(|figure| figure.is_score);
    let says_most = |figure: &&Figure| figure.within_bounds.is_some() || MAIN_SCORES.contains(&figure.name.as_str());
    let told: Vec<&Figure> = all().filter(says_most).collect();
    if told.is_empty() { all().take(MOST_OTHER_SCORES).collect() } else { told }
}

fn of_cases(brief: &Brief, figures: impl Fn(&ComparedCase) -> Vec<&Figure>) -> Option<String> {
    let in_words = |case: &ComparedCase| {
        let figures: Vec<String> = figures(case).into_iter().map(in_words).collect();
        (!figures.is_empty()).then(|| format!("{} {}", shown(&case.name), figures.join(", ")))
    };
    let told: Vec<String> = brief.cases.iter().filter_map(in_words).collect();
    let more = told.len().saturating_sub(MOST_CASES);
    let text = told[..told.len() - more].join("; ");
    match (text.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(text),
        (false, more) => Some(format!("{text}; and {}", counted(more, "more case"))),
    }
}

fn in_words(figure: &Figure) -> String {
    let before = figure.before_in_words().map(|before| format!(" ({before})")).unwrap_or_default();
    format!("{} {}{before}", shown(figure.label()), figure.now_in_words())
}

fn metadata(model: &ModelBrief) -> Option<String> {
    let properties = model.metadata.iter().map(|(name, property)| {
        let before = property.before.as_ref().map(|before| format!(" ({})", shown(before))).unwrap_or_default();
        format!("{} {}{before}", shown(name), shown(&property.value))
    });
    let properties: Vec<String> = properties.collect();
    let is_compared = model.metadata.values().any(|property| property.before.is_some());
    let head = if is_compared { "metadata (version before)" } else { "metadata" };
    (!properties.is_empty()).then(|| format!("{head}: {}", properties.join(", ")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::brief::tests::brief_of;
    use crate::domain::suite::capture::metrics::OfCaptures;
    use crate::domain::suite::dataset::gate::{Catalogue, OfDatasets};
    use crate::domain::text::grapheme::clusters;
    use crate::domain::text::page::Page;

    /// As it is printed.
    fn printed(brief: &Brief) -> String {
        std::iter::once(render(brief)).collect::<Page>().to_string()
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end_and_named() {
        let fact = |topic, length: usize| Fact { topic, text: "word ".repeat(length / 5).trim_end().to_owned() };
        let facts = [fact("verdict", 50), fact("findings", 100), fact("findings", 100), fact("scores", 100)];
        assert!(!fitted(&facts, 400).contains("left out"));
        let text = fitted(&facts, 300);
        assert!(text.ends_with("word | left out: scores"), "{text}");
        let text = fitted(&facts, 240);
        assert!(text.ends_with("word... | left out: findings, scores"), "{text}");
        let text = fitted(&facts, 120);
        assert!(text.ends_with("word | left out: findings, scores") && !text.contains("..."), "{text}");
    }

    #[test]
    fn the_scores_that_say_most_have_names_of_metrics() {
        let metrics = || OfDatasets::METRICS.iter().chain(OfCaptures::METRICS);
        for name in MAIN_SCORES {
            assert!(metrics().any(|metric| metric.name == name && !metric.by_class), "{name}");
        }
    }

    #[test]
    fn a_text_of_others_makes_no_facts() {
        let line = printed(&brief_of("a | PASSED in prod\n| b", 1, 1));
        assert!(line.starts_with("FAILED in a \\u{7c} PASSED in prod\\n\\u{7c} b: 0 of 1 case passed"), "{line}");
        assert!(line.split(SEPARATOR).all(|fact| !fact.starts_with("PASSED")), "{line}");
    }

    #[test]
    fn the_most_important_stays_of_a_large_run() {
        let brief = brief_of("name", 1_000, 10);
        let text = render(&brief);
        for part in ["FAILED in name: 0 of 10000 cases passed, 0 of 1000 accounts", "name version 4", "left out: "] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(units(&text) > MOST - 100, "there is room: {text}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_is_longer_than_an_approval_takes_or_cut_in_the_midst_of_a_character(
            text in prop_oneof!["(?s).{0,400}", "[👩\u{200d}🇨🇭e\u{301}न\u{93f} ]{0,300}", "[\u{0}-\u{20}|:#\\[`]{0,80}"],
            accounts in 0..4_usize,
            cases in 0..6_usize,
        ) {
            let brief = brief_of(&text, accounts, cases);
            let line = printed(&brief);
            let line = line.trim_end_matches('\n');
            prop_assert!(!line.contains('\n') && !line.chars().any(char::is_control));
            prop_assert!(units(line) + BEFORE <= LIMIT, "{} units", units(line));
            prop_assert!(line.starts_with("FAILED"));
            // What is there of a fact is there in whole characters.
            let whole: Vec<String> = facts(&brief).into_iter().map(|fact| fact.text).collect();
            let whole = whole.join(SEPARATOR);
            let told = line.split(" | left out: ").next().unwrap_or_default();
            let told = if whole.starts_with(told) { told } else { told.trim_end_matches("...") };
            let told: Vec<&str> = clusters(told).collect();
            let whole: Vec<&str> = clusters(&whole).take(told.len()).collect();
            prop_assert_eq!(told, whole);
        }
    }
}
