//! Where the command's own credentials come from: what botocore finds first, in its order.

use aws_credential_types::Credentials;

use super::config_store::{ConfigStore, LIST, Setting};
use super::profile_file::{Entry, Group, Kind, Section};
use crate::domain::aws::partition::check_region;
use crate::domain::finding::{Finding, nearest};

/// Not `Debug`: it may hold a command with a password.
#[derive(Clone)]
pub(in crate::cloud::aws) enum CredentialSource {
    Keys(Credentials),
    Role(Box<Role>),
    WebIdentity {
        role: String,
        token_file: String,
        session_name: Option<String>,
    },
    Sso {
        account: String,
        role: String,
        region: String,
        start_url: String,
        session: Option<String>,
    },
    /// A command that prints credentials
    Process(String),
    /// Of CodeBuild, ECS or EKS, by an address of the machine
    Container {
        token_file: Option<String>,
    },
    /// Of EC2, by an address of the machine
    Instance,
    /// The metadata of an instance are switched off, and there is nothing else.
    Nowhere,
}

/// A role that a profile takes on with the credentials of another source.
#[derive(Clone)]
pub(in crate::cloud::aws) struct Role {
    pub profile: String,
    pub arn: String,
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    pub duration_seconds: Option<i32>,
    pub mfa_serial: Option<String>,
    pub source: CredentialSource,
}

impl CredentialSource {
    /// # Errors
    /// The first source that is there cannot be used; botocore does not try another one then, either.
    pub(super) fn of(store: &ConfigStore) -> Result<Self, Finding> {
        if let Some(keys) = of_variables(store)? {
            return Ok(Self::Keys(keys));
        }
        let mut walk = Walk { store, seen: Vec::new() };
        if let Some(source) = walk.profile(&store.profile, true)? {
            return Ok(source);
        }
        let of_container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
        Ok(if of_container.into_iter().any(|name| store.variable(name).is_some()) {
            container(store)
        } else {
            instance(store)
        })
    }
}

fn container(store: &ConfigStore) -> CredentialSource {
    let token_file = store.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(str::to_owned);
    CredentialSource::Container { token_file }
}

fn instance(store: &ConfigStore) -> CredentialSource {
    let disabled = store.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if disabled { CredentialSource::Nowhere } else { CredentialSource::Instance }
}

/// The keys of the variables; a secret alone counts for nothing.
fn of_variables(store: &ConfigStore) -> Result<Option<Credentials>, Finding> {
    let Some(id) = store.variable("AWS_ACCESS_KEY_ID") else { return Ok(None) };
    let Some(secret) = store.variable("AWS_SECRET_ACCESS_KEY") else {
        return Err(
            Finding::error("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not").hint("set both, or neither")
        );
    };
    // The second is what botocore calls it, too.
    let token = store.variable("AWS_SECURITY_TOKEN").or_else(|| store.variable("AWS_SESSION_TOKEN"));
    Ok(Some(keys(id, secret, token)))
}

fn keys(id: &str, secret: &str, token: Option<&str>) -> Credentials {
    // What is copied may end with a space or a line's end.
    Credentials::new(id.trim(), secret.trim(), token.map(|token| token.trim().to_owned()), None, "keys")
}

/// From a profile to the one that it takes its credentials from.
struct Walk<'s> {
    store: &'s ConfigStore,
    seen: Vec<String>,
}

impl<'s> Walk<'s> {
    /// What a profile says of credentials, if it does. Variables count for the one in use alone.
    fn profile(&mut self, name: &str, in_use: bool) -> Result<Option<CredentialSource>, Finding> {
        let Some(section) = self.store.profiles.section(Group::Profile, name) else {
            return self.base(name, &Section::new(), in_use);
        };
        let has_keys = section.contains_key(KEY_ID) || section.contains_key(SECRET);
        self.seen.push(name.to_owned());
        if section.contains_key("role_arn") && !section.contains_key(TOKEN_FILE) && (in_use || !has_keys) {
            return self.role(name, section).map(|role| Some(CredentialSource::Role(Box::new(role))));
        }
        self.base(name, section, in_use)
    }

