//! Capture files, in a folder or in S3, and the requests that are drawn from them.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cloud::{CloudError, ListedObject, Storage};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::suite::capture::draw::{CaptureSource, Draw};
use crate::domain::suite::capture::sample::{Sample, Sampler};
use crate::domain::suite::capture::window::{Window, begins_with_hour};
use crate::domain::suite::dataset::source::Source;
use crate::files::{self, Opened};

/// How the names of capture files end.
const ENDING: &str = ".jsonl";

/// Why nothing was drawn.
pub(super) enum Unread {
    Cloud(CloudError),
    Disk(std::io::Error),
}

/// Draws from a file, or from all capture files in a folder, which must lie within another one.
pub(super) fn read(place: &Path, name: &str, draw: &Draw, within: &Path) -> Result<Sample, Finding> {
    let unreadable = |error: &std::io::Error| files::unreadable(place, error);
    let found = if place.is_dir() {
        let within = within.canonicalize().map_err(|error| unreadable(&error))?;
        let below = files::below(place, &within).map_err(|mut findings| findings.swap_remove(0))?;
        let below = below.into_iter().filter(|file| file.name.ends_with(ENDING));
        below.map(|file| (format!("{}/{}", name.trim_end_matches('/'), file.name), file.path)).collect()
    } else {
        vec![(name.to_owned(), place.to_owned())]
    };
    let window = draw.window(Timestamp::now());
    let mut sampler = Sampler::new(draw.most, draw.seed, window);
    let drawn = Opened::temporary().map_err(|error| unreadable(&error))?;
    for (name, path) in found.into_iter().filter(|(name, _)| window.may_hold(name)) {
        let file = files::open(&path).map_err(|error| files::unreadable(&path, &error))?;
        sampler.read(&name, file, &mut |line| drawn.add(line)).map_err(|error| unreadable(&error))?;
    }
    Ok(sampler.finish(Arc::new(drawn)))
}

/// Draws from the capture files under a place in S3, as the caller itself: one after the other is copied, and gone again.
pub(super) async fn fetch(draw: &Draw, cloud: &impl Storage) -> Result<Sample, Unread> {
    let window = draw.window(Timestamp::now());
    let mut sampler = Sampler::new(draw.most, draw.seed, window);
    let drawn = Opened::temporary().map_err(Unread::Disk)?;
    let CaptureSource::S3(uri) = &draw.source else { return Ok(sampler.finish(Arc::new(drawn))) };
    for file in files_of(uri, window, cloud).await.map_err(Unread::Cloud)? {
        let copy = Opened::temporary().map_err(Unread::Disk)?;
        let place = S3Uri { bucket: uri.bucket.clone(), key: file.key.clone() };
        let name = place.to_string();
        match cloud.copy_own_object(&place, &copy).await.map_err(Unread::Cloud)? {
            None => sampler.trouble(format!("{name}: is gone since it was listed")),
            Some(came) => match file.mismatch(&came) {
                Some(mismatch) => sampler.trouble(format!("{name}: {mismatch}")),
                None => sampler.read(&name, copy.open(), &mut |line| drawn.add(line)).map_err(Unread::Disk)?,
            },
        }
    }
    Ok(sampler.finish(Arc::new(drawn)))
}

/// The capture files of the time, in order, each once.
async fn files_of(uri: &S3Uri, window: Window, cloud: &impl Storage) -> Result<Vec<ListedObject>, CloudError> {
    if uri.key.ends_with(ENDING) {
        return Ok(vec![ListedObject { key: uri.key.clone(), ..ListedObject::default() }]);
    }
    let folder = if uri.is_prefix() { uri.clone() } else { uri.join("") };
    let is_wanted = |file: &ListedObject| file.key.ends_with(ENDING) && window.may_hold(&file.key);
    let start = window.first_hour().map(|hour| format!("{}{hour}", folder.key));
    let mut found: Vec<ListedObject> = Vec::new();
    let mut passes_over = false;
    let mut first = |files: Vec<ListedObject>| {
        // Under the folder of a variant come the hours, so that those before the time need not be listed.
        let is_of_hours =
            files.first().and_then(|file| file.key.strip_prefix(&folder.key)).is_some_and(begins_with_hour);
        passes_over =
            is_of_hours && start.as_ref().is_some_and(|start| files.last().is_some_and(|last| last.key < *start));
        found.extend(files.into_iter().filter(is_wanted));
        !passes_over
    };
    cloud.own_objects(&folder, None, &mut first).await?;
    if passes_over {
        let mut next = |files: Vec<ListedObject>| {
            found.extend(files.into_iter().filter(is_wanted));
            true
        };
        cloud.own_objects(&folder, start.as_deref(), &mut next).await?;
    }
    found.sort_by(|one, other| one.key.cmp(&other.key));
    found.dedup_by(|one, other| one.key == other.key);
    Ok(found)
}
