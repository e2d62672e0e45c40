//! Language models: chat requests, the times of their tokens, and what is expected of them. The model is a stand-in
//! (examples/chat/serve.py); SageMaker's route for chats is the proxy's, since moto has none.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Aws, ENDPOINT, ModelServer, Outcome, RawAnswer, Run, case_of, tells};

fn test(url: &str, cases: &str) -> Run {
    Run::new("test --model-url").with(url).file("test/cases.yml", format!("version: 1\n{cases}"))
}

const GREETS: &str = "cases:
  - name: greets
    mode: chat
    messages: [{role: user, content: Bern is in Switzerland}]
    parameters: {max_tokens: 6}
    expect:
      body: {equals: Bern is in Switzerland Bern is}
      chat: {finish_reason: length, tool_calls: [], usage: {prompt_tokens: {min: 4, max: 4}, completion_tokens: {max: 6}}}
    slo: {ttft_p95_ms: 5000, inter_token_p99_ms: 5000, tokens_per_second: {min: 1}, goodput: {min: 1}}
";

#[test]
fn a_chat_is_answered_judged_and_timed_by_its_tokens() {
    let server = ModelServer::of_chat("--first-token 0.3 --inter-token 0.05");
    let outcome = test(&server.url, GREETS).with("--junit=junit.xml").run().succeeds();
    let case = case_of(&outcome);
    assert_eq!(case["kind"], "chat");
    let junit = outcome.text("junit.xml");
    assert!(junit.contains("<property name=\"ttft_p95_ms\" value=\""), "{junit}");
    assert!(junit.contains("<property name=\"output_tokens\" value=\"6\"/>"), "{junit}");
    let tokens = &case["tokens"];
    let millis = |name: &str| tokens[name]["p50"].as_f64().expect("a time");
    assert!(millis("ttftMs") >= 300.0, "{tokens:#}");
    // A slow machine may take several at once, and takes none before it came.
    assert!((40.0..=millis("ttftMs")).contains(&millis("interTokenMs")), "{tokens:#}");
    // The role came at once, and is no token.
    assert!(case["firstByteMs"]["p50"].as_f64().expect("a time") + 100.0 < millis("ttftMs"), "{case:#}");
    assert_eq!((&tokens["inputTokens"], &tokens["outputTokens"]), (&json!(4), &json!(6)));
    assert_eq!((&tokens["countedEvents"], &tokens["goodput"]), (&json!(false), &json!(1.0)));
    assert!(tokens["tokensPerSecond"].as_f64().expect("a speed") < 25.0, "{tokens:#}");
}

#[test]
fn an_answer_in_one_piece_is_judged_alike_and_a_server_may_take_chats_elsewhere() {
    let server = ModelServer::of_chat("--first-token 0 --inter-token 0");
    let cases = GREETS.replace("mode: chat", "mode: chat\n    stream: false");
    let cases = &cases[..cases.find("    slo").expect("objectives")];
    let case = case_of(&test(&server.url, cases).with("--chat-path=/invocations").run().succeeds());
    assert_eq!(case.get("tokens"), None);
}

