//! What answers the cases: a live endpoint behind a cloud, or a model server on this machine.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::pauses::Pauses;
use crate::cloud::error::ErrorKind;
use crate::cloud::model_server::ModelServer;
use crate::cloud::{AsyncOutput, CloudError, CloudResult, Invocation, Object, Runtime, Storage, Streamed};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::endpoint::Variant;
use crate::domain::suite::expectation::Answer;
use crate::domain::suite::test_suite::{Mode, RequestOptions};

/// How often S3 is asked for the answer of an asynchronous endpoint.
const FIRST_POLL: Duration = Duration::from_millis(250);
const SLOWEST_POLL: Duration = Duration::from_secs(10);

/// Answers one request in any mode.
pub(super) trait Target {
    async fn send(&self, mode: &Mode, options: &RequestOptions, body: &[u8]) -> CloudResult<Streamed>;
}

/// An endpoint, reached with the right to act in its account.
pub(super) struct LiveEndpoint<'a, C: Runtime + Storage> {
    cloud: &'a C,
    access: &'a C::Access,
    name: &'a str,
    /// Tells the inputs of asynchronous requests of one run apart from those of another.
    run_id: &'a str,
    /// The variants that answered, each with the one that was asked if the request named one.
    answered: RefCell<BTreeSet<(String, Option<String>)>>,
    /// Where the outputs of asynchronous requests are to be.
    outputs: RefCell<BTreeSet<S3Uri>>,
}

impl<C: Runtime + Storage> Target for LiveEndpoint<'_, C> {
    async fn send(&self, mode: &Mode, options: &RequestOptions, body: &[u8]) -> CloudResult<Streamed> {
        let invocation = Invocation { endpoint: self.name, options, body };
        let streamed = match mode {
            Mode::Invoke => self.cloud.invoke(self.access, &invocation).await?,
            Mode::Stream => self.cloud.stream(self.access, &invocation).await?,
            Mode::Chat { .. } => self.cloud.chat(self.access, &invocation).await?,
            Mode::Async { input, deadline } => {
                let answer = self.asynchronous(&invocation, input.as_ref(), *deadline).await?;
                Streamed { answer, arrivals: Vec::new(), session: None }
            }
        };
        if let Answer::Body { variant: Some(variant), .. } = &streamed.answer {
            self.note(variant, options.target_variant.as_deref());
        }
        Ok(streamed)
    }
}

impl<'a, C: Runtime + Storage> LiveEndpoint<'a, C> {
    pub(super) fn new(cloud: &'a C, access: &'a C::Access, name: &'a str, run_id: &'a str) -> Self {
        Self { cloud, access, name, run_id, answered: RefCell::default(), outputs: RefCell::default() }
    }

    fn note(&self, variant: &str, asked: Option<&str>) {
        self.answered.borrow_mut().insert((variant.to_owned(), asked.map(str::to_owned)));
    }

    /// What is to be said of answers that these variants cannot have given: a shadow's answers are not passed on.
    pub(super) fn strangers(&self, variants: &[Variant]) -> Vec<String> {
        let name = self.name;
        let may_answer = |answered: &str| variants.iter().any(|variant| !variant.shadow && variant.name == answered);
        let strange =
            |(variant, asked): &(String, Option<String>)| match asked.as_ref().filter(|asked| *asked != variant) {
                _ if !may_answer(variant) => {
                    Some(format!("variant {variant} answered, which is no production variant of endpoint {name}"))
                }
                Some(asked) => {
                    Some(format!("variant {variant} of endpoint {name} answered what was asked of variant {asked}"))
                }
                None => None,
            };
        let strangers: BTreeSet<String> = self.answered.borrow().iter().filter_map(strange).collect();
        strangers.into_iter().collect()
    }

