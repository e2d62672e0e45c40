//! Parameter values, tried at random: what `check` lets through, a validator of these tests' own lets through as well,
//! and what is made wrong is found. The validator follows the CloudFormation User Guide, "Parameters", and shares no code
//! with the tool.

use std::collections::BTreeMap;

use modeldeploy::domain::check::{CaseFiles, File, Subject, check};
use modeldeploy::domain::cloudformation::deployer::Deployer;
use modeldeploy::domain::finding::Severity;
use modeldeploy::domain::finding::rule::Rule;
use modeldeploy::domain::project::build_plan::ProjectFacts;
use modeldeploy::domain::project::stage::StageSettings;
use modeldeploy::domain::project::stage_file::StageFile;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// A parameter as these tests declare it.
#[derive(Clone, Debug)]
struct Declared {
    kind: &'static str,
    default: Option<String>,
    allowed: Vec<String>,
    pattern: Option<usize>,
    lengths: Option<(usize, usize)>,
    range: Option<(i32, i32)>,
}

/// A pattern, and what it means in plain code.
type Pattern = (&'static str, fn(&str) -> bool);

const PATTERNS: [Pattern; 6] = [
    ("^[a-z]+$", |text| !text.is_empty() && text.bytes().all(|any| any.is_ascii_lowercase())),
    ("[A-Za-z](-*[a-zA-Z0-9])*", |text| {
        let plain = text.bytes().all(|any| any.is_ascii_alphanumeric() || any == b'-');
        text.starts_with(|first: char| first.is_ascii_alphabetic()) && plain && !text.ends_with('-')
    }),
    ("(?!aws)[a-z-]{2,8}", |text| {
        let plain = text.bytes().all(|any| any.is_ascii_lowercase() || any == b'-');
        plain && (2..=8).contains(&text.len()) && !text.starts_with("aws")
    }),
    (r"\d{3}", |text| text.len() == 3 && text.bytes().all(|any| any.is_ascii_digit())),
    ("a*+b", |text| text.ends_with('b') && text[..text.len() - 1].bytes().all(|any| any == b'a')),
    ("a|b", |text| text == "a" || text == "b"),
];

const KINDS: [&str; 8] = [
    "String",
    "Number",
    "List<Number>",
    "CommaDelimitedList",
    "AWS::EC2::Subnet::Id",
    "List<AWS::EC2::Subnet::Id>",
    "AWS::SSM::Parameter::Value<String>",
    "AWS::EC2::VPC::Id",
];

/// What CloudFormation would say of a value, by its user guide.
fn accepts(declared: &Declared, value: &str) -> bool {
    if value.len() > 4096 {
        return false;
    }
    let items: Vec<&str> = value.split(',').map(str::trim).collect();
    let of_type = match declared.kind {
        "String" | "CommaDelimitedList" => true,
        "Number" => is_number(value),
        "List<Number>" => items.iter().all(|item| is_number(item)),
        "AWS::EC2::Subnet::Id" => is_id("subnet-", value),
        "AWS::EC2::VPC::Id" => is_id("vpc-", value),
        "List<AWS::EC2::Subnet::Id>" => items.iter().all(|item| is_id("subnet-", item)),
        _ => {
            let key = |any: u8| any.is_ascii_alphanumeric() || b"._-/:".contains(&any);
            return !value.is_empty() && value.bytes().all(key);
        }
    };
    let is_list = declared.kind.starts_with("List<") || declared.kind == "CommaDelimitedList";
    let parts = if is_list { items } else { vec![value] };
    let allowed =
        declared.allowed.is_empty() || parts.iter().all(|part| declared.allowed.iter().any(|allowed| allowed == part));
    let is_text = declared.kind == "String" || declared.kind == "CommaDelimitedList";
    let matches = declared.pattern.is_none_or(|at| !is_text || parts.iter().all(|part| PATTERNS[at].1(part)));
    let length = value.chars().count();
    let fits =
        declared.lengths.is_none_or(|(least, most)| declared.kind != "String" || (least..=most).contains(&length));
    let in_range = declared.range.is_none_or(|(least, most)| {
        declared.kind != "Number"
            || value.parse::<f64>().is_ok_and(|number| number >= f64::from(least) && number <= f64::from(most))
    });
    of_type && allowed && matches && fits && in_range
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|any| any.is_ascii_digit());
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(left, right)| (left, Some(right)));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty()) && exponent
}

