use proptest::prelude::*;

use super::*;

/// Every notation in which a template can name a file.
const BLOCK: &str = include_str!("notations.yml");
const JSON: &str = include_str!("notations.json");

fn packaged(text: &str) -> Result<String, Finding> {
    let root = Node::parse(text, "t.yml").expect("valid");
    let references = references(&root, Deployer::CloudFormation);
    let places: Vec<(&Reference, S3Uri)> = references
        .iter()
        .map(|reference| {
            let place = match &reference.names {
                Named::Local(name) => {
                    let name = name.trim_start_matches("./").replace('/', "-");
                    S3Uri { bucket: "bucket".into(), key: format!("artifacts/churn/{name}") }
                }
                Named::Place(place) => place.clone(),
            };
            (reference, place)
        })
        .collect();
    rewrite(text, "t.yml", &root, &places, "eu-west-1")
}

#[test]
fn block_and_flow_yaml_is_rewritten_where_it_names_a_file_and_nowhere_else() {
    insta::assert_snapshot!(packaged(BLOCK).expect("can be"));
}

#[test]
fn json_is_rewritten_where_it_names_a_file_and_nowhere_else() {
    let rewritten = packaged(JSON).expect("can be");
    assert!(serde_json::from_str::<serde_json::Value>(&rewritten).is_ok());
    insta::assert_snapshot!(rewritten);
}

#[test]
fn line_ends_tabs_and_other_scripts_stay_as_they_are() {
    let yaml = "# \u{fc}ber\r\nResources:\r\n  F\u{fc}:\r\n    Type: AWS::Lambda::Function\r\n    Properties:\r\n      Code: ./\u{fc} # \u{e9}\r\n";
    assert_eq!(
        packaged(yaml).expect("can be"),
        yaml.replace("./\u{fc} #", "{\"S3Bucket\": \"bucket\", \"S3Key\": \"artifacts/churn/\u{fc}\"} #")
    );
    let json = "{\n\t\"Resources\": {\"F\": {\"Type\": \"AWS::Glue::Job\",\n\t\t\"Properties\": {\"Command\": {\"ScriptLocation\" : \"a\\/b.py\"}}}}}";
    assert_eq!(packaged(json).expect("can be"), json.replace("\"a\\/b.py\"", "\"s3://bucket/artifacts/churn/a-b.py\""));
}

#[test]
fn what_is_in_s3_already_or_computed_is_no_reference() {
    let text = "Resources:
  A: {Type: AWS::Glue::Job, Properties: {Command: {ScriptLocation: s3://b/k}}}
  B: {Type: AWS::Glue::Job, Properties: {Command: {ScriptLocation: !Sub 's3://${B}/k'}}}
  C: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: 'x'}}}
  D: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: !Ref B, S3Key: k}}}
  E: {Type: AWS::Lambda::Function, Properties: {Code: !If [X, ./a, ./b]}}
  F: {Type: AWS::Lambda::Function, Properties: {Runtime: x}}
  G: {Type: AWS::Lambda::Function}
  H: {Type: AWS::SageMaker::Model, Properties: {Code: ./x}}
  I: {Type: AWS::Glue::Job, Properties: {Command: !Ref X}}
  J: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./nested.yml}}
";
    assert_eq!(references(&Node::parse(text, "t.yml").expect("valid"), Deployer::StackSet), []);
}

#[test]
fn a_place_in_s3_becomes_the_mapping_that_the_property_takes() {
    let text = "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: 's3://b/a/k.zip?versionId=3'}}}\n";
    assert_eq!(
        packaged(text).expect("can be"),
        text.replace(
            "'s3://b/a/k.zip?versionId=3'",
            "{\"S3Bucket\": \"b\", \"S3Key\": \"a/k.zip\", \"S3ObjectVersion\": \"3\"}"
        )
    );
}

#[test]
fn a_key_is_the_content_and_keeps_a_real_extension_only() {
    for (name, extension) in
        [("a.py", ".py"), ("a.asl.json", ".json"), ("a", ""), ("a.", ""), ("a.b c", ""), ("v1.notanextension", "")]
    {
        assert_eq!(content_key("churn", "12ab", name), format!("artifacts/churn/12ab{extension}"), "{name}");
    }
}

