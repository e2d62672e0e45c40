//! The bearer token that lets a caller in to the route for chats, made as `sagemaker-core` 2.27 makes it
//! (`token_generator.py`).

use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a token is signed for, in every Region; that other partitions have it, too, is unverified.
const SIGNED_HOST: &str = "sagemaker.amazonaws.com";
const LIFETIME: Duration = Duration::from_mins(15);
/// A token has to last until the request is there.
const KEPT: Duration = Duration::from_mins(5);

/// A token that is used for some minutes: what is masked in all output is remembered, and each token is.
pub(super) struct BearerToken {
    access_key: String,
    made: Instant,
    pub(super) text: String,
}

impl BearerToken {
    pub(super) fn new(
        credentials: &Credentials,
        region: &str,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let text = bearer_token(credentials, region, SystemTime::now())?;
        Ok(Self { access_key: credentials.access_key_id().to_owned(), made: Instant::now(), text })
    }

    /// Whether it is still to be used by whoever has these credentials.
    pub(super) fn is_good_for(&self, credentials: &Credentials) -> bool {
        self.access_key == credentials.access_key_id() && self.made.elapsed() < KEPT
    }
}

/// A presigned `POST https://sagemaker.amazonaws.com/?Action=CallWithBearerToken`, as a text.
fn bearer_token(
    credentials: &Credentials,
    region: &str,
    now: SystemTime,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(LIFETIME);
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sagemaker")
        .time(now)
        .settings(settings)
        .build()?
        .into();
    let url = format!("https://{SIGNED_HOST}/?Action=CallWithBearerToken");
    let request = SignableRequest::new("POST", &url, [("host", SIGNED_HOST)].into_iter(), SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(request, &params)?.into_parts();
    let mut signed = http::Request::post(url).body(())?;
    instructions.apply_to_request_http1x(&mut signed);
    let signed = signed.uri().to_string();
    let signed = signed.trim_start_matches("https://");
    Ok(format!("sagemaker-api-key-{}", STANDARD.encode(format!("{signed}&Version=1"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `sagemaker.core.token_generator` of sagemaker-core 2.27.0 makes of the same.
    const REFERENCE: &str = "sagemaker.amazonaws.com/?Action=CallWithBearerToken\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20260921%2Feu-west-1%2Fsagemaker%2Faws4_request\
        &X-Amz-Date=20260921T141320Z\
        &X-Amz-Expires=900\
        &X-Amz-SignedHeaders=host\
        &X-Amz-Security-Token=session%2F%2B%3D\
        &X-Amz-Signature=b1cd6c4e14572619932b13d87fc54e252b05cb4d16c2f27a618b60e2f6790dde\
        &Version=1";

    #[test]
    fn a_token_is_what_the_sdk_for_python_makes() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session/+=".to_owned()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let token = bearer_token(&credentials, "eu-west-1", now).expect("signs");
        let decoded = STANDARD.decode(token.trim_start_matches("sagemaker-api-key-")).expect("Base64");
        let parts = |text: &str| {
            let mut parts: Vec<String> = text.split(['?', '&']).map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(parts(&String::from_utf8(decoded).expect("text")), parts(REFERENCE));
    }
}
