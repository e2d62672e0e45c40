//! The templates of what the platform installs, embedded, and the one syntax that they are written in.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// Renders a template of `templates/`; its delimiters mean nothing to YAML, CloudFormation, IAM or CodePipeline.
///
/// # Errors
/// The template does not fit what it is given, which is a defect of this program.
pub(super) fn render(source: &'static str, context: impl Serialize) -> Result<String, minijinja::Error> {
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<%=", "%>")
        .comment_delimiters("<%#", "#%>")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    let mut environment = Environment::new();
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.render_str(source, Serde(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_languages_mark_with_braces_and_dollars_stays() {
        let source =
            "<%# a note #%>\n<% if on %>\na: <%= b %> {{resolve:ssm:x}} ${A} #{B.C} [1, {d: <<}] %\n<% endif %>\n";
        let rendered = render(source, std::collections::BTreeMap::from([("b", "\"1\" & 2"), ("on", "yes")]));
        assert_eq!(rendered.expect("fits"), "a: \"1\" & 2 {{resolve:ssm:x}} ${A} #{B.C} [1, {d: <<}] %\n");
        assert!(render("<%= c %>", ()).is_err(), "what is not given is no empty text");
    }
}
