//! Which proxy a request goes through: that of the variables, unless `NO_PROXY` has its host.

use std::net::IpAddr;

use reqwest::Url;

use crate::domain::finding::Finding;

/// A URL of a proxy for each scheme, and who is not called by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    exceptions: Vec<String>,
}

impl Proxies {
    /// As Python's urllib reads them, so as botocore does: of two spellings, the small letters count.
    ///
    /// # Errors
    /// A proxy that is none, or speaks another protocol.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Finding>> {
        let either = |name: &str| {
            let small = name.to_lowercase();
            let value = variable(&small).map(|value| (small, value));
            value.or_else(|| Some((name.to_owned(), variable(name)?)))
        };
        let mut findings = Vec::new();
        let mut proxy = |name| {
            let (name, value) = either(name).or_else(|| either("ALL_PROXY"))?;
            usable(&name, &value).map_err(|finding| findings.push(finding)).ok()
        };
        let (http, https) = (proxy("HTTP_PROXY"), proxy("HTTPS_PROXY"));
        let exceptions = either("NO_PROXY").map(|(_, value)| value.to_lowercase()).unwrap_or_default();
        let exceptions = exceptions.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        let proxies = Self { http, https, exceptions: exceptions.collect() };
        findings.dedup();
        if findings.is_empty() { Ok(proxies) } else { Err(findings) }
    }

    /// The proxy of a request to that URL; `None` if it goes there directly.
    pub(super) fn of_url(&self, url: &str) -> Option<&Url> {
        let url = Url::parse(url).ok()?;
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let host = url.host_str()?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let is_exception = self.exceptions.iter().any(|name| covers(name, host, &authority));
        proxy.as_ref().filter(|_| !is_exception)
    }
}

/// A host or a domain with all below it, with a port or without; or, which urllib does not know, a range of addresses.
fn covers(name: &str, host: &str, authority: &str) -> bool {
    if name == "*" {
        return true;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        return authority == name || bare.parse() == Ok(address) || is_in(address, name);
    }
    let name = name.trim_start_matches('.');
    [host, authority].into_iter().any(|host| {
        let rest = host.strip_suffix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether an address is one of `10.0.0.0/8`.
fn is_in(address: IpAddr, range: &str) -> bool {
    let Some((start, length)) = range.split_once('/') else { return false };
    let (Ok(start), Ok(length)) = (start.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let bits = |address| match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let ((one, width), (other, of_start)) = (bits(address), bits(start));
    let differ = one ^ other;
    width == of_start && length <= width && (length == 0 || differ >> (width - length) == 0)
}

/// The URL of a proxy, which may be a host and a port alone. Its value is not shown: it may hold a password.
fn usable(name: &str, value: &str) -> Result<Url, Finding> {
    let text =
        if value.contains("://") { value.to_owned() } else { format!("http://{}", value.trim_start_matches("//")) };
    let refused = |cause: String| {
        Finding::error(format!("{name} cannot be used")).cause(cause).hint("write it as http://proxy.example:3128")
    };
    let url = Url::parse(&text).map_err(|error| refused(format!("it is not a URL: {error}")))?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(url),
        (scheme, _) => Err(refused(format!("only http and https proxies are supported, not {scheme}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, Vec<Finding>> {
        let value =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        Proxies::of(value)
    }

    fn host(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let proxies = proxies(variables).unwrap_or_else(|findings| panic!("{findings:?}"));
        proxies.of_url(url).map(|proxy| proxy.host_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_request_goes_through_the_proxy_of_its_scheme() {
        let variables = [("HTTP_PROXY", "http://a:1"), ("https_proxy", "b:2"), ("HTTPS_PROXY", "http://c:3")];
        assert_eq!(host(&variables, "http://x/").as_deref(), Some("a"));
        assert_eq!(host(&variables, "https://x/").as_deref(), Some("b"));
        assert_eq!(host(&[("ALL_PROXY", "http://d")], "https://x/").as_deref(), Some("d"));
        assert_eq!(host(&[], "https://x/"), None);
    }

    #[test]
    fn no_proxy_names_hosts_domains_ports_and_addresses() {
        for (exceptions, url, direct) in [
            ("example.com", "http://example.com/", true),
            ("example.com", "http://api.example.com:8080/", true),
            (".example.com", "http://api.example.com/", true),
            (".example.com", "http://example.com/", true),
            ("example.com", "http://notexample.com/", false),
            ("EXAMPLE.com", "http://api.Example.COM/", true),
            ("example.com:8080", "http://example.com:8080/", true),
            ("example.com:8080", "http://api.example.com:8080/", true),
            ("example.com:8080", "http://example.com/", false),
            ("a.b, example.com ,c", "http://example.com/", true),
            ("*", "http://example.com/", true),
            ("*.example.com", "http://api.example.com/", false),
            ("127.0.0.1", "http://127.0.0.1:4566/", true),
            ("127.0.0.1:4566", "http://127.0.0.1:4566/", true),
            ("127.0.0.1:4567", "http://127.0.0.1:4566/", false),
            ("0.1", "http://127.0.0.1/", false),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("0.0.0.0/0", "http://11.1.2.3/", true),
            ("10.0.0.0/33", "http://10.0.0.0/", false),
            ("fd00::/8", "http://[fd00:ec2::23]/", true),
            ("::1", "http://[::1]:80/", true),
            ("[::1]", "http://[::1]:81/", true),
            ("fd00::/8", "http://10.0.0.1/", false),
            (",", "http://example.com/", false),
        ] {
            let variables = [("HTTP_PROXY", "http://proxy"), ("NO_PROXY", exceptions)];
            assert_eq!(host(&variables, url).is_none(), direct, "{exceptions} {url}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
        for unusable in ["socks5://u:secret@proxy:1080", "http://", "http://u:secret@pro xy:1", "ftp://u:secret@a"] {
            let findings = proxies(&[("HTTPS_PROXY", unusable)]).err().unwrap_or_default();
            let [finding] = &findings[..] else { panic!("{unusable}: {findings:?}") };
            assert_eq!(finding.to_string(), "HTTPS_PROXY cannot be used");
            assert!(!format!("{finding:?}").contains("secret"), "{finding:?}");
        }
        assert_eq!(proxies(&[("ALL_PROXY", "socks5://a")]).err().map(|findings| findings.len()), Some(1));
    }
}
