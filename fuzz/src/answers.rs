//! Answers of models: whatever a model answers is judged, soon, at the same verdict each time, in few and short words
//! that are safe to show.

use std::sync::{Arc, LazyLock};

use modeldeploy::domain::suite::agreement::Agreement;
use modeldeploy::domain::suite::contents::Contents;
use modeldeploy::domain::suite::dataset::source::Source;
use modeldeploy::domain::suite::expectation::Answer;
use modeldeploy::domain::suite::suite_draft::SuiteDraft;
use modeldeploy::domain::suite::test_suite::{Case, Work};

use crate::bounds::in_time;

const CASES: &str = include_str!("answers.yml");
const TYPES: [Option<&str>; 6] = [
    Some("application/json"),
    Some("text/csv; charset=utf-8"),
    Some("application/jsonlines"),
    Some("text/event-stream"),
    Some("application/x-npy"),
    None,
];
/// The longest message, and how much of it was left out.
const MOST_BYTES: usize = (16 << 10) + 40;
const MOST_TOLD: usize = 20;

static SUITE: LazyLock<Vec<Case>> = LazyLock::new(|| suite(CASES).expect("cases"));

/// The cases of a text, if they can be run.
pub(crate) fn suite(text: &str) -> Option<Vec<Case>> {
    let draft = SuiteDraft::parse(text, "cases.yml").ok()?;
    let rows: Arc<dyn Source> = Arc::new(b"a,b\n1,x\n2,y\n".to_vec());
    let datasets = draft.datasets().into_iter().map(|file| (file.to_owned(), Arc::clone(&rows))).collect();
    let schema = br#"{"type": "object", "required": ["predictions"]}"#.to_vec();
    let whole = draft.files().into_iter().map(|file| (file.to_owned(), schema.clone())).collect();
    Some(draft.compile(&Contents { whole, datasets, ..Contents::default() }, &|_| ()).ok()?.cases)
}

pub fn holds(bytes: &[u8]) {
    for case in SUITE.iter() {
        is_judged(case, bytes, |message| {
            assert!(!message.contains(|any: char| any.is_control() || any == '\u{202e}'), "{message:?}");
        });
    }
}

/// Holds a case to what must be so of its judgement, and each of its words to what must be so of them.
pub(crate) fn is_judged(case: &Case, bytes: &[u8], says: fn(&str)) {
    for content_type in TYPES {
        let body = Answer::Body { content_type: content_type.map(str::to_owned), bytes: bytes.to_vec(), variant: None };
        is_told(case, &body, says);
        if let Work::Dataset { case, .. } = &case.work {
            in_time(|| {
                let read = case.read_answer(content_type, bytes, 2);
                assert_eq!(case.read_answer(content_type, bytes, 2), read);
                says(&read.err().unwrap_or_default());
            });
        }
    }
    let message = String::from_utf8_lossy(bytes).into_owned();
    is_told(case, &Answer::ModelError { status: 500, message, log: None }, says);
}

fn is_told(case: &Case, answer: &Answer, says: fn(&str)) {
    let verdict = in_time(|| case.expect.judge(answer));
    assert_eq!(case.expect.judge(answer), verdict);
    let mut agreement = Agreement::default();
    for _ in 0..2 {
        agreement.add(in_time(|| case.expect.look_at(answer)));
    }
    case.expect.disagreement(&agreement).iter().for_each(|message| says(message));
    assert!(verdict.unmet.len() <= MOST_TOLD && (verdict.untold == 0 || verdict.unmet.len() == MOST_TOLD));
    for unmet in &verdict.unmet {
        assert!(unmet.message.len() <= MOST_BYTES, "{}", unmet.message);
        says(&unmet.message);
    }
}
