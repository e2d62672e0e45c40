//! What a case expects of a chat completion beside its text.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::report::failure_kind::FailureKind;
use crate::domain::suite::completion::{Completion, ToolCall, Usage};
use crate::domain::suite::json_answer::JsonAnswer;
use crate::domain::suite::json_check::{JsonSpec, ValuesAt};
use crate::domain::suite::unmet::Verdict;
use crate::domain::text::count::counted;
use crate::domain::text::excerpt::cut;

/// `expect.chat` as it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatSpec {
    /// Why the model is to end: `stop`, `length`, `tool_calls`, ...
    finish_reason: Option<String>,
    /// The tools that it is to call, in this order; an empty list if it is to call none.
    tool_calls: Option<Vec<ToolCallSpec>>,
    #[serde(default)]
    usage: UsageSpec,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct ToolCallSpec {
    /// The function's name.
    name: String,
    /// What its arguments are to be, as in `expect.json`.
    #[serde(default)]
    arguments: Vec<JsonSpec>,
}

/// Tokens, as the server counts them.
#[expect(clippy::struct_field_names, reason = "they are OpenAI's")]
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct UsageSpec {
    #[serde(default)]
    prompt_tokens: Bounds,
    #[serde(default)]
    completion_tokens: Bounds,
    #[serde(default)]
    total_tokens: Bounds,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: Option<u64>,
    max: Option<u64>,
}

/// A compiled expectation.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChatCheck {
    finish_reason: Option<String>,
    tool_calls: Option<Vec<(String, Vec<ValuesAt>)>>,
    usage: UsageSpec,
    asked: Asked,
}

/// What the request asks for, which no server answers otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// So many, at least.
    pub(crate) choices: usize,
    /// The tools that may be called, where they are known.
    pub(crate) tools: Option<Vec<String>>,
}

impl ChatSpec {
    /// # Errors
    /// A path or pattern that cannot be compiled, in words that follow the case's name.
    pub(crate) fn compile(self) -> Result<ChatCheck, String> {
        let call = |spec: ToolCallSpec| {
            let arguments = spec.arguments.into_iter().map(JsonSpec::compile).collect::<Result<_, _>>()?;
            Ok::<_, String>((spec.name, arguments))
        };
        let tool_calls = self.tool_calls.map(|calls| calls.into_iter().map(call).collect::<Result<_, _>>()).transpose();
        let UsageSpec { prompt_tokens, completion_tokens, total_tokens } = self.usage;
        for (name, bounds) in
            [("prompt_tokens", prompt_tokens), ("completion_tokens", completion_tokens), ("total_tokens", total_tokens)]
        {
            if bounds.min.zip(bounds.max).is_some_and(|(min, max)| min > max) {
                return Err(format!("has an expect.chat.usage.{name} whose min is above its max"));
            }
        }
        let asked = Asked::default();
        Ok(ChatCheck { finish_reason: self.finish_reason, tool_calls: tool_calls?, usage: self.usage, asked })
    }
}