    /// Anything but a role with a source, in botocore's order.
    fn base(&self, name: &str, section: &Section, in_use: bool) -> Result<Option<CredentialSource>, Finding> {
        if let Some(source) = self.web_identity(section, in_use)? {
            return Ok(Some(source));
        }
        if let Some(source) = self.sso(section)? {
            return Ok(Some(source));
        }
        if let Some(keys) = of_section(section, Kind::Credentials)? {
            return Ok(Some(CredentialSource::Keys(keys)));
        }
        if let Some(Entry { place, .. }) = section.get("login_session") {
            let what = format!("profile \"{name}\" uses \"aws login\", which modeldeploy does not support");
            let hint = format!(
                "run \"eval $(aws configure export-credentials --profile '{name}' --format env)\" first, or name with \
                 AWS_PROFILE a profile that has credential_process = aws configure export-credentials --profile '{name}'"
            );
            return Err(Finding { place: Some(place.clone()), ..Finding::error(what).hint(hint) });
        }
        if let Some(command) = section.get("credential_process") {
            return Ok(Some(CredentialSource::Process(command.value.replace('\n', " "))));
        }
        Ok(of_section(section, Kind::Config)?.map(CredentialSource::Keys))
    }

    fn role(&mut self, name: &str, section: &'s Section) -> Result<Role, Finding> {
        let said = |key| Setting::of_section(section, key);
        let text = |key| said(key).map(|setting| setting.value.to_owned());
        let duration_seconds = said("duration_seconds").map(|duration| {
            let seconds = duration.value.trim().parse().ok().filter(|seconds| *seconds > 0);
            seconds.ok_or_else(|| {
                let cause = format!("\"{}\" is not a number of seconds", duration.value);
                duration.unusable(cause, "set it to a whole number, for example 3600")
            })
        });
        let arn = said("role_arn").map_or("", |arn| arn.value).to_owned();
        let role_arn = said("role_arn");
        let source = match (said("source_profile"), said("credential_source")) {
            (Some(profile), None) => self.source_profile(name, section, &profile)?,
            (None, Some(named)) => self.named_source(&named)?,
            (profile, _) => {
                let both = profile.is_some();
                let cause = format!(
                    "profile \"{name}\" has {} source_profile {} credential_source, which say whose credentials take it on",
                    if both { "both" } else { "neither" },
                    if both { "and" } else { "nor" }
                );
                let finding = Finding::error("role_arn cannot be used").cause(cause).hint("set one of the two");
                return Err(Finding { place: role_arn.and_then(|arn| arn.place.cloned()), ..finding });
            }
        };
        Ok(Role {
            profile: name.to_owned(),
            arn,
            session_name: text("role_session_name"),
            external_id: text("external_id"),
            duration_seconds: duration_seconds.transpose()?,
            mfa_serial: text("mfa_serial"),
            source,
        })
    }

    fn source_profile(&mut self, name: &str, section: &Section, source: &Setting) -> Result<CredentialSource, Finding> {
        let profiles = &self.store.profiles;
        if profiles.section(Group::Profile, source.value).is_none() {
            let finding = source.unusable(format!("there is no profile \"{}\"", source.value), "");
            let known = profiles.names(Group::Profile);
            return Err(finding.nearest(source.value, known, LIST));
        }
        // A profile may name itself: its role is taken on with its own keys.
        let found = if source.value == name && (section.contains_key(KEY_ID) || section.contains_key(SECRET)) {
            self.base(name, section, false)?
        } else if self.seen.iter().any(|seen| seen == source.value) {
            let cause = format!("the profiles {} name each other in a circle", self.seen.join(", "));
            return Err(source.unusable(cause, "let the last one have credentials of its own"));
        } else {
            self.profile(source.value, false)?
        };
        found.ok_or_else(|| {
            let cause = format!("profile \"{}\" has no credentials", source.value);
            source.unusable(cause, "name a profile that has some")
        })
    }

