//! Services without an SDK crate of their own here, over the SDK's runtime: its signatures, retries and time limits.
//! A generated client costs the binary a quarter of a megabyte, however little is asked of it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_smithy_query::{QueryValueWriter, QueryWriter};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde_json::{Value, json};

use super::error::{cloud_error, unsendable};
use super::response_validation::ResponseValidation;
use super::retries::Retries;
use super::service::{Protocol, Service, ServiceEndpoint, ServiceModel};
use super::settings::own_url;
use super::xml::xml;
use crate::cloud::{CloudResult, Pages};
use crate::domain::aws::arn::Arn;
use crate::domain::aws::partition::check_region;

/// Where a service is called, and for which Region the calls are signed.
#[derive(Debug)]
struct Target {
    url: String,
    region: String,
}

/// Calls as one identity in one Region.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(super) config: SdkConfig,
    pub(super) retries: Retries,
    /// What one call learns of the service's clock, the next one signs with.
    clock: SharedInterceptor,
}

impl Api {
    pub(super) fn new(config: SdkConfig, retries: Retries) -> Self {
        let clock = SharedInterceptor::new(ServiceClockSkewInterceptor::new());
        Self { config, retries, clock }
    }

    /// The same identity elsewhere.
    #[must_use]
    pub(crate) fn in_region(&self, region: &str) -> Self {
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        Self { config, retries: self.retries.in_region(region), clock: self.clock.clone() }
    }

    /// A role in another account, which keeps its session itself: the SDK's cache holds 64, and with more accounts those
    /// that it drops would be taken on again.
    pub(super) fn acting_as(&self, role: &Arn, credentials: SharedCredentialsProvider) -> Self {
        let config = self.config.to_builder().identity_cache(IdentityCache::no_cache());
        let config = config.credentials_provider(credentials).build();
        Self { config, retries: self.retries.of_account(&role.account), clock: self.clock.clone() }
    }

    /// One call, its input and output as the service's API reference names them. Of an answer in XML, lists are arrays
    /// and everything else is text; a list without items is an empty text.
    ///
    /// # Errors
    /// The service refuses, or no answer comes.
    pub(crate) async fn call(&self, service: Service, operation: &'static str, input: Value) -> CloudResult<Value> {
        let model = service.model();
        let action = format!("{}:{operation}", model.name);
        let target = self.target(&model, &action)?;
        let call = self.operation(&model, operation, target);
        let answer = self.retries.call(&action, || call.invoke(input.clone())).await;
        answer.map_err(|error| cloud_error(&action, &error))
    }

