//! Which files this run has read and is to write, so that no output falls on an input or on another output.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::{Duration, Instant};

/// A file by whatever name: links, hard ones too, and spellings lead to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
impl Identity {
    #[expect(clippy::unnecessary_wraps, reason = "systems without inodes have none")]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

#[cfg(not(unix))]
impl Identity {
    pub(super) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// An output, from the proof that it can be written until the end of the run.
#[derive(Debug)]
struct Output {
    id: u64,
    /// As it was named.
    shown: PathBuf,
    real: PathBuf,
    /// Of what is there.
    identity: Option<Identity>,
    /// What is written beside its place.
    temporary: Option<PathBuf>,
    is_put: bool,
    /// Gone with the claim.
    claimed: Weak<()>,
}

impl Output {
    /// Whether its place is taken: it is there, or is going to be.
    fn is_taken(&self) -> bool {
        self.is_put || self.claimed.strong_count() > 0
    }
}

#[derive(Debug, Default)]
pub(super) struct InUse {
    read: BTreeMap<Identity, PathBuf>,
    outputs: Vec<Output>,
    next: u64,
}

static IN_USE: Mutex<Option<InUse>> = Mutex::new(None);

/// What a run that speaks to AWS reads, and one that has not done so yet: the files that AWS's settings name.
const NAMED_BY_SETTINGS: [&str; 7] = [
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
];
const READ_AT_HOME: [&str; 2] = [".aws/config", ".aws/credentials"];

fn lock() -> MutexGuard<'static, Option<InUse>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps in mind that a file was read.
pub(super) fn note_read(path: &Path, metadata: &Metadata) {
    if let Some(identity) = Identity::of(metadata) {
        lock().get_or_insert_default().read.entry(identity).or_insert_with(|| path.to_owned());
    }
}

/// An output's place, which no other output of this run gets as long as this is there. Giving it up takes no lock, so
/// that it can be done while the lock is held.
#[derive(Debug)]
pub(super) struct Claim {
    id: u64,
    _holder: Arc<()>,
}

impl Claim {
    /// Takes the place; the error is what it would fall on.
    pub(super) fn new(shown: &Path, real: &Path, there: Option<&Metadata>) -> Result<Self, String> {
        let mut in_use = lock();
        let in_use = in_use.get_or_insert_default();
        let id = in_use.next;
        in_use.next += 1;
        let (shown, real, identity) = (shown.to_owned(), real.to_owned(), there.and_then(Identity::of));
        let holder = Arc::new(());
        let claimed = Arc::downgrade(&holder);
        let output = Output { id, shown, real, identity, temporary: None, is_put: false, claimed };
        if let Some(other) = in_use.overlap(&output, identity) {
            return Err(other);
        }
        in_use.outputs.push(output);
        Ok(Self { id, _holder: holder })
    }

    /// Says what is written beside the place.
    pub(super) fn beside(&self, temporary: &Path) {
        lock().get_or_insert_default().output(self.id).temporary = Some(temporary.to_owned());
    }
}

/// Runs what must not be left half-done, such as the renaming of several files: the process does not end in between.
pub(super) fn undivided<T>(work: impl FnOnce(&mut InUse) -> T) -> T {
    work(lock().get_or_insert_default())
}

impl InUse {
    fn output(&mut self, id: u64) -> &mut Output {
        let at = self.outputs.iter().position(|output| output.id == id).expect("a claim keeps its output");
        &mut self.outputs[at]
    }

    /// What the output would fall on by now.
    pub(super) fn overlap_of(&self, claim: &Claim, there: Option<&Metadata>) -> Option<String> {
        let output = self.outputs.iter().find(|output| output.id == claim.id)?;
        self.overlap(output, there.and_then(Identity::of))
    }

    /// The output is in its place.
    pub(super) fn is_put(&mut self, claim: &Claim, there: Option<&Metadata>) {
        let output = self.output(claim.id);
        output.temporary = None;
        output.is_put = true;
        output.identity = there.and_then(Identity::of).or(output.identity);
    }

    fn overlap(&self, output: &Output, identity: Option<Identity>) -> Option<String> {
        let is_same = |other: &&Output| {
            other.id != output.id
                && other.is_taken()
                && (other.real == output.real || (identity.is_some() && other.identity == identity))
        };
        if let Some(other) = self.outputs.iter().find(is_same) {
            return Some(format!("{} is written there, too", other.shown.display()));
        }
        let identity = identity?;
        if let Some(input) = self.read.get(&identity) {
            return Some(format!("it is an input, which was read as {}", input.display()));
        }
        let input =
            named_by_settings().find(|path| path.metadata().ok().and_then(|at| Identity::of(&at)) == Some(identity));
        input.map(|path| format!("it is {}, which the settings of AWS name", path.display()))
    }
}

/// The outputs that are in their places by now.
pub(crate) fn written() -> Vec<PathBuf> {
    let in_use = lock();
    let outputs = in_use.iter().flat_map(|in_use| &in_use.outputs);
    outputs.filter(|output| output.is_put).map(|output| output.shown.clone()).collect()
}

fn named_by_settings() -> impl Iterator<Item = PathBuf> {
    let named = NAMED_BY_SETTINGS.iter().filter_map(std::env::var_os).map(PathBuf::from);
    let home = std::env::home_dir();
    named.chain(READ_AT_HOME.iter().filter_map(move |name| Some(home.as_ref()?.join(name))))
}

/// How long the end of the process waits for files that are being put in their places.
const PATIENCE: Duration = Duration::from_secs(1);

/// Removes what is written beside its place; no output is put in its place any more. For the end of the process alone.
pub(crate) fn abandon() {
    let started = Instant::now();
    let in_use = loop {
        match IN_USE.try_lock() {
            Ok(in_use) => break in_use,
            Err(TryLockError::Poisoned(error)) => break error.into_inner(),
            Err(TryLockError::WouldBlock) if started.elapsed() > PATIENCE => return,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    for temporary in in_use
        .iter()
        .flat_map(|in_use| &in_use.outputs)
        .filter(|output| output.is_taken())
        .filter_map(|output| output.temporary.as_ref())
    {
        _ = std::fs::remove_file(temporary);
    }
    std::mem::forget(in_use);
}
