//! How the metadata service of an instance (IMDS) is asked for Region and credentials.

use std::ops::RangeInclusive;
use std::time::Duration;

use aws_config::imds;
use aws_config::provider_config::ProviderConfig;
use reqwest::Url;

use super::config_store::{ConfigStore, Setting, kept};
use crate::domain::finding::Finding;

/// botocore 1.44.8, `METADATA_BASE_URL` and `METADATA_BASE_URL_IPv6`
const IPV4: &str = "http://169.254.169.254/";
const IPV6: &str = "http://[fd00:ec2::254]/";

/// botocore takes any number; with none of its seconds or attempts, it could not ask at all.
const SECONDS: RangeInclusive<u32> = 1..=300;
const ATTEMPTS: RangeInclusive<u32> = 1..=100;

/// What variables and profile say of it. What is not said stays as the SDK has it: a second, four attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cloud::aws) struct InstanceSettings {
    endpoint: String,
    timeout: Option<Duration>,
    attempts: Option<u32>,
}

impl Default for InstanceSettings {
    fn default() -> Self {
        Self { endpoint: IPV4.to_owned(), timeout: None, attempts: None }
    }
}

impl InstanceSettings {
    /// As botocore reads them: whoever gives the credentials, it refuses what it cannot use.
    pub(super) fn of(store: &ConfigStore, findings: &mut Vec<Finding>) -> Self {
        let own = store.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
        let own = kept(own.map(|setting| url(&setting)), findings);
        let mode = store.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
        let by_mode = kept(mode.map(|setting| of_mode(&setting)), findings);
        let is_ipv6 = store.flag("AWS_IMDS_USE_IPV6", Some("imds_use_ipv6"), findings) == Some(true);
        let otherwise = if is_ipv6 { IPV6 } else { IPV4 };
        let timeout = store.setting("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout");
        let attempts = store.setting("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts");
        let timeout = timeout.map(|setting| number(&setting, SECONDS, "seconds"));
        Self {
            endpoint: own.unwrap_or_else(|| by_mode.unwrap_or(otherwise).to_owned()),
            timeout: kept(timeout, findings).map(|seconds| Duration::from_secs(seconds.into())),
            attempts: kept(attempts.map(|setting| number(&setting, ATTEMPTS, "attempts")), findings),
        }
    }

    /// Speaks to the service; `machine` reaches addresses of this machine.
    pub(in crate::cloud::aws) fn client(&self, machine: &ProviderConfig) -> imds::Client {
        let mut client = imds::Client::builder().configure(machine);
        if let Some(attempts) = self.attempts {
            client = client.max_attempts(attempts);
        }
        if let Some(timeout) = self.timeout {
            let attempt = timeout * 2;
            client = client.connect_timeout(timeout).read_timeout(timeout).operation_attempt_timeout(attempt);
            client = client.operation_timeout(attempt * self.attempts.unwrap_or(*ATTEMPTS.end()));
        }
        // That it can be read was made sure of: else the SDK looks for another one by itself.
        client.clone().endpoint(&self.endpoint).unwrap_or(client).build()
    }
}

fn url(setting: &Setting) -> Result<String, Finding> {
    let refused = |cause: String| Err(setting.unusable(cause, "write it with http:// and a host"));
    match Url::parse(setting.value) {
        Err(error) => refused(format!("\"{}\": {error}", setting.value)),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            refused(format!("\"{}\" is not a URL of HTTP", setting.value))
        }
        Ok(url) => Ok(url.to_string()),
    }
}

fn of_mode(setting: &Setting) -> Result<&'static str, Finding> {
    match setting.value.trim().to_ascii_lowercase().as_str() {
        "ipv4" => Ok(IPV4),
        "ipv6" => Ok(IPV6),
        _ => {
            let cause = format!("\"{}\" is neither IPv4 nor IPv6", setting.value);
            Err(setting.unusable(cause, "set it to IPv4 or IPv6"))
        }
    }
}

fn number(setting: &Setting, range: RangeInclusive<u32>, unit: &str) -> Result<u32, Finding> {
    let number = setting.value.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let cause = format!("\"{}\" is not a number from {} to {}", setting.value, range.start(), range.end());
        setting.unusable(cause, format!("set it to a number of {unit}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, refused};
    use super::*;

    const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";

    #[test]
    fn the_service_is_asked_where_botocore_asks_it() {
        let config = "[default]\nec2_metadata_service_endpoint = http://profile:8\n";
        for (variables, config, wanted) in [
            (&[][..], "", IPV4),
            (&[(MODE, "IPv6")], "", IPV6),
            (&[(MODE, "ipv4"), ("AWS_IMDS_USE_IPV6", "true")], "", IPV4),
            (&[("AWS_IMDS_USE_IPV6", "true")], "", IPV6),
            (&[], "[default]\nimds_use_ipv6 = true\n", IPV6),
            (&[(ENDPOINT, "http://own:1"), (MODE, "IPv6")], config, "http://own:1/"),
            (&[(ENDPOINT, ""), (MODE, "")], config, "http://profile:8/"),
        ] {
            assert_eq!(read(variables, config).instance.endpoint, wanted, "{variables:?} {config}");
        }
        let config = "[default]\nmetadata_service_timeout = 5\nmetadata_service_num_attempts = 3\n";
        let settings = read(&[("AWS_METADATA_SERVICE_TIMEOUT", " 7 ")], config).instance;
        assert_eq!((settings.timeout, settings.attempts), (Some(Duration::from_secs(7)), Some(3)));
        assert_eq!(read(&[("AWS_METADATA_SERVICE_TIMEOUT", "")], "").instance, InstanceSettings::default());
    }

    #[test]
    fn what_cannot_be_used_is_named_also_where_keys_are_set() {
        const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")];
        for (name, values) in [
            (ENDPOINT, &["169.254.169.254", "http://", "ftp://a", "a b"][..]),
            (MODE, &["v6", "IPv5"]),
            ("AWS_METADATA_SERVICE_TIMEOUT", &["1.5", "soon", "0", "-1", "1e3", "301"]),
            ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", &["many", "0", "99999999999"]),
            ("AWS_IMDS_USE_IPV6", &["6"]),
        ] {
            for value in values {
                let wanted = format!("{name} cannot be used");
                assert_eq!(refused(&[(name, value)], ""), [wanted.as_str()], "{value}");
                assert_eq!(refused(&[(name, value), KEYS[0], KEYS[1]], ""), [wanted], "{value}");
            }
        }
        let config = "[default]\nec2_metadata_service_endpoint = here\nmetadata_service_num_attempts = some\n";
        assert_eq!(
            refused(&[], config),
            [
                "/home/.aws/config:2:33: ec2_metadata_service_endpoint cannot be used",
                "/home/.aws/config:3:33: metadata_service_num_attempts cannot be used",
            ]
        );
    }
}
