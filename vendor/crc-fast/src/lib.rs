//! Stands in for the crate crc-fast, whose only user here is the S3 client: that crate brings 650 KB of tables for a
//! hundred checksums, a twentieth of the binary, and S3 knows three. The names are crc-fast's own.
//!
//! The one that every upload gets is computed by crc32fast, which the binary has anyway. The others are met where an
//! object was stored with them, and have small tables: still faster than S3 sends.

use std::fmt;

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc, Digest as Running};

static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static CRC64: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// The checksums that S3 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    Crc32IsoHdlc,
    Crc32Iscsi,
    Crc64Nvme,
}

/// A checksum under way.
pub struct Digest(State);

enum State {
    Crc32(crc32fast::Hasher),
    Crc32C(Running<'static, u32>),
    Crc64(Running<'static, u64>),
}

impl Digest {
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Crc32(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Crc32C(CRC32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Crc64(CRC64.digest()),
        })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Crc32(running) => running.update(bytes),
            State::Crc32C(running) => running.update(bytes),
            State::Crc64(running) => running.update(bytes),
        }
    }

    pub fn finalize(self) -> u64 {
        match self.0 {
            State::Crc32(running) => running.finalize().into(),
            State::Crc32C(running) => running.finalize().into(),
            State::Crc64(running) => running.finalize(),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").finish_non_exhaustive()
    }
}

/// The checksum of `bytes`.
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}

// The check values of the catalogue of parametrised CRC algorithms.
const _: () = assert!(Crc::<u32>::new(&CRC_32_ISCSI).checksum(b"123456789") == 0xe306_9283);
const _: () = assert!(Crc::<u64>::new(&CRC_64_NVME).checksum(b"123456789") == 0xae8b_1486_0a79_9888);