    fn named_source(&self, named: &Setting) -> Result<CredentialSource, Finding> {
        const KNOWN: [&str; 3] = ["Environment", "EcsContainer", "Ec2InstanceMetadata"];
        match KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(named.value)) {
            Some("Environment") => of_variables(self.store)?.map(CredentialSource::Keys).ok_or_else(|| {
                named.unusable(
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                    "set them, or name another source",
                )
            }),
            Some("EcsContainer") => Ok(container(self.store)),
            Some(_) => Ok(instance(self.store)),
            None => {
                let cause = format!("there is no source \"{}\"", named.value);
                let hint = format!("set it to one of {}", KNOWN.join(", "));
                let near = nearest(named.value, KNOWN).map(|near| format!("did you mean \"{near}\"? otherwise {hint}"));
                Err(named.unusable(cause, near.unwrap_or(hint)))
            }
        }
    }

    fn web_identity(&self, section: &Section, in_use: bool) -> Result<Option<CredentialSource>, Finding> {
        let text = |variable: &str, key| {
            let variable = self.store.variable(variable).filter(|_| in_use);
            variable.or_else(|| Some(section.get(key)?.value.as_str())).map(str::to_owned)
        };
        let Some(token_file) = text("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE) else { return Ok(None) };
        let Some(role) = text("AWS_ROLE_ARN", "role_arn") else {
            let what = format!("the token {token_file} is for a role, and none is named");
            return Err(Finding::error(what).hint("set AWS_ROLE_ARN, or role_arn in the profile"));
        };
        Ok(Some(CredentialSource::WebIdentity {
            role,
            token_file,
            session_name: text("AWS_ROLE_SESSION_NAME", "role_session_name"),
        }))
    }

    fn sso(&self, section: &Section) -> Result<Option<CredentialSource>, Finding> {
        let Some(first) = section.get("sso_account_id").or_else(|| section.get("sso_role_name")) else {
            return Ok(None);
        };
        let refused = |cause: String, hint: &str| {
            let finding = Finding::error("the profile's IAM Identity Center settings cannot be used").cause(cause);
            Finding { place: Some(first.place.clone()), ..finding.hint(hint) }
        };
        let session = section.get("sso_session").map(|session| session.value.clone());
        let of_session = match &session {
            None => None,
            Some(name) => Some(self.store.profiles.section(Group::SsoSession, name).ok_or_else(|| {
                refused(format!("there is no section [sso-session {name}]"), "run \"aws configure sso\"")
            })?),
        };
        let text = |key: &str| {
            let (of_profile, of_session) = (section.get(key), of_session.and_then(|session| session.get(key)));
            match (of_profile, of_session) {
                (Some(one), Some(other)) if one.value != other.value => Err(refused(
                    format!("{key} of the profile is another than that of its sso-session"),
                    "keep one of them",
                )),
                (one, other) => one
                    .or(other)
                    .map(|entry| entry.value.clone())
                    .ok_or_else(|| refused(format!("{key} is missing"), "run \"aws configure sso\"")),
            }
        };
        let region = text("sso_region")?;
        if let Err(error) = check_region(&region) {
            let written = [Some(section), of_session].into_iter().flatten().find_map(|one| one.get("sso_region"));
            let finding = Finding::error("sso_region cannot be used").cause(error.to_string());
            let finding = finding.hint("write it as AWS does, for example us-east-1");
            return Err(Finding { place: written.map(|entry| entry.place.clone()), ..finding });
        }
        Ok(Some(CredentialSource::Sso {
            account: text("sso_account_id")?,
            role: text("sso_role_name")?,
            region,
            start_url: text("sso_start_url")?,
            session,
        }))
    }
}

const KEY_ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN_FILE: &str = "web_identity_token_file";

