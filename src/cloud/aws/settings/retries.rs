//! How often and in what manner a call is made again, as far as somebody says so.

use super::config_store::{ConfigStore, kept};
use crate::domain::finding::Finding;

/// What is set; what is not is ours to choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cloud::aws) struct RetrySettings {
    pub mode: Option<Mode>,
    /// The first one included
    pub attempts: Option<u32>,
    /// The SDK's rules of 2026, in place of those before
    pub revised: Option<bool>,
}

/// The modes that the AWS CLI and boto3 document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud::aws) enum Mode {
    Legacy,
    Standard,
    Adaptive,
}

impl RetrySettings {
    pub(super) fn of(store: &ConfigStore, findings: &mut Vec<Finding>) -> Self {
        let mode = store.setting("AWS_RETRY_MODE", "retry_mode").map(|setting| {
            match setting.value.trim().to_ascii_lowercase().as_str() {
                "legacy" => Ok(Mode::Legacy),
                "standard" => Ok(Mode::Standard),
                "adaptive" => Ok(Mode::Adaptive),
                _ => Err(setting.unusable(
                    format!("\"{}\" is not a retry mode", setting.value),
                    "set it to legacy, standard or adaptive",
                )),
            }
        });
        let attempts = store.setting("AWS_MAX_ATTEMPTS", "max_attempts").map(|setting| {
            let number = setting.value.trim().parse().ok().filter(|attempts| *attempts > 0);
            number.ok_or_else(|| {
                let cause = format!("\"{}\" is not a number of attempts", setting.value);
                setting.unusable(cause, "set it to a whole number from 1 on; the first attempt counts")
            })
        });
        Self {
            mode: kept(mode, findings),
            attempts: kept(attempts, findings),
            revised: store.flag("AWS_NEW_RETRIES_2026", None, findings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, refused};
    use super::*;

    #[test]
    fn retries_are_those_of_the_variable_else_of_the_profile() {
        let retries = |variables: &[(&str, &str)], config: &str| read(variables, config).retries;
        let config = "[default]\nretry_mode = legacy\nmax_attempts = 3\n";
        let unset = RetrySettings::default();
        assert_eq!(retries(&[], ""), unset);
        assert_eq!(retries(&[("AWS_MAX_ATTEMPTS", ""), ("AWS_RETRY_MODE", "")], ""), unset);
        let set = RetrySettings { mode: Some(Mode::Legacy), attempts: Some(3), revised: None };
        assert_eq!(retries(&[("AWS_MAX_ATTEMPTS", "")], config), set);
        let variables = [("AWS_MAX_ATTEMPTS", "5"), ("AWS_RETRY_MODE", "Adaptive"), ("AWS_NEW_RETRIES_2026", "TRUE")];
        let set = RetrySettings { mode: Some(Mode::Adaptive), attempts: Some(5), revised: Some(true) };
        assert_eq!(retries(&variables, config), set);
    }

    #[test]
    fn what_cannot_be_used_is_named_all_at_once() {
        let variables = [("AWS_MAX_ATTEMPTS", "0"), ("AWS_NEW_RETRIES_2026", "yes")];
        assert_eq!(
            refused(&variables, "[default]\nretry_mode = often\nmax_attempts = many\n"),
            [
                "/home/.aws/config:2:14: retry_mode cannot be used",
                "AWS_MAX_ATTEMPTS cannot be used",
                "AWS_NEW_RETRIES_2026 cannot be used",
            ]
        );
        for attempts in ["0", "-1", "many", "1.5", "99999999999"] {
            assert_eq!(
                refused(&[], &format!("[default]\nmax_attempts = {attempts}\n")),
                ["/home/.aws/config:2:16: max_attempts cannot be used"]
            );
        }
    }
}
