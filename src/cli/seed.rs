//! `modeldeploy seed`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::domain::archive::glob::Glob;

/// Where seeds are in a bucket, unless it is said.
const SEED_PREFIX: &str = "modeldeploy/seed";

#[derive(Debug, Subcommand)]
pub enum SeedCommand {
    /// Pack the seed zip: template, configs, cases, buildspecs, and this binary
    Pack(SeedPackArgs),
    /// Upload the seed zip under a key of its content, and print what the project template needs
    Upload(SeedUploadArgs),
}

#[derive(Debug, Args)]
pub struct SeedPackArgs {
    /// Where to write the zip
    #[arg(long, value_name = "FILE", default_value = "seed-repo.zip")]
    pub output: PathBuf,
    /// A folder with seed-repo, buildspec.yml and test; else the ones that this binary has in it
    #[arg(long, value_name = "DIR")]
    pub input_dir: Option<PathBuf>,
    /// The static binary to pack; else the running one
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// Leave the binary out: it is written beside the zip, and the buildspecs fetch it from --bucket by its digest
    #[arg(long, requires = "bucket")]
    pub without_binary: bool,
    /// The bucket that the binary is fetched from
    #[arg(long, value_name = "BUCKET", requires = "without_binary")]
    pub bucket: Option<String>,
    /// The prefix of its key there
    #[arg(long, value_name = "PREFIX", default_value = SEED_PREFIX)]
    pub prefix: String,
    /// Leave out files of the repository, for example 'data/**'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<Glob>,
}

#[derive(Debug, Args)]
pub struct SeedUploadArgs {
    /// The zip, or the binary that was written beside it
    #[arg(value_name = "FILE", default_value = "seed-repo.zip")]
    pub file: PathBuf,
    /// The bucket to upload to
    #[arg(long, value_name = "BUCKET")]
    pub bucket: String,
    /// The prefix of the key
    #[arg(long, value_name = "PREFIX", default_value = SEED_PREFIX)]
    pub prefix: String,
    /// Encrypt with this KMS key; else the bucket's own rule decides
    #[arg(long, value_name = "KEY")]
    pub kms_key_id: Option<String>,
    /// Look whether it is there, and upload nothing
    #[arg(long)]
    pub dry_run: bool,
}
