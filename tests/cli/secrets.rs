//! What must never be shown nor kept: passwords, tokens, signatures, values of `NoEcho`; at every verbosity.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::support::{Aws, Outcome, Run, in_a_repository, in_world, read_from_project};

const PLANTED: &str = "PLANTED/Secret+0123456789=";
const ENCODED: &str = "PLANTED%2FSecret%2B0123456789%3D";

/// Nothing that was printed or written holds a part of it.
#[track_caller]
fn hides(outcome: &Outcome, secret: &str, but: &[&str]) {
    assert!(!outcome.stdout.contains(secret), "stdout:\n{}", outcome.stdout);
    assert!(!outcome.stderr.contains(secret), "stderr:\n{}", outcome.stderr);
    for file in outcome.files().iter().map(|file| file.display().to_string()) {
        if !but.contains(&file.as_str()) {
            assert!(!outcome.text(&file).contains(secret), "{file}:\n{}", outcome.text(&file));
        }
    }
}

/// A server that answers every request with these words.
fn answering(status: impl std::fmt::Display + Send + 'static, words: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let head = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            // Whoever sends a body sends little: it fits the buffers.
            head.for_each(drop);
            let length = words.len();
            _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{words}");
        }
    });
    address
}

#[test]
fn the_password_of_a_model_server_is_sent_and_not_shown() {
    const CASES: &str =
        "version: 1\ndefaults: {retries: 0}\ncases: [{name: one, body: x, expect: {body: {equals: y}}}]\n";
    // The server echoes what HTTP makes of it.
    let echo = answering("200 OK", format!("Authorization: Basic dXNlcjpQTEFOVEVE, {PLANTED}, {ENCODED}"));
    for (host, code) in [(echo.as_str(), 3), ("127.0.0.1:9", 3), ("x y", 2), ("127.0.0.1:port", 2)] {
        for (scheme, password) in [("http", ENCODED), ("http", "PLANTED"), ("htp", PLANTED)] {
            let run = Run::new("test --model-url")
                .with(format!("{scheme}://user:{password}@{host}"))
                .file("test/cases.yml", CASES);
            let run = run.with("--junit=j.xml").with("--html=h.html").with("-vv");
            let outcome = run.run().exits(if scheme == "http" { code } else { 2 });
            hides(&outcome, "PLANTED", &["test/cases.yml"]);
            hides(&outcome, "dXNlcjpQTEFOVEVE", &["test/cases.yml"]);
        }
    }
}

const EXPECTS_MORE: &str =
    "version: 1\ndefaults: {retries: 0}\ncases: [{name: one, body: x, expect: {body: {equals: 'xx y'}}}]\n";

#[test]
fn no_part_of_a_header_is_shown_where_an_answer_is_cut() {
    for header in
        ["Authorization: Bearer ", "Ocp-Apim-Subscription-Key: ", "Cookie: session=", "X-My-Credential-Of-Day: "]
    {
        for kept in [1, 3, 6, 15, 25] {
            // So much of it stands before the place where a message cuts an answer.
            let echo = answering("200 OK", format!("{}{PLANTED}{PLANTED}", "x".repeat(200 - kept)));
            let run = Run::new("test --model-url").with(format!("http://{echo}")).with("--model-header");
            let run = run.with(format!("{header}{PLANTED}")).with("--junit=j.xml").with("--html=h.html").with("-vv");
            let outcome = run.file("test/cases.yml", EXPECTS_MORE).run().exits(3);
            assert!(
                outcome.stderr.contains("x***... (") || outcome.text("j.xml").contains("x***... ("),
                "{}",
                outcome.stderr
            );
            for part in ["xP", "PLANTED", "LANTED"] {
                hides(&outcome, part, &["test/cases.yml"]);
            }
        }
    }
    // From where it differs from what was expected, too.
    let echo = answering("200 OK", format!("the token {PLANTED}"));
    let run = Run::new("test --model-url")
        .with(format!("http://{echo}"))
        .with(format!("--model-header=X-Api-Key: {PLANTED}"));
    let cases = EXPECTS_MORE.replace("xx y", "the token PLANT");
    let outcome = run.file("test/cases.yml", cases).run().exits(3);
    hides(&outcome, "Secret", &["test/cases.yml"]);
}

