//! What variables and profiles say of calls to AWS: the one place that reads them, ours and the SDK's.

mod config_store;
mod credentials;
mod endpoint_url;
mod instance;
mod profile_file;
mod retries;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

use aws_config::AppName;
use aws_smithy_types::checksum_config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_types::sdk_config::Builder;

use self::config_store::{ConfigStore, Setting, kept};
pub(super) use self::credentials::{CredentialSource, Role};
pub(super) use self::endpoint_url::{ServiceSettings, of_client, own_url};
pub(super) use self::instance::InstanceSettings;
pub(super) use self::retries::{Mode, RetrySettings};
use super::proxies::Proxies;
use crate::domain::aws::partition::check_region;
use crate::domain::finding::Finding;
use crate::error::{Failure, Result};
use crate::files::{Most, bytes};

/// What every call goes by. Not `Debug`: it holds secrets.
pub struct SdkSettings {
    store: ConfigStore,
    use_fips: Option<bool>,
    use_dual_stack: Option<bool>,
    request_checksums: Option<RequestChecksumCalculation>,
    response_checksums: Option<ResponseChecksumValidation>,
    pub(super) retries: RetrySettings,
    pub(super) services: ServiceSettings,
    pub(super) proxies: Proxies,
    pub(super) instance: InstanceSettings,
    /// Whose credentials the calls are made with
    pub(super) credentials: CredentialSource,
}

impl SdkSettings {
    /// Reads the variables of this process and the files of profiles.
    ///
    /// # Errors
    /// Something cannot be used: all of it, each with its variable or its file and line.
    pub fn read() -> Result<Self> {
        // As for botocore, what is not a file, as /dev/null, is not there.
        let read =
            |path: &Path| if path.is_file() { bytes(path, Most::Written) } else { Err(ErrorKind::NotFound.into()) };
        Self::of(std::env::vars_os(), read)
    }

    fn of(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        read: impl Fn(&Path) -> std::io::Result<Vec<u8>>,
    ) -> Result<Self> {
        let mut findings = Vec::new();
        let store = ConfigStore::read(variables, read, &mut findings);
        let settings = Self {
            use_fips: store.flag("AWS_USE_FIPS_ENDPOINT", Some("use_fips_endpoint"), &mut findings),
            use_dual_stack: store.flag("AWS_USE_DUALSTACK_ENDPOINT", Some("use_dualstack_endpoint"), &mut findings),
            request_checksums: checksums(&store, "AWS_REQUEST_CHECKSUM_CALCULATION", &mut findings),
            response_checksums: checksums(&store, "AWS_RESPONSE_CHECKSUM_VALIDATION", &mut findings),
            retries: RetrySettings::of(&store, &mut findings),
            services: ServiceSettings::of(&store, &mut findings),
            instance: InstanceSettings::of(&store, &mut findings),
            proxies: Proxies::of(|name| store.variable(name).map(str::to_owned)).unwrap_or_else(|unusable| {
                findings.extend(unusable);
                Proxies::default()
            }),
            credentials: kept(Some(CredentialSource::of(&store)), &mut findings).unwrap_or(CredentialSource::Nowhere),
            store,
        };
        if findings.is_empty() { Ok(settings) } else { Err(Failure::invalid(findings)) }
    }

    /// The Region that a command is for: that of the flag, else of a variable or of the profile.
    ///
    /// # Errors
    /// It is not part of a host's name.
    pub(super) fn region<'s>(&'s self, flag: Option<&'s str>) -> Result<Option<&'s str>> {
        let set = flag
            .map(|value| Setting { value, name: "--region (AWS_REGION)", place: None })
            .or_else(|| self.store.of_variable("AWS_REGION"))
            .or_else(|| self.store.of_variable("AWS_DEFAULT_REGION"))
            .or_else(|| self.store.of_profile("region"));
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
        let app = self.store.setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
        sdk.set_app_name(app.and_then(|app| AppName::new(app.value.to_owned()).ok()));
        sdk.set_use_fips(self.use_fips).set_use_dual_stack(self.use_dual_stack);
        sdk.set_request_checksum_calculation(self.request_checksums);
        sdk.set_response_checksum_validation(self.response_checksums);
        sdk.service_config(self.services.clone())
    }

    /// The certificates to trust instead of the system's, where botocore looks for them.
    pub(super) fn ca_bundle(&self) -> Option<Setting<'_>> {
        self.store.setting("AWS_CA_BUNDLE", "ca_bundle").or_else(|| self.store.of_variable("REQUESTS_CA_BUNDLE"))
    }
}

/// Whether S3 sums up what it sends and receives.
fn checksums<T: FromStr>(store: &ConfigStore, variable: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let key = variable.trim_start_matches("AWS_").to_lowercase();
    let set = store.setting(variable, &key).map(|setting| {
        setting.value.trim().parse().map_err(|_| {
            let cause = format!("\"{}\" is neither when_supported nor when_required", setting.value);
            setting.unusable(cause, "set it to when_supported or when_required")
        })
    });
    kept(set, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn settings_of(variables: &[(&str, &str)], config: &str, credentials: &str) -> Result<SdkSettings> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        SdkSettings::of(variables.chain([("HOME".into(), "/home".into())]), |path| match path.to_str() {
            Some("/home/.aws/config") => Ok(config.as_bytes().to_vec()),
            Some("/home/.aws/credentials") => Ok(credentials.as_bytes().to_vec()),
            _ => Err(ErrorKind::NotFound.into()),
        })
    }

    pub(super) fn refused(variables: &[(&str, &str)], config: &str) -> Vec<String> {
        let findings = settings_of(variables, config, "").err().map(|failure| failure.findings).unwrap_or_default();
        findings.iter().map(ToString::to_string).collect()
    }

    pub(super) fn read(variables: &[(&str, &str)], config: &str) -> SdkSettings {
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
