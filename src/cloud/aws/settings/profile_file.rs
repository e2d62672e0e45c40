//! Files of profiles (`~/.aws/config`, `~/.aws/credentials`), read as the AWS CLI and boto3 read them.

use std::collections::BTreeMap;

use crate::domain::finding::{Finding, Place, Position};

/// What a section sets, by key in lower case.
pub(in crate::cloud::aws) type Section = BTreeMap<String, Entry>;

/// A value and where it is written. Not `Debug`: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::cloud::aws) struct Entry {
    pub value: String,
    pub place: Place,
    pub kind: Kind,
    /// The indented lines below a key without a value of its own: `s3 =`, then `addressing_style = path`
    pub nested: Section,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::cloud::aws) enum Kind {
    /// Sections are `[default]`, `[profile NAME]`, `[sso-session NAME]`, `[services NAME]`.
    Config,
    /// Each section is a profile.
    Credentials,
}

/// What a section is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cloud::aws) enum Group {
    Profile,
    SsoSession,
    Services,
    /// No tool gives it a meaning.
    Other,
}

/// The profile of whoever names none.
pub(in crate::cloud::aws) const DEFAULT: &str = "default";

/// The sections of one file or of both.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::cloud::aws) struct Profiles(BTreeMap<(Group, String), Section>);

impl Profiles {
    pub(in crate::cloud::aws) fn section(&self, group: Group, name: &str) -> Option<&Section> {
        self.0.get(&(group, name.to_owned()))
    }

    /// The names of all sections of a group.
    pub(in crate::cloud::aws) fn names(&self, group: Group) -> impl Iterator<Item = &str> {
        self.0.keys().filter(move |(other, _)| *other == group).map(|(_, name)| name.as_str())
    }

    pub(super) fn sections(&self) -> impl Iterator<Item = &Section> {
        self.0.values()
    }

    /// Puts another file over this one: what both set is the other's.
    pub(super) fn extend(&mut self, other: Self) {
        for (name, section) in other.0 {
            self.0.entry(name).or_default().extend(section);
        }
    }

    /// All of a file, or the first line that cannot be read. A key that is set to nothing is not set.
    pub(super) fn parse(text: &str, file: &str, kind: Kind) -> Result<Self, Finding> {
        let mut reading =
            Reading { file, kind, all: Self::default(), default_replaced: false, section: None, key: None };
        for (number, line) in (1..).zip(text.lines()) {
            reading.line(number, line)?;
        }
        for section in reading.all.0.values_mut() {
            section.retain(|_, entry| {
                entry.nested.retain(|_, entry| !entry.value.is_empty());
                !(entry.value.is_empty() && entry.nested.is_empty())
            });
        }
        Ok(reading.all)
    }
}

struct Reading<'f> {
    file: &'f str,
    kind: Kind,
    all: Profiles,
    /// `[profile default]` stands in the place of `[default]`.
    default_replaced: bool,
    section: Option<(Group, String)>,
    /// The key that indented lines belong to
    key: Option<String>,
}

impl Reading<'_> {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Finding> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|any| any.is_whitespace()).count();
        let at = |column| Position { line: number, column };
        let broken = |cause: &str| {
            // The line itself is not shown: in such a file it may be a secret.
            Err(Finding::error("is not a valid AWS config file").at(self.file, at(indent + 1)).cause(cause))
        };
        if indent == 0 && text.starts_with('[') {
            let Some((header, _)) = text[1..].split_once(']') else {
                return broken("the name of a section does not end with \"]\"");
            };
            self.open(header.trim());
            return Ok(());
        }
        let Some(section) = self.section.as_ref().and_then(|name| self.all.0.get_mut(name)) else {
            return broken("there is a line before the first section, which begins as \"[default]\" does");
        };
        let parent = self.key.clone().filter(|_| indent > 0);
        if let Some(entry) =
            parent.as_ref().and_then(|key| section.get_mut(key)).filter(|entry| !entry.value.is_empty())
        {
            entry.value = format!("{}\n{text}", entry.value);
            return Ok(());
        }
        let delimiter = if parent.is_some() { text.find('=') } else { text.find(['=', ':']) };
        let Some(delimiter) = delimiter.filter(|delimiter| *delimiter > 0) else {
            return broken("the line is neither a section, as \"[default]\", nor \"key = value\"");
        };
        let (key, value) = (text[..delimiter].trim_end().to_lowercase(), text[delimiter + 1..].trim_start());
        let column = indent + 1 + text[..text.len() - value.len()].chars().count();
        let place = Place { file: self.file.to_owned(), position: Some(at(column)) };
        let entry = Entry { value: without_comment(value).to_owned(), place, kind: self.kind, nested: Section::new() };
        if let Some(parent) = parent.and_then(|parent| section.get_mut(&parent)) {
            parent.nested.insert(key, entry);
        } else {
            section.insert(key.clone(), entry);
            self.key = Some(key);
        }
        Ok(())
    }

    fn open(&mut self, header: &str) {
        let (prefix, name) = header.split_once(char::is_whitespace).unwrap_or(("", header));
        let name = name.trim().trim_matches(['"', '\'']);
        let (group, name) = match (self.kind, prefix) {
            (Kind::Credentials, _) => (Group::Profile, header),
            (Kind::Config, "profile") => (Group::Profile, name),
            (Kind::Config, "sso-session") => (Group::SsoSession, name),
            (Kind::Config, "services") => (Group::Services, name),
            (Kind::Config, "") if name == DEFAULT && !self.default_replaced => (Group::Profile, name),
            (Kind::Config, _) => (Group::Other, name),
        };
        let section = (group, name.to_owned());
        if self.kind == Kind::Config && prefix == "profile" && name == DEFAULT && !self.default_replaced {
            self.default_replaced = true;
            self.all.0.remove(&section);
        }
        self.all.0.entry(section.clone()).or_default();
        (self.section, self.key) = (Some(section), None);
    }
}

