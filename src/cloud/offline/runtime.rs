//! Requests to the endpoints of a world: a model server answers them, else what was recorded.

use std::time::Duration;

use super::Offline;
use super::site::Site;
use super::world::{self, Body, RecordedInvocation};
use super::world_key::{WorldKey, not_found};
use crate::cloud::error::ErrorKind;
use crate::cloud::{AsyncOutput, CloudError, CloudResult, Invocation, Object, Runtime, Streamed};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::endpoint::Variant;
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::test_suite::RequestOptions;
use crate::domain::suite::token_times::Arrival;
use crate::secrets::masked_answer;

impl Runtime for Offline {
    async fn invoke(&self, site: &Site, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        self.stream(site, invocation).await.map(|streamed| Streamed { arrivals: Vec::new(), ..streamed })
    }

    async fn stream(&self, site: &Site, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        self.answer(site, invocation, false).await
    }

    async fn chat(&self, site: &Site, invocation: &Invocation<'_>) -> CloudResult<Streamed> {
        self.answer(site, invocation, true).await
    }

    async fn invoke_async(
        &self,
        site: &Site,
        invocation: &Invocation<'_>,
        _input: Option<&S3Uri>,
    ) -> CloudResult<AsyncOutput> {
        let answer = self.stream(site, invocation).await?.answer;
        let mut objects = self.objects.borrow_mut();
        let place = |kind: &str| S3Uri { bucket: "offline".to_owned(), key: format!("{kind}/{}", objects.len()) };
        let ticket = AsyncOutput { output: place("output"), failure: Some(place("failure")) };
        let (uri, object) = match answer {
            Answer::Body { content_type, bytes, .. } => (&ticket.output, Object { content_type, bytes, age: None }),
            Answer::ModelError { message, .. } => (
                ticket.failure.as_ref().unwrap_or(&ticket.output),
                Object { content_type: None, bytes: message.into(), age: None },
            ),
        };
        objects.insert(uri.to_string(), object);
        Ok(ticket)
    }
}

impl Offline {
    /// The answer of the model server, else the one that was recorded.
    async fn answer(&self, site: &Site, invocation: &Invocation<'_>, is_chat: bool) -> CloudResult<Streamed> {
        let (variant, packages) = self.live(site, invocation.endpoint)?;
        if let Some(server) = &self.server {
            let sent = if is_chat { server.chat(invocation).await } else { server.stream(invocation).await };
            let streamed = sent?;
            self.record(invocation, packages.first().cloned(), &streamed.answer);
            return Ok(streamed);
        }
        let options = invocation.options;
        let world = self.world.borrow();
        let recorded = world.invocations.iter().find(|recorded| {
            recorded.content_type == options.content_type
                && recorded.accept == options.accept
                && recorded.body.bytes() == invocation.body
                && recorded.model_package_name.as_ref().is_none_or(|package| packages.contains(package))
        });
        let answer = match recorded.map(|recorded| (&recorded.response, &recorded.error)) {
            Some((Some(response), _)) => Answer::Body {
                content_type: response.content_type.clone(),
                bytes: response.body.bytes().to_vec(),
                variant,
            },
            Some((None, Some(error))) => Answer::ModelError {
                status: error.original_status_code,
                message: error.original_message.clone(),
                log: None,
            },
            Some((None, None)) | None => return Err(no_recording(invocation, &packages)),
        };
        // A recording answers at once, and all of it.
        let bytes = if let Answer::Body { bytes, .. } = &answer { bytes.len() } else { 0 };
        Ok(Streamed { answer, arrivals: vec![Arrival { bytes, at: Duration::ZERO }], session: None })
    }

    /// The first variant of an endpoint, and every package that it serves.
    fn live(&self, site: &Site, name: &str) -> CloudResult<(Option<String>, Vec<String>)> {
        let world = self.world.borrow();
        let endpoint = world.endpoint(site, name).ok_or_else(|| {
            let what = format!("endpoint \"{name}\" in {}", site.account);
            not_found("sagemaker:InvokeEndpoint", &what, WorldKey::ENDPOINTS)
        })?;
        let variants = world.variants(site, &endpoint)?;
        let packages = variants.iter().flat_map(Variant::packages).collect();
        Ok((variants.first().map(|variant| variant.name.clone()), packages))
    }

    /// Keeps an answer of the model server, so that the world can give it again without one.
    fn record(&self, invocation: &Invocation<'_>, model_package_name: Option<String>, answer: &Answer) {
        let (response, error) = match answer {
            Answer::Body { content_type, bytes, .. } => (
                Some(world::Response { content_type: content_type.clone(), body: Body::new(&masked_answer(bytes)) }),
                None,
            ),
            Answer::ModelError { status, message, .. } => {
                (None, Some(world::ModelError { original_status_code: *status, original_message: message.clone() }))
            }
        };
        let recorded = RecordedInvocation {
            model_package_name,
            content_type: invocation.options.content_type.clone(),
            accept: invocation.options.accept.clone(),
            body: Body::new(invocation.body),
            response,
            error,
        };
        let mut world = self.world.borrow_mut();
        let same = |known: &RecordedInvocation| {
            known.model_package_name == recorded.model_package_name
                && known.content_type == recorded.content_type
                && known.accept == recorded.accept
                && known.body == recorded.body
        };
        world.invocations.retain(|known| !same(known));
        world.invocations.push(recorded);
    }
}

fn no_recording(invocation: &Invocation<'_>, packages: &[String]) -> CloudError {
    let RequestOptions { content_type, accept, .. } = invocation.options;
    let packages = if packages.is_empty() { "no model package".to_owned() } else { packages.join(", ") };
    let message = format!(
        "the offline world has no recorded answer of {packages} to this request (content type {content_type}, accept \
         {accept}, {} bytes)",
        invocation.body.len()
    );
    CloudError::new(ErrorKind::NotRecorded, "sagemaker:InvokeEndpoint", message)
}
