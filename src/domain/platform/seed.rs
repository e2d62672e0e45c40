//! The seed zip: what a data scientist's repository starts with, within what CodeCommit takes.

use crate::domain::archive;
use crate::domain::archive::File;
use crate::domain::archive::Files;
use crate::domain::archive::Mode;
use crate::domain::archive::glob::Glob;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::digest::sha256;
use crate::domain::finding::Finding;

/// CodeCommit refuses a larger archive: "Code archive supplied cannot be more than 20 MB compressed". Whether it counts
/// by 1000 or 1024 is unverified, so the smaller one.
pub(crate) const MAX_ARCHIVE: usize = 20 * MB;
/// CodeCommit's quota of a file that comes without git; whether an archive is held to it is unverified.
const MAX_FILE: usize = 6 * MB;
/// CodeCommit's quotas of a path.
const MAX_PATH: usize = 4096;
const MAX_LEVELS: usize = 20;
const MB: usize = 1_000_000;

/// Where the binary is in a repository; the buildspecs have these names, too. One that is too large for a file of
/// CodeCommit is in several, `.1`, `.2` and so on, which the buildspecs put together.
const PACKED_BINARY: &str = "bin/modeldeploy.gz";
const CHECKSUM: &str = "bin/modeldeploy.sha256";
/// In the stead of the packed binary: the S3 URI that it is fetched from.
const PLACE: &str = "bin/modeldeploy.s3";

/// A binary, packed.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    /// Of the unpacked binary.
    pub sha256: String,
    pub packed: Vec<u8>,
}

impl Binary {
    /// Packs a program.
    ///
    /// # Errors
    /// It is none that CodeBuild can run.
    pub(crate) fn new(program: &[u8]) -> Result<Self, Finding> {
        if !program.starts_with(b"\x7fELF") {
            return Err(Finding::error("the binary is not a Linux program, which is what CodeBuild runs")
                .hint("name one that is with --binary, for example dist/modeldeploy of \"make release\""));
        }
        Ok(Self { sha256: sha256(program), packed: archive::gzip(program) })
    }

    /// The line that `sha256sum -c` reads.
    fn checksum(&self) -> Vec<u8> {
        format!("{}  modeldeploy\n", self.sha256).into_bytes()
    }

    /// The packed binary, as the files of a repository.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        if self.packed.len() <= MAX_FILE {
            return vec![(PACKED_BINARY.to_owned(), self.packed.clone())];
        }
        let parts = (1..).zip(self.packed.chunks(MAX_FILE));
        parts.map(|(number, part)| (format!("{PACKED_BINARY}.{number}"), part.to_vec())).collect()
    }

    /// Where `seed upload` puts the packed binary.
    pub(crate) fn place(&self, bucket: &str, prefix: &str) -> S3Uri {
        S3Uri { bucket: bucket.to_owned(), key: content_key(prefix, &sha256(&self.packed), PACKED_BINARY) }
    }
}

/// The key of an object by what is in it.
pub(crate) fn content_key(prefix: &str, digest: &str, file_name: &str) -> String {
    let extension = file_name.rsplit_once('.').map(|(_, extension)| format!(".{extension}")).unwrap_or_default();
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() { format!("{digest}{extension}") } else { format!("{prefix}/{digest}{extension}") }
}