/// A comment behind a value begins with a space; a `#` may be part of a value.
fn without_comment(value: &str) -> &str {
    let comment = value
        .char_indices()
        .zip(value.chars().skip(1))
        .find_map(|((at, before), any)| (before.is_whitespace() && matches!(any, '#' | ';')).then_some(at));
    value[..comment.unwrap_or(value.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<Profiles, Finding> {
        Profiles::parse(text, "config", Kind::Config)
    }

    fn read(text: &str) -> Profiles {
        config(text).unwrap_or_else(|finding| panic!("{finding}"))
    }

    fn profile<'p>(all: &'p Profiles, name: &str) -> &'p Section {
        all.section(Group::Profile, name).unwrap_or_else(|| panic!("no profile {name}"))
    }

    fn value(section: &Section, key: &str) -> Option<(String, Option<Position>)> {
        section.get(key).map(|entry| (entry.value.clone(), entry.place.position))
    }

    #[test]
    fn values_are_read_with_their_places() {
        let text = "# ours\n[default]\nregion = eu-west-1 ; where we are\nKEY: a#b\nempty =\n[profile \"a b\"]\nx=y\n";
        let all = read(text);
        let at = |line, column| Some(Position { line, column });
        assert_eq!(value(profile(&all, "default"), "region"), Some(("eu-west-1".to_owned(), at(3, 10))));
        assert_eq!(value(profile(&all, "default"), "key"), Some(("a#b".to_owned(), at(4, 6))));
        assert_eq!(value(profile(&all, "default"), "empty"), None);
        assert_eq!(value(profile(&all, "a b"), "x"), Some(("y".to_owned(), at(7, 3))));
    }

    #[test]
    fn indented_lines_belong_to_the_key_above() {
        let text = "[services local]\nsagemaker_runtime =\n  # here\n  endpoint_url = http://a:1/?x=y\ns3 =\n\tendpoint_url=http://b\n\
                    [profile p]\ncredential_process = a\n  b\n  c=d\n[default]\n  region = a\n";
        let all = read(text);
        let local = all.section(Group::Services, "local").expect("local");
        assert_eq!(local["sagemaker_runtime"].nested["endpoint_url"].value, "http://a:1/?x=y");
        assert_eq!(local["s3"].nested["endpoint_url"].value, "http://b");
        assert_eq!(profile(&all, "p")["credential_process"].value, "a\nb\nc=d");
        assert_eq!(profile(&all, "default")["region"].value, "a");
    }

    #[test]
    fn a_line_that_is_no_setting_is_named_and_not_shown() {
        for (text, place) in [
            ("[default]\nregion = a\nthis is not a setting\n", "config:3:1: "),
            ("region = a\n", "config:1:1: "),
            ("[default\n", "config:1:1: "),
            ("[default]\n= a\n", "config:2:1: "),
            ("[default]\ns3 =\n  path\n", "config:3:3: "),
        ] {
            let finding = config(text).err().unwrap_or_else(|| panic!("{text}: is taken"));
            assert!(finding.to_string().starts_with(place), "{finding}");
            assert!(!finding.cause.unwrap_or_default().contains("this"), "{text}");
        }
    }

    #[test]
    fn sections_are_those_of_the_kind_of_file() {
        let text = "[a]\nx = 1\n[profile b]\nx = 2\n[default]\nx = 3\n[profile default]\ny = 4\n[preview]\nx = 5\n";
        let names = |kind| -> Vec<String> {
            let all = Profiles::parse(text, "f", kind).unwrap_or_else(|finding| panic!("{finding}"));
            all.names(Group::Profile).map(str::to_owned).collect()
        };
        assert_eq!(names(Kind::Config), ["b", "default"]);
        assert_eq!(names(Kind::Credentials), ["a", "default", "preview", "profile b", "profile default"]);
        assert_eq!(profile(&read(text), "default").keys().collect::<Vec<_>>(), ["y"]);
    }

    #[test]
    fn what_both_files_set_is_that_of_the_credentials() {
        let mut all = read("[profile a]\nx = 1\ny = 2\n");
        let other = Profiles::parse("[a]\nx = 3\n[b]\nz = 4\n", "credentials", Kind::Credentials);
        all.extend(other.unwrap_or_else(|finding| panic!("{finding}")));
        assert_eq!((profile(&all, "a")["x"].value.as_str(), profile(&all, "a")["y"].value.as_str()), ("3", "2"));
        assert_eq!(profile(&all, "b")["z"].value, "4");
    }
}
