//! One line of a capture file: a request with its answer.
//!
//! The format is that of the SageMaker developer guide, "Capture data from real-time endpoint": JSON Lines with
//! `captureData`, `eventMetadata` and `eventVersion`. That asynchronous and multi-model endpoints write the same, and the
//! names of what they add to `eventMetadata`, is not verified on AWS.

use std::borrow::Cow;

use base64::Engine;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::error::Category;

use crate::domain::text::excerpt::cut_to;

/// The one version of the format so far.
const VERSION: &str = "0";
/// More of a name or id is not shown.
const SHOWN_CHARS: usize = 64;

/// A request that was captured, with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    pub input: Payload,
    pub output: Payload,
    pub event_id: Option<String>,
    pub at: Option<Timestamp>,
    pub inference_id: Option<String>,
    pub custom_attributes: Option<String>,
    pub target_model: Option<String>,
}

/// A body with its content type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    capture_data: Data<'a>,
    #[serde(borrow, default)]
    event_metadata: Metadata<'a>,
    #[serde(borrow)]
    event_version: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    endpoint_input: Option<Part<'a>>,
    #[serde(borrow)]
    endpoint_output: Option<Part<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    observed_content_type: Option<String>,
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow)]
    encoding: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    event_id: Option<String>,
    #[serde(borrow)]
    inference_time: Option<Cow<'a, str>>,
    inference_id: Option<String>,
    custom_attributes: Option<CustomAttributes>,
    target_model: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CustomAttributes {
    One(String),
    Several(Vec<String>),
}

impl Captured {
    /// Reads a line.
    ///
    /// # Errors
    /// Why it cannot be sent and compared, in words that follow its place. None of them are the line's own.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        let line: Line = serde_json::from_slice(line).map_err(|error| match error.classify() {
            Category::Eof => "is cut off".to_owned(),
            Category::Data => {
                "is not a record of an endpoint's data capture: it needs captureData, eventVersion, and data with its \
                 encoding"
                    .to_owned()
            }
            Category::Syntax | Category::Io => "is not JSON".to_owned(),
        })?;
        if line.event_version != VERSION {
            let version = cut_to(&line.event_version, SHOWN_CHARS);
            return Err(format!("has eventVersion \"{version}\", and this modeldeploy reads version {VERSION}"));
        }
        let part = |part: Option<Part<'_>>, name: &str| {
            part.ok_or_else(|| format!("has no {name}: the endpoint captures both with Input and Output"))?
                .payload()
                .map_err(|why| format!("has an {name} {why}"))
        };
        let Metadata { event_id, inference_time, inference_id, custom_attributes, target_model } = line.event_metadata;
        let at = inference_time.map(|text| text.parse()).transpose();
        Ok(Self {
            input: part(line.capture_data.endpoint_input, "endpointInput")?,
            output: part(line.capture_data.endpoint_output, "endpointOutput")?,
            event_id: event_id.map(|id| cut_to(&id, SHOWN_CHARS)),
            at: at.map_err(|_| "has an inferenceTime that is not a time".to_owned())?,
            inference_id,
            custom_attributes: custom_attributes.map(|attributes| match attributes {
                CustomAttributes::One(text) => text,
                CustomAttributes::Several(texts) => texts.join(","),
            }),
            target_model,
        })
    }
}

impl Part<'_> {
    fn payload(self) -> Result<Payload, String> {
        let bytes = match &*self.encoding {
            "CSV" | "JSON" => self.data.into_owned().into_bytes(),
            "BASE64" => base64::engine::general_purpose::STANDARD
                .decode(self.data.trim())
                .map_err(|_| "that is not Base64, as its encoding says".to_owned())?,
            other => {
                let other = cut_to(other, SHOWN_CHARS);
                return Err(format!("with encoding \"{other}\", which is none of CSV, JSON and BASE64"));
            }
        };
        Ok(Payload { content_type: self.observed_content_type, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the developer guide shows it.
    const DOCUMENTED: &str = r#"{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"69,0,153.7\n","encoding":"CSV"},"endpointOutput":{"observedContentType":"text/csv; charset=utf-8","mode":"OUTPUT","data":"0.0254181120544672","encoding":"CSV"}},"eventMetadata":{"eventId":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","inferenceTime":"2022-02-14T17:25:49Z"},"eventVersion":"0"}"#;

    fn refused(line: &str) -> String {
        Captured::parse(line.as_bytes()).expect_err(line)
    }

    #[test]
    fn the_documented_record_is_read() {
        let captured = Captured::parse(DOCUMENTED.as_bytes()).expect("a record");
        assert_eq!(captured.input.bytes, b"69,0,153.7\n");
        assert_eq!(captured.output.content_type.as_deref(), Some("text/csv; charset=utf-8"));
        assert_eq!(captured.at, Some("2022-02-14T17:25:49Z".parse().expect("a time")));
        assert_eq!(captured.event_id.as_deref(), Some("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"));
    }

    #[test]
    fn base64_is_decoded_and_what_belongs_to_a_request_is_kept() {
        let line = DOCUMENTED
            .replace(r#""data":"69,0,153.7\n","encoding":"CSV""#, r#""data":"AAH/","encoding":"BASE64""#)
            .replace(
                r#""eventMetadata":{"#,
                r#""eventMetadata":{"inferenceId":"i1","customAttributes":["a=1","b=2"],"targetModel":"m.tar.gz","#,
            );
        let captured = Captured::parse(line.as_bytes()).expect("a record");
        assert_eq!(captured.input.bytes, [0, 1, 255]);
        assert_eq!(captured.inference_id.as_deref(), Some("i1"));
        assert_eq!(captured.custom_attributes.as_deref(), Some("a=1,b=2"));
        assert_eq!(captured.target_model.as_deref(), Some("m.tar.gz"));
    }

    #[test]
    fn a_record_of_no_use_says_why_and_nothing_of_what_is_in_it() {
        for (line, said) in [
            (DOCUMENTED[..300].to_owned(), "is cut off"),
            ("secret".to_owned(), "is not JSON"),
            ("[1]".to_owned(), "is not a record of an endpoint's data capture"),
            ("{\"captureData\": \"secret\"}".to_owned(), "is not a record of an endpoint's data capture"),
            (DOCUMENTED.replace("\"eventVersion\":\"0\"", "\"eventVersion\":\"7\""), "has eventVersion \"7\""),
            (DOCUMENTED.replace("endpointOutput", "other"), "has no endpointOutput"),
            (DOCUMENTED.replace("endpointInput", "other"), "has no endpointInput"),
            (DOCUMENTED.replacen("\"CSV\"", "\"BASE64\"", 1), "has an endpointInput that is not Base64"),
            (DOCUMENTED.replacen("\"CSV\"", "\"AVRO\"", 1), "has an endpointInput with encoding \"AVRO\""),
            (DOCUMENTED.replace("2022-02-14T17", "yesterday"), "has an inferenceTime that is not a time"),
        ] {
            let message = refused(&line);
            assert!(message.starts_with(said), "{line}: {message}");
            assert!(!message.contains("secret") && !message.contains("153.7"), "{message}");
        }
    }
}
