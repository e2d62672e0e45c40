//! What goes with a request beside its body, as the real SDK sends it to an endpoint: ids, containers, sessions.
//!
//! The answers that open a session, and response streams, are stand-ins': moto knows neither.

use crate::support::{Aws, RawAnswer, Run, StreamedAnswer, case_of};

fn deployed(cases: &str) -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).file("test/cases.yml", cases);
    (aws, test)
}

/// An answer that opens a session.
fn opened() -> RawAnswer {
    let mut answer = RawAnswer::new(200, "application/json", "{}");
    answer.headers.push(("x-amzn-sagemaker-new-session-id", "abc-1; Expires=2030-01-01T00:00:00Z".to_owned()));
    answer
}

const ALL: &str = "
version: 1
defaults: {retries: 0}
cases:
  - name: one
    body: a
    MODE
    target_variant: AllTraffic
    target_container_hostname: second
    inference_component: english
    inference_id: r 1
    prefix_aware_id: chat of Ann
    custom_attributes: trace=1
    session_id: abc-0
";

#[test]
fn a_request_carries_all_that_its_case_says() {
    let (aws, test) = deployed(&ALL.replace("MODE", "target_model: de.tar.gz\n    enable_explanations: '`true`'"));
    aws.fault("InvokeEndpoint").answers_with(RawAnswer::new(200, "application/json", "{}"));
    aws.fault("InvokeEndpointWithResponseStream").streams(StreamedAnswer::of(&["{}"]));
    case_of(&test.run().succeeds());
    case_of(&test.file("test/cases.yml", ALL.replace("MODE", "mode: stream")).run().succeeds());
    for operation in ["InvokeEndpoint", "InvokeEndpointWithResponseStream"] {
        let headers = &aws.calls(operation)[0].headers;
        let of = |name: &str| headers.get(format!("x-amzn-sagemaker-{name}")).and_then(|value| value.to_str().ok());
        for (name, value) in [
            ("target-variant", "AllTraffic"),
            ("target-container-hostname", "second"),
            ("inference-component", "english"),
            ("inference-id", "r 1"),
            ("prefix-aware-id", "chat of Ann"),
            ("custom-attributes", "trace=1"),
            ("session-id", "abc-0"),
        ] {
            assert_eq!(of(name), Some(value), "{operation} {name}");
        }
        let of_invoke = [of("target-model"), of("enable-explanations")];
        let wanted = if operation == "InvokeEndpoint" { [Some("de.tar.gz"), Some("`true`")] } else { [None, None] };
        assert_eq!(of_invoke, wanted);
    }
}

#[test]
fn a_session_that_a_case_opened_goes_on_in_requests_and_in_streams() {
    let cases = "
version: 1
cases:
  - {name: hello, body: a, session_id: NEW_SESSION}
  - {name: and again, body: b, session_from: hello}
  - {name: in a stream, mode: stream, body: c, session_from: hello}
";
    let (aws, test) = deployed(cases);
    aws.fault("InvokeEndpoint").answers_with(opened());
    aws.fault("InvokeEndpointWithResponseStream").streams(StreamedAnswer::of(&["{}"]));
    test.run().succeeds();
    let session = |operation: &str, at: usize| {
        aws.calls(operation)[at].headers["x-amzn-sagemaker-session-id"].to_str().expect("text").to_owned()
    };
    assert_eq!([0, 1].map(|at| session("InvokeEndpoint", at)), ["NEW_SESSION", "abc-1"]);
    assert_eq!(session("InvokeEndpointWithResponseStream", 0), "abc-1");

    let opens = cases.replace("{name: hello,", "{name: hello, mode: stream,");
    let (said, then) = ("has a session_id of NEW_SESSION, and a stream goes on with a session", "mode invoke");
    test.file("test/cases.yml", opens).run().exits(2).says(&[said, then]);
}