#[test]
fn objectives_of_tokens_that_are_not_met_fail_the_case() {
    let server = ModelServer::of_chat("--first-token 0.3 --inter-token 0.05");
    let slo = "slo: {ttft_p95_ms: 100, inter_token_p50_ms: 10, tokens_per_second: {min: 100}, goodput: {min: 0.5}}";
    let cases = format!("{}    {slo}\n", &GREETS[..GREETS.find("    slo").expect("objectives")]);
    let case = case_of(&test(&server.url, &cases).run().exits(3));
    let said = case["failures"].as_array().expect("a list").iter().map(|failure| failure["message"].to_string());
    let said: Vec<String> = said.collect();
    for (part, said) in [
        "ttft_p95_ms of at most 100",
        "inter_token_p50_ms of at most 10",
        "tokens_per_second of at least 100",
        "goodput",
    ]
    .iter()
    .zip(&said)
    {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(said.len(), 4);
}

#[test]
fn tools_that_a_model_calls_are_held_to_what_is_expected() {
    let server = ModelServer::of_chat("--first-token 0 --inter-token 0");
    let cases = "cases:
  - name: calls
    mode: chat
    messages: [{role: user, content: ask weather}]
    tools: [{type: function, function: {name: weather, parameters: {type: object}}}]
    expect: {chat: {finish_reason: tool_calls, tool_calls: [{name: weather, arguments: [{path: $.said, equals: ask weather}]}]}}
  - name: calls another
    mode: chat
    messages: [{role: user, content: ask weather}]
    tools: [{type: function, function: {name: weather, parameters: {type: object}}}]
    expect: {chat: {tool_calls: [{name: stocks}]}}
";
    let outcome = test(&server.url, cases).run().exits(3);
    let cases = outcome.json("test-results.json")["accounts"][0]["cases"].clone();
    assert_eq!(cases[0]["success"], true, "{cases:#}");
    tells(&cases[1]["failures"], "wrong_tool_call", &["expected calls of stocks, got calls of weather"]);
}

#[test]
fn what_is_no_chat_completion_is_said_and_a_refusal_is_the_model_s() {
    let server = ModelServer::of_chat("");
    let case = "cases: [{name: a, mode: chat, messages: [{role: user, content: hi}]}]\n";
    let outcome = test(&server.url, case).with("--chat-path=/ping").run().exits(3);
    tells(&case_of(&outcome)["failures"], "model_error", &["404"]);
    let iris = ModelServer::start("");
    let outcome = test(&iris.url, case).with("--chat-path=/invocations").run().exits(3);
    assert_eq!(case_of(&outcome)["failures"][0]["kind"], "model_error");
}

#[test]
fn everything_wrong_with_a_chat_is_found_before_anything_is_sent() {
    let cases = "cases:
  - {name: a, mode: chat}
  - {name: b, mode: chat, messages: [], body: hi}
  - {name: c, messages: [{role: user, content: hi}], body: hi}
  - {name: d, mode: chat, messages: [{role: user, content: hi}], parameters: {stream: true}, target_model: m}
  - {name: e, body: hi, slo: {ttft_p95_ms: 5}}
  - {name: h, body: hi, load: {concurrency: 2, duration: 1s, prompts: {file: p.txt}}}
  - {name: i, mode: chat, messages: [{role: user, content: hi}], load: {duration: 1s, prompts: {file: p.txt, words: {min: 3, max: 1}}}}
  - {name: f, body: hi, expect: {chat: {finish_reason: stop}}}
  - {name: g, mode: chat, messages: [{role: user, content: hi}], slo: {tokens_per_second: {min: 0}, goodput: {min: 2}}}
";
    let outcome = test("http://127.0.0.1:9", cases).file("test/p.txt", "a\n").run().exits(2);
    insta::assert_snapshot!(outcome.stderr);
}

#[test]
fn rows_are_no_messages_and_each_case_has_its_own_goodput() {
    let cases = "slo: {goodput: {min: 0.9}}
cases:
  - name: a
    mode: chat
    messages: [{role: user, content: hi}]
    dataset: {file: d.csv, label: y, prediction: '$', gates: {accuracy: {min: 0}}}
";
    let run = test("http://127.0.0.1:9", cases).file("test/d.csv", "x,y\n1,a\n");
    run.run().exits(2).says(&[
        "has an slo.goodput for all cases together",
        "has a dataset and messages\ncause: the rows are the bodies",
        "has a dataset in mode chat",
    ]);
}

const LOAD: &str = "cases:
  - name: load
    mode: chat
    messages: [{role: user, content: hi}]
    load: {PATTERN, prompts: {file: prompts.txt, seed: 3, words: {min: 2, max: 5}, max_tokens: {min: 3, max: 9}}}
    expect: {chat: {finish_reason: length}}
    slo: {ttft_p95_ms: 9000, goodput: {min: 0.5}}
";

/// The results of a load of this pattern, by the server with these flags.
fn loaded(pattern: &str, flags: &str) -> Outcome {
    let server = ModelServer::of_chat(flags);
    let cases = LOAD.replace("PATTERN", pattern);
    let run = test(&server.url, &cases).file("test/prompts.txt", "the quick brown fox\n\njumps over it\n");
    run.with("--html=page.html").run().succeeds()
}

#[test]
fn streams_are_opened_at_a_rate_with_prompts_that_a_seed_draws() {
    let outcome = loaded("rate: 40, duration: 1s, max_in_flight: 200", "--first-token 0.1 --inter-token 0.05");
    for picture in ["Time to first token over time", "Output tokens over time"] {
        assert!(outcome.text("page.html").contains(&format!("<figcaption>{picture}</figcaption>")), "{picture}");
    }
    let case = case_of(&outcome);
    assert_eq!((&case["kind"], &case["invocations"]), (&json!("load"), &json!(40)));
    assert_eq!(case["load"]["targetRate"], 40.0);
    // Each lasts for a quarter of a second or more, and none waits for another.
    assert!(case["load"]["mostInFlight"].as_u64().expect("a number") >= 5, "{case:#}");
    let tokens = case["tokens"]["outputTokens"].as_u64().expect("a number");
    assert!((120..=360).contains(&tokens), "{case:#}");
    assert!(case["load"]["outputTokensPerSecond"].as_f64().expect("a number") > 10.0, "{case:#}");
    let timeline = case["load"]["timeline"].as_array().expect("a list");
    let sum = |member: &str| timeline.iter().filter_map(|part| part[member].as_f64()).sum::<f64>();
    assert_eq!((timeline.len() > 1, sum("answers")), (true, 40.0), "{case:#}");
    let all = case["tokens"]["outputTokens"].as_f64().expect("a number");
    assert!((sum("outputTokens") - all).abs() < 1.0, "{case:#}");
    let again = case_of(&loaded("rate: 40, duration: 1s, max_in_flight: 200", "--first-token 0 --inter-token 0"));
    assert_eq!(again["tokens"]["outputTokens"], tokens, "the seed draws the same lengths");
}

#[test]
fn as_many_streams_are_open_as_the_concurrency_says() {
    let case = case_of(&loaded("concurrency: 10, duration: 1s", "--first-token 0.1 --inter-token 0.01"));
    assert_eq!((&case["load"]["targetRate"], &case["load"]["mostInFlight"]), (&json!(null), &json!(10)));
    // Each takes between 0.12 and 0.18 s, so each of the ten has time for five in a second, and a slow machine for fewer.
    assert!(case["invocations"].as_u64().expect("a number") >= 20, "{case:#}");
}

#[test]
fn a_ramp_ends_at_the_first_rate_at_which_an_objective_is_not_met() {
    let server = ModelServer::of_chat("--first-token 0 --inter-token 0 --at-once 2 --busy 0.2");
    let pattern = "ramp: {from: 3, to: 43, steps: 5}, duration: 2s, max_in_flight: 500";
    let cases = LOAD.replace("PATTERN", pattern).replace("ttft_p95_ms: 9000, goodput: {min: 0.5}", "ttft_p95_ms: 1200");
    let run = test(&server.url, &cases).file("test/prompts.txt", "a\n");
    let load = case_of(&run.run().succeeds())["load"].clone();
    let steps = load["steps"].as_array().expect("a list");
    // Two at once for a fifth of a second are 10 a second at most.
    let met: Vec<bool> = steps.iter().map(|step| step["met"] == true).collect();
    assert!(met[..met.len() - 1].iter().all(|met| *met) && !met[met.len() - 1], "{load:#}");
    assert!((2..=4).contains(&met.len()), "{load:#}");
    assert_eq!(load["targetRate"], steps[met.len() - 2]["targetRate"], "{load:#}");
}

/// A server that answers every request with the first of these, each later one with the next, and then goes away.
fn answering(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            _ = stream.read_exact(&mut vec![0; length.unwrap_or_default()]);
            let is_ping = head.starts_with("get ");
            let answer = if is_ping { String::new() } else { answers.next().unwrap_or_default() };
            let kind = if answer.starts_with('{') { "application/json" } else { "text/event-stream" };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n");
            _ = stream.write_all(format!("{head}{answer}").as_bytes());
            if answer.ends_with("stall") {
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs(5));
                    drop(stream);
                });
            }
        }
    });
    url
}

