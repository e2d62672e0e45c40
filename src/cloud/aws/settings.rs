//! What variables and profiles say of calls to AWS: the one place that reads them, ours and the SDK's.

mod credentials;
mod endpoint_url;
mod profile_file;
mod retries;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aws_config::AppName;
use aws_smithy_types::checksum_config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_types::sdk_config::Builder;

pub(super) use self::credentials::{Role, Source};
pub(super) use self::endpoint_url::{ServiceSettings, own_url};
use self::profile_file::{DEFAULT, Entry, Group, Kind, Profiles, Section};
pub(super) use self::retries::{Mode, RetrySettings};
use super::proxies::Proxies;
use crate::domain::finding::{Finding, Place};
use crate::domain::masking::names_a_secret;
use crate::domain::partition::check_region;
use crate::error::{Failure, Result};
use crate::files::{Most, bytes, plain};
use crate::secrets;

/// Variables, and the profile that they choose. Not `Debug`: it holds secrets.
pub struct Settings {
    environment: BTreeMap<String, String>,
    profiles: Profiles,
    /// The name of the profile in use
    pub(super) profile: String,
    use_fips: Option<bool>,
    use_dual_stack: Option<bool>,
    request_checksums: Option<RequestChecksumCalculation>,
    response_checksums: Option<ResponseChecksumValidation>,
    pub(super) retries: RetrySettings,
    pub(super) services: ServiceSettings,
    pub(super) proxies: Proxies,
    /// Whose credentials the calls are made with
    pub(super) credentials: Source,
}

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

/// A value, and what to call it in a message.
pub(super) struct Setting<'s> {
    pub(super) value: &'s str,
    /// The variable, or the key of a profile
    pub(super) name: &'s str,
    /// Where a profile says so; `None` for a variable
    pub(super) place: Option<&'s Place>,
}

impl<'s> Setting<'s> {
    /// What a section says; nothing where the value is in the lines below the key.
    fn of_section(section: &'s Section, key: &'s str) -> Option<Self> {
        let Entry { value, place, .. } = section.get(key).filter(|entry| !entry.value.is_empty())?;
        Some(Self { value, name: key, place: Some(place) })
    }

    /// That it cannot be used: why not, and what could be.
    fn unusable(&self, cause: impl Into<String>, hint: impl Into<String>) -> Finding {
        let finding = Finding::error(format!("{} cannot be used", self.name));
        Finding { place: self.place.cloned(), ..finding.cause(cause).hint(hint) }
    }
}

impl Settings {
    /// Reads the variables of this process and the files of profiles.
    ///
    /// # Errors
    /// Something cannot be used: all of it, each with its variable or its file and line.
    pub fn read() -> Result<Self> {
        // As for botocore, what is no file, as /dev/null, is not there.
        let read =
            |path: &Path| if path.is_file() { bytes(path, Most::Written) } else { Err(ErrorKind::NotFound.into()) };
        Self::of(std::env::vars_os(), read)
    }

    /// A variable that is set to nothing counts as not set.
    fn of(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        read: impl Fn(&Path) -> std::io::Result<Vec<u8>>,
    ) -> Result<Self> {
        let environment: BTreeMap<String, String> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut findings = Vec::new();
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
            findings.push(finding.nearest(name, known, "name one that \"aws configure list-profiles\" shows"));
        }
        let profile = named.map_or(DEFAULT, |(_, name)| name).to_owned();
        let mut settings = Self {
            environment,
            profiles,
            profile,
            use_fips: None,
            use_dual_stack: None,
            request_checksums: None,
            response_checksums: None,
            retries: RetrySettings::default(),
            services: ServiceSettings::default(),
            proxies: Proxies::default(),
            credentials: Source::Nowhere,
        };
        settings.use_fips = settings.flag("AWS_USE_FIPS_ENDPOINT", Some("use_fips_endpoint"), &mut findings);
        let key = Some("use_dualstack_endpoint");
        settings.use_dual_stack = settings.flag("AWS_USE_DUALSTACK_ENDPOINT", key, &mut findings);
        settings.request_checksums = settings.checksums("AWS_REQUEST_CHECKSUM_CALCULATION", &mut findings);
        settings.response_checksums = settings.checksums("AWS_RESPONSE_CHECKSUM_VALIDATION", &mut findings);
        settings.retries = RetrySettings::of(&settings, &mut findings);
        settings.services = ServiceSettings::of(&settings, &mut findings);
        match Proxies::of(|name| settings.variable(name).map(str::to_owned)) {
            Ok(proxies) => settings.proxies = proxies,
            Err(unusable) => findings.extend(unusable),
        }
        if let Some(source) = kept(Some(Source::of(&settings)), &mut findings) {
            settings.credentials = source;
        }
        if findings.is_empty() { Ok(settings) } else { Err(Failure::invalid(findings)) }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// A variable, else what the profile says.
    fn setting<'s>(&'s self, variable: &'s str, key: &'s str) -> Option<Setting<'s>> {
        self.of_variable(variable).or_else(|| self.of_profile(key))
    }

    fn of_variable<'s>(&'s self, name: &'s str) -> Option<Setting<'s>> {
        Some(Setting { value: self.variable(name)?, name, place: None })
    }

    /// Yes or no; for a profile, under that key.
    fn flag(&self, variable: &str, key: Option<&str>, findings: &mut Vec<Finding>) -> Option<bool> {
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

    /// Whether S3 sums up what it sends and receives.
    fn checksums<T: FromStr>(&self, variable: &str, findings: &mut Vec<Finding>) -> Option<T> {
        let key = variable.trim_start_matches("AWS_").to_lowercase();
        let set = self.setting(variable, &key).map(|setting| {
            setting.value.trim().parse().map_err(|_| {
                let cause = format!("\"{}\" is neither when_supported nor when_required", setting.value);
                setting.unusable(cause, "set it to when_supported or when_required")
            })
        });
        kept(set, findings)
    }

    fn of_profile<'s>(&'s self, key: &'s str) -> Option<Setting<'s>> {
        Setting::of_section(self.section()?, key)
    }

    fn section(&self) -> Option<&Section> {
        self.profiles.section(Group::Profile, &self.profile)
    }

    /// The Region that a command is for: that of the flag, else of a variable or of the profile.
    ///
    /// # Errors
    /// It is no part of a host's name.
    pub(super) fn region<'s>(&'s self, flag: Option<&'s str>) -> Result<Option<&'s str>> {
        let set = flag
            .map(|value| Setting { value, name: "--region (AWS_REGION)", place: None })
            .or_else(|| self.of_variable("AWS_REGION"))
            .or_else(|| self.of_variable("AWS_DEFAULT_REGION"))
            .or_else(|| self.of_profile("region"));
        let Some(region) = set else { return Ok(None) };
        match check_region(region.value) {
            Ok(()) => Ok(Some(region.value)),
            Err(error) => {
                let hint = "write it as AWS does, for example us-east-1";
                Err(Failure::invalid([region.unusable(error.to_string(), hint)]))
            }
        }
    }

    /// What every client is to know, but for credentials, Region and retries.
    pub(super) fn onto(&self, mut sdk: Builder) -> Builder {
        let app = self.setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
        sdk.set_app_name(app.and_then(|app| AppName::new(app.value.to_owned()).ok()));
        sdk.set_use_fips(self.use_fips).set_use_dual_stack(self.use_dual_stack);
        sdk.set_request_checksum_calculation(self.request_checksums);
        sdk.set_response_checksum_validation(self.response_checksums);
        sdk.service_config(self.services.clone())
    }

    /// The certificates to trust instead of the system's, where botocore looks for them.
    pub(super) fn ca_bundle(&self) -> Option<Setting<'_>> {
        self.setting("AWS_CA_BUNDLE", "ca_bundle").or_else(|| self.of_variable("REQUESTS_CA_BUNDLE"))
    }
}