/// The keys that a file of that kind has for a profile.
fn of_section(section: &Section, kind: Kind) -> Result<Option<Credentials>, Finding> {
    let Some(id) = section.get(KEY_ID).filter(|id| id.kind == kind) else { return Ok(None) };
    let Some(secret) = section.get(SECRET) else {
        let finding = Finding::error(format!("{KEY_ID} is set, and {SECRET} is not")).hint("set both, or neither");
        return Err(Finding { place: Some(id.place.clone()), ..finding });
    };
    let token = section.get("aws_security_token").or_else(|| section.get("aws_session_token"));
    Ok(Some(keys(&id.value, &secret.value, token.map(|token| token.value.as_str()))))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, refused, settings_of};
    use super::*;

    /// A source in a few words.
    fn told(source: &CredentialSource) -> String {
        match source {
            CredentialSource::Keys(keys) => {
                let token = keys.session_token().map(|token| format!("/{token}")).unwrap_or_default();
                format!("{}/{}{token}", keys.access_key_id(), keys.secret_access_key())
            }
            CredentialSource::Role(role) => format!("{} by {}", role.arn, told(&role.source)),
            CredentialSource::WebIdentity { role, token_file, session_name } => {
                format!("{role} by token {token_file} {}", session_name.as_deref().unwrap_or_default())
                    .trim()
                    .to_owned()
            }
            CredentialSource::Sso { account, role, region, start_url, session } => {
                let session = session.as_deref().unwrap_or("-");
                format!("sso {account} {role} {region} {start_url} {session}")
            }
            CredentialSource::Process(command) => format!("$ {command}"),
            CredentialSource::Container { .. } => "container".to_owned(),
            CredentialSource::Instance => "instance".to_owned(),
            CredentialSource::Nowhere => "nowhere".to_owned(),
        }
    }

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    const TOKEN: [(&str, &str); 2] = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ROLE_ARN", "arn:env")];
    const BASE: &str = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n";

    #[test]
    fn credentials_come_from_the_first_source_of_botocores_order() {
        let role = format!("{BASE}[default]\nrole_arn = arn:r\nsource_profile = base\n");
        let keys = "[default]\naws_access_key_id = CONFIG\naws_secret_access_key = s\naws_session_token = t\n";
        let sso = "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_region = x\nsso_start_url = u\n";
        let session = "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = s\n[sso-session s]\nsso_region = x\n\
                       sso_start_url = u\n";
        let container = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/");
        let off = ("AWS_EC2_METADATA_DISABLED", "TRUE");
        for (variables, config, wanted) in [
            (&KEYS[..], role.as_str(), "ENV/s"),
            (&[KEYS[0], KEYS[1], ("AWS_SESSION_TOKEN", " t\n")], "", "ENV/s/t"),
            (&[("AWS_ACCESS_KEY_ID", ""), KEYS[1]], keys, "CONFIG/s/t"),
            (&[], &role, "arn:r by BASE/s"),
            (&TOKEN, &role, "arn:r by BASE/s"),
            (&TOKEN, keys, "arn:env by token /token"),
            (&[TOKEN[0], TOKEN[1], ("AWS_ROLE_SESSION_NAME", "n")], "", "arn:env by token /token n"),
            (&[], "[default]\nrole_arn = arn:r\nweb_identity_token_file = /t\n", "arn:r by token /t"),
            (&[], sso, "sso 1 r x u -"),
            (&[], session, "sso 1 r x u s"),
            (&[], &format!("{keys}credential_process = get me\n"), "$ get me"),
            (&[], keys, "CONFIG/s/t"),
            (&[container], keys, "CONFIG/s/t"),
            (&[container], "", "container"),
            (&[container], "[default]\naws_secret_access_key = s\n", "container"),
            (&[], "", "instance"),
            (&[off], "", "nowhere"),
        ] {
            assert_eq!(told(&read(variables, config).credentials), wanted, "{variables:?} {config}");
        }
        let config = "[default]\ncredential_process = get\n";
        let of_both = settings_of(&[], config, "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
        assert_eq!(told(&of_both.unwrap_or_else(|failure| panic!("{:?}", failure.findings)).credentials), "FILE/s");
    }

    #[test]
    fn a_role_is_taken_on_with_the_credentials_that_its_profile_names() {
        let role = "role_arn = arn:r\n";
        for (config, wanted) in [
            (
                format!(
                    "{BASE}[default]\n{role}source_profile = mid\n[profile mid]\nrole_arn = arn:m\nsource_profile = base\n"
                ),
                "arn:r by arn:m by BASE/s",
            ),
            (
                format!(
                    "[default]\n{role}source_profile = default\naws_access_key_id = OWN\naws_secret_access_key = s\n"
                ),
                "arn:r by OWN/s",
            ),
            // The keys of a source come before its role.
            (
                format!(
                    "[default]\n{role}source_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = c\n\
                      aws_access_key_id = B\naws_secret_access_key = s\n"
                ),
                "arn:r by B/s",
            ),
            (format!("[default]\n{role}source_profile = p\n[profile p]\ncredential_process = get\n"), "arn:r by $ get"),
            (format!("[default]\n{role}credential_source = EcsContainer\n"), "arn:r by container"),
            (format!("[default]\n{role}credential_source = Ec2InstanceMetadata\n"), "arn:r by instance"),
        ] {
            assert_eq!(told(&read(&[], &config).credentials), wanted, "{config}");
        }
        let environment = format!("[profile p]\n{role}credential_source = Environment\n");
        let variables = [("AWS_PROFILE", "p"), KEYS[0], KEYS[1]];
        assert_eq!(told(&read(&variables, &environment).credentials), "ENV/s");

        let config = format!(
            "{BASE}[default]\n{role}source_profile = base\nduration_seconds = 900\nexternal_id = e\nrole_session_name = n\n\
             mfa_serial = arn:mfa\n"
        );
        let CredentialSource::Role(role) = read(&[], &config).credentials else { panic!("no role") };
        assert_eq!((role.duration_seconds, role.external_id.as_deref()), (Some(900), Some("e")));
        assert_eq!((role.session_name.as_deref(), role.mfa_serial.as_deref()), (Some("n"), Some("arn:mfa")));
    }

    #[test]
    fn what_cannot_give_credentials_is_named_with_its_line() {
        let role = "[default]\nrole_arn = arn:r\n";
        for (variables, config, wanted) in [
            (&KEYS[..1], String::new(), "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"),
            (
                &[],
                "[default]\naws_access_key_id = A\n".to_owned(),
                "/home/.aws/config:2:21: aws_access_key_id is set, and aws_secret_access_key is not",
            ),
            (&[], role.to_owned(), "/home/.aws/config:2:12: role_arn cannot be used"),
            (
                &[],
                format!("{role}source_profile = a\ncredential_source = Environment\n"),
                "/home/.aws/config:2:12: role_arn cannot be used",
            ),
            (&[], format!("{role}source_profile = none\n"), "/home/.aws/config:3:18: source_profile cannot be used"),
            (&[], format!("{role}source_profile = default\n"), "/home/.aws/config:3:18: source_profile cannot be used"),
            (
                &[],
                format!("{role}source_profile = a\n[profile a]\nregion = x\n"),
                "/home/.aws/config:3:18: source_profile cannot be used",
            ),
            (
                &[],
                format!("{role}source_profile = a\n[profile a]\nrole_arn = x\nsource_profile = default\n"),
                "/home/.aws/config:6:18: source_profile cannot be used",
            ),
            (
                &[],
                format!("{role}credential_source = Nowhere\n"),
                "/home/.aws/config:3:21: credential_source cannot be used",
            ),
            (
                &[],
                format!("{role}credential_source = Environment\n"),
                "/home/.aws/config:3:21: credential_source cannot be used",
            ),
            (
                &[],
                format!("{BASE}{role}source_profile = base\nduration_seconds = an hour\n"),
                "/home/.aws/config:7:20: duration_seconds cannot be used",
            ),
            (&TOKEN[..1], String::new(), "the token /token is for a role, and none is named"),
            (
                &[],
                "[default]\nsso_account_id = 1\nsso_session = s\n".to_owned(),
                "/home/.aws/config:2:18: the profile's IAM Identity Center settings cannot be used",
            ),
            (
                &[],
                "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_start_url = u\nsso_region = us_east.1\n".to_owned(),
                "/home/.aws/config:5:14: sso_region cannot be used",
            ),
            (
                &[],
                "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = s\n[sso-session s]\nsso_region = a/b\n\
                 sso_start_url = u\n"
                    .to_owned(),
                "/home/.aws/config:6:14: sso_region cannot be used",
            ),
            (
                &[],
                "[default]\nlogin_session = arn:u\n".to_owned(),
                "/home/.aws/config:2:17: profile \"default\" uses \"aws login\", which modeldeploy does not support",
            ),
        ] {
            assert_eq!(refused(variables, &config), [wanted], "{config}");
        }
    }
}
