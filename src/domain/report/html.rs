//! Test results as one HTML page that needs nothing else: no script, no file beside it, no network.
//!
//! The files of this folder turn results into what a page says; the templates lay it out and escape all of it.

mod axes;
mod baseline;
mod buckets;
mod captures;
mod cases;
mod charts;
mod comparison;
mod datasets;
mod failures;
mod figures;
mod listing;
mod live;
mod matrix;
mod over_time;
mod table;
mod verdict;

pub(crate) use minijinja::Error;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use self::baseline::Baseline;
use self::cases::Cases;
use self::comparison::Comparison;
use self::failures::Failures;
use self::listing::Subject;
use self::live::Live;
use self::matrix::Matrix;
use self::verdict::Verdict;
use crate::domain::report::results::TestReport;
use crate::domain::text::printable;

const PAGE: &str = "page.html";
const TEMPLATES: [(&str, &str); 3] = [
    (PAGE, include_str!("html/page.html.j2")),
    ("run.html", include_str!("html/run.html.j2")),
    ("charts.html", include_str!("html/charts.html.j2")),
];
pub(crate) const STYLE: &str = include_str!("html/style.css");

/// The page of one run, or of several side by side, each with the name of its file.
///
/// # Errors
/// A template does not fit what it is given, which is a defect of this module.
pub(crate) fn render(reports: &[(String, TestReport)]) -> Result<String, Error> {
    let comparison = (reports.len() > 1).then(|| Comparison::new(reports));
    let runs: Vec<Run> = reports.iter().zip(1..).map(|((name, report), at)| Run::new(at, name, report)).collect();
    rendered(&TEMPLATES, PAGE, Page { style: STYLE, comparison, runs })
}

/// A page, which is one of these templates, with all that it says escaped.
///
/// # Errors
/// A template does not fit what it is given.
pub(crate) fn rendered(
    templates: &[(&'static str, &'static str)],
    page: &str,
    says: impl Serialize,
) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in templates {
        environment.add_template(name, source)?;
    }
    let page = environment.get_template(page)?.render(Serde(says))?;
    // Control characters have no place in HTML, escaped or not; an answer's body may hold any. And the page may go to a log.
    Ok(printable::markup(&page))
}

#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    comparison: Option<Comparison>,
    runs: Vec<Run<'a>>,
}

/// Everything that a page says about one run.
#[derive(Serialize)]
struct Run<'a> {
    number: usize,
    name: &'a str,
    verdict: Verdict,
    baseline: Option<Baseline>,
    ended_by: Vec<failures::Message>,
    matrix: Option<Matrix>,
    failures: Failures,
    cases: Cases,
    live: Option<Live>,
    left_out: Vec<[&'a str; 2]>,
}

