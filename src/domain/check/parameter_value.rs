//! A parameter's value against the type and the rules of its declaration.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::super::pattern::JavaPattern;
use super::super::template::Declaration;
use super::rule::Rule;

/// CloudFormation User Guide, "Understand CloudFormation quotas": a parameter's value.
pub(super) const MAX_PARAMETER_BYTES: usize = 4096;
/// Systems Manager, PutParameter: the length of a parameter's name, ARN included.
const MAX_SSM_NAME: usize = 2048;

/// The first rule that `value` breaks, with what it says; no rule that cannot be judged.
pub(super) fn broken_rule(declared: &Declaration, value: &str) -> Option<(Rule, String)> {
    if value.len() > MAX_PARAMETER_BYTES {
        return Some((Rule::ParameterSize, format!("it has {} bytes", value.len())));
    }
    if !fits_type(&declared.kind, value) {
        return Some((Rule::ParameterType, format!("Type: {}", declared.kind)));
    }
    // What the constraints hold for is read from Systems Manager later
    if declared.is_read_from_ssm() {
        return None;
    }
    // CloudFormation User Guide, "Parameters": on a list, AllowedValues and AllowedPattern hold for each item
    let items: Vec<&str> = if declared.is_list() { items(value) } else { vec![value] };
    let allowed = &declared.allowed_values;
    if !allowed.is_empty() && items.iter().any(|item| !allowed.iter().any(|allowed| allowed == item)) {
        return Some((Rule::ParameterAllowedValues, format!("AllowedValues: {}", allowed.join(", "))));
    }
    // The same page: AllowedPattern is for String and CommaDelimitedList, lengths are for String
    let is_text = ["String", "CommaDelimitedList"].contains(&declared.kind.as_str());
    if let Some(pattern) = declared.allowed_pattern.as_ref().filter(|_| is_text)
        && items.iter().any(|item| matches(pattern, item) == Some(false))
    {
        return Some((Rule::ParameterAllowedPattern, format!("AllowedPattern: {pattern}")));
    }
    broken_length(declared, value).or_else(|| broken_range(declared, value))
}

fn items(value: &str) -> Vec<&str> {
    value.split(',').map(str::trim).collect()
}

fn broken_length(declared: &Declaration, value: &str) -> Option<(Rule, String)> {
    if declared.kind != "String" {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a parameter value has at most 4,096 bytes")]
    let length = value.chars().count() as f64;
    let least = declared.min_length.filter(|least| length < *least).map(|least| format!("MinLength: {least}"));
    let most = || declared.max_length.filter(|most| length > *most).map(|most| format!("MaxLength: {most}"));
    least.or_else(most).map(|reason| (Rule::ParameterLength, reason))
}

fn broken_range(declared: &Declaration, value: &str) -> Option<(Rule, String)> {
    let number = value.parse::<f64>().ok().filter(|_| declared.kind == "Number")?;
    let least = declared.min_value.filter(|least| number < *least).map(|least| format!("MinValue: {least}"));
    let most = || declared.max_value.filter(|most| number > *most).map(|most| format!("MaxValue: {most}"));
    least.or_else(most).map(|reason| (Rule::ParameterRange, reason))
}

thread_local! {
    /// Patterns that were compiled: every stage has values for the same ones.
    static PATTERNS: RefCell<HashMap<String, Option<JavaPattern>>> = RefCell::default();
}

/// Whether a value matches; `None` if that cannot be judged.
pub(super) fn matches(pattern: &str, value: &str) -> Option<bool> {
    PATTERNS.with_borrow_mut(|patterns| {
        let compiled = patterns.entry(pattern.to_owned()).or_insert_with(|| JavaPattern::compile(pattern).ok());
        compiled.as_ref()?.matches(value)
    })
}

/// CloudFormation User Guide, "CloudFormation-supplied parameter types", and the shapes of ids in the EC2 API.
static SHAPES: LazyLock<Vec<(&str, Option<Regex>)>> = LazyLock::new(|| {
    let id = |prefix: &str| Regex::new(&format!("^{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})$")).ok();
    vec![
        ("String", None),
        ("Number", Regex::new(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$").ok()),
        ("AWS::EC2::AvailabilityZone::Name", Regex::new(r"^[a-z]{2,}(-[a-z0-9]+)*-[0-9][a-z]$").ok()),
        ("AWS::EC2::Image::Id", id("ami")),
        ("AWS::EC2::Instance::Id", id("i")),
        ("AWS::EC2::KeyPair::KeyName", Regex::new("^.{1,255}$").ok()),
        ("AWS::EC2::SecurityGroup::GroupName", Regex::new("^.{1,255}$").ok()),
        ("AWS::EC2::SecurityGroup::Id", id("sg")),
        ("AWS::EC2::Subnet::Id", id("subnet")),
        ("AWS::EC2::Volume::Id", id("vol")),
        ("AWS::EC2::VPC::Id", id("vpc")),
        ("AWS::Route53::HostedZone::Id", Regex::new("^[A-Z0-9]{1,32}$").ok()),
        ("AWS::SSM::Parameter::Name", Regex::new(r"^[a-zA-Z0-9_./:-]+$").ok()),
    ]
});

/// A parameter's type, taken apart: what one item is, and whether it is a list of them.
struct Kind<'a> {
    item: &'a str,
    is_list: bool,
    from_ssm: bool,
}

impl<'a> Kind<'a> {
    fn of(kind: &'a str) -> Option<Self> {
        let within = |kind: &'a str, outer: &str| kind.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
        let (kind, from_ssm) = match within(kind, "AWS::SSM::Parameter::Value<") {
            Some(inner) => (inner, true),
            None => (kind, false),
        };
        let (item, is_list) = match within(kind, "List<") {
            Some(item) => (item, true),
            None if kind == "CommaDelimitedList" => ("String", true),
            None => (kind, false),
        };
        SHAPES.iter().any(|(name, _)| *name == item).then_some(Self { item, is_list, from_ssm })
    }
}

pub(super) fn is_type(kind: &str) -> bool {
    Kind::of(kind).is_some()
}

/// Every type that a parameter may have, for whoever looks for the right name.
pub(super) fn type_names() -> Vec<String> {
    let mut names = vec!["CommaDelimitedList".to_owned()];
    for (name, _) in SHAPES.iter() {
        names.extend([(*name).to_owned(), format!("List<{name}>"), format!("AWS::SSM::Parameter::Value<{name}>")]);
    }
    names
}

fn fits_type(kind: &str, value: &str) -> bool {
    let Some(Kind { item, is_list, from_ssm }) = Kind::of(kind) else {
        return true; // said of the declaration
    };
    let shape = |name: &str| SHAPES.iter().find(|(known, _)| *known == name).and_then(|(_, shape)| shape.as_ref());
    if from_ssm || item == "AWS::SSM::Parameter::Name" {
        let fits = |name: &str| shape("AWS::SSM::Parameter::Name").is_none_or(|shape| shape.is_match(name));
        return fits(value) && value.len() <= MAX_SSM_NAME;
    }
    let Some(shape) = shape(item) else { return true };
    if is_list { items(value).iter().all(|item| shape.is_match(item)) } else { shape.is_match(value) }
}
