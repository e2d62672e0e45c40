//! The one language of every template that we render: Jinja with delimiters of its own, `<%= x %>`, `<% for x in xs %>`
//! and `<%# note %>`.
//!
//! They are ones that no CloudFormation template, policy or pipeline holds: `{{resolve:...}}`, `${...}`, `[[...]]` and
//! the `@{...}` of PowerShell in user data stay what they are, and a template with `<%= x %>` as a value is YAML before
//! it is rendered.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

pub(super) const OPEN: &str = "<%";
pub(super) const CLOSE: &str = "%>";
pub(super) const OPEN_VALUE: &str = "<%=";
pub(super) const OPEN_NOTE: &str = "<%#";

/// The language: what is not given is not an empty text, and no text is escaped.
///
/// # Errors
/// The delimiters do not fit each other, which is a defect of this program.
pub(super) fn language() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(
        SyntaxConfig::builder()
            .variable_delimiters(OPEN_VALUE, CLOSE)
            .block_delimiters(OPEN, CLOSE)
            .comment_delimiters(OPEN_NOTE, CLOSE)
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    Ok(environment)
}
