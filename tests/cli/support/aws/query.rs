//! Calls of the tests themselves to services that speak Query, of which the tests have no SDK; and what they find.

use super::{Aws, REGION, SEED_KEY};

/// Whom the role trusts, which nothing here asks.
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "servicecatalog.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;

impl Aws {
    /// The answer in XML.
    pub(crate) fn query(&self, service: &str, account: &str, parameters: &[(&str, &str)]) -> String {
        let key = format!("{SEED_KEY}{account}/20261124/{REGION}/{service}/aws4_request");
        let mut url = reqwest::Url::parse("http://form/").expect("a URL");
        url.query_pairs_mut().extend_pairs(parameters);
        let body = url.query().unwrap_or_default().to_owned();
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("an HTTP client")
            .post(self.url())
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={key}, SignedHeaders=host, Signature=0"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.runtime.block_on(async { request.send().await.expect("moto").text().await.expect("a text") })
    }

    /// A role of SageMaker's in the data science account.
    pub(crate) fn with_role(self, name: &str) -> Self {
        let parameters = [
            ("Action", "CreateRole"),
            ("Version", "2010-05-08"),
            ("RoleName", name),
            ("Path", "/service-role/"),
            ("AssumeRolePolicyDocument", TRUST),
        ];
        let answer = self.query("iam", self.account(), &parameters);
        assert!(answer.contains("<RoleName>"), "no role: {answer}");
        self
    }
}
