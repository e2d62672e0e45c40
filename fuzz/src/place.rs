//! A finding points at something that a person can find.

use modeldeploy::domain::finding::{Finding, Position};

/// Panics if a finding names a place that is not in the file, or one that cannot be shown.
pub(crate) fn are_inside(findings: &[Finding], file: &str, text: &str) {
    for finding in findings {
        is_inside(finding, file, text);
    }
}

fn is_inside(finding: &Finding, file: &str, text: &str) {
    let _ = finding.pointer();
    let Some(place) = finding.place.as_ref().filter(|place| place.file == file) else { return };
    let Some(Position { line, column }) = place.position else { return };
    // What JSON takes for blanks and letters ends a line of YAML, more of it in version 1.1 than in 1.2
    let yaml = text.replace("\r\n", "\n").replace('\r', "\n");
    let older = yaml.replace(['\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let is_in = |text: &str| {
        let end = text.split('\n').count() + 1;
        let length = line.checked_sub(1).and_then(|above| text.split('\n').nth(above)).map(|line| line.chars().count());
        // Where something is missing is behind the last character
        column >= 1 && length.map_or((line, column) == (end, 1), |length| column <= length + 1)
    };
    assert!(is_in(text) || is_in(&yaml) || is_in(&older), "{finding}\n{text}");
}