#[test]
fn a_stream_that_goes_wrong_costs_its_request_and_nothing_else() {
    let piece = |text: &str| format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}}]}));
    let done = "data: [DONE]\n\n";
    let url = answering(vec![
        piece("hi") + "stall",
        piece("hi"),
        piece("hi") + "data: {\"choi",
        piece(&"a".repeat(1 << 20)) + done,
        piece("hi") + "data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\n" + done,
        piece("hi") + done,
    ]);
    let case = |name: &str| {
        format!("  - {{name: {name}, mode: chat, messages: [{{role: user, content: hi}}], timeout: 2s, retries: 0}}\n")
    };
    let cases: String = ["stalls", "is cut", "half an event", "too long", "error", "good"].map(case).concat();
    let outcome = test(&url, &format!("cases:\n{cases}")).run().exits(3);
    let cases = outcome.json("test-results.json")["accounts"][0]["cases"].clone();
    let kinds: Vec<&str> = cases
        .as_array()
        .expect("a list")
        .iter()
        .map(|case| case["failures"][0]["kind"].as_str().unwrap_or("none"))
        .collect();
    assert_eq!(kinds, ["timeout", "stream_cut", "stream_cut", "stream_error", "stream_error", "none"], "{cases:#}");
}

#[test]
fn an_answer_to_a_chat_that_contradicts_itself_or_is_something_else_fails() {
    let event = |document: Value| format!("data: {document}\n\n");
    let piece = |choice: Value| event(json!({"choices": [choice]}));
    let (hi, done) = (piece(json!({"index": 0, "delta": {"content": "hi"}})), "data: [DONE]\n\n".to_owned());
    let usage = |usage: Value| event(json!({"choices": [], "usage": usage}));
    let document = json!({"choices": [{"index": 0, "message": {"content": "hi"}}], "error": null, "usage": null});
    let bad = [
        ("stream_cut", [&hi, &done, &hi, &done].map(String::as_str).concat()),
        (
            "no_completion",
            event(json!({"choices": [{"delta": {"content": "hi"}}, {"delta": {"content": "no"}}]})) + &done,
        ),
        ("stream_error", hi.clone() + &event(json!({"choices": [], "error": 7})) + &done),
        ("stream_error", hi.clone() + &event(json!({"error": ["out of memory"]})) + &done),
        ("stream_error", hi.clone() + &piece(json!({"delta": {}, "error": "out of memory"})) + &done),
        ("no_completion", hi.clone() + &piece(json!({"delta": {"tool_calls": "weather"}})) + &done),
        ("no_completion", hi.clone() + &piece(json!({"delta": {}, "finish_reason": "tool_calls"})) + &done),
        ("no_completion", hi.clone() + &usage(json!({"total_tokens": 3})) + &usage(json!({"total_tokens": 2})) + &done),
        ("no_completion", hi.clone() + &usage(json!("none")) + &done),
        ("wrong_content_type", document.to_string()),
    ];
    let usage = usage(json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}));
    let good = event(json!({"choices": [{"index": 0, "delta": {"role": "assistant"}}], "usage": null, "error": null}));
    let good = good + &hi + &piece(json!({"index": 0, "delta": {}, "finish_reason": "stop"})) + &usage + &done;
    let case = |name: &str| {
        format!("  - {{name: '{name}', mode: chat, messages: [{{role: user, content: hi}}], retries: 0}}\n")
    };
    let names = (1..).zip(&bad).map(|(at, (kind, _))| case(&format!("{at} {kind}"))).collect::<String>();
    let whole = "  - {name: whole, mode: chat, stream: false, messages: [{role: user, content: hi}], retries: 0}\n";
    let more = case("good") + whole + &whole.replace("whole", "wrong_content_type");
    let answers = bad.iter().map(|(_, answer)| answer.clone()).chain([good.clone(), document.to_string(), good]);
    let url = answering(answers.collect());
    let outcome = test(&url, &format!("cases:\n{names}{more}")).run().exits(3);
    let cases = outcome.json("test-results.json")["accounts"][0]["cases"].clone();
    let kind = |case: &Value| case["failures"][0]["kind"].as_str().unwrap_or("none").to_owned();
    let kinds: Vec<String> = cases.as_array().expect("a list").iter().map(kind).collect();
    let wanted: Vec<&str> = bad.iter().map(|(kind, _)| *kind).chain(["none", "none", "wrong_content_type"]).collect();
    assert_eq!(kinds, wanted, "{cases:#}");
}

