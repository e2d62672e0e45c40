//! A captured request as it is sent again.

use super::case::CaptureCase;
use super::record::Captured;
use crate::domain::suite::media_type::bare;
use crate::domain::suite::test_suite::RequestOptions;

/// What goes with a captured request: what its record says, unless the case says otherwise.
pub(crate) fn options(case: &CaptureCase, own: &RequestOptions, captured: &Captured) -> RequestOptions {
    let mut options = own.clone();
    if let Some(content_type) = captured.input.content_type.as_ref().filter(|_| !case.own.content_type) {
        options.content_type.clone_from(content_type);
    }
    if let Some(accept) = captured.output.content_type.as_ref().filter(|_| !case.own.accept) {
        options.accept = bare(accept);
    }
    options.target_model = options.target_model.or_else(|| captured.target_model.clone());
    options.custom_attributes = options.custom_attributes.or_else(|| captured.custom_attributes.clone());
    options.inference_id = options.inference_id.or_else(|| captured.inference_id.clone());
    options
}

#[cfg(test)]
mod tests {
    use super::super::case::OwnTypes;
    use super::super::record::Payload;
    use super::super::spec::CaptureSpec;
    use super::*;

    #[test]
    fn a_request_goes_as_it_was_captured_unless_the_case_says_otherwise() {
        let payload = |name: &str| Payload { content_type: Some(name.to_owned()), bytes: Vec::new() };
        let captured = Captured {
            input: payload("text/csv"),
            output: payload("application/json; charset=utf-8"),
            event_id: None,
            at: None,
            inference_id: Some("i".to_owned()),
            custom_attributes: Some("a=1".to_owned()),
            target_model: Some("m".to_owned()),
        };
        let case = |own| serde_yaml::from_str::<CaptureSpec>("s3: a").expect("valid").compile(own).expect("valid");
        let own = RequestOptions { content_type: "x/y".to_owned(), ..RequestOptions::default() };
        let sent = options(&case(OwnTypes::default()), &own, &captured);
        assert_eq!((sent.content_type.as_str(), sent.accept.as_str()), ("text/csv", "application/json"));
        let of_event = (sent.inference_id.as_deref(), sent.custom_attributes.as_deref(), sent.target_model.as_deref());
        assert_eq!(of_event, (Some("i"), Some("a=1"), Some("m")));
        let own = RequestOptions { target_model: Some("other".to_owned()), ..own };
        let sent = options(&case(OwnTypes { content_type: true, accept: true }), &own, &captured);
        assert_eq!((sent.content_type.as_str(), sent.target_model.as_deref()), ("x/y", Some("other")));
    }
}
