//! Test results as JUnit XML, as CodeBuild's test reports read it: a suite an account, a test a case.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::domain::report::results::{AccountReport, Failure, PartReport, TestReport, TokenReport, VariantReport};
use crate::domain::text::printable::{self, on_one_line};

/// The test that stands for what is not a case: the endpoint's status and the model that it serves, or a server's health.
const ENDPOINT_TEST: &str = "endpoint serves the model package";
const SERVER_TEST: &str = "model server is healthy";

/// The whole report as XML text, in characters that XML 1.0 has: what is none is shown as it is escaped.
///
/// # Errors
/// The text cannot be written as XML.
pub(crate) fn render(report: &TestReport) -> Result<String, quick_junit::SerializeError> {
    let title = on_one_line(report.project.as_deref().unwrap_or("modeldeploy"));
    let mut junit = Report::new(&title);
    if !report.errors.is_empty() {
        let mut suite = TestSuite::new(&title);
        suite.add_test_case(test("run", &title, Duration::ZERO, &report.errors));
        junit.add_test_suite(suite);
    }
    let release = report.release.as_ref().map(|release| on_one_line(&release.in_words()).into_owned());
    junit.add_test_suites(report.accounts.iter().map(|account| {
        let mut suite = suite(account);
        suite.add_properties(release.as_deref().map(|release| ("release record", release)));
        suite.add_properties(live(account));
        suite
    }));
    junit.to_string().map(|xml| printable::markup(&xml))
}

/// What each variant, pool and inference component serves.
fn live(account: &AccountReport) -> Vec<(String, String)> {
    let of_variant = |variant: &VariantReport| -> Vec<(String, String)> {
        let variant_name = format!("{} variant {}", variant.role, variant.name);
        let name = |part: &PartReport| match part.name() {
            Some(name) => format!("{variant_name}, {name}"),
            None => variant_name.clone(),
        };
        let shown = |text: &str| on_one_line(text).into_owned();
        variant.parts.iter().map(|part| (shown(&name(part)), shown(&part.in_words()))).collect()
    };
    account.variants.iter().flat_map(of_variant).collect()
}

fn suite(account: &AccountReport) -> TestSuite {
    let name = account.name();
    let mut suite = TestSuite::new(on_one_line(&name));
    let whole = if account.account_id.is_some() { ENDPOINT_TEST } else { SERVER_TEST };
    suite.add_test_case(test(whole, &name, Duration::ZERO, &account.errors));
    for case in &account.cases {
        let time = case.latency_ms.map_or(0.0, |latency| latency.mean / 1000.0);
        let mut test = test(&case.name, &name, Duration::from_secs_f64(time), &case.failures);
        if !case.retried.is_empty() {
            let lines: Vec<String> =
                case.retried.iter().map(|Failure { message, .. }| on_one_line(message).into_owned()).collect();
            test.set_system_out(format!("failed, and passed when sent again: {}", lines.join("\n")));
        }
        for (name, value) in case.tokens.iter().flat_map(token_figures) {
            test.add_property((name, value.as_str()));
        }
        suite.add_test_case(test);
    }
    suite
}

/// The figures of streams, by the names of the objectives.
fn token_figures(tokens: &TokenReport) -> Vec<(&'static str, String)> {
    let TokenReport { ttft_ms, inter_token_ms, tokens_per_second, input_tokens, output_tokens, goodput, .. } = *tokens;
    let figures = [
        ("ttft_p50_ms", Some(ttft_ms.p50)),
        ("ttft_p95_ms", Some(ttft_ms.p95)),
        ("ttft_p99_ms", Some(ttft_ms.p99)),
        ("inter_token_p50_ms", inter_token_ms.map(|summary| summary.p50)),
        ("inter_token_p95_ms", inter_token_ms.map(|summary| summary.p95)),
        ("inter_token_p99_ms", inter_token_ms.map(|summary| summary.p99)),
        ("tokens_per_second", tokens_per_second),
        ("goodput", goodput),
    ];
    let figures = figures.into_iter().filter_map(|(name, figure)| Some((name, figure?.to_string())));
    let counts = [("input_tokens", input_tokens), ("output_tokens", Some(output_tokens))];
    figures.chain(counts.into_iter().filter_map(|(name, count)| Some((name, count?.to_string())))).collect()
}

fn test(name: &str, class: &str, time: Duration, failures: &[Failure]) -> TestCase {
    let status = match failures {
        [] => TestCaseStatus::success(),
        [first, ..] => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(first.kind.as_str()).set_message(on_one_line(&first.message));
            let all = failures.iter().map(|Failure { kind, message, .. }| format!("{}: {message}", kind.as_str()));
            let lines: Vec<String> = all.map(|failure| on_one_line(&failure).into_owned()).collect();
            status.set_description(lines.join("\n"));
            status
        }
    };
    let mut case = TestCase::new(on_one_line(name), status);
    case.set_classname(on_one_line(class)).set_time(time);
    case
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::failure_kind::FailureKind;
    use crate::domain::report::results::CaseReport;

    #[test]
    fn no_text_of_a_model_is_a_command_to_the_host_of_the_log() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        let said = "::error::a ##vso[task.x]b ##[error]c ##teamcity[d]";
        let failures = vec![Failure::new(FailureKind::WrongBody, said)];
        let case =
            CaseReport { name: said.into(), failures: failures.clone(), retried: failures, ..CaseReport::default() };
        report.accounts.push(AccountReport { cases: vec![case], ..AccountReport::default() });
        let xml = render(&report).expect("XML");
        assert!(!xml.contains("##") && xml.contains("&#35;#vso[task.x]b"), "{xml}");
    }

    #[test]
    fn an_account_is_a_suite_and_a_case_is_a_test() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        let failures = vec![Failure::new(FailureKind::WrongJson, "expected \"a\" <&>")];
        let case = CaseReport { name: "c".into(), failures, ..CaseReport::default() };
        let account = AccountReport {
            account_id: Some("222222222222".into()),
            region: Some("us-east-1".into()),
            cases: vec![case],
            ..AccountReport::default()
        };
        report.accounts.push(account.judged());
        let xml = render(&report).expect("renders");
        let document = roxmltree::Document::parse(&xml).expect("well-formed");
        let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).expect("a suite");
        assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("2"), Some("1")));
        let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("a failure");
        assert_eq!(failure.attribute("message"), Some("expected \"a\" <&>"));
    }

    #[test]
    fn every_character_is_one_that_xml_has() {
        let every: String = ('\0'..='\u{ffff}').chain(['\u{1fffe}', '\u{10ffff}', '\u{1f600}']).collect();
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.project = Some(every.clone());
        report.errors.push(Failure::new(FailureKind::WrongBody, &every));
        let failures = vec![Failure::new(FailureKind::WrongBody, &every)];
        let case = CaseReport { name: every.clone(), failures, ..CaseReport::default() };
        let account = AccountReport { region: Some(every), cases: vec![case], ..AccountReport::default() };
        report.accounts.push(account.judged());
        let xml = render(&report).expect("renders");
        // XML 1.0, production 2
        let is_allowed =
            |any: char| matches!(any, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert_eq!(xml.chars().find(|any| !is_allowed(*any)), None);
        assert!(xml.contains(r"\u{ffff}") && xml.contains(r"\u{202e}") && xml.contains('\u{1f600}'));
        roxmltree::Document::parse(&xml).expect("well-formed");
    }
}