#[test]
fn whatever_a_header_is_called_its_value_is_neither_shown_nor_recorded() {
    let secret = "PLANTED-\"ü'&</+=\\x";
    let python = r#"b'PLANTED-"\xc3\xbc\'&</+=\\x'"#;
    let echoes = [
        format!("{secret} {python}"),
        serde_json::json!({"plain": secret, "repr": python, "label": "rose", secret: 1}).to_string(),
        r#"{"u": "PLANTED-\u0022\u00fc\u0027\u0026\u003c\/\u002b\u003d\u005cx", "label": "rose"}"#.to_owned(),
        "<p>PLANTED-&quot;&#252;&#x27;&amp;&lt;&#x2F;&#43;=\\x</p>".to_owned(),
        "?a=PLANTED-%22%c3%bc%27%26%3C/%2B%3d%5cx".to_owned(),
    ];
    for header in ["X-Auth", "X-Session", "X-Api-Token", "X-Tenant"] {
        for echo in &echoes {
            let kind = if echo.starts_with('{') { "application/json" } else { "text/plain" };
            for status in ["200 OK", "401 Unauthorized"] {
                let echo = answering(format!("{status}\r\nContent-Type: {kind}"), echo.clone());
                let run =
                    Run::new("test --model-url").with(format!("http://{echo}")).file("test/cases.yml", EXPECTS_MORE);
                let run = run.with("--model-header").with(format!("{header}: {secret}"));
                let run = run.with("--junit=j.xml").with("--html=h.html").with("--record-answers=new.yml").with("-v");
                let outcome = run.run().exits(3);
                hides(&outcome, "PLANTED", &["test/cases.yml"]);
                let recorded = outcome.text("new.yml");
                assert!(status != "200 OK" || recorded.contains("a secret that this run knows"), "{recorded}");
            }
        }
    }
}

#[test]
fn a_header_that_is_written_wrong_is_named_and_not_shown() {
    for (arguments, named) in [
        (&["--model-header", "X-Api-Key PLANTED"][..], "number 1"),
        (&["--model-header=X-Tenant: 7", "--model-header=PLANTED"], "number 2"),
        (&["--model-header", "X-Api-Key: PLANTED\u{7}"], "X-Api-Key"),
        (&["--model-header=Content-Type: PLANTED"], "Content-Type"),
        (&["--model-header", "X Api Key: PLANTED"], "number 1"),
        (&["--model-header", "X-Api-Key:", "PLANTED"], "unexpected argument"),
        (&["--model-header", "X-Api-Key:", "-PLANTED"], "unexpected argument"),
        (&["--model-url", "http://x y/?key=PLANTED#PLANTED"], "http://x y/?..."),
        (&["--model-url", "http//user:PLANTED@host"], "http//***@host"),
        (&["--model-url", "http:/user:PLANTED/x?PLANTED@host"], "http:/***@host"),
        (&["--model-url", "user:PLANTED@host:8080"], "***@host:8080"),
        (&["--model-url", "http://host/;jsessionid=PLANTED#x"], "http://host/;..."),
        (&["--model-url", "http:/user:PLANTED@host", "http//user:PLANTED@host"], "***@host"),
    ] {
        let run = Run::new("test --model-url http://127.0.0.1:9").file("test/cases.yml", EXPECTS_MORE);
        let run = if arguments[0] == "--model-url" { Run::new("test") } else { run };
        let outcome = arguments.iter().fold(run, |run, argument| run.with(*argument)).run().exits(2).says(&[named]);
        hides(&outcome, "PLANTED", &[]);
        assert!(!outcome.stderr.contains("-P"), "{}", outcome.stderr);
    }
}

#[test]
fn where_a_login_sends_the_caller_is_shown_without_its_secrets() {
    for place in ["?ticket=PLANTED", "#id=PLANTED", "?a=b#PLANTED", ";jsessionid=PLANTED"] {
        let login = answering(format!("302 Found\r\nLocation: http://login.example/in{place}"), String::new());
        let run = Run::new("test --model-url").with(format!("http://{login}")).file("test/cases.yml", EXPECTS_MORE);
        let outcome = run.run();
        assert!(outcome.stderr.contains("http://login.example/in"), "{}", outcome.stderr);
        hides(&outcome, "PLANTED", &[]);
    }
}

