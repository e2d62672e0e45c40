//! What must hold whatever comes over a call.

use std::process::Child;
use std::time::{Duration, Instant};

use super::faults::{After, Fault};
use super::scenes::{Ground, Scene, THEIRS};
use crate::support::{GROUP, Outcome, Protocol, Run};

/// No run takes longer: a call that is never answered is given up after 20 s, one that is throttled for ever within 60 s,
/// and Service Catalog has two minutes to show what was written.
const PATIENCE: Duration = Duration::from_secs(150);

/// What a build writes, whole or not at all.
const EXPORTS: [&str; 4] =
    ["template-export.yml", "staging-config-export.json", "prod-config-export.json", "release.json"];

/// Lets the fault come over the operation, and tells which promises were broken.
pub(super) fn broken_by(scene: &Scene, operation: &str, protocol: Protocol, fault: &Fault) -> Vec<String> {
    let ground = (scene.make)();
    let had_theirs = has_theirs(&ground);
    let mut broken = Vec::new();
    ground.aws().meddle(operation, fault.times, (fault.meddling)(protocol));
    // Two attempts show as much as eight of what never ends.
    let run = ground.run.clone();
    let run = if fault.times == usize::MAX { run.env("AWS_MAX_ATTEMPTS", "2") } else { run };
    let Some(first) = in_time(&run) else { return vec![format!("it did not end within {PATIENCE:?}")] };
    broken.extend(of_every_run(&ground, &first, had_theirs));
    let exports = (scene.command.starts_with("build")).then(|| exports(&first));
    if first.code != Some(0) && exports.as_ref().is_some_and(|found| found.iter().any(Option::is_some)) {
        broken.push("it failed and left files of a build".to_owned());
    }
    let state = ground.state();

    ground.aws().leave_alone();
    let Some(second) = in_time(&ground.run) else { return vec!["the second run did not end".to_owned()] };
    broken.extend(of_every_run(&ground, &second, had_theirs));
    if ![Some(0), Some(10)].contains(&second.code) {
        broken.push(format!("the second run ended with {:?}:\n{}", second.code, second.stderr));
    }
    if first.code == Some(0) && fault.after != After::Believed {
        if scene.writes && state != ground.state() {
            broken.push("it ended with 0, and left work for the second run".to_owned());
        }
        if exports.is_some_and(|found| found[..3] != self::exports(&second)[..3]) {
            broken.push("it ended with 0 and other files than the second run's".to_owned());
        }
        if scene.command == "resolve" && first.stdout != second.stdout {
            broken.push("it ended with 0 and another answer than the second run's".to_owned());
        }
    }
    // What a model answers is the model's: a case says how often it is asked again.
    let of_model = operation.starts_with("InvokeEndpoint") || operation == "CallWithBearerToken";
    if fault.after == After::AsEver && first.code != second.code && !of_model {
        broken.push(format!("it was not waited out: {:?}\n{}{}", first.code, first.stdout, first.stderr));
    }
    broken
}

/// The end of a run, unless it takes too long.
fn in_time(run: &Run) -> Option<Outcome> {
    let mut child: Child = run.command().stdout(std::process::Stdio::piped()).spawn().expect("the binary starts");
    let started = Instant::now();
    // What it prints fits into a pipe, or it would stand still here and be told to have taken too long.
    while child.try_wait().expect("the process can be waited for").is_none() {
        if started.elapsed() > PATIENCE {
            _ = child.kill();
            _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Some(run.outcome_of(child))
}

fn exports(outcome: &Outcome) -> Vec<Option<Vec<u8>>> {
    EXPORTS.iter().map(|name| outcome.bytes(name)).collect()
}

fn of_every_run(ground: &Ground, outcome: &Outcome, had_theirs: bool) -> Vec<String> {
    let mut broken = Vec::new();
    let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
    if !matches!(outcome.code, Some(0..=4 | 10)) || said.contains("panicked at") {
        broken.push(format!("it ended with {:?}:\n{}", outcome.code, outcome.stderr));
    }
    if matches!(outcome.code, Some(1 | 2 | 4)) && !said.contains("error: ") && !said.contains("\"fail\"") {
        broken.push(format!("it failed without a word: {said}"));
    }
    if said.contains(['\u{1b}', '\u{202e}'])
        || said.lines().any(|line| line.starts_with("::error") || line.starts_with("##vso"))
    {
        broken.push(format!("what AWS said was printed as it came: {said:?}"));
    }
    let secrets = ground.aws().secrets();
    let files = outcome.files();
    for name in &files {
        let name = name.to_string_lossy();
        let bytes = outcome.bytes(&name).unwrap_or_default();
        if name.contains(".modeldeploy-") {
            broken.push(format!("a temporary file is left: {name}"));
        }
        if name.ends_with(".json") && serde_json::from_slice::<serde_json::Value>(&bytes).is_err() {
            broken.push(format!("{name} is not whole"));
        }
        if secrets.iter().any(|secret| bytes.windows(secret.len()).any(|part| part == secret.as_bytes())) {
            broken.push(format!("a secret is in {name}"));
        }
    }
    if secrets.iter().any(|secret| said.contains(secret.as_str())) {
        broken.push("a secret was printed".to_owned());
    }
    if had_theirs && !has_theirs(ground) {
        broken.push("another project's statement is gone from the group's policy".to_owned());
    }
    broken
}

/// Whether another project's statement is in the group's policy.
fn has_theirs(ground: &Ground) -> bool {
    ground.aws().group_policy(GROUP).is_some_and(|policy| policy.to_string().contains(THEIRS))
}
