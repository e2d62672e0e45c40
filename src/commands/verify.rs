//! `modeldeploy verify`: whether files are those of a release record; `test` and a rehearsal ask the same.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::session::Session;
use super::stdout::{print, print_json};
use crate::cli::Format;
use crate::cli::release::VerifyArgs;
use crate::domain::digest::sha256;
use crate::domain::finding::{Finding, Severity};
use crate::domain::project::build_plan::MODEL_PACKAGE_NAME;
use crate::domain::project::stage_config::ExportedConfig;
use crate::domain::release::verification::{self, CheckedFile, Found, Record, Status};
use crate::domain::release::{self, Content, Local, Release};
use crate::domain::report::results::ReleaseReport;
use crate::domain::text::count::counted;
use crate::domain::text::page::Page;
use crate::error::{Exit, Failure, Result};
use crate::files::{self, Unreachable};

/// A record, and where its files are.
pub(super) struct Settings {
    record: PathBuf,
    dir: PathBuf,
    /// The files that the build read; they are looked at where it is said where they are.
    input_dir: Option<PathBuf>,
    files_within: Option<PathBuf>,
}

impl Settings {
    pub(super) fn of(args: &VerifyArgs) -> Self {
        Self {
            record: args.record.clone(),
            dir: args.dir.clone().unwrap_or_else(|| files::folder_of(&args.record).to_owned()),
            input_dir: args.input_dir.clone(),
            files_within: args.files_within.clone(),
        }
    }
}

pub(super) fn run(settings: &Settings, session: &Session) -> Result<()> {
    let shown = settings.record.display().to_string();
    let record = Record::read(&files::read_record(&settings.record)?, &shown);
    let (written, objects) = (record.files(), record.objects());
    let Record { release, mut findings, .. } = record;
    let unreadable = release.is_none();
    let within = settings.files_within.as_deref();
    let mut checked = check(&settings.dir, within, &written, &mut findings);
    if let (Some(inputs), Some(release)) = (&settings.input_dir, &release) {
        checked.extend(check(inputs, within, &release.inputs(), &mut findings));
    }
    if let Some(release) = &release {
        findings.extend(packages(&settings.dir, within, release));
    }
    match session.console.format {
        // A record of nothing leaves nothing to print but what is wrong with it
        Format::Text if checked.is_empty() => {}
        Format::Text => print(&page(&checked), session)?,
        Format::Json => print_json(&format!("{:#}\n", document(&shown, release.as_ref(), &checked, &findings)))?,
    }
    if objects > 0 {
        session.console.note(&format!("not looked at: {} in S3", counted(objects, "object")));
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure { exit: if unreadable { Exit::Invalid } else { Exit::Failed }, findings })
}

/// What speaks against the exported configs being of the package that the record is of. One that cannot be read is told of
/// by its digest.
fn packages(dir: &Path, within: Option<&Path>, release: &Release) -> Vec<Finding> {
    let of_config = |name: &str| {
        let path = files::within(dir, name);
        let (real, shown) = (files::named(&path, within.unwrap_or(dir)).ok()?, path.display().to_string());
        let config = ExportedConfig::parse(&files::read_text(&real).ok()?, &shown).ok()?;
        verification::of_package(release, config.value(MODEL_PACKAGE_NAME)?, &shown)
    };
    release.exported_configs().map(|(_, config)| config).filter_map(of_config).collect()
}

/// Files of a record in a folder; a name that leads out of it is not followed unless `within` says how far it may.
fn check(dir: &Path, within: Option<&Path>, wanted: &[Local], findings: &mut Vec<Finding>) -> Vec<CheckedFile> {
    let within = within.unwrap_or(dir);
    let check = |local: &Local| {
        let path = files::within(dir, &local.name);
        let digest = files::named(&path, within).and_then(|real| {
            let digest = match local.content {
                Content::File(_) => files::digest_of(&real),
                Content::Folder(_) => files::digest_of_folder(&real, within),
            };
            digest.map_err(Unreachable::Io)
        });
        let found = match digest {
            Ok(digest) => Found::Digest(digest),
            Err(unreachable) => not_found(unreachable, within),
        };
        let (checked, finding) = verification::check(local, &path.display().to_string(), found);
        findings.extend(finding);
        checked
    };
    wanted.iter().map(check).collect()
}

/// What a file is that is not to be had.
pub(super) fn not_found(unreachable: Unreachable, within: &Path) -> Found {
    match unreachable {
        Unreachable::Outside(_) => Found::Outside(within.display().to_string()),
        Unreachable::Io(error) if error.kind() == std::io::ErrorKind::NotFound => Found::Missing,
        Unreachable::Io(error) => Found::Unreadable(files::plain(&error)),
    }
}

/// A line a file.
fn page(checked: &[CheckedFile]) -> Page {
    let line = |file: &CheckedFile| {
        let status = match file.status {
            Status::Ok => "ok",
            Status::Changed => "CHANGED",
            Status::Missing => "MISSING",
            Status::Unreadable => "UNREADABLE",
            Status::Outside => "OUTSIDE",
        };
        format!("{status:<10}  {}", file.name)
    };
    checked.iter().map(line).collect()
}

fn document(
    record: &str,
    release: Option<&Release>,
    checked: &[CheckedFile],
    findings: &[Finding],
) -> serde_json::Value {
    let findings: Vec<String> = findings
        .iter()
        .map(|finding| match &finding.cause {
            Some(cause) => format!("{finding}: {cause}"),
            None => finding.to_string(),
        })
        .collect();
    json!({
        "record": record,
        "modelPackageArn": release.map(|release| &release.model_package().arn),
        "success": findings.is_empty(),
        "files": checked,
        "findings": findings,
    })
}

/// What the release record beside an exported config says of it. None is there for configs of other makers, and then
/// nothing can be said.
pub(super) fn beside(
    config: &Path,
    text: &str,
    package: Option<&str>,
    no_verify: bool,
    session: &Session,
) -> Result<Option<ReleaseReport>> {
    let place = files::within(files::folder_of(config), release::FILE_NAME);
    let (shown, config_shown) = (place.display().to_string(), config.display().to_string());
    if !place.exists() {
        let note = format!("no {shown}: {config_shown} is not verified to be what a build wrote");
        session.console.note(&note);
        return Ok(None);
    }
    let record = Record::read(&files::read_record(&place)?, &shown);
    let mut findings = record.findings;
    if let Some(release) = &record.release {
        let name = config.file_name().unwrap_or_default().to_string_lossy();
        let digest = sha256(text.as_bytes());
        findings.extend(verification::of_release(release, &name, &digest, package, &config_shown));
    }
    if !findings.is_empty() && !no_verify {
        for finding in &mut findings {
            finding.hint =
                Some("take all files of one build as it wrote them, or override this with --no-verify".to_owned());
        }
        return Err(Failure::invalid(findings));
    }
    for finding in &findings {
        let warning = Finding { severity: Severity::Warning, ..finding.clone() };
        session.console.warning(&warning.hint("it is used all the same, since --no-verify was given"));
    }
    Ok(Some(ReleaseReport {
        file: shown,
        verified: findings.is_empty(),
        problems: findings.iter().map(ToString::to_string).collect(),
    }))
}