#[test]
fn what_signs_the_url_of_model_data_is_neither_shown_nor_kept() {
    let presigned =
        format!("https://models.s3.amazonaws.com/m.tar.gz?X-Amz-Signature={PLANTED}&X-Amz-Security-Token={ENCODED}");
    let by_git = format!("https://oauth2:{ENCODED}@github.com/a/b.git");
    let run = |command: &str| {
        in_world(command, |world| {
            for package in world["ModelPackageGroups"][0]["ModelPackages"].as_array_mut().expect("packages") {
                package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] = json!(presigned);
                package["MetadataProperties"] = json!({"Repository": by_git});
                package["SourceUri"] = json!(by_git);
            }
        })
    };
    for command in ["resolve", "resolve --format json", "build --dry-run", "build", "build --format json", "build -vv"]
    {
        let outcome = run(command).run().succeeds();
        hides(&outcome, "PLANTED", &["world.json"]);
        assert!(
            !command.starts_with("resolve") || outcome.stdout.contains("m.tar.gz?X-Amz-Signature=***"),
            "{}",
            outcome.stdout
        );
    }
}

#[test]
fn a_token_that_aws_echoes_is_not_shown_at_any_verbosity() {
    let aws = Aws::with_project();
    let canonical = format!(
        "The canonical string should have been 'GET /?X-Amz-Security-Token={ENCODED}\nhost:x\nx-amz-security-token:{PLANTED}\n'"
    );
    aws.fault("DescribeModelPackageGroup").fails(403, "SignatureDoesNotMatch", &canonical);
    for flags in ["", "-v", "-vv", "--format json"] {
        let run = Run::new("build").in_project(&aws).env("AWS_SESSION_TOKEN", PLANTED);
        let outcome = flags.split_whitespace().fold(run, Run::with).run().exits(1).says(&["SignatureDoesNotMatch"]);
        hides(&outcome, "PLANTED", &[]);
    }
}