/// Notations of a property's value, each with `VALUE` where the file's name stands.
const NOTATIONS: [&str; 9] = [
    "      Code: VALUE\n",
    "      Code:   'VALUE'   # why\n",
    "      \"Code\" : \"VALUE\"#no comment\n",
    "      Code: |-  # why\n        VALUE\n",
    "      Code: >2\n          VALUE\n\n\n",
    "      Code:\n        # why\n        VALUE # | >\n",
    "      Code: !!str VALUE\n",
    "      Code: &name 'VALUE'\n",
    "      { Code : VALUE , Runtime: \"a|b\" }\n",
];

proptest! {
    /// Whatever stands around it: only the values change, and what is read is what was meant.
    #[test]
    fn everything_outside_of_the_values_is_byte_for_byte_what_it_was(
        parts in proptest::collection::vec(
            (0..NOTATIONS.len(), "[a-z./\u{e9}]{1,12}", "[ -~\u{e9}\t]{0,20}"), 1..6,
        )
    ) {
        let (mut text, mut pieces) = ("Resources:\n".to_owned(), Vec::new());
        for (number, (notation, name, comment)) in parts.iter().enumerate() {
            let name = format!("x/{name}");
            let head = ["  # ", comment, "\n  R", &number.to_string(), ":\n    Type: AWS::Lambda::Function\n"].concat();
            text.push_str(&[&head, "    Properties:\n"].concat());
            let notation = NOTATIONS[*notation].replace("\"#no", "\" #no");
            let (before, after) = notation.split_once("VALUE").expect("in each");
            text.push_str(&[before, &name, after].concat());
            pieces.push(name);
        }
        let rewritten = packaged(&text).expect("every notation can be rewritten");
        let root = Node::parse(&rewritten, "t.yml").expect("still YAML");
        prop_assert_eq!(references(&root, Deployer::CloudFormation), []);
        let keys = root.get("Resources").and_then(Node::as_map).expect("a map").iter().map(|resource| {
            let code = resource.value.get("Properties").and_then(|properties| properties.get("Code")).expect("there");
            code.get("S3Key").and_then(Node::as_str).expect("a key").to_owned()
        });
        let wanted = pieces.iter().map(|name| format!("artifacts/churn/{}", name.replace('/', "-")));
        prop_assert_eq!(keys.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());

        // Without the values and their quotes and indicators, both texts are the same bytes.
        let outside = |text: &str| -> String {
            let mut outside = text.to_owned();
            for name in &pieces {
                let value = format!(
                    "{{\"S3Bucket\": \"bucket\", \"S3Key\": \"artifacts/churn/{}\"}}", name.replace('/', "-")
                );
                outside = outside.replacen(&value, "", 1);
            }
            outside
        };
        let mut without = String::new();
        let mut rest = text.as_str();
        let spans = span::of_values(&text, &references(&Node::parse(&text, "t").expect("valid"), Deployer::StackSet).iter().map(|one| one.at).collect());
        let mut copied = 0;
        for span in spans.values() {
            without.push_str(&text[copied..span.whole.start]);
            without.push_str(&text[span.comment.clone()]);
            copied = span.whole.end;
            rest = &text[copied..];
        }
        without.push_str(rest);
        prop_assert_eq!(outside(&rewritten), without);
    }
}

#[test]
fn what_stack_sets_do_not_take_is_packed_for_others_only() {
    let text = "Transform: [{Name: AWS::Include, Parameters: {Location: ./a.yml}}, AWS::Serverless-2016-10-31]
Globals: {Function: {CodeUri: ./code}, HttpApi: {DefinitionUri: x}}
Resources:
  Fn::ForEach::X: [N, [a, b], {'L${N}': {Type: AWS::Lambda::Function, Properties: {Code: ./code}}}]
  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 's3://b/t.yml'}}
  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/b/t.yml'}}
  C: {Type: AWS::Serverless::Application, Properties: {Location: ./c.yml}}
  D: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: x, SemanticVersion: 1.0.0}}}
  E: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: ./e.json}}
  F: {Type: AWS::Serverless::Function, Properties: {InlineCode: x}}
  G: {Type: X::Y::Z, Properties: {P: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: !Ref P}}}}}
