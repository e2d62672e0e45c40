//! Local files that a template names where CloudFormation wants a place in S3, handled as `aws cloudformation package`
//! handles them; assets of the CDK, which it leaves in the bootstrap bucket of the account that is deployed to; and the
//! template with those places instead, all else byte for byte as it was.

mod asset;
mod property;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

pub(crate) use self::asset::left as assets_left;
use self::property::{EXPANDED, Form, GLOBALS, INCLUDE, PROPERTIES, Property, REPOSITORY};
use self::reference::Spelling;
pub(crate) use self::reference::{Named, Reference};
use super::deployer::Deployer;
use crate::domain::aws::partition::Partition;
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::cloudformation::intrinsic::TRANSFORM;
use crate::domain::document::{Entry, Node, Value, span};
use crate::domain::finding::{Finding, Position};

/// Every property that has to be rewritten. One that is a place in S3 already, or that is computed, is none of them.
pub fn references(root: &Node, deployer: Deployer) -> Vec<Reference> {
    let mut found = Vec::new();
    let section = |name: &str| root.get(name).and_then(Node::as_map).unwrap_or_default();
    for resource in section("Resources") {
        of_resource(resource, deployer, &mut found);
    }
    if deployer.expands() {
        for global in section("Globals") {
            for property in GLOBALS.iter().filter(|property| property.resource == global.key) {
                found.extend(of_property(&global.key, property, &global.value));
            }
        }
        includes(root, &mut found);
    }
    found
}

fn of_resource(resource: &Entry, deployer: Deployer, found: &mut Vec<Reference>) {
    if resource.key.starts_with("Fn::ForEach::") {
        let within = resource.value.as_list().and_then(|list| list.get(2)?.as_map());
        return within.unwrap_or_default().iter().for_each(|one| of_resource(one, deployer, found));
    }
    let kind = resource.value.get("Type").and_then(Node::as_str).unwrap_or_default();
    let Some(properties) = resource.value.get("Properties") else { return };
    let expanded = EXPANDED.iter().filter(|_| deployer.expands());
    for property in PROPERTIES.iter().chain([&REPOSITORY]).chain(expanded).filter(|one| one.resource == kind) {
        found.extend(of_property(&resource.key, property, properties));
    }
    found.extend(asset::reference(resource, deployer));
}

fn of_property(owner: &str, property: &Property, properties: &Node) -> Option<Reference> {
    let node = property.path.iter().try_fold(properties, |node, key| node.get(key))?;
    let text = node.as_str()?.trim();
    if property.form == Form::Url && (text.starts_with("https://") || text.starts_with("http://")) {
        return None;
    }
    let names = match text.parse::<S3Uri>() {
        Ok(_) if property.form == Form::Uri => return None,
        Ok(place) => Named::Place(place),
        Err(_) => Named::Local(text.to_owned()),
    };
    Some(Reference {
        resource: owner.to_owned(),
        property: property.path.join("."),
        at: node.at,
        names,
        zip: property.zip,
        is_template: property.is_template,
        is_asset: false,
        spelling: Spelling::Whole(property.form),
    })
}

/// What AWS::Include takes from files, wherever it stands.
fn includes(node: &Node, found: &mut Vec<Reference>) {
    for entry in node.as_map().unwrap_or_default() {
        if entry.key == TRANSFORM || entry.key == "Transform" {
            let transforms = entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value));
            let included =
                transforms.iter().filter(|one| one.get("Name").and_then(Node::as_str) == Some("AWS::Include"));
            let parameters = included.filter_map(|one| one.get("Parameters"));
            found.extend(parameters.filter_map(|parameters| of_property("AWS::Include", &INCLUDE, parameters)));
        }
        includes(&entry.value, found);
    }
    node.as_list().unwrap_or_default().iter().for_each(|item| includes(item, found));
}

