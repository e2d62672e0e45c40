//! What every command may need beside its flags.

use std::collections::BTreeMap;

use crate::output::Console;

/// What every command may need beside its flags.
pub(super) struct Session {
    pub console: Console,
    /// The process's variables; an offline world's stand in for those that are not set.
    pub environment: BTreeMap<String, String>,
}

impl Session {
    /// A flag's value (clap has read its variable), else what the environment says; empty counts as nothing.
    pub(super) fn setting(&self, flag: Option<&str>, variable: &str) -> Option<String> {
        let set = flag.or_else(|| self.environment.get(variable).map(String::as_str));
        set.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
    }
}
