//! Local files that a template names where CloudFormation wants a place in S3, handled as `aws cloudformation package`
//! handles them; and the template with those places instead, all else byte for byte as it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::document::{Node, Value, span};
use super::finding::{Finding, Position};
use super::s3_uri::S3Uri;

/// A property that takes a place in S3, with the spelling of that place.
struct Property {
    resource: &'static str,
    path: &'static [&'static str],
    form: Form,
    /// A file that is no zip archive is put into one.
    zip: bool,
}

/// How a property spells a place in S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `s3://bucket/key`
    Uri,
    Map {
        bucket: &'static str,
        key: &'static str,
        version: Option<&'static str>,
    },
}

const fn property(resource: &'static str, path: &'static [&'static str], form: Form) -> Property {
    Property { resource, path, form, zip: false }
}

const fn zipped(resource: &'static str, path: &'static [&'static str], form: Form) -> Property {
    Property { zip: true, ..property(resource, path, form) }
}

const LAMBDA: Form = Form::Map { bucket: "S3Bucket", key: "S3Key", version: Some("S3ObjectVersion") };
const PLAIN: Form = Form::Map { bucket: "Bucket", key: "Key", version: Some("Version") };

/// The list of awscli 1.46 (`artifact_exporter.py`) without what service-managed stack sets refuse, which are nested
/// stacks and the Serverless transform; besides, two properties of the same kind that it lacks: `CodeS3Location` of
/// AppSync and the body of an API Gateway version 2 API.
const PROPERTIES: [Property; 14] = [
    zipped("AWS::Lambda::Function", &["Code"], LAMBDA),
    zipped("AWS::Lambda::LayerVersion", &["Content"], LAMBDA),
    property("AWS::StepFunctions::StateMachine", &["DefinitionS3Location"], PLAIN),
    property("AWS::ApiGateway::RestApi", &["BodyS3Location"], PLAIN),
    property("AWS::ApiGatewayV2::Api", &["BodyS3Location"], PLAIN),
    property("AWS::Glue::Job", &["Command", "ScriptLocation"], Form::Uri),
    property("AWS::AppSync::GraphQLSchema", &["DefinitionS3Location"], Form::Uri),
    property("AWS::AppSync::Resolver", &["RequestMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::Resolver", &["ResponseMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::Resolver", &["CodeS3Location"], Form::Uri),
    property("AWS::AppSync::FunctionConfiguration", &["RequestMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::FunctionConfiguration", &["ResponseMappingTemplateS3Location"], Form::Uri),
    property("AWS::AppSync::FunctionConfiguration", &["CodeS3Location"], Form::Uri),
    property(
        "AWS::ElasticBeanstalk::ApplicationVersion",
        &["SourceBundle"],
        Form::Map { bucket: "S3Bucket", key: "S3Key", version: None },
    ),
];
const REPOSITORY: Property = zipped(
    "AWS::CodeCommit::Repository",
    &["Code", "S3"],
    Form::Map { bucket: "Bucket", key: "Key", version: Some("ObjectVersion") },
);

/// A property that names a file, or spells a place in S3 in a way that CloudFormation does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The resource's name in the template.
    pub resource: String,
    /// `Code`, `Command.ScriptLocation`
    pub property: String,
    pub at: Position,
    pub names: Named,
    /// Whether a single file has to be put into a zip archive.
    pub zip: bool,
    form: Form,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A file or folder, relative to the template.
    Local(String),
    /// A place in S3, which the property wants as a mapping.
    Place(S3Uri),
}

/// Every property that has to be rewritten, in the template's order. One that is a place in S3 already, or that is
/// computed, is none of them.
pub fn references(root: &Node) -> Vec<Reference> {
    let resources = root.get("Resources").and_then(Node::as_map).unwrap_or_default();
    let mut found = Vec::new();
    for resource in resources {
        let kind = resource.value.get("Type").and_then(Node::as_str).unwrap_or_default();
        let Some(properties) = resource.value.get("Properties") else { continue };
        for property in PROPERTIES.iter().chain([&REPOSITORY]).filter(|property| property.resource == kind) {
            let node = property.path.iter().try_fold(properties, |node, key| node.get(key));
            let Some((node, text)) = node.and_then(|node| Some((node, node.as_str()?))) else { continue };
            let names = match text.trim().parse::<S3Uri>() {
                Ok(_) if property.form == Form::Uri => continue,
                Ok(place) => Named::Place(place),
                Err(_) => Named::Local(text.trim().to_owned()),
            };
            found.push(Reference {
                resource: resource.key.clone(),
                property: property.path.join("."),
                at: node.at,
                names,
                zip: property.zip,
                form: property.form,
            });
        }
    }
    found
}

/// The key of an object by what is in it: the same content is uploaded once, and never over another one.
pub fn content_key(project: &str, digest: &str, file_name: &str) -> String {
    // More than this is no extension but a part of the name.
    const LONGEST_EXTENSION: usize = 10;
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| {
        (1..=LONGEST_EXTENSION).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    format!("artifacts/{project}/{digest}{extension}")
}

impl Reference {
    /// The place as the property spells it. JSON is YAML too, in block and in flow, so this fits every template.
    fn spelled(&self, place: &S3Uri) -> serde_json::Value {
        let Form::Map { bucket, key, version } = self.form else { return json!(place.to_string()) };
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
        serde_json::Value::Object(map)
    }
}

/// Puts the places into the template's text, in the stead of what the references say.
///
/// # Errors
/// A value is written in a way that cannot be replaced where it stands.
pub fn rewrite(text: &str, file: &str, root: &Node, places: &[(&Reference, S3Uri)]) -> Result<String, Finding> {
    if places.is_empty() {
        return Ok(text.to_owned());
    }
    let spelled: BTreeMap<Position, serde_json::Value> =
        places.iter().map(|(reference, place)| (reference.at, reference.spelled(place))).collect();
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

fn in_one_line(value: &serde_json::Value) -> String {
    let Some(map) = value.as_object() else { return value.to_string() };
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Where a template differs from another one, beside what was replaced.
fn first_difference(before: &Node, after: &Node, replaced: &BTreeMap<Position, serde_json::Value>) -> Option<Position> {
    let differs = Some(before.at);
    // Only text is replaced; the mapping that a short form stands for begins where its argument may.
    if let (Value::String(_), Some(value)) = (&before.value, replaced.get(&before.at)) {
        return if as_json(after) == Some(value.clone()) { None } else { differs };
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
fn as_json(node: &Node) -> Option<serde_json::Value> {
    match &node.value {
        Value::String(text) => Some(json!(text)),
        Value::Map(entries) => entries.iter().map(|entry| Some((entry.key.clone(), as_json(&entry.value)?))).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