    /// Hands the request in, then asks for the output and for the failure until one of them is there.
    async fn asynchronous(
        &self,
        invocation: &Invocation<'_>,
        input: Option<&S3Uri>,
        deadline: Duration,
    ) -> CloudResult<Answer> {
        let input = match input {
            None => None,
            Some(prefix) => {
                let digest = crate::domain::digest::sha256(invocation.body);
                let uri = prefix.join(&format!("modeldeploy/{}/{}/{digest}", self.run_id, self.name));
                let content_type = Some(invocation.options.content_type.clone());
                let object = Object { content_type, bytes: invocation.body.to_vec(), age: None };
                self.cloud.put_object(self.access, &uri, &object).await?;
                Some(uri)
            }
        };
        let sent = Instant::now();
        let AsyncOutput { output, failure } = self.cloud.invoke_async(self.access, invocation, input.as_ref()).await?;
        let unusable = |message: String| CloudError::new(ErrorKind::Other, ASYNC, message);
        if failure.as_ref() == Some(&output) || !self.outputs.borrow_mut().insert(output.clone()) {
            return Err(unusable(format!("the answer names a place that is not for its output alone: {output}")));
        }
        let mut pauses = Pauses::new(FIRST_POLL, SLOWEST_POLL, deadline);
        let mut denied = None;
        loop {
            let of_failure = async {
                match &failure {
                    Some(failure) => self.cloud.object(self.access, failure).await,
                    None => Ok(None),
                }
            };
            let (came, failed) = futures::join!(self.cloud.object(self.access, &output), of_failure);
            let (came, failed) = (unless_denied(came, &mut denied)?, unless_denied(failed, &mut denied)?);
            if let (Some(_), Some(_), Some(failure)) = (&came, &failed, &failure) {
                return Err(unusable(format!("both an output and a failure are there: {output} and {failure}")));
            }
            if let Some(object) = came.as_ref().or(failed.as_ref())
                && is_older(object, sent.elapsed())
            {
                let place = failure.as_ref().filter(|_| came.is_none()).unwrap_or(&output);
                return Err(unusable(format!("the object there is older than the request: {place}")));
            }
            if let Some(Object { content_type, bytes, .. }) = came {
                return Ok(Answer::Body { content_type, bytes, variant: None });
            }
            if let Some(Object { bytes, .. }) = failed {
                // The service keeps the container's message and not its status.
                let message = String::from_utf8_lossy(&bytes).trim().to_owned();
                return Ok(Answer::ModelError { status: ASYNC_FAILURE, message, log: None });
            }
            if pauses.are_over() {
                let waited = humantime::format_duration(deadline);
                let message = format!("neither output nor failure within {waited}: looked for {output}");
                return Err(denied.unwrap_or_else(|| unusable(message)));
            }
            pauses.pause().await;
        }
    }
}

/// An object that may be there by now. To a role without s3:ListBucket, S3 says "denied" of what is not there, so that is
/// kept and told only when time is up.
fn unless_denied(found: CloudResult<Option<Object>>, denied: &mut Option<CloudError>) -> CloudResult<Option<Object>> {
    match found {
        Err(error) if error.kind == ErrorKind::Denied => {
            let message = format!("{} (without s3:ListBucket, also of what is not there yet)", error.message);
            *denied = Some(CloudError { message, ..error });
            Ok(None)
        }
        other => other,
    }
}

/// Whether an object was there before a request that was sent so long ago.
fn is_older(object: &Object, sent: Duration) -> bool {
    object.age.is_some_and(|age| age > sent + CLOCKS_DIFFER)
}

/// The clocks of a service's servers differ by much less.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

const ASYNC: &str = "sagemaker:InvokeEndpointAsync";

/// The status that a failed asynchronous request is given: the service's own for a model that refused.
const ASYNC_FAILURE: u16 = 424;

impl Target for ModelServer {
    async fn send(&self, mode: &Mode, options: &RequestOptions, body: &[u8]) -> CloudResult<Streamed> {
        // A container knows one kind of request; what is asynchronous or streamed is made of it by the service.
        let invocation = Invocation { endpoint: "", options, body };
        let streamed = match mode {
            Mode::Async { .. } => self.sized(&invocation).await?,
            Mode::Invoke | Mode::Stream => self.stream(&invocation).await?,
            Mode::Chat { .. } => return self.chat(&invocation).await,
        };
        let Streamed { answer, arrivals, session } = streamed;
        let answer = match (mode, answer) {
            // As behind an asynchronous endpoint, so that one suite fits both.
            (Mode::Async { .. }, Answer::ModelError { message, log, .. }) => {
                Answer::ModelError { status: ASYNC_FAILURE, message, log }
            }
            (_, answer) => answer,
        };
        Ok(Streamed { answer, arrivals, session })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_from_before_the_request_is_not_its_answer() {
        let is_older = |age: Option<u64>, sent| {
            let age = age.map(Duration::from_secs);
            is_older(&Object { content_type: None, bytes: Vec::new(), age }, Duration::from_secs(sent))
        };
        assert!(is_older(Some(800_000_000), 1) && is_older(Some(302), 1));
        assert!(!is_older(Some(301), 1) && !is_older(Some(900), 600) && !is_older(Some(0), 0));
        assert!(!is_older(None, 0));
    }
}
