//! Names that only rendering finds wanting: a parameter that a stage does not set, a field in a loop.
//!
//! The engine stops at the first. So that place gets a stand-in, and the template is rendered again, to the next one.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, Serde};
use minijinja::{Environment, Error, State, Value};

use super::context::{Context, LISTS, fields};
use super::source::{MAX_BYTES, MAX_STEPS, Source, tags};
use crate::domain::finding::{Finding, nearest};
use crate::domain::jinja::OPEN;

/// Nobody fixes more at once; and every place takes a rendering.
const MAX_TOLD: usize = 250;
/// What a rendering behind the first may take.
const MAX_STEPS_MORE: u64 = MAX_STEPS / 100;

/// The stand-in's name; as short as a name can be, so that it fits everywhere.
const STAND_IN: &str = "_";

/// Has every field and method, is an empty list and an empty text.
#[derive(Debug)]
struct StandIn;

impl Object for StandIn {
    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_dyn_object(Arc::clone(self)))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_dyn_object(Arc::clone(self)))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, _: &str, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_dyn_object(Arc::clone(self)))
    }
}

/// What was rendered so far.
#[derive(Default)]
pub(super) struct Output(pub(super) Vec<u8>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The template's text with stand-ins, every byte where it was.
struct Attempt {
    text: String,
    stand_ins: Vec<usize>,
}

impl Attempt {
    fn put(&mut self, place: Range<usize>) {
        self.stand_ins.push(place.start);
        let blank = " ".repeat(place.len() - STAND_IN.len());
        self.text.replace_range(place, &format!("{STAND_IN}{blank}"));
    }

    /// A stand-in is not a number: makes zeros of those in the tag that breaks off before `end`, if there are any.
    fn make_zeros(&mut self, end: usize) -> Option<()> {
        let tag = tags(&self.text).filter(|tag| tag.start < end).last()?;
        let place = self.stand_ins.extract_if(.., |place| tag.contains(place)).collect::<Vec<usize>>();
        for place in &place {
            self.text.replace_range(*place..place + STAND_IN.len(), "0");
        }
        (!place.is_empty()).then_some(())
    }
}

/// The rendered text; else what is wrong is added to the findings, every name that has no value at once.
pub(super) fn render(
    environment: &mut Environment<'_>,
    source: Source<'_>,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let values = context.values();
    let rendered = |environment: &Environment<'_>, text: &str| {
        let mut output = Output(Vec::new());
        environment.template_from_named_str(source.file, text)?.render_captured_to(Serde(&values), &mut output)?;
        Ok(String::from_utf8_lossy(&output.0).into_owned())
    };
    let mut error = match rendered(environment, source.text) {
        Ok(text) => return Some(text),
        Err(error) => error,
    };
    if undefined(&error).is_none() {
        findings.push(source.finding(&error));
        return None;
    }
    environment.add_global(STAND_IN, Value::from_object(StandIn));
    environment.set_fuel(Some(MAX_STEPS_MORE));
    let mut attempt = Attempt { text: source.text.to_owned(), stand_ins: Vec::new() };
    for _ in 0..MAX_TOLD {
        let at = source.range(&error);
        if let Some(name) = undefined(&error) {
            let now = Source { text: &attempt.text, ..source };
            let place = at.as_ref().and_then(|at| now.last_before(at.end, &name)).or(at);
            let position = place.as_ref().map(|place| source.position(place.start));
            let is_here = |one: &Finding| one.place.as_ref().is_some_and(|place| place.position == position);
            if position.is_none() || !findings.iter().any(is_here) {
                let finding = has_no_value(&name, &values, context).in_file(source.file);
                findings.push(position.map_or(finding.clone(), |position| finding.at(source.file, position)));
            }
            attempt.put(place.filter(|place| !source.text[place.clone()].contains(OPEN))?);
        } else {
            // What a stand-in leads to is not a finding
            attempt.make_zeros(at?.end)?;
        }
        error = rendered(environment, &attempt.text).err()?;
    }
    None
}

/// The name that has no value, if that is what is wrong. The engine tells it in words alone.
fn undefined(error: &Error) -> Option<String> {
    let (before, _) = error.detail()?.rsplit_once("` is undefined")?;
    Some(before.rsplit_once('`')?.1.to_owned())
}

impl Source<'_> {
    /// Where a name that the engine speaks of stands; its own range holds more or less than the name.
    fn last_before(self, end: usize, name: &str) -> Option<Range<usize>> {
        let last = |name: &str| {
            let start = self.offsets(name).take_while(|start| *start < end).last()?;
            Some(start..start + name.len())
        };
        last(name).or_else(|| last(&name.replace('\'', "\"")))
    }
}

fn has_no_value(name: &str, values: &serde_json::Value, context: &Context<'_>) -> Finding {
    let own = name.rsplit(['.', '[']).next().unwrap_or(name).trim_matches(['"', '\'', ']']);
    let finding = Finding::error(format!("uses \"{name}\", which has no value"));
    let above = name.rsplit_once('.').map_or("", |(above, _)| above);
    if LISTS.iter().any(|(list, _)| *list == above) {
        return finding.hint(format!("{above} is a list: write {above}[0], or a loop over it"));
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    if let Some(map) = values.pointer(&format!("/{}", above.replace('.', "/"))).and_then(|above| above.as_object()) {
        known.extend(map.keys().map(String::as_str));
    } else if above.ends_with(".parameters") {
        let parameters = context.stages.iter().flat_map(|stage| &stage.config.parameters);
        known.extend(parameters.map(|parameter| parameter.key.as_str()));
    } else {
        known.extend(fields());
    }
    let hint = match nearest(own, known.into_iter().filter(|known| *known != own)) {
        Some(near) => format!("did you mean \"{near}\"? otherwise give it a default: | default(\"...\")"),
        None => "give it a default, as in <%= x | default(\"...\") %>".to_owned(),
    };
    finding.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::jinja;

    #[test]
    fn the_engine_still_names_what_has_no_value_in_words_that_are_understood() {
        let mut environment = jinja::language().expect("the language");
        environment.set_debug(true);
        for (text, name) in [
            ("<%= a %>", "a"),
            ("<%= b.c %>", "b.c"),
            ("<%= b.c.d %>", "b.c"),
            ("<% for one in b.list %><% endfor %>", "b.list"),
        ] {
            let template = environment.template_from_str(text).expect("a template");
            let error = template.render(minijinja::context!(b => minijinja::context!(e => 1))).expect_err(text);
            let words = error.to_string();
            assert_eq!(undefined(&error).as_deref(), Some(name), "minijinja says it otherwise now: {words}");
        }
    }
}