/// What can be used; what cannot is found, once.
fn kept<T>(setting: Option<std::result::Result<T, Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    let mut found = |finding| {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    };
    setting?.map_err(&mut found).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn settings_of(variables: &[(&str, &str)], config: &str, credentials: &str) -> Result<Settings> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Settings::of(variables.chain([("HOME".into(), "/home".into())]), |path| match path.to_str() {
            Some("/home/.aws/config") => Ok(config.as_bytes().to_vec()),
            Some("/home/.aws/credentials") => Ok(credentials.as_bytes().to_vec()),
            _ => Err(ErrorKind::NotFound.into()),
        })
    }

    pub(super) fn refused(variables: &[(&str, &str)], config: &str) -> Vec<String> {
        let findings = settings_of(variables, config, "").err().map(|failure| failure.findings).unwrap_or_default();
        findings.iter().map(ToString::to_string).collect()
    }

    pub(super) fn read(variables: &[(&str, &str)], config: &str) -> Settings {
        settings_of(variables, config, "").unwrap_or_else(|failure| panic!("{:?}", failure.findings))
    }

    #[test]
    fn a_region_is_that_of_the_first_who_names_one() {
        let config = "[default]\nregion = a\n[profile p]\nregion = b\n";
        for (variables, region) in [
            (&[("AWS_REGION", "x"), ("AWS_DEFAULT_REGION", "y")][..], "x"),
            (&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "y")], "y"),
            (&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "")], "a"),
            (&[("AWS_PROFILE", "p")], "b"),
            (&[("AWS_PROFILE", ""), ("AWS_DEFAULT_PROFILE", "p")], "b"),
            (&[("AWS_PROFILE", "default"), ("AWS_DEFAULT_PROFILE", "p")], "a"),
        ] {
            assert_eq!(read(variables, config).region(None), Ok(Some(region)), "{variables:?}");
        }
        assert_eq!(read(&[], "[default]\nregion =\n").region(None), Ok(None));
        assert_eq!(read(&[("AWS_REGION", "x")], config).region(Some("flag")), Ok(Some("flag")));
    }

    #[test]
    fn a_bundle_of_certificates_is_found_where_botocore_finds_it() {
        let config = "[default]\nca_bundle = profile.pem\n";
        let name = |variables: &[(&str, &str)], config| {
            let settings = read(variables, config);
            settings.ca_bundle().map(|setting| (setting.name.to_owned(), setting.value.to_owned()))
        };
        let both = [("AWS_CA_BUNDLE", "aws.pem"), ("REQUESTS_CA_BUNDLE", "requests.pem")];
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(name(&both, config), pair("AWS_CA_BUNDLE", "aws.pem"));
        assert_eq!(name(&both[1..], config), pair("ca_bundle", "profile.pem"));
        assert_eq!(name(&both[1..], ""), pair("REQUESTS_CA_BUNDLE", "requests.pem"));
        assert_eq!(name(&[], ""), None);
    }

    #[test]
    fn a_profile_that_is_not_there_and_a_broken_file_are_named() {
        let config = "[profile staging]\nregion = a\n";
        assert_eq!(
            refused(&[("AWS_PROFILE", "stagin")], config),
            ["there is no profile \"stagin\", which AWS_PROFILE names"]
        );
        let broken = refused(&[("AWS_PROFILE", "stagin")], "[profile staging]\nregion\n");
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with("/home/.aws/config:2:1: "), "{broken:?}");
    }
}