fn is_id(prefix: &str, text: &str) -> bool {
    let hex = text.strip_prefix(prefix).unwrap_or_default();
    (hex.len() == 8 || hex.len() == 17) && hex.bytes().all(|any| any.is_ascii_digit() || (b'a'..=b'f').contains(&any))
}

fn value() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "",
        " ",
        "a",
        "b",
        "aws-x",
        "A-b1",
        "a_b",
        "a\n",
        "123",
        "\u{661}\u{662}\u{663}",
        "aab",
        "1,2",
        "1, 2",
        "1,,2",
        "-1.5e3",
        "1e",
        ".5",
        "5.",
        "+3",
        "inf",
        "NaN",
        "0x1",
        " 3",
        "a,b",
        "subnet-12345678",
        "subnet-0123456789abcdef0",
        "subnet-1",
        "subnet-12345678,subnet-87654321",
        "vpc-12345678",
        "/a/b:1",
        "/a b",
        "prod",
        "staging",
    ])
    .prop_map(str::to_owned);
    prop_oneof![6 => odd, 2 => "[a-zA-Z0-9,. -]{0,10}", 1 => "\\PC{0,6}", 1 => (0i32..200).prop_map(|number| number.to_string()), 1 => Just("x".repeat(4097))]
}

/// A value at the edge of what the declaration allows, if it has edges.
fn at_the_edge(declared: &Declared, pick: usize) -> Option<String> {
    let choose = |values: [String; 4]| values[pick % values.len()].clone();
    match (declared.kind, declared.range, declared.lengths) {
        ("Number", Some((least, most)), _) => {
            Some(choose([least - 1, least, most, most + 1].map(|number| number.to_string())))
        }
        ("String", _, Some((least, most))) => {
            Some(choose([least.saturating_sub(1), least, most, most + 1].map(|length| "a".repeat(length))))
        }
        _ => None,
    }
}

fn declared() -> impl Strategy<Value = Declared> {
    let allowed =
        prop_oneof![3 => Just(Vec::new()), 1 => vec(value().prop_filter("short", |one| one.len() < 100), 1..4)];
    let lengths =
        proptest::option::weighted(0.3, (0usize..4, 0usize..8).prop_map(|(least, more)| (least, least + more)));
    let range =
        proptest::option::weighted(0.3, (-5i32..100, 0i32..100).prop_map(|(least, more)| (least, least + more)));
    (
        select(KINDS.to_vec()),
        proptest::option::weighted(0.4, value()),
        allowed,
        proptest::option::weighted(0.3, 0..PATTERNS.len()),
        lengths,
        range,
    )
        .prop_map(|(kind, default, allowed, pattern, lengths, range)| Declared {
            kind,
            default,
            allowed,
            pattern,
            lengths,
            range,
        })
        .prop_map(|declared| {
            // A default that breaks the rules is the template's fault, and found as such
            let default = declared.default.clone().filter(|default| accepts(&declared, default));
            Declared { default, ..declared }
        })
}

fn template(parameters: &BTreeMap<String, Declared>) -> String {
    let mut declarations = Map::from_iter([("StageName".to_owned(), json!({"Type": "String"}))]);
    for (name, declared) in parameters {
        let mut declaration = Map::from_iter([("Type".to_owned(), json!(declared.kind))]);
        let mut set = |key: &str, value: Value| declaration.insert(key.to_owned(), value);
        if let Some(default) = &declared.default {
            set("Default", json!(default));
        }
        if !declared.allowed.is_empty() {
            set("AllowedValues", json!(declared.allowed));
        }
        if let Some(at) = declared.pattern {
            set("AllowedPattern", json!(PATTERNS[at].0));
        }
        if let Some((least, most)) = declared.lengths {
            set("MinLength", json!(least));
            set("MaxLength", json!(most));
        }
        if let Some((least, most)) = declared.range {
            set("MinValue", json!(least));
            set("MaxValue", json!(most));
        }
        declarations.insert(name.clone(), Value::Object(declaration));
    }
    json!({"Parameters": declarations, "Resources": {"R": {"Type": "X::Y::Z"}}}).to_string()
}

/// The rules that errors break.
fn errors(template: &str, config: &str) -> Vec<Rule> {
    let settings = StageSettings::bare(&"prod".parse().expect("a stage"));
    let subject = Subject {
        template: Some(File { name: "t.json", text: template }),
        stages: &[StageFile::read(settings, "c.json".to_owned(), config.to_owned())],
        cases: None,
        case_files: &CaseFiles::new(),
        facts: &ProjectFacts { name: String::new(), id: String::new(), artifact_bucket: None },
        package: None,
        region: None,
        deployer: Deployer::StackSet,
        variables_come_later: true,
    };
    let findings = check(&subject).findings;
    let of_errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    of_errors.map(|finding| finding.rule.expect("every finding has a rule")).collect()
}

