//! Response streams, which moto lacks: a stand-in that speaks AWS's event stream encoding, frame by frame.
//!
//! The frames are written by the SDK's own encoder, and the headers are those of botocore's `ResponseStream`. What the
//! binary reads them with is the SDK's decoder, as on AWS. That SageMaker cuts its chunks so is not proven by it.

use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::{Response, header};
use serde_json::json;

use super::proxy::{Answer, CutOff};

/// What comes between two parts of a stream, so that each is sent on its own.
const PAUSE: Duration = Duration::from_millis(60);

/// The answer to `InvokeEndpointWithResponseStream`.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamedAnswer {
    /// What is sent at a time; `None` cuts the connection.
    parts: Vec<Option<Bytes>>,
}

impl StreamedAnswer {
    /// These chunks, a `PayloadPart` event each.
    pub(crate) fn of(chunks: &[&str]) -> Self {
        chunks.iter().fold(Self::default(), |answer, chunk| answer.sends(payload_part(chunk)))
    }

    /// Then an error event, as the service sends it in the midst of a stream.
    pub(crate) fn then_model_stream_error(self, code: &str, message: &str) -> Self {
        let body = json!({"ErrorCode": code, "Message": message}).to_string();
        self.sends(frame(&[(":message-type", "exception"), (":exception-type", "ModelStreamError")], JSON, &body))
    }

    /// Then an event that botocore does not know yet.
    pub(crate) fn then_unknown_event(self) -> Self {
        self.sends(frame(&[(":message-type", "event"), (":event-type", "Metrics")], JSON, "{}"))
    }

    /// Then the connection is cut, between two events.
    pub(crate) fn then_cut_off(mut self) -> Self {
        self.parts.push(None);
        self
    }

    /// Then the first bytes of an event and a regular end of the HTTP answer.
    pub(crate) fn then_half_an_event(self, chunk: &str) -> Self {
        let whole = payload_part(chunk);
        let half = whole.slice(..whole.len() / 2);
        self.sends(half)
    }

    fn sends(mut self, bytes: Bytes) -> Self {
        self.parts.push(Some(bytes));
        self
    }

    pub(super) fn response(self) -> Answer {
        let parts = stream::unfold(self.parts.into_iter(), async |mut parts| {
            let part = parts.next()?;
            tokio::time::sleep(PAUSE).await;
            Some((part.map(Frame::data).ok_or(CutOff), parts))
        });
        // The body's own type stands in a header of SageMaker's.
        Response::builder()
            .header(header::CONTENT_TYPE, "application/vnd.amazon.eventstream")
            .header("x-amzn-sagemaker-content-type", JSON)
            .header("x-amzn-invoked-production-variant", "AllTraffic")
            .body(BodyExt::boxed(StreamBody::new(parts)))
            .expect("an HTTP answer")
    }
}

const JSON: &str = "application/json";

fn payload_part(chunk: &str) -> Bytes {
    frame(&[(":message-type", "event"), (":event-type", "PayloadPart")], "application/octet-stream", chunk)
}

fn frame(headers: &[(&'static str, &'static str)], content_type: &'static str, payload: &str) -> Bytes {
    let all = headers.iter().copied().chain([(":content-type", content_type)]);
    let headers = all.map(|(name, value)| Header::new(name, HeaderValue::String(value.into()))).collect();
    let message = Message::new_from_parts(headers, Bytes::copy_from_slice(payload.as_bytes()));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    bytes.into()
}