impl ChatCheck {
    /// The same, of the answer to a request.
    #[must_use]
    pub(crate) fn of_request(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    /// Whether it is judged in no time.
    pub(crate) fn is_plain(&self) -> bool {
        self.tool_calls.iter().flatten().flat_map(|(_, arguments)| arguments).all(ValuesAt::is_plain)
    }

    pub(crate) fn judge(&self, completion: &Completion, verdict: &mut Verdict) {
        if let Some(contradiction) = completion.usage.and_then(|usage| usage.contradiction()) {
            verdict.add(FailureKind::WrongUsage, || format!("expected a usage that adds up, got {contradiction}"));
        }
        if !completion.text.is_empty() && completion.usage.is_some_and(|usage| usage.output == Some(0)) {
            verdict.add(FailureKind::WrongUsage, || {
                format!("expected a usage of what was said, got 0 completion_tokens for \"{}\"", cut(&completion.text))
            });
        }
        if let Some(wanted) = &self.finish_reason
            && completion.finish_reason.as_ref() != Some(wanted)
        {
            let got = completion.finish_reason.as_deref().map_or("none".to_owned(), |got| format!("\"{}\"", cut(got)));
            verdict.add(FailureKind::WrongFinish, || format!("expected the finish reason \"{wanted}\", got {got}"));
        }
        match &self.tool_calls {
            Some(wanted) => judge_calls(wanted, &completion.tool_calls, verdict),
            None => self.asked.judge_calls(&completion.tool_calls, verdict),
        }
        let (asked, got) = (self.asked.choices, completion.choices.len());
        if got < asked {
            verdict.add(FailureKind::NoCompletion, || format!("expected {}, got {got}", counted(asked, "choice")));
        }
        let usage = completion.usage.unwrap_or_default();
        let Usage { input, output, total } = usage;
        let total = total.or(input.zip(output).and_then(|(input, output)| input.checked_add(output)));
        for (name, bounds, got) in [
            ("prompt_tokens", self.usage.prompt_tokens, input),
            ("completion_tokens", self.usage.completion_tokens, output),
            ("total_tokens", self.usage.total_tokens, total),
        ] {
            if let Some(unmet) = bounds.unmet(name, got) {
                verdict.add(FailureKind::WrongUsage, || unmet);
            }
        }
    }
}

impl Asked {
    fn judge_calls(&self, got: &[ToolCall], verdict: &mut Verdict) {
        let Some(tools) = &self.tools else { return };
        // TGI streams calls that name no tool: the name is in the arguments.
        let is_other = |call: &&ToolCall| tools.is_empty() || !call.name.is_empty() && !tools.contains(&call.name);
        if let Some(call) = got.iter().find(is_other) {
            verdict.add(FailureKind::WrongToolCall, || {
                let wanted = if tools.is_empty() { "no tool call" } else { "calls of the tools in the request alone" };
                format!("expected {wanted}, got a call of \"{}\"", cut(&call.name))
            });
        }
    }
}

fn judge_calls(wanted: &[(String, Vec<ValuesAt>)], got: &[ToolCall], verdict: &mut Verdict) {
    let names: Vec<&str> = got.iter().map(|call| call.name.as_str()).collect();
    if !wanted.iter().map(|(name, _)| name.as_str()).eq(names.iter().copied()) {
        let wanted: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
        return verdict
            .add(FailureKind::WrongToolCall, || format!("expected {}, got {}", calls(&wanted), cut(&calls(&names))));
    }
    for ((name, arguments), call) in wanted.iter().zip(got) {
        if arguments.is_empty() {
            continue;
        }
        match JsonAnswer::parse(call.arguments.as_bytes()) {
            Ok(answer) => {
                let mut own = Verdict::default();
                for values in arguments {
                    values.judge(&answer, &mut own);
                }
                for unmet in own.unmet {
                    let message = format!("in the arguments of tool {name}: {}", unmet.message);
                    verdict.add(FailureKind::WrongToolCall, || message);
                }
                verdict.untold += own.untold;
            }
            Err(message) => {
                verdict.add(FailureKind::WrongToolCall, || format!("in the arguments of tool {name}: {message}"));
            }
        }
    }
}

fn calls(names: &[&str]) -> String {
    if names.is_empty() { "no tool call".to_owned() } else { format!("calls of {}", names.join(", ")) }
}

impl Bounds {
    fn unmet(self, name: &str, got: Option<u64>) -> Option<String> {
        let wanted = match (self.min, self.max) {
            (None, None) => return None,
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (Some(min), Some(max)) => format!("{min} to {max}"),
        };
        match got {
            None => Some(format!("expected {wanted} {name}, and the answer does not tell them")),
            Some(got) if self.min.is_none_or(|min| got >= min) && self.max.is_none_or(|max| got <= max) => None,
            Some(got) => Some(format!("expected {wanted} {name}, got {got}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document::Node;

    fn unmet(spec: &str, completion: &Completion) -> Vec<String> {
        let node = Node::parse_yaml(spec, "cases.yml").expect("YAML");
        let check = node.read_whole::<ChatSpec>().expect("a spec").compile().expect("compiles");
        let mut verdict = Verdict::default();
        check.judge(completion, &mut verdict);
        verdict.unmet.into_iter().map(|unmet| unmet.message).collect()
    }

    #[test]
    fn reasons_tools_and_usage_are_held_to_what_is_expected() {
        let completion = Completion {
            text: String::new(),
            tool_calls: vec![ToolCall { index: 0, name: "weather".into(), arguments: "{\"city\": \"Bern\"}".into() }],
            finish_reason: Some("tool_calls".into()),
            usage: Some(Usage { input: Some(5), output: Some(7), total: None }),
            choices: [0].into(),
        };
        for good in [
            "{finish_reason: tool_calls, usage: {prompt_tokens: {min: 5, max: 5}, total_tokens: {max: 12}}}",
            "tool_calls: [{name: weather, arguments: [{path: $.city, equals: Bern}]}]",
            "{}",
        ] {
            assert_eq!(unmet(good, &completion), [""; 0], "{good}");
        }
        for (bad, said) in [
            ("finish_reason: stop", "expected the finish reason \"stop\", got \"tool_calls\""),
            ("tool_calls: []", "expected no tool call, got calls of weather"),
            ("tool_calls: [{name: a}, {name: b}]", "expected calls of a, b, got calls of weather"),
            ("usage: {completion_tokens: {max: 6}}", "expected at most 6 completion_tokens, got 7"),
        ] {
            assert_eq!(unmet(bad, &completion), [said]);
        }
        let of_arguments =
            unmet("tool_calls: [{name: weather, arguments: [{path: $.city, equals: Basel}]}]", &completion);
        assert!(of_arguments[0].starts_with("in the arguments of tool weather: expected "), "{of_arguments:?}");
        let none = Completion::default();
        assert_eq!(unmet("finish_reason: stop", &none), ["expected the finish reason \"stop\", got none"]);
        let said = "expected at least 1 total_tokens, and the answer does not tell them";
        assert_eq!(unmet("usage: {total_tokens: {min: 1}}", &none), [said]);
    }

    #[test]
    fn a_usage_that_contradicts_itself_fails_in_any_case() {
        let usage = Some(Usage { input: Some(5), output: Some(7), total: Some(11) });
        let said = "expected a usage that adds up, got 5 tokens in and 7 out make 11 in its usage";
        assert_eq!(unmet("{}", &Completion { usage, ..Completion::default() }), [said]);
        let usage = Some(Usage { input: Some(5), output: Some(0), total: Some(5) });
        assert_eq!(unmet("{}", &Completion { usage, ..Completion::default() }), [""; 0]);
        let said = "expected a usage of what was said, got 0 completion_tokens for \"hi\"";
        assert_eq!(unmet("{}", &Completion { text: "hi".into(), usage, ..Completion::default() }), [said]);
    }

    #[test]
    fn a_chat_has_the_choices_that_were_asked_for_and_calls_tools_that_were_sent() {
        let unmet = |choices: usize, tools: Option<&[&str]>, spec: &str| {
            let node = Node::parse_yaml(spec, "cases.yml").expect("YAML");
            let check = node.read_whole::<ChatSpec>().expect("a spec").compile().expect("compiles");
            let tools = tools.map(|tools| tools.iter().map(ToString::to_string).collect());
            let call = |index, name: &str| ToolCall { index, name: name.into(), arguments: "{}".into() };
            let tool_calls = vec![call(0, "weather"), call(1, "")];
            let completion = Completion { tool_calls, choices: [0, 1].into(), ..Completion::default() };
            let mut verdict = Verdict::default();
            check.of_request(Asked { choices, tools }).judge(&completion, &mut verdict);
            verdict.unmet.into_iter().map(|unmet| unmet.message).collect::<Vec<_>>()
        };
        assert_eq!(unmet(2, None, "{}"), [""; 0]);
        assert_eq!(unmet(3, None, "{}"), ["expected 3 choices, got 2"]);
        assert_eq!(unmet(1, Some(&["stocks", "weather"]), "{}"), [""; 0]);
        let other = "expected calls of the tools in the request alone, got a call of \"weather\"";
        assert_eq!(unmet(1, Some(&["stocks"]), "{}"), [other]);
        assert_eq!(unmet(1, Some(&[]), "{}"), ["expected no tool call, got a call of \"weather\""]);
        assert_eq!(unmet(1, Some(&[]), "tool_calls: [{name: weather}, {name: ''}]"), [""; 0]);
    }
}
