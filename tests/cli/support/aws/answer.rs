//! Answers that the proxy gives itself, in the words of the protocol that the call came in.

use serde_json::{Value, json};

use super::call::Protocol;

pub(super) const REQUEST_ID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

/// An HTTP answer, not moto's.
#[derive(Clone, Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl RawAnswer {
    /// A body of that type.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", content_type.to_owned()), ("x-amzn-requestid", REQUEST_ID.to_owned())];
        Self { status, headers, body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/x-amz-json-1.1", body.to_string())
    }

    /// An answer of a service that speaks Query, its result's elements given.
    pub(crate) fn query(operation: &str, result: &str) -> Self {
        let text = format!(
            "<{operation}Response><{operation}Result>{result}</{operation}Result><ResponseMetadata><RequestId>\
             {REQUEST_ID}</RequestId></ResponseMetadata></{operation}Response>"
        );
        Self::new(200, "text/xml", text)
    }

    /// A service's error.
    pub(crate) fn error(protocol: Protocol, status: u16, code: &str, message: &str) -> Self {
        match protocol {
            Protocol::Json => Self::json(status, &json!({"__type": code, "message": message, "Message": message})),
            Protocol::Query => {
                let kind = if status < 500 { "Sender" } else { "Receiver" };
                let text = format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{kind}</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error><RequestId>{REQUEST_ID}</RequestId>\
                     </ErrorResponse>"
                );
                Self::new(status, "text/xml", text)
            }
            Protocol::S3 => {
                let text = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message>\
                     <RequestId>{REQUEST_ID}</RequestId></Error>"
                );
                Self::new(status, "application/xml", text)
            }
            Protocol::Rest => Self::rest_error(status, code, &json!({"Message": message})),
        }
    }

    fn rest_error(status: u16, code: &str, body: &Value) -> Self {
        let mut answer = Self::new(status, "application/json", body.to_string());
        answer.headers.push(("x-amzn-errortype", code.to_owned()));
        answer
    }

    /// The runtime's answer where the model's container answered with that status.
    pub(super) fn model_error(status: u16, message: &str) -> Self {
        let log = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/sagemaker/Endpoints/churn-staging";
        let body = json!({
            "Message": format!("Received server error ({status}) from primary with message \"{message}\""),
            "OriginalStatusCode": status,
            "OriginalMessage": message,
            "LogStreamArn": log,
        });
        Self::rest_error(424, "ModelError", &body)
    }
}
