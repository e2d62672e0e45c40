//! A chat request, as `chat/completions` of OpenAI's API has it and vLLM, TGI, LMI and SageMaker's endpoints take it.

use crate::domain::document::Literal;
use crate::domain::suite::chat_check::Asked;
use crate::domain::suite::prompts::Prompt;
use crate::domain::suite::spec::CaseSpec;

/// Where SageMaker's endpoints take it, below an endpoint or an inference component (SageMaker developer guide, "Invoke
/// endpoints with OpenAI-compatible APIs").
pub(crate) const PATH_OF_ENDPOINTS: &str = "openai/v1/chat/completions";
/// Where servers take it themselves.
pub(crate) const PATH_OF_SERVERS: &str = "v1/chat/completions";

/// Members of the request that a case has fields for.
const OWN: [&str; 5] = ["model", "messages", "tools", "stream", "stream_options"];

/// The names of the fields that only a chat has, of those that a case sets.
pub(super) fn fields_of(spec: &CaseSpec) -> Vec<&'static str> {
    let set = [
        ("messages", spec.messages.is_some()),
        ("tools", spec.tools.is_some()),
        ("model", spec.model.is_some()),
        ("parameters", spec.parameters.is_some()),
        ("stream", spec.stream.is_some()),
    ];
    set.into_iter().filter_map(|(name, is_set)| is_set.then_some(name)).collect()
}

/// A request, whose last message others may take the place of.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatRequest(Vec<(String, Literal)>);

impl ChatRequest {
    /// Its body, as JSON without spaces.
    pub(super) fn body(&self) -> Vec<u8> {
        Literal::Map(self.0.clone()).to_string().into_bytes()
    }

    /// The body of a request that says something else.
    pub(super) fn saying(&self, prompt: &Prompt) -> Vec<u8> {
        let mut members = self.0.clone();
        for (name, value) in &mut members {
            if let (MESSAGES, Literal::List(messages)) = (name.as_str(), value)
                && let Some(Literal::Map(last)) = messages.last_mut()
            {
                last.retain(|(name, _)| name != "content");
                last.push(("content".to_owned(), Literal::Other(prompt.text.as_str().into())));
            }
        }
        if let Some(most) = prompt.max_tokens {
            members.retain(|(name, _)| name != "max_tokens");
            members.push(("max_tokens".to_owned(), Literal::Other(most.into())));
        }
        Literal::Map(members).to_string().into_bytes()
    }
}

const MESSAGES: &str = "messages";

/// The request of a case.
///
/// # Errors
/// All that is wrong with it, in words that follow the case's name.
pub(super) fn request(spec: &CaseSpec) -> Result<ChatRequest, Vec<String>> {
    let mut wrong = Vec::new();
    let text = |text: &str| Literal::Other(text.into());
    let is_stream = spec.stream.unwrap_or(true);
    // An endpoint knows its model by the URL, and vLLM takes an empty name for the one that it serves.
    let mut members = vec![("model".to_owned(), text(spec.model.as_deref().unwrap_or_default()))];
    match &spec.messages {
        Some(Literal::List(items)) if items.iter().any(|item| !matches!(item, Literal::Map(_))) => {
            wrong.push("has a message that is not a mapping with role and content".to_owned());
        }
        Some(messages @ Literal::List(items)) if !items.is_empty() => {
            members.push((MESSAGES.to_owned(), messages.clone()));
        }
        Some(_) => wrong.push("has messages that are not a list with at least one message".to_owned()),
        None => wrong.push("has mode chat without messages; write what is said, as role and content".to_owned()),
    }
    match &spec.tools {
        Some(tools @ Literal::List(_)) => members.push(("tools".to_owned(), tools.clone())),
        Some(_) => wrong.push("has tools that are not a list".to_owned()),
        None => {}
    }
    members.push(("stream".to_owned(), Literal::Other(is_stream.into())));
    if is_stream {
        // Without it, no server says how many tokens there were.
        let usage = vec![("include_usage".to_owned(), Literal::Other(true.into()))];
        members.push(("stream_options".to_owned(), Literal::Map(usage)));
    }
    match &spec.parameters {
        Some(Literal::Map(parameters)) => {
            for (name, value) in parameters {
                if OWN.contains(&name.as_str()) {
                    wrong.push(format!("sets {name} in parameters, which the case sets itself"));
                }
                members.push((name.clone(), value.clone()));
            }
        }
        Some(_) => wrong.push("has parameters that are not a mapping".to_owned()),
        None => {}
    }
    if wrong.is_empty() { Ok(ChatRequest(members)) } else { Err(wrong) }
}

