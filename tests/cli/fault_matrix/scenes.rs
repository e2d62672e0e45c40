//! The commands that speak to AWS, each where it has something to do.

use serde_json::json;

use super::super::doctor::platform::Platform;
use super::super::{catalog_import, setup};
use crate::support::{AsyncResult, Aws, Deployment, GROUP, RawAnswer, Run, StreamedAnswer, answers};

/// A command in its place.
pub(super) struct Scene {
    pub(super) command: &'static str,
    /// The scene with what this one calls in any case.
    pub(super) beside: Option<&'static str>,
    pub(super) make: fn() -> Ground,
    /// Whether it writes to AWS; a second run then has to end as a first one does that nothing came over.
    pub(super) writes: bool,
}

/// An AWS of its own, and what is run in it.
pub(super) struct Ground {
    holder: Holder,
    pub(super) run: Run,
    /// What there is in AWS, in names instead of ids.
    look: Box<dyn Fn(&Aws) -> String>,
}

enum Holder {
    Plain(Box<Aws>),
    Platform(Box<Platform>),
}

impl Ground {
    fn new(aws: Aws, run: Run, look: impl Fn(&Aws) -> String + 'static) -> Self {
        Self { holder: Holder::Plain(Box::new(aws)), run, look: Box::new(look) }
    }

    pub(super) fn aws(&self) -> &Aws {
        match &self.holder {
            Holder::Plain(aws) => aws,
            Holder::Platform(platform) => &platform.aws,
        }
    }

    pub(super) fn state(&self) -> String {
        (self.look)(self.aws())
    }
}

pub(super) const SCENES: &[Scene] = &[
    Scene { command: "build", beside: None, make: build, writes: true },
    Scene { command: "build, uploading", beside: Some("build"), make: build_uploading, writes: true },
    Scene { command: "test", beside: None, make: test, writes: false },
    Scene { command: "test, every mode", beside: Some("test"), make: test_every_mode, writes: false },
    Scene { command: "resolve", beside: None, make: resolve, writes: false },
    Scene { command: "setup plan", beside: None, make: || set_up("plan"), writes: false },
    Scene { command: "setup apply", beside: None, make: || set_up("apply --yes"), writes: true },
    Scene { command: "catalog import", beside: None, make: || import("--yes"), writes: true },
    Scene {
        command: "catalog import --s3-template",
        beside: Some("catalog import"),
        make: || import("--yes --s3-template"),
        writes: true,
    },
    Scene { command: "doctor", beside: None, make: doctor, writes: false },
    Scene { command: "seed upload", beside: None, make: seed_upload, writes: true },
];

/// A statement of another project's in the group's policy, which nothing may ever take away.
pub(super) const THEIRS: &str = "OfAnotherProject";

fn with_their_statement(aws: Aws) -> Aws {
    let theirs = json!({"Sid": THEIRS, "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "sagemaker:DescribeModelPackage", "Resource": "*"});
    aws.set_group_policy(GROUP, &json!({"Version": "2012-10-17", "Statement": [theirs]}));
    aws
}

/// The group's policy, with accounts by their place in the organization.
fn group_policy(aws: &Aws) -> String {
    let mut text = format!("{:#}", aws.group_policy(GROUP).unwrap_or_default());
    for unit in ["staging", "prod"] {
        for (number, account) in aws.accounts(unit).iter().enumerate() {
            text = text.replace(account, &format!("{unit}-{number}"));
        }
    }
    text.replace(aws.account(), "home")
}

fn build() -> Ground {
    let aws = with_their_statement(Aws::with_project());
    let run = Run::new("build").in_project(&aws);
    Ground::new(aws, run, group_policy)
}

/// A build that judges access to data, key and image, and uploads files of its template.
fn build_uploading() -> Ground {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1);
    let run = super::super::permissions::build_that_uploads(&aws).file("Large.py", vec![1; 9 << 20]);
    Ground::new(with_their_statement(aws), run, group_policy)
}

fn test() -> Ground {
    let aws = with_their_statement(Aws::with_project());
    let run = aws.deployed(&["one"]);
    Ground::new(aws, run, |_| String::new())
}

fn test_every_mode() -> Ground {
    let aws = with_their_statement(Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]));
    let build = Run::new("build").in_project(&aws);
    build.run().succeeds();
    let accounts = aws.staging_accounts();
    aws.roll_out(&Deployment::exported(&build, "staging-config-export.json"), &accounts);
    let bucket = aws.bucket("payloads");
    aws.put_object(&bucket, "holdout.csv", b"x,y\n1,a\n");
    aws.put_object(&bucket, "captured/a.jsonl", super::super::permissions::captured().as_bytes());
    aws.fault("InvokeEndpointWithResponseStream").streams(StreamedAnswer::of(&["{\"label\": \"one\"}"]));
    let completion = super::super::permissions::COMPLETION;
    aws.fault("CallWithBearerToken").answers_with(RawAnswer::new(200, "application/json", completion));
    aws.queue_answers(&accounts[0], &answers(&["one"]));
    aws.queue_answers(&accounts[0], &[json!({"predictions": ["a"]}), json!(1)]);
    for _ in 0..3 {
        aws.queue_async(&accounts[0], &[AsyncResult::Output(json!({"label": "one"}))]);
    }
    let cases = super::super::permissions::ALL_MODES.replace("BUCKET", &bucket);
    let run = build.then("test").testing(&aws, &cases);
    Ground::new(aws, run, |_| String::new())
}

fn resolve() -> Ground {
    let aws = with_their_statement(Aws::with_project());
    let run = Run::new("resolve --format json").in_project(&aws);
    Ground::new(aws, run, |_| String::new())
}

fn set_up(command: &str) -> Ground {
    let (aws, bucket) = setup::empty();
    let aws = with_their_statement(aws);
    aws.trust_stack_sets();
    let run = setup::setup(&aws, &bucket, command);
    Ground::new(aws, run, move |aws| setup::state(aws, &bucket))
}

fn import(flags: &str) -> Ground {
    let (aws, bucket) = catalog_import::account();
    let domain = aws.domain("ours");
    let run = catalog_import::import(&aws, &bucket, flags);
    Ground::new(aws, run, move |aws| {
        let tags = aws.domain_tags(&domain);
        let state = format!("{} {:?} {tags:?}", catalog_import::state(aws), aws.cors(&bucket));
        state.replace(aws.account(), "ACCOUNT")
    })
}

fn doctor() -> Ground {
    let platform = Platform::new();
    let run = platform.doctor().with("--format").with("json");
    Ground { holder: Holder::Platform(Box::new(platform)), run, look: Box::new(|_| String::new()) }
}

fn seed_upload() -> Ground {
    let aws = Aws::new();
    let bucket = aws.bucket("seeds");
    // Small, and Linux's by its first bytes
    let pack = Run::new("seed pack --binary program").file("program", b"\x7fELF\x02 a static program");
    pack.run().succeeds();
    let run = pack.then("seed upload").aws(&aws).with("--bucket").with(&bucket).with("--prefix").with("a");
    Ground::new(aws, run, move |aws| {
        let keys = aws.keys(&bucket);
        format!("{keys:?}")
    })
}
