//! The templates of what the platform installs, embedded.

use minijinja::value::Serde;
use serde::Serialize;

use crate::domain::jinja;

/// Renders a template of `templates/`.
///
/// # Errors
/// The template does not fit what it is given, which is a defect of this program.
pub(crate) fn render(source: &'static str, context: impl Serialize) -> Result<String, minijinja::Error> {
    jinja::language()?.render_str(source, Serde(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_languages_mark_with_braces_and_dollars_stays() {
        let source =
            "<%# a note %>\n<% if on %>\na: <%= b %> {{resolve:ssm:x}} ${A} #{B.C} [1, {d: <<}] %\n<% endif %>\n";
        let rendered = render(source, std::collections::BTreeMap::from([("b", "\"1\" & 2"), ("on", "yes")]));
        assert_eq!(rendered.expect("fits"), "a: \"1\" & 2 {{resolve:ssm:x}} ${A} #{B.C} [1, {d: <<}] %\n");
        assert!(render("<%= c %>", ()).is_err(), "what is not given is not an empty text");
    }
}
