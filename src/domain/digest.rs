//! SHA-256 digests, as the release record and the recorded worlds name content.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256};

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let mut digest = Sha256::default();
    digest.update(bytes);
    digest.finish()
}

/// A SHA-256 of content that comes in parts.
pub(crate) struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Sha256 {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest in lower-case hexadecimal.
    pub(crate) fn finish(self) -> String {
        self.0.finish().as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The digest of a folder by the names and digests of its files, which come sorted: `dirHash` of in-toto, which is Go's
/// directory Hash1 in hexadecimal. What packs the files has no part in it.
pub(crate) fn of_folder<'a>(files: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut digest = Sha256::default();
    for (name, content) in files {
        digest.update(format!("{content}  {name}\n").as_bytes());
    }
    digest.finish()
}

/// Whether `text` has only digits of lower-case hexadecimal.
pub(crate) fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The SHA-256 of `bytes` as S3 takes checksums.
pub(crate) fn sha256_base64(bytes: &[u8]) -> String {
    STANDARD.encode(ring::digest::digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_folder_is_that_of_what_sha256sum_says_of_its_files() {
        // `find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum` of a: "x", b/c: "y"
        let files = [("a", sha256(b"x")), ("b/c", sha256(b"y"))];
        assert_eq!(of_folder(files), "4fee141d00d6e8d53a68f8aefe86aa45ff1297afffa0709f5d3a3136392e731d");
    }

    #[test]
    fn the_digest_of_nothing_is_the_well_known_one_whether_whole_or_in_parts() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let mut parts = Sha256::default();
        parts.update(b"in ");
        parts.update(b"parts");
        assert_eq!(parts.finish(), sha256(b"in parts"));
    }
}