/// The key of an object by what is in it: the same content is uploaded once, and never over another one.
pub(crate) fn content_key(project: &str, digest: &str, file_name: &str) -> String {
    // More than this is not an extension but a part of the name.
    const LONGEST_EXTENSION: usize = 10;
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| {
        (1..=LONGEST_EXTENSION).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    format!("artifacts/{project}/{digest}{extension}")
}

impl Reference {
    /// Whether its place is spelled with the Region.
    pub(crate) fn needs_region(&self) -> bool {
        self.spelling == Spelling::Whole(Form::Url)
    }

    /// The place as the property spells it, text by text. JSON is YAML too, in block and in flow, so this fits every
    /// template.
    fn spelled(&self, place: &S3Uri, region: &str) -> Vec<(Position, Json)> {
        let form = match self.spelling {
            Spelling::Whole(form) => form,
            Spelling::Parts { bucket, key } => return vec![(bucket, json!(place.bucket)), (key, json!(place.key))],
        };
        let (bucket, key, version) = match form {
            Form::Uri => return vec![(self.at, json!(place.to_string()))],
            Form::Url => {
                let suffix = Partition::of_region(region).dns_suffix;
                let url = format!("https://s3.{region}.{suffix}/{}/{}", place.bucket, place.key);
                return vec![(self.at, json!(url))];
            }
            Form::Map { bucket, key, version } => (bucket, key, version),
        };
        let (object, object_version) = match place.key.split_once("?versionId=") {
            Some((object, version)) => (object, Some(version)),
            None => (place.key.as_str(), None),
        };
        let mut map = serde_json::Map::new();
        map.insert(bucket.to_owned(), json!(place.bucket));
        map.insert(key.to_owned(), json!(object));
        if let (Some(name), Some(version)) = (version, object_version) {
            map.insert(name.to_owned(), json!(version));
        }
        vec![(self.at, Json::Object(map))]
    }
}

/// Puts the places into the template's text, in the stead of what the references say.
///
/// # Errors
/// A value is written in a way that cannot be replaced where it stands.
pub fn rewrite(
    text: &str,
    file: &str,
    root: &Node,
    places: &[(&Reference, S3Uri)],
    region: &str,
) -> Result<String, Finding> {
    if places.is_empty() {
        return Ok(text.to_owned());
    }
    let spelled: BTreeMap<Position, Json> =
        places.iter().flat_map(|(reference, place)| reference.spelled(place, region)).collect();
    let wanted: BTreeSet<Position> = spelled.keys().copied().collect();
    let spans = span::of_values(text, &wanted);
    let mut rewritten = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, value) in &spelled {
        let Some(span) = spans.get(at).filter(|span| span.whole.start >= copied) else {
            return Err(not_in_place(file, *at));
        };
        rewritten.push_str(&text[copied..span.whole.start]);
        rewritten.push_str(&in_one_line(value));
        rewritten.push_str(text.get(span.comment.clone()).unwrap_or_default());
        copied = span.whole.end;
    }
    rewritten.push_str(&text[copied..]);
    // What CloudFormation reads must differ in those values and in nothing else.
    match Node::parse(&rewritten, file) {
        Ok(after) => first_difference(root, &after, &spelled).map_or(Ok(rewritten), |at| Err(not_in_place(file, at))),
        Err(_) => Err(not_in_place(file, spelled.keys().next().copied().unwrap_or(root.at))),
    }
}

fn not_in_place(file: &str, at: Position) -> Finding {
    Finding::error("names a file in a way that cannot be replaced where it stands")
        .at(file, at)
        .hint("write the file's name on the line of its key, for example \"Code: ./function\"")
}

fn in_one_line(value: &Json) -> String {
    let Some(map) = value.as_object() else { return value.to_string() };
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Where a template differs from another one, beside what was replaced.
fn first_difference(before: &Node, after: &Node, replaced: &BTreeMap<Position, Json>) -> Option<Position> {
    let differs = Some(before.at);
    if let Some(value) = replaced.get(&before.at) {
        if as_json(after).as_ref() == Some(value) {
            return None;
        }
        // Only texts are replaced, and with them the short forms that begin where they do
        if let Value::String(_) = before.value {
            return differs;
        }
    }
    match (&before.value, &after.value) {
        (Value::List(before), Value::List(after)) if before.len() == after.len() => {
            before.iter().zip(after).find_map(|(before, after)| first_difference(before, after, replaced))
        }
        (Value::Map(before), Value::Map(after)) if before.len() == after.len() => {
            before.iter().zip(after).find_map(|(before, after)| {
                if before.key == after.key {
                    first_difference(&before.value, &after.value, replaced)
                } else {
                    Some(before.key_at)
                }
            })
        }
        (Value::List(_) | Value::Map(_), _) => differs,
        (before, after) => {
            if before == after {
                None
            } else {
                differs
            }
        }
    }
}

/// A place as a parsed template spells it.
fn as_json(node: &Node) -> Option<Json> {
    match &node.value {
        Value::String(text) => Some(json!(text)),
        Value::Map(entries) => entries.iter().map(|entry| Some((entry.key.clone(), as_json(&entry.value)?))).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
