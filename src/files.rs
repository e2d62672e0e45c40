//! Files, read with a clear error and written whole or not at all.

mod digest;
mod folder;
mod in_use;
mod leftover;
mod name;
mod named;
mod opened;
mod pending;
mod pending_files;
mod place;
mod reading;
#[cfg(test)]
mod schemas;
mod standard;
mod stream;

pub(crate) use digest::{OwnDigest, digest_of};
pub(crate) use folder::{Found, below, digest_of_folder, keep};
pub(crate) use in_use::{abandon, written};
pub(crate) use name::{folder_of, full, plain, within};
pub(crate) use named::{Unreachable, named};
pub(crate) use opened::Opened;
pub(crate) use pending::{Pending, Readers, overlaps, prove_folder, stdout_is_an_output};
pub(crate) use pending_files::{PendingFiles, all};
pub(crate) use place::Folders;
pub(crate) use reading::{Most, bytes, open, read, read_record, read_text, unreadable};
pub(crate) use standard::{STDERR, STDOUT, ends_by, is_over};