/// What the request of a case asks for.
pub(super) fn asked(spec: &CaseSpec) -> Asked {
    let parameter = |name: &str| spec.parameters.as_ref().and_then(|parameters| member(parameters, name));
    let choices = match parameter("n") {
        Some(Literal::Other(number)) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        _ => None,
    };
    let may_call = !matches!(parameter("tool_choice"), Some(Literal::Other(choice)) if choice == "none");
    let tools = match &spec.tools {
        Some(Literal::List(tools)) if may_call => tools.iter().map(name_of).collect(),
        // What came before tools.
        _ if may_call && parameter("functions").is_some() => None,
        _ => Some(Vec::new()),
    };
    Asked { choices: choices.unwrap_or(1), tools }
}

/// The name of a function, or of a tool of the user's own.
fn name_of(tool: &Literal) -> Option<String> {
    let described = ["function", "custom"].into_iter().find_map(|kind| member(tool, kind))?;
    match member(described, "name")? {
        Literal::Other(name) => name.as_str().map(str::to_owned),
        _ => None,
    }
}

fn member<'a>(map: &'a Literal, name: &str) -> Option<&'a Literal> {
    let Literal::Map(members) = map else { return None };
    members.iter().find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document::Node;

    fn body_of(case: &str) -> Result<String, Vec<String>> {
        let node = Node::parse_yaml(&format!("{{name: a, mode: chat, {case}}}"), "cases.yml").expect("YAML");
        let spec: CaseSpec = node.read_whole().expect("a case");
        request(&spec).map(|request| String::from_utf8(request.body()).expect("text"))
    }

    #[test]
    fn a_chat_is_streamed_with_its_usage_unless_it_is_not_to_be() {
        let said = "messages: [{role: user, content: hi}]";
        assert_eq!(
            body_of(said).as_deref(),
            Ok(
                r#"{"model":"","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"#
            )
        );
        assert_eq!(
            body_of(&format!("{said}, stream: false, model: m, tools: [], parameters: {{max_tokens: 5}}")).as_deref(),
            Ok(r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[],"stream":false,"max_tokens":5}"#)
        );
    }

    #[test]
    fn a_request_asks_for_choices_and_names_the_tools_that_may_be_called() {
        let asked = |case: &str| {
            let node = Node::parse_yaml(&format!("{{name: a, mode: chat, {case}}}"), "cases.yml").expect("YAML");
            let Asked { choices, tools } = asked(&node.read_whole::<CaseSpec>().expect("a case"));
            (choices, tools.map(|tools| tools.join(" ")))
        };
        let tools = "tools: [{type: function, function: {name: weather}}, {type: custom, custom: {name: sql}}]";
        let named = |names: &str| Some(names.to_owned());
        assert_eq!(asked("messages: []"), (1, named("")));
        assert_eq!(asked(tools), (1, named("weather sql")));
        assert_eq!(asked(&format!("{tools}, parameters: {{n: 3, tool_choice: auto}}")), (3, named("weather sql")));
        assert_eq!(asked(&format!("{tools}, parameters: {{tool_choice: none}}")), (1, named("")));
        assert_eq!(asked("tools: [{type: search}]"), (1, None));
        assert_eq!(asked("parameters: {functions: [{name: weather}]}"), (1, None));
    }

    #[test]
    fn a_prompt_takes_the_place_of_the_last_message() {
        let text =
            "{name: a, mode: chat, stream: false, messages: [{role: system, content: b}, {role: user, content: c}],
            parameters: {max_tokens: 5}}";
        let node = Node::parse_yaml(text, "cases.yml").expect("YAML");
        let request = request(&node.read_whole::<CaseSpec>().expect("a case")).expect("a request");
        let body = request.saying(&Prompt { text: "d".into(), max_tokens: Some(9) });
        assert_eq!(
            String::from_utf8(body).expect("text"),
            r#"{"model":"","messages":[{"role":"system","content":"b"},{"role":"user","content":"d"}],"stream":false,"max_tokens":9}"#
        );
    }

    #[test]
    fn everything_wrong_with_a_chat_is_said_at_once() {
        assert_eq!(body_of("tools: 1, parameters: 2").map_err(|wrong| wrong.len()), Err(3));
        assert_eq!(body_of("messages: [hi]").map_err(|wrong| wrong.len()), Err(1));
        assert_eq!(body_of("messages: [], parameters: {stream: true}").map_err(|wrong| wrong.len()), Err(2));
    }
}
