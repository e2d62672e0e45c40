//! Test results as JUnit XML, as CodeBuild's test reports read it: a suite an account, a test a case.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::printable::on_one_line;
use super::test_report::{AccountReport, Failure, PartReport, TestReport, VariantReport};

/// The test that stands for what is not a case: the endpoint's status and the model that it serves.
const ENDPOINT_TEST: &str = "endpoint serves the model package";

/// The whole report as XML text, in characters that XML 1.0 has: what is none is shown as it is escaped.
///
/// # Errors
/// The text cannot be written as XML.
pub fn render(report: &TestReport) -> Result<String, quick_junit::SerializeError> {
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
    junit.to_string()
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
    suite.add_test_case(test(ENDPOINT_TEST, &name, Duration::ZERO, &account.errors));
    for case in &account.cases {
        let time = case.latency_ms.map_or(0.0, |latency| latency.mean / 1000.0);
        suite.add_test_case(test(&case.name, &name, Duration::from_secs_f64(time), &case.failures));
    }
    suite
}

fn test(name: &str, class: &str, time: Duration, failures: &[Failure]) -> TestCase {
    let status = match failures {
        [] => TestCaseStatus::success(),
        [first, ..] => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(on_one_line(&first.kind)).set_message(on_one_line(&first.message));
            let all = failures.iter().map(|Failure { kind, message, .. }| format!("{kind}: {message}"));
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
    use crate::domain::test_report::CaseReport;

    #[test]
    fn an_account_is_a_suite_and_a_case_is_a_test() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        let failures = vec![Failure::new("wrong_json", "expected \"a\" <&>")];
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
        report.errors.push(Failure::new(&every, &every));
        let failures = vec![Failure::new(&every, &every)];
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