    /// All items under that name, of all pages; only as many pages as there are.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub(crate) async fn list(
        &self,
        service: Service,
        operation: &'static str,
        input: Value,
        items: &str,
    ) -> CloudResult<Vec<Value>> {
        let mut all = Vec::new();
        let page = |page: Vec<Value>| {
            all.extend(page);
            Ok(())
        };
        self.pages(service, operation, input, items, page).await?;
        Ok(all)
    }

    /// Hands on the items under that name, each page as soon as it is there.
    pub(super) async fn pages(
        &self,
        service: Service,
        operation: &'static str,
        mut input: Value,
        items: &str,
        mut found: impl FnMut(Vec<Value>) -> CloudResult<()>,
    ) -> CloudResult<()> {
        let mut pages = Pages::of(format!("{}:{operation}", service.model().name));
        let mut last = Vec::new();
        loop {
            let mut answer = self.call(service, operation, input.clone()).await?;
            let page = answer.get_mut(items).map(Value::take);
            let page = page.and_then(|page| serde_json::from_value::<Vec<Value>>(page).ok()).unwrap_or_default();
            let is_new = !page.is_empty() && page != last;
            last.clone_from(&page);
            found(page)?;
            let (name, token) = next_page(&answer).unzip();
            let (Some(name), Some(token)) = (name, pages.turn(token, is_new)?) else { return Ok(()) };
            input[name] = token.into();
        }
    }

    fn operation(
        &self,
        model: &ServiceModel,
        operation: &'static str,
        target: Target,
    ) -> Operation<Value, Value, ErrorMetadata> {
        let Target { url, region } = target;
        let (components, layer) = self.setting(model, region);
        let protocol = model.protocol;
        Operation::builder()
            .service_name(model.id)
            .operation_name(operation)
            .behavior_version(self.config.behavior_version().unwrap_or_else(BehaviorVersion::latest))
            .endpoint_url(&url)
            .with_connection_poisoning()
            .interceptor(ResponseValidation)
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .retry_classifier(ServiceClockSkewClassifier::<ErrorMetadata>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .runtime_plugin(StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components))
            .serializer(move |input| request(protocol, operation, &input))
            .deserializer(move |response| answer(protocol, operation, response))
            .build()
    }

    /// Where the service is called: elsewhere if that is set, else where AWS's rules have it. Its Region may be named by
    /// what others wrote: an image, a key, an answer.
    fn target(&self, model: &ServiceModel, action: &str) -> CloudResult<Target> {
        let region = self.config.region().map_or("", |region| region.as_ref());
        check_region(region).map_err(|error| unsendable(action, error))?;
        let (fips, dual_stack) = (self.config.use_fips() == Some(true), self.config.use_dual_stack() == Some(true));
        if let Some(url) = own_url(&self.config, model.id) {
            // FIPS and dual stack are of AWS's own hosts.
            let signed_for = model.place(region, false, false).map_or_else(|| region.to_owned(), |place| place.region);
            return Ok(Target { url, region: signed_for });
        }
        let place = model.place(region, fips, dual_stack);
        place.map(|ServiceEndpoint { host, region }| Target { url: format!("https://{host}"), region }).ok_or_else(
            || {
                let kind = match (fips, dual_stack) {
                    (true, true) => "FIPS dual stack ",
                    (true, false) => "FIPS ",
                    (false, true) => "dual stack ",
                    (false, false) => "",
                };
                unsendable(action, format!("AWS has no {kind}endpoint of {} in Region {region}", model.id))
            },
        )
    }

    /// What a generated client takes over from the configuration.
    fn setting(&self, model: &ServiceModel, signed_for: String) -> (RuntimeComponentsBuilder, Layer) {
        let config = &self.config;
        let mut layer = Layer::new("api");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        let mut signing = SigV4OperationSigningConfig::default();
        (signing.signing_options.double_uri_encode, signing.signing_options.normalize_uri_path) = (true, true);
        layer.store_put(signing);
        layer.store_put(SigningName::from_static(model.name));
        layer.store_put(SigningRegion::from(Region::new(signed_for)));
        layer.store_put(self.retries.partition(model.name));
        if let Some(retries) = config.retry_config() {
            layer.store_put(retries.clone());
        }
        if let Some(timeouts) = config.timeout_config() {
            layer.store_put(timeouts.clone());
        }

        let mut components = RuntimeComponentsBuilder::new("api");
        components.push_interceptor(self.clock.clone());
        components.set_http_client(config.http_client());
        components.set_sleep_impl(config.sleep_impl());
        components.set_time_source(config.time_source());
        components.set_identity_cache(config.identity_cache());
        components.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
            StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]),
        )));
        components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        if let Some(credentials) = config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        (components, layer)
    }
}

/// The token that an answer ends with, under the name that the next request gives it: two spellings and IAM's and KMS's.
fn next_page(answer: &Value) -> Option<(&'static str, String)> {
    let pairs = [
        ("NextToken", "NextToken"),
        ("nextToken", "nextToken"),
        ("NextPageToken", "PageToken"),
        ("Marker", "Marker"),
        ("NextMarker", "Marker"),
    ];
    pairs.into_iter().find_map(|(answered, asked)| {
        let token = answer.get(answered)?.as_str().filter(|token| !token.is_empty())?;
        Some((asked, token.to_owned()))
    })
}

fn request(protocol: Protocol, operation: &str, input: &Value) -> Result<HttpRequest, BoxError> {
    let (content_type, target, body) = match protocol {
        Protocol::Json { target } => {
            ("application/x-amz-json-1.1", Some(format!("{target}.{operation}")), input.to_string())
        }
        Protocol::Query { version } => ("application/x-www-form-urlencoded", None, form(operation, version, input)),
    };
    let length = body.len().to_string();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.try_insert("content-type", content_type)?;
    headers.try_insert("content-length", length)?;
    headers.try_insert("user-agent", concat!("modeldeploy/", env!("CARGO_PKG_VERSION")))?;
    if let Some(target) = target {
        headers.try_insert("x-amz-target", target)?;
    }
    Ok(request)
}

