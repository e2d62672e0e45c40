//! `modeldeploy seed`: the zip that a project's repository starts from, packed and put where projects find it.

mod repository;

use std::path::{Path, PathBuf};

use serde_json::json;

pub(super) use self::repository::FILES;
use super::session::Session;
use super::stdout::{print, print_json};
use super::upload::{Destination, put_once};
use crate::cli::Format;
use crate::cli::seed::{SeedPackArgs, SeedUploadArgs};
use crate::cloud::Cloud;
use crate::domain::archive::glob::Glob;
use crate::domain::archive::is_zip;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::digest::sha256;
use crate::domain::finding::Finding;
use crate::domain::platform::seed::{self, Binary, Delivery, MAX_ARCHIVE};
use crate::error::{Failure, Result};
use crate::files::{self, Folders, Most, PendingFiles};

/// The packed binary, beside the zip that does without it.
const BESIDE: &str = "modeldeploy.gz";

/// What is packed, and where to.
pub(super) struct Packing {
    output: PathBuf,
    /// Else the repository that the binary has in it.
    input_dir: Option<PathBuf>,
    /// Else the running one.
    binary: Option<PathBuf>,
    /// Bucket and prefix of the binary, if it is not in the zip.
    fetched_from: Option<(String, String)>,
    exclude: Vec<Glob>,
}

impl Packing {
    pub(super) fn of(args: &SeedPackArgs) -> Self {
        let bucket = args.bucket.clone().filter(|_| args.without_binary);
        Self {
            output: args.output.clone(),
            input_dir: args.input_dir.clone(),
            binary: args.binary.clone(),
            fetched_from: bucket.map(|bucket| (bucket, args.prefix.clone())),
            exclude: args.exclude.clone(),
        }
    }
}

/// What is uploaded, and where to.
pub(super) struct Uploading {
    file: PathBuf,
    bucket: String,
    prefix: String,
    kms_key: Option<String>,
    dry_run: bool,
}

impl Uploading {
    pub(super) fn of(args: &SeedUploadArgs) -> Self {
        Self {
            file: args.file.clone(),
            bucket: args.bucket.clone(),
            prefix: args.prefix.clone(),
            kms_key: args.kms_key_id.clone(),
            dry_run: args.dry_run,
        }
    }
}

/// Packs the zip; no call is made.
pub(super) fn pack(packing: &Packing, session: &Session) -> Result<()> {
    let repository = repository::files(packing.input_dir.as_deref())?;
    let binary = Binary::new(&program(packing)?).map_err(|finding| Failure::invalid([finding]))?;
    let place = packing.fetched_from.as_ref().map(|(bucket, prefix)| binary.place(bucket, prefix));
    let mut outputs = vec![packing.output.clone()];
    if place.is_some() {
        outputs.push(packing.output.with_file_name(BESIDE));
    }
    let pending = PendingFiles::at(outputs.iter().map(PathBuf::as_path), Folders::AreThere)?;
    let delivery = match &place {
        Some(place) => Delivery::From(&binary, place.clone()),
        None => Delivery::Inside(&binary),
    };
    let (zip, warnings) = seed::pack(repository, &packing.exclude, &delivery).map_err(Failure::invalid)?;
    for warning in &warnings {
        session.console.warning(warning);
    }
    let digest = sha256(&zip);
    let size = zip.len();
    pending.filled([zip.as_slice(), binary.packed.as_slice()])?.put()?;
    let written: Vec<String> = outputs.iter().map(|path| path.display().to_string()).collect();
    if session.console.format == Format::Json {
        let place = place.map(|place| place.to_string());
        let binary = json!({"sha256": binary.sha256, "fetchedFrom": place});
        return print_json(&format!(
            "{:#}\n",
            json!({"files": written, "bytes": size, "sha256": digest, "binary": binary})
        ));
    }
    let mut lines = vec![
        format!("seed zip        {} ({size} bytes, sha256 {digest})", packing.output.display()),
        format!("binary          sha256 {}", binary.sha256),
    ];
    if let Some(place) = place {
        lines.push(format!("fetched from    {place}: upload {} there with seed upload", written[1]));
    }
    print(&lines.into_iter().collect(), session)
}

/// The binary that was named, else the one that runs.
fn program(packing: &Packing) -> Result<Vec<u8>> {
    let path = match &packing.binary {
        Some(path) => path.clone(),
        None => std::env::current_exe().map_err(|error| {
            let finding = Finding::error("cannot find the running binary").cause(files::plain(&error));
            Failure::failed(finding.hint("name one with --binary"))
        })?,
    };
    files::read(&path, Most::Sent)
}

/// Puts the zip, or the packed binary, where its content says.
pub(super) async fn upload(uploading: &Uploading, session: &Session, cloud: &impl Cloud) -> Result<()> {
    let bytes = files::read(&uploading.file, Most::Sent)?;
    check(&uploading.file, &bytes)?;
    let digest = sha256(&bytes);
    let name = uploading.file.file_name().map(PathBuf::from).unwrap_or_default();
    let key = seed::content_key(&uploading.prefix, &digest, &name.to_string_lossy());
    let place = S3Uri { bucket: uploading.bucket.clone(), key };
    let destination = Destination { place: &place, kms_key: uploading.kms_key.as_deref(), setting: "--bucket" };
    let is_new = put_once(cloud, &uploading.file.display().to_string(), &bytes, destination, uploading.dry_run).await?;
    let S3Uri { bucket, key } = &place;
    if session.console.format == Format::Json {
        let answer = json!({"bucket": bucket, "key": key, "sha256": digest, "bytes": bytes.len(), "new": is_new});
        return print_json(&format!("{answer:#}\n"));
    }
    let done = match (is_new, uploading.dry_run) {
        (true, true) => "would be uploaded",
        (true, false) => "uploaded",
        (false, _) => "is there already",
    };
    session.console.note(&format!("{} {done}", uploading.file.display()));
    let lines = [format!("bucket  {bucket}"), format!("key     {key}"), format!("sha256  {digest}")];
    print(&lines.into_iter().collect(), session)
}

/// What is not a zip, or more than CodeCommit takes, is found before a project fails for it.
fn check(file: &Path, bytes: &[u8]) -> Result<()> {
    if file.extension().is_none_or(|extension| extension != "zip") {
        return Ok(());
    }
    let name = file.display().to_string();
    let hint = "pack it with \"modeldeploy seed pack\"";
    if !is_zip(bytes) {
        return Err(Failure::invalid([Finding::error("is not a zip archive").in_file(&name).hint(hint)]));
    }
    if bytes.len() > MAX_ARCHIVE {
        let what = format!("has {} bytes, more than the {MAX_ARCHIVE} that CodeCommit takes", bytes.len());
        return Err(Failure::invalid([Finding::error(what).in_file(&name).hint(hint)]));
    }
    Ok(())
}
