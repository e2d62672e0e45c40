//! Captured traffic: what was drawn reads back, an answer agrees with itself, and none of the content is told of a record
//! that is of no use.

use std::sync::{Arc, LazyLock};

use modeldeploy::domain::suite::capture::case::CaptureCase;
use modeldeploy::domain::suite::capture::record::Captured;
use modeldeploy::domain::suite::capture::sample::{Sample, Sampler};
use modeldeploy::domain::suite::capture::window::Window;
use modeldeploy::domain::suite::contents::Contents;
use modeldeploy::domain::suite::suite_draft::SuiteDraft;
use modeldeploy::domain::suite::test_suite::Work;

use crate::bounds::in_time;

const CASES: &str = r#"
version: 1
cases:
  - {name: whole, capture: {s3: a, tolerance: 0.1}}
  - {name: labels, capture: {s3: a, prediction: "$.p[*].l", score: "$.p[*].s"}}
  - {name: numbers, capture: {s3: a, prediction: {column: 0}, task: regression}}
  - {name: threshold, capture: {s3: a, score: {cells: all}, threshold: 0.5}}
  - {name: probabilities, capture: {s3: a, prediction: {highest: "$[*]"}}}
"#;
const MOST: usize = 3;

static COMPARED: LazyLock<Vec<Arc<CaptureCase>>> = LazyLock::new(|| {
    let draft = SuiteDraft::parse(CASES, "cases.yml").expect("cases");
    let names = ["whole", "labels", "numbers", "threshold", "probabilities"];
    let none = Arc::new(drawn(b""));
    let captures = names.map(|name| (name.to_owned(), Arc::clone(&none))).into();
    let suite = draft.compile(&Contents { captures, ..Contents::default() }, &|_| ()).expect("cases");
    let case = |work| if let Work::Capture { case, .. } = work { Some(case) } else { None };
    suite.cases.into_iter().filter_map(|of_suite| case(of_suite.work)).collect()
});

fn drawn(file: &[u8]) -> Sample {
    let mut kept = Vec::new();
    let mut sampler = Sampler::new(MOST, 0, Window::default());
    let mut put_aside = |line: &[u8]| {
        kept.extend_from_slice(line);
        Ok(())
    };
    sampler.read("a.jsonl", file, &mut put_aside).expect("all of it is put aside");
    sampler.finish(Arc::new(kept))
}

pub fn holds(bytes: &[u8]) {
    let sample = in_time(|| drawn(bytes));
    let records: Vec<Captured> = sample.records().map(|record| record.expect("it was read before").captured).collect();
    assert!(records.len() <= MOST);
    for Captured { input, output, .. } in &records {
        let kind = output.content_type.as_deref();
        for case in COMPARED.iter() {
            if let Ok(pair) = in_time(|| case.compare(output, kind, &output.bytes)) {
                assert!(pair.agrees, "{output:?}");
            }
            let compared = in_time(|| case.compare(output, kind, &input.bytes));
            assert_eq!(case.compare(output, kind, &input.bytes), compared);
        }
    }
}