/// The input as AWS Query flattens it: `Tags.member.1.Key=...`.
fn form(operation: &str, version: &str, input: &Value) -> String {
    let mut text = String::new();
    let mut writer = QueryWriter::new(&mut text, operation, version);
    for (name, value) in input.as_object().into_iter().flatten() {
        write(writer.prefix(name), value);
    }
    writer.finish();
    text
}

fn write<'a>(mut writer: QueryValueWriter<'a>, value: &'a Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => writer.boolean(*flag),
        Value::Number(number) => writer.string(&number.to_string()),
        Value::String(text) => writer.string(text),
        Value::Array(items) => {
            let mut list = writer.start_list(false, None);
            for item in items {
                write(list.entry(), item);
            }
            list.finish();
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                write(writer.prefix(name), value);
            }
        }
    }
}

fn answer(
    protocol: Protocol,
    operation: &str,
    response: &HttpResponse,
) -> Result<Value, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    let parsed = match protocol {
        Protocol::Json { .. } if body.is_empty() => Ok(json!({})),
        Protocol::Json { .. } => serde_json::from_slice(body).map_err(BoxError::from),
        Protocol::Query { .. } => xml(body).map(|(_, answer)| answer),
    };
    let good = response.status().is_success();
    match (parsed, protocol) {
        (Ok(mut answer), Protocol::Query { .. }) if good => {
            Ok(answer.get_mut(format!("{operation}Result")).map_or_else(|| json!({}), Value::take))
        }
        (Ok(answer), _) if good => Ok(answer),
        (Ok(answer), _) => Err(OrchestratorError::operation(refusal(response, &answer))),
        (Err(error), _) if good => Err(OrchestratorError::response(error)),
        // A gateway's or a proxy's page
        (Err(_), _) => Err(OrchestratorError::operation(ErrorMetadata::builder().build())),
    }
}

/// An error as the service words it: `__type` and `message`, or `<Error>` with `<Code>` and `<Message>`.
fn refusal(response: &HttpResponse, answer: &Value) -> ErrorMetadata {
    let answer = answer.get("Error").unwrap_or(answer);
    let text = |names: &[&str]| names.iter().find_map(|name| answer.get(name)?.as_str());
    let code = response.headers().get("x-amzn-errortype").or_else(|| text(&["__type", "Code", "code"]));
    let mut error = ErrorMetadata::builder();
    if let Some(code) = code {
        // "com.amazonaws.iam#NoSuchEntity" and "NoSuchEntity:http://internal.amazon.com/" are both in use
        // (Smithy, "AWS JSON 1.1 protocol", error serialization).
        let code = code.split_once('#').map_or(code, |(_, code)| code);
        error = error.code(code.split_once(':').map_or(code, |(code, _)| code));
    }
    if let Some(message) = text(&["message", "Message", "errorMessage"]) {
        error = error.message(message);
    }
    error.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_input_is_flattened_as_query_services_read_it() {
        let input = json!({
            "StackSetName": "a b",
            "Parameters": [{"ParameterKey": "K", "ParameterValue": "V"}, {"ParameterKey": "L"}],
            "DeploymentTargets": {"OrganizationalUnitIds": ["ou-1"]},
            "RetainStacks": false,
        });
        assert_eq!(
            form("CreateStackInstances", "2010-05-15", &input),
            "Action=CreateStackInstances&Version=2010-05-15&StackSetName=a%20b&Parameters.member.1.ParameterKey=K\
             &Parameters.member.1.ParameterValue=V&Parameters.member.2.ParameterKey=L\
             &DeploymentTargets.OrganizationalUnitIds.member.1=ou-1&RetainStacks=false"
        );
    }

    #[test]
    fn a_region_that_others_wrote_is_held_to_what_a_host_name_takes() {
        let (retries, _) = Retries::chosen(super::super::settings::RetrySettings::default());
        let api = Api::new(SdkConfig::builder().build(), retries);
        let target = |region| api.in_region(region).target(&Service::Ecr.model(), "ecr:GetRepositoryPolicy");
        let url = target("eu-west-1").map(|target| target.url);
        assert_eq!(url, Ok("https://api.ecr.eu-west-1.amazonaws.com".to_owned()));
        let error = target("x@elsewhere.example/").expect_err("no Region");
        assert!(error.to_string().contains("is not a Region name"), "{error}");
    }
}