fn completion(usage: &Value) -> String {
    let piece = |delta: Value| format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}));
    let usage = format!("data: {}\n\n", json!({"choices": [], "usage": usage}));
    piece(json!({"role": "assistant"})) + &piece(json!({"content": "hi"})) + &usage + "data: [DONE]\n\n"
}

const CHAT: &str = "CallWithBearerToken";
const HI: &str = "version: 1
defaults: {retries: 0}
cases: [{name: hi, mode: chat, messages: [{role: user, content: hi}], expect: {body: {equals: hi}}}]
";

fn deployed(cases: &str) -> (Aws, Run) {
    let aws = Aws::new().with_unit("staging", 1).with_unit("prod", 1).with_packages(["Approved"]);
    let test = aws.deployed(&["one"]).file("test/cases.yml", cases);
    (aws, test)
}

fn answered(outcome: &Outcome) -> Value {
    case_of(outcome)
}

#[test]
fn an_endpoint_is_asked_at_its_own_route_with_a_token_that_is_shown_nowhere() {
    let (aws, test) = deployed(HI);
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2});
    aws.fault(CHAT).answers_with(RawAnswer::new(200, "text/event-stream", completion(&usage)));
    let outcome = test.clone().with("-vv").run().succeeds();
    let case = answered(&outcome);
    assert_eq!((&case["kind"], &case["tokens"]["outputTokens"]), (&json!("chat"), &json!(1)));
    let sent = &aws.calls(CHAT)[0];
    assert_eq!(sent.path, format!("/endpoints/{ENDPOINT}/openai/v1/chat/completions"));
    assert_eq!(sent.headers["accept"], "text/event-stream");
    let token = sent.headers["authorization"].to_str().expect("text");
    assert!(token.starts_with("Bearer sagemaker-api-key-"), "{token}");
    let token = token.rsplit('-').next().expect("a token");
    assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains(token), "the token is shown");

    aws.forget_faults();
    let wrong = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 9});
    aws.fault(CHAT).answers_with(RawAnswer::new(200, "text/event-stream", completion(&wrong)));
    tells(&answered(&test.run().exits(3))["failures"], "wrong_usage", &["1 tokens in and 1 out make 9"]);
}

#[test]
fn an_inference_component_is_a_part_of_the_route() {
    let (aws, test) = deployed(&HI.replace("mode: chat", "mode: chat, inference_component: ours"));
    aws.fault(CHAT).answers_with(RawAnswer::new(200, "text/event-stream", completion(&json!({}))));
    test.run().succeeds();
    let path = format!("/endpoints/{ENDPOINT}/inference-components/ours/openai/v1/chat/completions");
    assert_eq!(aws.calls(CHAT)[0].path, path);
}

#[test]
fn who_may_not_call_with_a_token_is_told_so_and_a_container_s_refusal_is_its_own() {
    let (aws, test) = deployed(HI);
    aws.fault(CHAT).denies();
    let case = answered(&test.run().exits(3));
    tells(&case["failures"], "no_answer", &["sagemaker:CallWithBearerToken", "AccessDeniedException"]);
    aws.forget_faults();
    let refusal = "{\"error\": {\"message\": \"no such model\", \"code\": 404}}";
    aws.fault(CHAT).answers_with(RawAnswer::new(404, "application/json", refusal));
    tells(&answered(&test.run().exits(3))["failures"], "model_error", &["404", "no such model"]);
}
