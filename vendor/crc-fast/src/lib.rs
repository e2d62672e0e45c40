//! Stands in for the crate crc-fast, whose only user here is the S3 client: that crate brings 650 KB of tables for a
//! hundred checksums, a twentieth of the binary, and S3 knows three. The names are crc-fast's own.

use std::fmt;

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Digest as Running, Table};

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
static CRC64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

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
    Narrow(Running<'static, u32, Table<16>>),
    Wide(Running<'static, u64, Table<16>>),
}

impl Digest {
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Narrow(CRC32.digest()),
            CrcAlgorithm::Crc32Iscsi => State::Narrow(CRC32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Wide(CRC64.digest()),
        })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Narrow(running) => running.update(bytes),
            State::Wide(running) => running.update(bytes),
        }
    }

    pub fn finalize(self) -> u64 {
        match self.0 {
            State::Narrow(running) => running.finalize().into(),
            State::Wide(running) => running.finalize(),
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
const _: () = assert!(Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(b"123456789") == 0xcbf4_3926);
const _: () = assert!(Crc::<u32>::new(&CRC_32_ISCSI).checksum(b"123456789") == 0xe306_9283);
const _: () = assert!(Crc::<u64>::new(&CRC_64_NVME).checksum(b"123456789") == 0xae8b_1486_0a79_9888);
