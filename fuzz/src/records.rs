//! Release records: what is wrong has its place, what is right reads back the same, and no changed file passes.

use modeldeploy::domain::release::verification::{Found, Record, Status, check, of_release};
use modeldeploy::domain::release::{Content, Release};

use crate::bounds::in_time;
use crate::place;

const FILE: &str = "release.json";

pub fn holds(text: &str) {
    let record = in_time(|| Record::read(text, FILE));
    place::are_inside(&record.findings, FILE, text);
    assert_eq!(record.release.is_some(), record.findings.is_empty(), "{text}");
    assert!(record.files().len() + record.objects() <= record.subjects.len());
    let inputs = record.release.as_ref().map(Release::inputs).unwrap_or_default();
    for local in record.files().iter().chain(&inputs) {
        let (Content::File(digest) | Content::Folder(digest)) = &local.content;
        let status = |found| check(local, "a", found).0.status;
        assert_eq!(status(Found::Digest(digest.clone())), Status::Ok);
        assert_eq!(status(Found::Digest(format!("{digest}0"))), Status::Changed);
    }
    let Some(release) = record.release else { return };
    let written = release.render().expect("a record has string keys only");
    let again = Record::read(&written, FILE);
    assert!(again.findings.is_empty(), "{:?}\n{written}", again.findings);
    assert_eq!(again.subjects, record.subjects);
    let again = again.release.expect("it has no finding");
    assert_eq!(again.render().expect("as before"), written);
    assert!(!of_release(&release, "no file of any release", "0", None, "c.json").is_empty());
}
