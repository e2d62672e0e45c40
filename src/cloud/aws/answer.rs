//! What answers of `Api` hold, under the names that the services give it.

use aws_smithy_runtime_api::box_error::BoxError;
use serde_json::{Map, Value};

use crate::cloud::CloudResult;
use crate::cloud::error::Kind;

/// A text, if it is one.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A text of that name, empty where there is none.
pub(super) fn field(value: &Value, name: &str) -> String {
    text(&value[name]).unwrap_or_default()
}

/// The items of a list, none where there is no list.
pub(super) fn items(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// Nothing where the service says that there is no such thing.
pub(super) fn unless_missing<T>(answer: CloudResult<T>) -> CloudResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of the root, and its children: lists as arrays and everything else as text, a list without items too.
pub(super) fn xml(body: &[u8]) -> Result<(String, Value), BoxError> {
    let document = roxmltree::Document::parse(std::str::from_utf8(body)?)?;
    let root = document.root_element();
    Ok((root.tag_name().name().to_owned(), value(root)))
}

fn value(element: roxmltree::Node) -> Value {
    let mut children = element.children().filter(roxmltree::Node::is_element).peekable();
    match children.peek().map(|child| child.tag_name().name()) {
        None => Value::from(element.text().unwrap_or_default()),
        Some("member") => children.map(value).collect(),
        Some(_) => {
            children.map(|child| (child.tag_name().name().to_owned(), value(child))).collect::<Map<_, _>>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
