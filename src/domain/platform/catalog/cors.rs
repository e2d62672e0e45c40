//! The rules by which Studio, in a browser, may read a bucket's templates.

/// A rule of a bucket for other sites' scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CorsRule {
    pub id: Option<String>,
    pub methods: Vec<String>,
    pub origins: Vec<String>,
    pub headers: Vec<String>,
    pub exposed: Vec<String>,
    pub max_age_seconds: Option<i32>,
}

/// Rules that a bucket can have at most (S3 User Guide, "CORS configuration").
pub(crate) const MAX_RULES: usize = 100;

const ID: &str = "modeldeploy-studio";
const STUDIO: &str = "https://*.sagemaker.aws";
/// Without these, Studio cannot read.
const READS: [&str; 2] = ["GET", "HEAD"];

impl CorsRule {
    /// Methods and headers as in AWS's sample of S3 project templates: which of them Studio asks for is not documented.
    fn of_studio() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            id: Some(ID.to_owned()),
            methods: texts(&["POST", "PUT", "GET", "HEAD", "DELETE"]),
            origins: texts(&[STUDIO]),
            headers: texts(&["*"]),
            exposed: texts(&[
                "ETag",
                "x-amz-delete-marker",
                "x-amz-id-2",
                "x-amz-request-id",
                "x-amz-server-side-encryption",
                "x-amz-version-id",
            ]),
            max_age_seconds: None,
        }
    }

    fn lets_studio_read(&self) -> bool {
        let has = |list: &[String], text: &str| list.iter().any(|one| one == text);
        (has(&self.origins, STUDIO) || has(&self.origins, "*"))
            && has(&self.headers, "*")
            && READS.iter().all(|method| has(&self.methods, method))
    }
}

/// The rules with one for Studio, behind those that are there; `None` where one lets it read already.
pub(crate) fn with_studio(rules: &[CorsRule]) -> Option<Vec<CorsRule>> {
    if rules.iter().any(CorsRule::lets_studio_read) {
        return None;
    }
    let others = rules.iter().filter(|rule| rule.id.as_deref() != Some(ID)).cloned();
    Some(others.chain([CorsRule::of_studio()]).collect())
}

/// The rules as a plan shows them.
pub(crate) fn told(rules: &[CorsRule]) -> String {
    let line = |rule: &CorsRule| {
        let id = rule.id.as_deref().unwrap_or("a rule without id");
        format!("{id}: {} from {}\n", rule.methods.join(" "), rule.origins.join(" "))
    };
    rules.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_added_once_and_others_stay() {
        let foreign = CorsRule {
            methods: vec!["GET".to_owned()],
            origins: vec!["https://example.com".to_owned()],
            max_age_seconds: Some(60),
            ..CorsRule::default()
        };
        let rules = with_studio(std::slice::from_ref(&foreign)).expect("it is missing");
        assert_eq!((rules.len(), &rules[0]), (2, &foreign));
        assert_eq!(with_studio(&rules), None);
        assert!(told(&rules).starts_with("a rule without id: GET from https://example.com\nmodeldeploy-studio: POST"));
    }

    #[test]
    fn a_rule_of_ours_that_was_changed_is_put_right() {
        let mut changed = CorsRule::of_studio();
        changed.methods = vec!["GET".to_owned()];
        assert_eq!(with_studio(&[changed]), Some(vec![CorsRule::of_studio()]));
    }

    #[test]
    fn whoever_lets_everybody_read_lets_studio() {
        let open = CorsRule { id: None, origins: vec!["*".to_owned()], ..CorsRule::of_studio() };
        assert_eq!(with_studio(&[open]), None);
    }
}
