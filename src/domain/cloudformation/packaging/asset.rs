//! Assets of the CDK: files, folders and images that `cdk deploy` publishes in the very account that it deploys to.
//!
//! `cdk synth` names them as objects of the account's bootstrap bucket, and in a resource's metadata as files beside the
//! template (aws-cdk-lib, `cxapi.ASSET_RESOURCE_METADATA_PATH_KEY` and `..._PROPERTY_KEY`).

use super::super::deployer::Deployer;
use super::property::{EXPANDED, Form, LAMBDA, PLAIN, PROPERTIES};
use super::reference::{Named, Reference, Spelling};
use crate::domain::cloudformation::intrinsic::{Call, Function};
use crate::domain::document::{Entry, Node, Value};
use crate::domain::finding::rule::Rule;
use crate::domain::finding::{Finding, Position};

const PATH: &str = "aws:asset:path";
const PROPERTY: &str = "aws:asset:property";
/// What parameters of the synthesizer before version 2 are called.
const LEGACY: &str = "AssetParameters";

/// The asset of a resource, if it can be packed.
pub(super) fn reference(resource: &Entry, deployer: Deployer) -> Option<Reference> {
    let metadata = resource.value.get("Metadata")?;
    let (path, property) = (metadata.get(PATH)?.as_str()?, metadata.get(PROPERTY)?.as_str()?);
    let properties = resource.value.get("Properties")?;
    let node = property.split('.').try_fold(properties, |node, key| node.get(key))?;
    let kind = resource.value.get("Type").and_then(Node::as_str).unwrap_or_default();
    let mut known = PROPERTIES.iter().chain(&EXPANDED);
    let known = known.find(|one| one.resource == kind && one.path.join(".") == property);
    let is_template = known.is_some_and(|one| one.is_template);
    if is_template && !deployer.expands() {
        return None;
    }
    let (at, spelling) = place(node)?;
    Some(Reference {
        resource: resource.key.clone(),
        property: property.to_owned(),
        at,
        names: Named::Local(path.to_owned()),
        zip: known.is_some_and(|one| one.zip),
        is_template,
        is_asset: true,
        spelling,
    })
}

/// Where the place of an asset is written, if that is in the account's bootstrap bucket.
fn place(node: &Node) -> Option<(Position, Spelling)> {
    if let Some((text, at)) = text_of(node) {
        let form = if text.starts_with("s3://") { Form::Uri } else { Form::Url };
        let is_place = (form == Form::Uri || text.starts_with("https://")) && is_of_the_account(text);
        return is_place.then_some((at, Spelling::Whole(form)));
    }
    for form in [LAMBDA, PLAIN] {
        let Form::Map { bucket, key, .. } = form else { continue };
        if let (Some(bucket), Some(key)) = (node.get(bucket).and_then(text_of), node.get(key).and_then(text_of)) {
            return is_of_the_account(bucket.0).then_some((node.at, Spelling::Parts { bucket: bucket.1, key: key.1 }));
        }
    }
    None
}

/// A text, or the text that is substituted.
fn text_of(node: &Node) -> Option<(&str, Position)> {
    match &node.value {
        Value::String(text) => Some((text, node.at)),
        _ => match Call::of(node)? {
            Call { function: Function::Sub { text, variables: [] }, argument, .. } => Some((text, argument.at)),
            _ => None,
        },
    }
}

/// Whether a bucket is one of the account that is deployed to: that of the bootstrap stack, or one that is named after it.
fn is_of_the_account(text: &str) -> bool {
    is_bootstrap(text) || text.contains("${AWS::AccountId}")
}

/// `cdk-hnb659fds-assets-111122223333-eu-west-1`, `cdk-hnb659fds-container-assets-...`
fn is_bootstrap(text: &str) -> bool {
    // That it has none, as nearly all, is seen sooner so
    text.contains("cdk-")
        && text.match_indices("cdk-").any(|(at, prefix)| {
            let rest = &text[at + prefix.len()..];
            let qualifier = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
            let rest = &rest[qualifier..];
            qualifier > 0 && (rest.starts_with("-assets-") || rest.starts_with("-container-assets-"))
        })
}

/// What of the CDK's assets a build cannot pack, so that it is there only if somebody else publishes it.
pub(crate) fn left(root: &Node, file: &str, deployer: Deployer) -> Vec<Finding> {
    let section = |name: &str| root.get(name).and_then(Node::as_map).unwrap_or_default();
    let finding = |what: String, at: Position| {
        let cause =
            "`cdk deploy` publishes it in the account that it deploys to, and nobody does in those of the stages";
        Finding::of(Rule::CdkAsset, what).at(file, at).cause(cause)
    };
    let mut found = Vec::new();
    if let Some(first) = section("Parameters").iter().find(|entry| entry.key.starts_with(LEGACY)) {
        let what = format!("declares \"{}\" for an asset of the CDK, as version 1 does", first.key);
        let hint = "synthesize with the DefaultStackSynthesizer, whose assets the build packs";
        found.push(finding(what, first.key_at).hint(hint));
    }
    for resource in section("Resources") {
        let packed = reference(resource, deployer);
        let is_packed = |at: Position| match packed.as_ref().map(|one| (&one.spelling, one.at)) {
            Some((Spelling::Parts { bucket, .. }, _)) => *bucket == at,
            Some((Spelling::Whole(_), place)) => place == at,
            None => false,
        };
        let mut texts = Vec::new();
        if let Some(properties) = resource.value.get("Properties") {
            bootstrap_texts(properties, &mut texts);
        }
        let image = |text: &str| text.contains("-container-assets-");
        if let Some((text, at)) = texts.into_iter().find(|(_, at)| !is_packed(*at)) {
            let (noun, hint) = if image(text) {
                ("an image", "push it to a repository that the accounts can pull from, and name that")
            } else {
                (
                    "an asset",
                    "synthesize with asset metadata, by which the build finds the file, or publish it with cdk-assets",
                )
            };
            let what = format!("names {noun} of the CDK in \"{}\", in the stage's own account", resource.key);
            found.push(finding(what, at).hint(hint));
        } else if let Some(path) =
            resource.value.get("Metadata").and_then(|metadata| metadata.get(PATH)).filter(|_| packed.is_none())
        {
            let what = format!("has an asset of the CDK in \"{}\" that cannot be packed", resource.key);
            found.push(finding(what, path.at).hint("publish it where the accounts can read it, and name that place"));
        }
    }
    found
}

fn bootstrap_texts<'a>(node: &'a Node, found: &mut Vec<(&'a str, Position)>) {
    match &node.value {
        Value::String(text) if is_bootstrap(text) => found.push((text, node.at)),
        Value::Map(entries) => entries.iter().for_each(|entry| bootstrap_texts(&entry.value, found)),
        Value::List(items) => items.iter().for_each(|item| bootstrap_texts(item, found)),
        _ => {}
    }
}
