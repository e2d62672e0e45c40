//! Where services are called instead of at AWS's own hosts, for our calls and for the SDK's.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use reqwest::Url;

use super::super::service::Service;
use super::config_store::{ConfigStore, Setting, kept};
use super::profile_file::{Group, Section};
use crate::domain::finding::Finding;
use crate::domain::text::masking::misspelt_url;

const VARIABLE: &str = "AWS_ENDPOINT_URL";
const KEY: &str = "endpoint_url";

/// The services of generated clients, as AWS's models name them; the others are [`Service::ALL`].
const GENERATED: [&str; 5] = ["S3", "SageMaker Runtime", "SSO", "SSO OIDC", "STS"];

/// What a generated client asks for besides: variable and key of a profile.
const OTHERS: [(&str, &str); 1] = [("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth")];

/// What is set for one service or for all.
#[derive(Clone, Debug, Default)]
pub(in crate::cloud::aws) struct ServiceSettings {
    /// By the id of a service in small letters: `sagemaker_runtime`
    urls: BTreeMap<String, String>,
    /// By variable
    others: BTreeMap<&'static str, String>,
}

impl ServiceSettings {
    /// In the order of botocore: a variable comes before a profile, even where the variable is for all services.
    pub(super) fn of(store: &ConfigStore, findings: &mut Vec<Finding>) -> Self {
        let mut all = Self::default();
        for (variable, key) in OTHERS {
            all.others.extend(store.setting(variable, key).map(|setting| (variable, setting.value.to_owned())));
        }
        let (variable, key) = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
        if store.flag(variable, Some(key), findings) == Some(true) {
            return all;
        }
        let services = services(store, findings);
        for id in Service::ALL.iter().copied().map(Service::id).chain(GENERATED) {
            let id = snake(id);
            let variable = format!("{VARIABLE}_{}", id.to_uppercase());
            let of_services = || Setting::of_section(&services?.get(&id)?.nested, KEY);
            let url = (store.of_variable(&variable))
                .or_else(|| store.of_variable(VARIABLE))
                .or_else(of_services)
                .or_else(|| store.of_profile(KEY));
            let url = kept(url.map(|url| usable(&url)), findings);
            all.urls.extend(url.map(|url| (id, url)));
        }
        all
    }
}

/// The `[services NAME]` section that the profile names.
fn services<'s>(store: &'s ConfigStore, findings: &mut Vec<Finding>) -> Option<&'s Section> {
    let name = store.of_profile("services")?;
    let section = store.profiles.section(Group::Services, name.value);
    if section.is_none() {
        let cause = format!("there is no section [services {}]", name.value);
        let known = store.profiles.names(Group::Services);
        let finding = name.unusable(cause, "");
        findings.push(finding.nearest(name.value, known, "add the section, or take the key out of the profile"));
    }
    section
}

/// The URL as every client takes it: one with a path ends with a slash, else S3's client puts a bucket's name into it.
fn usable(setting: &Setting) -> Result<String, Finding> {
    let refused = |cause: String| setting.unusable(cause, "write it with http:// or https:// and a host");
    let url =
        Url::parse(setting.value).map_err(|error| refused(format!("\"{}\": {error}", misspelt_url(setting.value))))?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) if !host.is_empty() => {
            let path = url.path();
            if path == "/" || path.ends_with('/') || url.query().is_some() {
                return Ok(setting.value.to_owned());
            }
            Ok(format!("{}/", setting.value))
        }
        _ => Err(refused(format!("\"{}\" is not an http or https URL", misspelt_url(setting.value)))),
    }
}

/// A service in variables and in profiles: `Service Catalog` is `service_catalog`.
fn snake(id: &str) -> String {
    id.to_lowercase().replace(' ', "_")
}

/// Where a service is called, if that is set.
pub(in crate::cloud::aws) fn own_url(config: &SdkConfig, id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(id).env(VARIABLE).profile(KEY).build().ok()?;
    config.service_config()?.load_config(key)
}

/// What a generated client is made from. FIPS and dual stack are of AWS's own hosts: as for botocore, they count for
/// nothing where a service is called elsewhere, and the client would refuse them (botocore 1.44.8, `args.py`).
pub(in crate::cloud::aws) fn of_client(config: &SdkConfig, id: &str) -> SdkConfig {
    let mut builder = config.to_builder();
    if own_url(config, id).is_some() {
        builder.set_use_fips(None).set_use_dual_stack(None);
    }
    builder.build()
}

impl LoadServiceConfig for ServiceSettings {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.env() == VARIABLE { self.urls.get(&snake(key.service_id())) } else { self.others.get(key.env()) }
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, refused};
    use super::*;

    fn url(variables: &[(&str, &str)], config: &str, id: &str) -> Option<String> {
        let sdk = SdkConfig::builder().service_config(read(variables, config).services).build();
        own_url(&sdk, id)
    }

    #[test]
    fn a_service_is_called_where_the_first_of_botocores_order_says() {
        let config = "[default]\nservices = local\nendpoint_url = http://all\n[services local]\n\
                      sagemaker_runtime =\n  endpoint_url = http://runtime\nservice_catalog =\n  endpoint_url = http://catalog\n\
                      s3 =\n  endpoint_url = http://s3/path\n";
        for (variables, id, wanted) in [
            (&[][..], "SageMaker Runtime", "http://runtime"),
            (&[], "Service Catalog", "http://catalog"),
            (&[], "S3", "http://s3/path/"),
            (&[], "STS", "http://all"),
            (&[("AWS_ENDPOINT_URL", "http://any")], "SageMaker Runtime", "http://any"),
            (&[("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "http://one")], "SageMaker Runtime", "http://one"),
            (&[("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "")], "SageMaker Runtime", "http://runtime"),
            (&[("AWS_ENDPOINT_URL_STS", "http://one"), ("AWS_ENDPOINT_URL", "http://any")], "STS", "http://one"),
            (&[("AWS_ENDPOINT_URL_STS", "http://one"), ("AWS_ENDPOINT_URL", "http://any")], "IAM", "http://any"),
        ] {
            assert_eq!(url(variables, config, id).as_deref(), Some(wanted), "{variables:?} {id}");
        }
        assert_eq!(url(&[], "", "STS"), None);
        let ignoring =
            format!("{config}[profile p]\nendpoint_url = http://all\nignore_configured_endpoint_urls = true\n");
        assert_eq!(url(&[("AWS_PROFILE", "p")], &ignoring, "STS"), None);
        assert_eq!(url(&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], config, "S3"), None);
    }

    #[test]
    fn a_url_that_cannot_be_called_is_named_once() {
        for unusable in ["localhost:4566", "ftp://a", "http://", "/aws", "file:///etc", " "] {
            assert_eq!(
                refused(&[("AWS_ENDPOINT_URL", unusable)], ""),
                ["AWS_ENDPOINT_URL cannot be used"],
                "{unusable}"
            );
        }
        let config = "[default]\nservices = local\n[services local]\ns3 =\n  endpoint_url = a b\n";
        assert_eq!(refused(&[], config), ["/home/.aws/config:5:18: endpoint_url cannot be used"]);
        // What is never called is nobody's concern.
        assert_eq!(refused(&[("AWS_ENDPOINT_URL_DYNAMODB", "no URL")], ""), Vec::<String>::new());
        assert_eq!(refused(&[], "[default]\nservices = x\n"), ["/home/.aws/config:2:12: services cannot be used"]);
    }
}