fn config(values: &BTreeMap<String, String>, as_list: bool) -> String {
    let all = values
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .chain([("StageName".to_owned(), "prod".to_owned())]);
    if as_list {
        let list: Vec<Value> = all.map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value})).collect();
        json!(list).to_string()
    } else {
        let map: Map<String, Value> = all.map(|(key, value)| (key, json!(value))).collect();
        json!({"Parameters": map}).to_string()
    }
}

fn named<T>(items: Vec<T>) -> BTreeMap<String, T> {
    items.into_iter().enumerate().map(|(at, item)| (format!("P{at}"), item)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn check_and_the_user_guide_agree_on_every_config(
        parameters in vec((declared(), proptest::option::weighted(0.8, value()), 0usize..8), 1..6),
        extra in proptest::option::weighted(0.1, value()),
        as_list in any::<bool>(),
    ) {
        let (declarations, values): (Vec<_>, Vec<_>) = parameters
            .into_iter()
            .map(|(declared, value, pick)| {
                let edge = at_the_edge(&declared, pick).filter(|_| pick < 4);
                (declared, value.map(|value| edge.unwrap_or(value)))
            })
            .unzip();
        let declarations = named(declarations);
        let mut values: BTreeMap<String, String> =
            named(values).into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        values.extend(extra.map(|value| ("Unknown".to_owned(), value)));
        let accepted = values.keys().all(|name| declarations.contains_key(name))
            && declarations.iter().all(|(name, declared)| match values.get(name) {
                Some(value) => accepts(declared, value),
                None => declared.default.is_some(),
            });
        let found = errors(&template(&declarations), &config(&values, as_list));
        prop_assert_eq!(accepted, found.is_empty(), "{:?} of {:?} with {:?}", found, declarations, values);
    }

    #[test]
    fn every_mutation_of_a_valid_config_is_found(
        parameters in vec((declared(), vec(value(), 12)), 1..6),
        which in any::<prop::sample::Index>(),
        mutation in 0usize..6,
        as_list in any::<bool>(),
    ) {
        let mut declarations = BTreeMap::new();
        let mut values = BTreeMap::new();
        for (at, (declared, candidates)) in parameters.into_iter().enumerate() {
            if let Some(value) = candidates.into_iter().find(|value| accepts(&declared, value)) {
                values.insert(format!("P{at}"), value);
                declarations.insert(format!("P{at}"), Declared { default: None, ..declared });
            }
        }
        prop_assume!(!values.is_empty());
        let template = template(&declarations);
        prop_assert_eq!(errors(&template, &config(&values, as_list)), []);
        let name = which.get(&values.keys().cloned().collect::<Vec<_>>()).clone();
        let value = values[&name].clone();
        let written = json!(value).to_string();
        let text = config(&values, as_list);
        let (text, rule) = match mutation {
            0 => {
                values.remove(&name);
                (config(&values, as_list), Rule::ParameterMissing)
            }
            1 => {
                let value = values.remove(&name).expect("there");
                values.insert(format!("{name}x"), value);
                (config(&values, as_list), Rule::ParameterUnknown)
            }
            2 => {
                values.insert(name, "y".repeat(4097));
                (config(&values, as_list), Rule::ParameterSize)
            }
            3 if as_list => {
                let twice = format!("{{\"ParameterKey\":\"{name}\",\"ParameterValue\":{written}}}");
                (text.replacen('[', &format!("[{twice},"), 1), Rule::DuplicateKey)
            }
            3 => (text.replacen("{\"Parameters\":{", &format!("{{\"Parameters\":{{\"{name}\":{written},"), 1), Rule::DuplicateKey),
            4 => {
                let place = if as_list { "\"ParameterValue\":" } else { &format!("\"{name}\":") };
                (text.replacen(&format!("{place}{written}"), &format!("{place}[1]"), 1), Rule::ConfigValue)
            }
            _ => (text[..text.len() - 1].to_owned(), Rule::FileSyntax),
        };
        let found = errors(&template, &text);
        prop_assert!(found.contains(&rule), "{} is not in {:?}: {}", rule.id(), found, text);
    }
}
