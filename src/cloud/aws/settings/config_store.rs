//! Where settings are looked up, as botocore does: a variable of this process, else the profile that is chosen.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::profile_file::{DEFAULT, Entry, Group, Kind, Profiles, Section};
use crate::domain::finding::{Finding, Place};
use crate::domain::text::masking::names_a_secret;
use crate::files::plain;
use crate::secrets;

/// Variables, and the profile that they choose. Not `Debug`: it holds secrets.
pub(super) struct ConfigStore {
    environment: BTreeMap<String, String>,
    pub(super) profiles: Profiles,
    /// The name of the profile in use
    pub(super) profile: String,
}

/// A value, and what to call it in a message.
pub(in crate::cloud::aws) struct Setting<'s> {
    pub(in crate::cloud::aws) value: &'s str,
    /// The variable, or the key of a profile
    pub(in crate::cloud::aws) name: &'s str,
    /// Where a profile says so; `None` for a variable
    pub(in crate::cloud::aws) place: Option<&'s Place>,
}

impl<'s> Setting<'s> {
    /// What a section says; nothing where the value is in the lines below the key.
    pub(super) fn of_section(section: &'s Section, key: &'s str) -> Option<Self> {
        let Entry { value, place, .. } = section.get(key).filter(|entry| !entry.value.is_empty())?;
        Some(Self { value, name: key, place: Some(place) })
    }

    /// That it cannot be used: why not, and what could be.
    pub(super) fn unusable(&self, cause: impl Into<String>, hint: impl Into<String>) -> Finding {
        let finding = Finding::error(format!("{} cannot be used", self.name));
        Finding { place: self.place.cloned(), ..finding.cause(cause).hint(hint) }
    }
}

impl ConfigStore {
    /// A variable that is set to nothing counts as not set.
    pub(super) fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        read: impl Fn(&Path) -> std::io::Result<Vec<u8>>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let environment: BTreeMap<String, String> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut profiles = Profiles::default();
        for (kind, variable, default) in FILES {
            match file(&environment, kind, variable, default, &read) {
                Ok(more) => {
                    learn_secrets(&more);
                    profiles.extend(more);
                }
                Err(finding) => findings.push(finding),
            }
        }
        let named =
            ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].into_iter().find_map(|name| Some((name, environment.get(name)?)));
        if let Some((variable, name)) = named
            && findings.is_empty()
            && profiles.section(Group::Profile, name).is_none()
        {
            let known = profiles.names(Group::Profile);
            let finding = Finding::error(format!("there is no profile \"{name}\", which {variable} names"));
            findings.push(finding.nearest(name, known, LIST));
        }
        let profile = named.map_or(DEFAULT, |(_, name)| name).to_owned();
        Self { environment, profiles, profile }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// A variable, else what the profile says.
    pub(super) fn setting<'s>(&'s self, variable: &'s str, key: &'s str) -> Option<Setting<'s>> {
        self.of_variable(variable).or_else(|| self.of_profile(key))
    }

    pub(super) fn of_variable<'s>(&'s self, name: &'s str) -> Option<Setting<'s>> {
        Some(Setting { value: self.variable(name)?, name, place: None })
    }

    /// Yes or no; for a profile, under that key.
    pub(super) fn flag(&self, variable: &str, key: Option<&str>, findings: &mut Vec<Finding>) -> Option<bool> {
        let set = match key {
            Some(key) => self.setting(variable, key),
            None => self.of_variable(variable),
        };
        let flag =
            set.map(|setting| match setting.value.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(setting
                    .unusable(format!("\"{}\" is neither true nor false", setting.value), "set it to true or false")),
            });
        kept(flag, findings)
    }

    pub(super) fn of_profile<'s>(&'s self, key: &'s str) -> Option<Setting<'s>> {
        Setting::of_section(self.section()?, key)
    }

    /// The profile in use
    fn section(&self) -> Option<&Section> {
        self.profiles.section(Group::Profile, &self.profile)
    }
}

/// What can be used; what cannot is found, once.
pub(super) fn kept<T>(setting: Option<std::result::Result<T, Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    let mut found = |finding| {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    };
    setting?.map_err(&mut found).ok()
}

/// How to find a profile that is there.
pub(super) const LIST: &str = "name one that \"aws configure list-profiles\" shows";

/// Whichever profile is used: what a tool that it names says may hold any of them.
fn learn_secrets(profiles: &Profiles) {
    for (key, Entry { value, .. }) in profiles.sections().flatten() {
        match key.as_str() {
            key if names_a_secret(key) => secrets::learn(value),
            _ if value.contains("://") => secrets::learn_url(value),
            _ => {}
        }
    }
}

/// Each file with the variable that names another one. What both set is that of the last.
const FILES: [(Kind, &str, &str); 2] = [
    (Kind::Config, "AWS_CONFIG_FILE", "~/.aws/config"),
    (Kind::Credentials, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
];

/// The profiles of a file; none if it is not there, as for every AWS tool.
fn file(
    environment: &BTreeMap<String, String>,
    kind: Kind,
    variable: &str,
    default: &str,
    read: impl Fn(&Path) -> std::io::Result<Vec<u8>>,
) -> std::result::Result<Profiles, Finding> {
    let named = environment.get(variable);
    let name = named.map_or(default, String::as_str);
    let path = match (name.strip_prefix("~/"), environment.get("HOME")) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => PathBuf::from(name),
    };
    let shown = path.display().to_string();
    match read(&path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Profiles::parse(&text, &shown, kind),
            Err(_) => Err(Finding::error("is not UTF-8 text").in_file(&shown).hint("save it with the encoding UTF-8")),
        },
        Err(error) if named.is_some() && error.kind() != ErrorKind::NotFound => {
            Err(Finding::error(format!("cannot read {shown}, which {variable} names")).cause(plain(&error)))
        }
        Err(_) => Ok(Profiles::default()),
    }
}