impl<'a> Run<'a> {
    fn new(number: usize, name: &'a str, report: &'a TestReport) -> Self {
        let subject = Subject::new(number, report);
        let failures = Failures::new(&subject);
        Self {
            number,
            name,
            verdict: Verdict::new(&subject, &failures),
            baseline: Baseline::new(&subject),
            ended_by: report.errors.iter().map(failures::Message::of_run).collect(),
            matrix: Matrix::new(&subject, &failures),
            cases: Cases::new(&subject, &failures),
            live: Live::new(&subject),
            left_out: report.left_out.iter().map(|left| [left.account_id.as_str(), left.reason.as_str()]).collect(),
            failures,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use jiff::Timestamp;
    use roxmltree::{Document, ParsingOptions};

    use super::*;
    use crate::domain::endpoint::{DataCapture, Serves};
    use crate::domain::report::failure_kind::FailureKind;
    use crate::domain::report::latency::{LatencyBucket, LatencySummary};
    use crate::domain::report::results::{
        AccountReport, CaseReport, ConfusionMatrix, DatasetReport, Failure, KeptBody, LeftOutReport, LoadReport,
        PartReport, Residuals, VariantReport,
    };

    const HOSTILE: &str = "</pre></style><script>alert(1)</script>\" onload='x' &amp; \0\u{1b}\u{202e}\u{ffff}";

    fn latency(factor: f64) -> LatencySummary {
        let at = |value: f64| value * factor;
        LatencySummary {
            min: at(8.0),
            mean: at(12.0),
            p50: at(11.0),
            p90: at(15.0),
            p95: at(18.0),
            p99: at(30.0),
            max: at(42.0),
        }
    }

    fn case(name: &str, failures: Vec<Failure>) -> CaseReport {
        CaseReport {
            name: name.to_owned(),
            kind: "load".to_owned(),
            success: failures.is_empty(),
            invocations: 100,
            errors: 2,
            latency_ms: Some(latency(1.0)),
            first_byte_ms: Some(latency(0.5)),
            latency_buckets: [(10.0, 20), (12.5, 60), (50.0, 20)]
                .map(|(up_to, count)| LatencyBucket { up_to, count })
                .to_vec(),
            load: Some(LoadReport {
                target_rate: Some(50.0),
                achieved_rate: 47.5,
                duration_seconds: 30.0,
                max_in_flight: 64,
                most_in_flight: 12,
                ..LoadReport::default()
            }),
            dataset: Some(DatasetReport {
                rows: 100,
                metrics: BTreeMap::from([("accuracy".to_owned(), 0.95)]),
                confusion: Some(ConfusionMatrix {
                    labels: vec!["yes".to_owned(), name.to_owned()],
                    counts: vec![vec![45, 5], vec![0, 50]],
                }),
                residuals: Some(Residuals { min: -2.0, p5: -1.0, median: 0.0, mean: 0.1, p95: 1.0, max: 3.0 }),
            }),
            failures,
            ..CaseReport::default()
        }
    }

    /// A report with everything in it that there is, and `text` wherever something comes from outside.
    fn report(text: &str) -> TestReport {
        let body = KeptBody::new(Some(text), text.as_bytes());
        let failure = Failure { kind: FailureKind::WrongBody, message: text.to_owned(), response: Some(body) };
        let account = AccountReport {
            account_id: Some(text.to_owned()),
            region: Some(text.to_owned()),
            endpoint_name: Some(text.to_owned()),
            endpoint_status: Some(text.to_owned()),
            success: false,
            data_capture: Some(DataCapture {
                enabled: true,
                status: Some(text.to_owned()),
                sampling_percentage: Some(50),
                destination: Some(text.to_owned()),
            }),
            live_model_package_arns: vec![text.to_owned()],
            live_model_matches: Some(false),
            variants: vec![VariantReport {
                name: text.to_owned(),
                role: text.to_owned(),
                model_names: vec![text.to_owned()],
                model_package_arns: vec![text.to_owned()],
                images: vec![text.to_owned()],
                serves: Some(Serves::Unknown),
                parts: vec![PartReport {
                    inference_component: Some(text.to_owned()),
                    instance_type: Some(text.to_owned()),
                    model_name: Some(text.to_owned()),
                    model_package_arns: vec![text.to_owned()],
                    serves: Some(Serves::Unknown),
                    reason: Some(text.to_owned()),
                }],
            }],
            cases: vec![
                case(text, vec![failure.clone()]),
                CaseReport { name: format!("{text}2"), ..CaseReport::default() },
            ],
            errors: vec![failure.clone()],
        };
        TestReport {
            project: Some(text.to_owned()),
            stage: Some(text.to_owned()),
            model_package_arn: Some(format!("{text}/asked")),
            accounts: vec![account.clone(), account],
            left_out: vec![LeftOutReport { account_id: text.to_owned(), reason: text.to_owned() }],
            errors: vec![failure],
            ..TestReport::new(Timestamp::UNIX_EPOCH)
        }
    }

    fn page(reports: &[(String, TestReport)]) -> String {
        render(reports).expect("the templates fit")
    }

    /// The page is written so that it is XML, too: what opens closes, and every attribute is quoted.
    fn parse(page: &str) -> Document<'_> {
        Document::parse_with_options(page, ParsingOptions { allow_dtd: true, ..ParsingOptions::default() })
            .expect("well-formed")
    }

    #[test]
    fn nothing_from_outside_becomes_markup() {
        for reports in [
            vec![(HOSTILE.to_owned(), report(HOSTILE))],
            vec![(HOSTILE.to_owned(), report(HOSTILE)), (HOSTILE.to_owned(), report(HOSTILE))],
        ] {
            let page = page(&reports);
            let document = parse(&page);
            let element = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
            assert_eq!((element("script"), element("style"), element("img"), element("iframe")), (0, 1, 0, 0));
            assert!(
                document.descendants().flat_map(|node| node.attributes()).all(|attribute| attribute.name() != "onload")
            );
            // What was &amp; stays that, and shows as that.
            let shown = printable::in_lines(HOSTILE);
            let bodies: Vec<_> = document.descendants().filter(|node| node.has_tag_name("pre")).collect();
            assert!(!bodies.is_empty() && bodies.iter().all(|body| body.text() == Some(&shown)), "{bodies:?}");
        }
    }

    #[test]
    fn a_page_needs_nothing_from_outside_and_its_links_lead_somewhere() {
        let page = page(&[("a".to_owned(), report("a")), ("b".to_owned(), report("b"))]);
        for loads in ["http:", "https:", "url(", "@import", "src="] {
            assert!(!page.contains(loads), "{loads}");
        }
        let document = parse(&page);
        let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        for node in document.descendants().filter(|node| node.has_tag_name("a")) {
            let link = node.attribute("href").expect("a link leads somewhere");
            assert!(link.strip_prefix('#').is_some_and(|id| unique.contains(id)), "{link}");
        }
        for labelled in document.descendants().filter_map(|node| node.attribute("aria-labelledby")) {
            assert!(labelled.split(' ').all(|id| unique.contains(id)), "{labelled}");
        }
    }

    #[test]
    fn the_same_results_give_the_same_bytes() {
        let reports = [("a".to_owned(), report("a")), ("b".to_owned(), report("b"))];
        assert_eq!(page(&reports), page(&reports));
    }

    #[test]
    fn a_run_that_tested_nothing_says_why() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.errors.push(Failure::new(FailureKind::Unit, "cannot list the accounts of unit ou-1"));
        let page = page(&[("a".to_owned(), report)]);
        for said in ["FAILED", "No account was tested.", "cannot list the accounts of unit ou-1"] {
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn a_run_without_cases_says_that_nothing_was_sent() {
        let mut report = TestReport::new(Timestamp::UNIX_EPOCH);
        report.accounts.push(AccountReport::default().judged());
        report.finish(Timestamp::UNIX_EPOCH);
        assert!(page(&[("a".to_owned(), report)]).contains("No case was sent."));
    }

    #[test]
    fn a_page_looks_as_it_did() {
        let mut report = report("text");
        report.accounts.pop();
        let page = page(&[("test-results.json".to_owned(), report)]);
        let (_, body) = page.split_once("</style>\n").expect("a page with its style");
        insta::with_settings!({ snapshot_path => "html/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("page", body);
        });
    }
}
