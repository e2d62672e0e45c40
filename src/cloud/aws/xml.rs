//! Answers in XML, read as JSON.

use aws_smithy_runtime_api::box_error::BoxError;
use serde_json::{Map, Value};

/// The name of the root, and its children: lists as arrays and everything else as text, a list without items too.
pub(super) fn xml(body: &[u8]) -> Result<(String, Value), BoxError> {
    let document = roxmltree::Document::parse(std::str::from_utf8(body)?)?;
    let root = document.root_element();
    Ok((root.tag_name().name().to_owned(), value(root, MOST_LEVELS)?))
}

/// Several times as many as any service's answer has.
const MOST_LEVELS: usize = 64;

fn value(element: roxmltree::Node, levels: usize) -> Result<Value, BoxError> {
    let levels = levels.checked_sub(1).ok_or("it is nested too deep")?;
    let mut children = element.children().filter(roxmltree::Node::is_element).peekable();
    match children.peek().map(|child| child.tag_name().name()) {
        None => Ok(Value::from(element.text().unwrap_or_default())),
        Some("member") => children.map(|child| value(child, levels)).collect(),
        Some(_) => {
            let members = children.map(|child| Ok((child.tag_name().name().to_owned(), value(child, levels)?)));
            members.collect::<Result<Map<_, _>, BoxError>>().map(Value::Object)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_in_xml_that_no_stack_holds_is_refused() {
        let nested = |levels| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(xml(nested(64).as_bytes()).is_ok());
        let error = xml(nested(1_000_000).as_bytes()).expect_err("too deep");
        assert_eq!(error.to_string(), "it is nested too deep");
    }

    #[test]
    fn an_answer_in_xml_is_read_as_json() {
        let text = br#"<ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult>
            <IsTruncated>false</IsTruncated><Roles><member><RoleName>a&amp;b</RoleName><Tags/></member></Roles>
            </ListRolesResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListRolesResponse>"#;
        let (root, answer) = xml(text).expect("XML");
        assert_eq!(root, "ListRolesResponse");
        assert_eq!(
            answer["ListRolesResult"],
            json!({"IsTruncated": "false", "Roles": [{"RoleName": "a&b", "Tags": ""}]})
        );
    }
}