/// How the repository comes to its binary.
#[derive(Clone, Debug)]
pub(crate) enum Delivery<'a> {
    Inside(&'a Binary),
    From(&'a Binary, S3Uri),
}

/// The zip, with a warning for every pattern that leaves nothing out.
///
/// # Errors
/// All findings: what is over a limit of CodeCommit's.
pub(crate) fn pack(
    repository: Vec<(String, Vec<u8>)>,
    exclude: &[Glob],
    delivery: &Delivery<'_>,
) -> Result<(Vec<u8>, Vec<Finding>), Vec<Finding>> {
    let idle = exclude.iter().filter(|glob| !repository.iter().any(|(path, _)| glob.matches(path)));
    let warnings = idle.map(|glob| Finding::warning(format!("--exclude \"{glob}\" matches no file"))).collect();
    let kept = repository.into_iter().filter(|(path, _)| !exclude.iter().any(|glob| glob.matches(path)));
    let (binary, mut of_binary) = match delivery {
        Delivery::Inside(binary) => (binary, binary.files()),
        Delivery::From(binary, place) => (binary, vec![(PLACE.to_owned(), format!("{place}\n").into_bytes())]),
    };
    of_binary.push((CHECKSUM.to_owned(), binary.checksum()));
    // CodeCommit keeps no executable bit (aws/aws-cdk 24083), so none is promised.
    let file = |(path, contents)| (path, File { mode: Mode::Plain, contents });
    let files: Files = kept.chain(of_binary).map(file).collect();
    let mut findings: Vec<Finding> = files.iter().filter_map(|(path, file)| over_limit(path, file)).collect();
    match archive::zip(&files) {
        Ok(zip) if zip.len() <= MAX_ARCHIVE && findings.is_empty() => return Ok((zip, warnings)),
        Ok(zip) if zip.len() <= MAX_ARCHIVE => {}
        Ok(zip) => findings.push(too_large(&megabytes(zip.len()), &files)),
        Err(error) => findings.push(Finding::error("cannot pack the seed zip").cause(error.to_string())),
    }
    Err(findings)
}

fn over_limit(path: &str, file: &File) -> Option<Finding> {
    let levels = path.split('/').count() - 1;
    if file.contents.len() > MAX_FILE {
        let hint = format!("move it to S3, or leave it out with --exclude '{path}'");
        let what = format!(
            "{path} is {}, over the {} of a file in CodeCommit",
            megabytes(file.contents.len()),
            megabytes(MAX_FILE)
        );
        return Some(Finding::error(what).hint(hint));
    }
    let hint = "shorten the path, or leave it out with --exclude";
    if path.len() > MAX_PATH {
        return Some(Finding::error(format!("the path {path} is longer than {MAX_PATH} characters")).hint(hint));
    }
    (levels > MAX_LEVELS).then(|| Finding::error(format!("{path} is more than {MAX_LEVELS} folders deep")).hint(hint))
}

fn too_large(size: &str, files: &Files) -> Finding {
    const SHOWN: usize = 5;
    let mut by_size: Vec<_> = files.iter().map(|(path, file)| (file.contents.len(), path)).collect();
    by_size.sort_by(|one, other| other.cmp(one));
    let largest = by_size.iter().take(SHOWN).map(|(size, path)| format!("{path} {}", megabytes(*size)));
    let largest = largest.collect::<Vec<_>>().join(", ");
    let what = format!("the seed zip is {size}, over the {} that CodeCommit takes", megabytes(MAX_ARCHIVE));
    Finding::error(what)
        .cause(format!("largest, unpacked: {largest}"))
        .hint("move data to S3, or leave it out with --exclude 'data/**'; --without-binary leaves out the binary")
}

fn megabytes(bytes: usize) -> String {
    format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn what_is_over_a_limit_is_named_and_can_be_left_out() {
        let binary = Binary::new(b"\x7fELF").expect("is one");
        let large = |name: &str, length| (name.to_owned(), noise(length));
        let mut files: Vec<_> = (0..4).map(|number| large(&format!("data/{number}.csv"), 5_500_000)).collect();
        files.extend([large("README.md", 10), large("huge.bin", 6_000_001), large(&"d/".repeat(21), 1)]);
        files.push(large(&"e".repeat(4097), 1));
        let found = pack(files.clone(), &[], &Delivery::Inside(&binary)).expect_err("too large");
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said.contains(&"huge.bin is 6.0 MB, over the 6.0 MB of a file in CodeCommit".to_owned()));
        assert!(said[3].starts_with("the seed zip is 28.0 MB, over the 20.0 MB"), "{said:?}");
        assert!(found[3].cause.as_deref().is_some_and(|cause| cause.contains("huge.bin 6.0 MB, data/3.csv 5.5 MB")));
        let exclude: Vec<Glob> =
            ["data/**", "huge.bin", "d", "e*", "nothing"].iter().map(|glob| glob.parse().expect("valid")).collect();
        let (zip, warnings) = pack(files, &exclude, &Delivery::Inside(&binary)).expect("small");
        assert!(zip.len() < 1000);
        assert_eq!(
            warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["--exclude \"nothing\" matches no file"]
        );
    }

    #[test]
    fn a_binary_that_is_too_large_for_a_file_is_in_several() {
        let large = Binary { sha256: String::new(), packed: [vec![1; MAX_FILE], vec![2; MAX_FILE], vec![3]].concat() };
        let files = large.files();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["bin/modeldeploy.gz.1", "bin/modeldeploy.gz.2", "bin/modeldeploy.gz.3"]);
        assert!(files.into_iter().flat_map(|(_, part)| part).eq(large.packed));
    }

    #[test]
    fn a_program_of_another_system_is_refused() {
        assert!(Binary::new(b"MZ").is_err());
    }

    #[test]
    fn a_key_is_the_content_under_the_prefix() {
        for (prefix, key) in [("", "12.zip"), ("seeds", "seeds/12.zip"), ("/a/b/", "a/b/12.zip")] {
            assert_eq!(content_key(prefix, "12", "x/seed-repo.zip"), key);
        }
    }
}
