//! A parameter's value against the type and the rules of its declaration.

use std::cell::RefCell;
use std::collections::HashMap;

use super::super::finding::rule::Rule;
use crate::domain::cloudformation::java_pattern::{Defect, JavaPattern};
use crate::domain::cloudformation::template::Declaration;
use crate::domain::text::masking::MASK;

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
        let allowed = if declared.no_echo { MASK.to_owned() } else { allowed.join(", ") };
        return Some((Rule::ParameterAllowedValues, format!("AllowedValues: {allowed}")));
    }
    // The same page: AllowedPattern is for String and CommaDelimitedList, lengths are for String
    let is_text = ["String", "CommaDelimitedList"].contains(&declared.kind.as_str());
    let pattern = declared.allowed_pattern.as_ref().filter(|_| is_text);
    let mut undecided = None;
    for (pattern, item) in pattern.iter().flat_map(|pattern| items.iter().map(move |item| (pattern, item))) {
        match matches(pattern, item) {
            Ok(true) => {}
            Ok(false) => return Some((Rule::ParameterAllowedPattern, format!("AllowedPattern: {pattern}"))),
            // What is said of the pattern is not said again of each value
            Err(reason) => {
                undecided = reason.map(|reason| (Rule::ParameterPatternUndecided, format!("{pattern}: {reason}")));
            }
        }
    }
    broken_length(declared, value).or_else(|| broken_range(declared, value)).or(undecided)
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
    static PATTERNS: RefCell<HashMap<String, Result<JavaPattern, Defect>>> = RefCell::default();
}

fn compiled<T>(pattern: &str, use_it: impl FnOnce(&Result<JavaPattern, Defect>) -> T) -> T {
    PATTERNS.with_borrow_mut(|patterns| {
        if !patterns.contains_key(pattern) {
            patterns.insert(pattern.to_owned(), JavaPattern::compile(pattern));
        }
        use_it(&patterns[pattern])
    })
}

/// Why no value can be held against the pattern, if none can.
pub(super) fn defect(pattern: &str) -> Option<Defect> {
    compiled(pattern, |compiled| compiled.as_ref().err().cloned())
}

/// Whether a value matches; else why that is not known of this value, without a reason if it is known of none.
fn matches(pattern: &str, value: &str) -> Result<bool, Option<&'static str>> {
    compiled(pattern, |compiled| compiled.as_ref().map_err(|_| None)?.matches(value).map_err(Some))
}

/// Whether it is known that a value does not match.
pub(super) fn mismatches(pattern: &str, value: &str) -> bool {
    matches(pattern, value) == Ok(false)
}

/// What each type's values look like, if that is more than any text: CloudFormation User Guide, "CloudFormation-supplied
/// parameter types", and the shapes of ids in the EC2 API.
const SHAPES: [(&str, Option<&str>); 13] = [
    ("String", None),
    ("Number", Some(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")),
    ("AWS::EC2::AvailabilityZone::Name", Some("[a-z]{2,}(-[a-z0-9]+)*-[0-9][a-z]")),
    ("AWS::EC2::Image::Id", Some("ami-([0-9a-f]{8}|[0-9a-f]{17})")),
    ("AWS::EC2::Instance::Id", Some("i-([0-9a-f]{8}|[0-9a-f]{17})")),
    ("AWS::EC2::KeyPair::KeyName", Some(".{1,255}")),
    ("AWS::EC2::SecurityGroup::GroupName", Some(".{1,255}")),
    ("AWS::EC2::SecurityGroup::Id", Some("sg-([0-9a-f]{8}|[0-9a-f]{17})")),
    ("AWS::EC2::Subnet::Id", Some("subnet-([0-9a-f]{8}|[0-9a-f]{17})")),
    ("AWS::EC2::Volume::Id", Some("vol-([0-9a-f]{8}|[0-9a-f]{17})")),
    ("AWS::EC2::VPC::Id", Some("vpc-([0-9a-f]{8}|[0-9a-f]{17})")),
    ("AWS::Route53::HostedZone::Id", Some("[A-Z0-9]{1,32}")),
    (SSM_NAME, Some("[a-zA-Z0-9_./:-]+")),
];

const SSM_NAME: &str = "AWS::SSM::Parameter::Name";

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
    for (name, _) in &SHAPES {
        names.extend([(*name).to_owned(), format!("List<{name}>"), format!("AWS::SSM::Parameter::Value<{name}>")]);
    }
    names
}

fn fits_type(kind: &str, value: &str) -> bool {
    let Some(Kind { item, is_list, from_ssm }) = Kind::of(kind) else {
        return true; // said of the declaration
    };
    let shape = |name: &str| SHAPES.iter().find(|(known, _)| *known == name).and_then(|(_, shape)| *shape);
    let fits = |shape: Option<&str>, value: &str| shape.is_none_or(|shape| !mismatches(shape, value));
    if from_ssm || item == SSM_NAME {
        return fits(shape(SSM_NAME), value) && value.len() <= MAX_SSM_NAME;
    }
    let shape = shape(item);
    if is_list { items(value).iter().all(|item| fits(shape, item)) } else { fits(shape, value) }
}