";
    let root = Node::parse(text, "t.yml").expect("valid");
    let found = references(&root, Deployer::CloudFormation);
    let shown = found.iter().map(|one| format!("{} {} {}", one.resource, one.property, one.is_template));
    let want = [
        "L${N} Code false",
        "A TemplateURL true",
        "C Location true",
        "E DefinitionUri false",
        "Function CodeUri false",
        "AWS::Include Location false",
    ];
    assert_eq!(shown.collect::<Vec<_>>(), want);
    let by_stack_sets: Vec<_> = references(&root, Deployer::StackSet).into_iter().map(|one| one.resource).collect();
    assert_eq!(by_stack_sets, ["L${N}"]);
    let rewritten = packaged(text).expect("can be");
    assert!(rewritten.contains("A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: \"https://s3.eu-west-1.amazonaws.com/b/t.yml\"}}"));
    assert!(rewritten.contains("DefinitionUri: {\"Bucket\": \"bucket\", \"Key\": \"artifacts/churn/e.json\"}"));
}

#[test]
fn an_asset_of_the_cdk_is_packed_where_its_place_is_written() {
    let asset = |property: &str, value: &str| {
        format!(
            "Resources:\n  A:\n    Type: {}\n    Properties: {{{property}: {value}}}\n    Metadata: {{'aws:asset:path': \
             asset.1, 'aws:asset:property': {property}}}\n",
            if property == "TemplateURL" { "AWS::CloudFormation::Stack" } else { "AWS::Lambda::Function" }
        )
    };
    let bootstrap = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}";
    for (property, value, want) in [
        (
            "Code",
            format!("{{S3Bucket: {{'Fn::Sub': '{bootstrap}'}}, S3Key: 1.zip}}"),
            "{S3Bucket: {'Fn::Sub': \"bucket\"}, S3Key: \"artifacts/churn/asset.1\"}",
        ),
        (
            "Code",
            format!("{{S3Bucket: !Sub '{bootstrap}', S3Key: 1.zip}}"),
            "{S3Bucket: \"bucket\", S3Key: \"artifacts/churn/asset.1\"}",
        ),
        (
            "Code",
            "{S3Bucket: cdk-q-assets-111122223333-eu-west-1, S3Key: 1.zip}".to_owned(),
            "{S3Bucket: \"bucket\", S3Key: \"artifacts/churn/asset.1\"}",
        ),
        (
            "Body",
            "{Bucket: cdk-q-assets-1-2, Key: 1.json}".to_owned(),
            "{Bucket: \"bucket\", Key: \"artifacts/churn/asset.1\"}",
        ),
        (
            "TemplateURL",
            format!("{{'Fn::Sub': 'https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{bootstrap}/1.json'}}"),
            "{'Fn::Sub': \"https://s3.eu-west-1.amazonaws.com/bucket/artifacts/churn/asset.1\"}",
        ),
        ("Script", format!("!Sub 's3://{bootstrap}/1.py'"), "\"s3://bucket/artifacts/churn/asset.1\""),
    ] {
        let text = asset(property, &value);
        let rewritten = packaged(&text).expect(&value);
        assert_eq!(rewritten, text.replace(&value, want));
        let root = Node::parse(&rewritten, "t.yml").expect("still YAML");
        assert_eq!(references(&root, Deployer::CloudFormation), []);
    }
    for value in ["{S3Bucket: own, S3Key: k}", "{ZipFile: x}", "!Ref X", "{S3Bucket: !Ref B, S3Key: k}"] {
        let root = Node::parse(&asset("Code", value), "t.yml").expect("valid");
        assert_eq!(references(&root, Deployer::StackSet), [], "{value}");
    }
}