#[test]
fn secrets_of_every_source_of_credentials_are_known() {
    let echo = answering("403 Forbidden", format!("{{\"Code\": \"No\", \"Message\": \"not {PLANTED}\"}}"));
    let base = || Run::new("resolve --model-package-group a -vv").env("AWS_REGION", "us-east-1");
    let stored = format!("[other]\naws_access_key_id = AKIA\naws_secret_access_key = {PLANTED}\n");
    let process = |script: &str| {
        let run = base().env("AWS_PROFILE", "p").file(".aws/credentials", &stored).file("p.sh", script);
        run.file(".aws/config", "[profile p]\ncredential_process = sh p.sh\n")
    };
    let echoes = format!("echo 'expired: {PLANTED}' >&2; exit 1\n");
    let labelled = "echo '{\"SecretAccessKey\": \"PLANTED-but-unknown\", \"SessionToken\": \"PLANTED-too-and-long\"}' >&2; exit 1\n";
    let at = |url: &str| base().env("AWS_ENDPOINT_URL", format!("http://{url}")).env("AWS_MAX_ATTEMPTS", "1");
    let by_key = |run: Run| run.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", PLANTED);
    for (what, run) in [
        ("a tool that echoes what is stored for another profile", process(&echoes)),
        ("a tool that shows what it holds", process(labelled)),
        (
            "a container",
            base()
                .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{echo}/"))
                .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", PLANTED),
        ),
        (
            "a container whose token is in a file",
            base()
                .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{echo}/"))
                .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token")
                .file("token", format!("{PLANTED}\n")),
        ),
        ("a secret key that is echoed", by_key(at(&echo))),
        (
            "a session that is echoed",
            by_key(at(&echo)).env("AWS_SECRET_ACCESS_KEY", "0123456789").env("AWS_SESSION_TOKEN", PLANTED),
        ),
        (
            "a web identity",
            at(&echo)
                .env("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
                .env("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/r")
                .file("token", PLANTED),
        ),
        ("a password in the endpoint's URL", by_key(at(&format!("user:{ENCODED}@{echo}")).env("X", "y"))),
        ("an endpoint that is not there", by_key(at(&format!("user:{ENCODED}@127.0.0.1:9")))),
        (
            "a proxy's password",
            by_key(base()).env("HTTPS_PROXY", format!("http://user:{ENCODED}@{echo}")).env("AWS_MAX_ATTEMPTS", "1"),
        ),
    ] {
        let outcome = run.run().exits(1);
        let written = ["token", ".aws/credentials", ".aws/config", "p.sh"];
        assert!(outcome.stderr.contains("error: "), "{what}: {}", outcome.stderr);
        hides(&outcome, "PLANTED", &written);
    }
}

#[test]
fn the_folder_in_which_a_shell_starts_the_command_is_shown() {
    let run = Run::new("check --template");
    let here = run.folder().display().to_string();
    let missing = format!("{here}/missing.yml");
    let run = run.with(&missing).with("--sarif=log.sarif").env("PWD", &here).env("OLDPWD", &here);
    let outcome = run.run().exits(2).says(&[&missing]);
    assert!(outcome.text("log.sarif").contains("missing.yml") && !outcome.text("log.sarif").contains("***"));
}

#[test]
fn a_secret_that_is_a_word_breaks_no_file_that_a_step_reads() {
    let template = std::fs::read_to_string("seed-repo/endpoint-config-template.yml").expect("readable");
    let template =
        template.replacen("Parameters:\n", "Parameters:\n  Tier: {Type: String, NoEcho: true, Default: staging}\n", 1);
    let run = in_a_repository("rehearse --approve --output-dir out").file("endpoint-config-template.yml", template);
    // The names of the fields of results, too.
    let run = run.env("MY_TOKEN", "accounts").env("DB_PASSWORD", "success");
    let outcome = run.run().succeeds();
    assert_eq!(outcome.json("out/release.json")["subject"][1]["name"], "staging-config-export.json");
    assert!(outcome.json("out/test-results.json")["success"].as_bool().expect("a verdict"));
}

/// A repository whose template has a secret parameter with a default, and whose configs set it.
fn with_no_echo(command: &str, name: &str, value: &str) -> Run {
    let template = read_from_project("seed-repo/endpoint-config-template.yml").replace(
        "Parameters:\n",
        "Parameters:\n  DbPassword: {Type: String, NoEcho: true, Default: PLANTED-default, AllowedPattern: '[A-Za-z0-9-]*'}\n",
    );
    let config = |stage: &str| {
        format!("{{\"Parameters\": {{\n  \"StageName\": \"{stage}\",\n  \"{name}\":\n\n    \"{value}\"\n}}}}\n")
    };
    in_a_repository(command)
        .file("endpoint-config-template.yml", template)
        .file("staging-config.json", config("staging"))
        .file("prod-config.json", config("prod"))
}

/// What people wrote, and what is deployed.
const FILES: [&str; 7] = [
    "endpoint-config-template.yml",
    "staging-config.json",
    "prod-config.json",
    "world.json",
    "template-export.yml",
    "staging-config-export.json",
    "prod-config-export.json",
];

#[test]
fn values_of_no_echo_are_not_shown_however_they_are_wrong() {
    for (name, value) in [
        ("DbPassword", "PLANTED"),
        ("DbPassword", "PLANTED with blanks"),
        ("DbPasword", "PLANTED"),
        ("dbpassword", "PLANTED"),
        ("DbSecret", "PLANTED"),
        ("DbPassword", "PLANTED\", \"DbPassword\": \"PLANTED-twice"),
    ] {
        for command in [
            "check",
            "check --format json",
            "check --sarif -",
            "check --sarif log.sarif",
            "build",
            "build -vv",
            "build --dry-run",
        ] {
            let outcome = with_no_echo(command, name, value).run();
            hides(&outcome, "PLANTED", &FILES);
        }
    }
    // A config that cannot be read may hold it anywhere.
    let broken = with_no_echo("check", "DbPassword", "PLANTED\",, \"a\": \"");
    hides(&broken.run().exits(2), "PLANTED", &FILES);
    let both =
        broken.file("endpoint-config-template.yml", "Parameters: {DbPassword: {NoEcho: true, Default: PLANTED]\n");
    hides(&both.run().exits(2), "PLANTED", &FILES);
}

#[test]
fn values_that_a_parameter_of_no_echo_may_have_are_not_listed() {
    let template = read_from_project("seed-repo/endpoint-config-template.yml").replace(
        "Parameters:\n",
        "Parameters:\n  DbPassword: {Type: String, NoEcho: true, AllowedValues: [PLANTED, PLANTED-2], Defautl: a}\n  \
         Other:\n    Type: String\n    NoEcho: true\n    Default: Zq7\n    AllowedValues:\n      - PLANTED-3\n      - 123456789\n",
    );
    let config =
        |stage: &str| format!("{{\"Parameters\": {{\"StageName\": \"{stage}\", \"DbPassword\": \"wrong\"}}}}\n");
    for command in ["check", "check --format json", "check --sarif -", "build", "build -vv", "build --dry-run"] {
        let run = in_a_repository(command)
            .file("endpoint-config-template.yml", &template)
            .file("staging-config.json", config("staging"))
            .file("prod-config.json", config("prod"));
        let outcome = run.run().exits(2).says(&["AllowedValues: ***"]);
        for secret in ["PLANTED", "123456789", SHORT] {
            hides(&outcome, secret, &FILES);
        }
    }
    // A dry run that goes well shows the template without them.
    let sound = template.replace("Defautl: a", "Default: PLANTED").replace("Default: Zq7", "Default: PLANTED-3");
    let sound = in_a_repository("build --dry-run").file("endpoint-config-template.yml", sound);
    let outcome = sound.run().succeeds();
    for secret in ["PLANTED", "123456789"] {
        hides(&outcome, secret, &FILES);
    }
}

/// A secret that is too short to be told from a word: what does not show it knows its place.
const SHORT: &str = "Zq7";

/// Configs that nobody could read, or not without knowing the template, each with a secret.
const CONFIGS: [&str; 9] = [
    r#"[{"Key": "StageName", "Value": "s"}, {"Key": "DbPassword", "Value": "Zq7"}]"#,
    r#"{"Parameters": [["DbPassword", "Zq7"]]}"#,
    r#"{"Parameters": "DbPassword=Zq7"}"#,
    r#"["StageName=a", "DbPassword: Zq7"]"#,
    r#"["StageName=a", "DbPassword=Zq7", "x"]"#,
    r#"{"StageName": "a", "DbPassword: Zq7": ""}"#,
    r#"{"Parameters": {"StageName": "a", "DbPassword=Zq7": "", "Typo": 1}}"#,
    r#"{"Parameters": {"StageName": "a"}, "DbPassword=Zq7": {}}"#,
    r#"{"Parameters": {"StageName": "a", "DbPassword": "Zq7", "Typo": [1]}}"#,
];

#[test]
fn a_value_of_no_echo_is_shown_of_no_config_that_is_not_understood() {
    let project = read_from_project("seed-repo/endpoint-config-template.yml");
    let declared = |name: &str| {
        let secret = format!("{name}:\n  DbPassword: {{Type: String, NoEcho: true}}\n");
        Some(project.replace("Parameters:\n", &secret))
    };
    let templates = [
        declared("Parameters"),
        declared("Parametrs"),
        Some("Parameters: {".to_owned()),
        Some("a: 1\n".to_owned()),
        None,
    ];
    for (template, config) in templates.iter().flat_map(|template| CONFIGS.map(|config| (template, config))) {
        for command in ["check", "check --format json", "check --sarif -", "build -vv"] {
            let run = in_world(command, |_| {}).file("staging-config.json", config).file("prod-config.json", config);
            let run = match template {
                Some(template) => run.file("endpoint-config-template.yml", template),
                None => run.with("--template").with("missing.yml"),
            };
            let outcome = run.run().exits(2);
            assert!((outcome.stdout.clone() + &outcome.stderr).contains("staging-config.json"), "{config}");
            hides(&outcome, SHORT, &FILES);
        }
    }
}

#[test]
fn a_dry_run_shows_no_value_of_no_echo_and_the_export_has_it() {
    for (form, value) in [("text", "pw"), ("json", "pw"), ("text", "PLANTED-long"), ("json", "PLANTED-long")] {
        let run = with_no_echo("build --dry-run --format", "DbPassword", value).with(form);
        let outcome = run.run().succeeds();
        let shown = outcome.stdout.replace("DbPassword", "");
        assert!(!shown.contains("PLANTED") && !shown.contains("\"pw") && shown.contains("***"), "{}", outcome.stdout);
        let outcome = with_no_echo("build", "DbPassword", value).run().succeeds();
        assert!(outcome.text("staging-config-export.json").contains(value));
        assert!(outcome.text("template-export.yml").contains("PLANTED-default"));
        assert!(!outcome.text("release.json").contains(value));
    }
}
