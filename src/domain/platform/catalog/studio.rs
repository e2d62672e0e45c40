//! The project template as an object in S3, which Studio finds by a tag of its domain.

use super::cors::{self, CorsRule, MAX_RULES};
use super::{VISIBLE, is_visible, told_tag};
use crate::domain::aws::s3_uri::S3Uri;
use crate::domain::finding::Finding;
use crate::domain::platform::change::{Change, Plan, Verb};

/// The domain's tag that says where templates are (SageMaker Developer Guide, "Using a template from an Amazon S3 bucket").
pub(crate) const LOCATION_TAG: &str = "sagemaker:projectS3TemplatesLocation";
/// Tags that an object can have at most (S3 User Guide, "Object tagging").
const MAX_TAGS: usize = 10;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub place: &'a S3Uri,
    pub digest: &'a str,
}

/// A domain of Studio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain {
    pub id: String,
    pub name: String,
    pub arn: String,
}

/// What is there.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub object: Option<Stored>,
    pub rules: Vec<CorsRule>,
    pub domain: Domain,
    /// The value of the domain's tag.
    pub location: Option<String>,
}

/// The object in the template's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub digest: String,
    pub tags: Vec<(String, String)>,
}

/// One call that writes; each has its change in the plan, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Template and tags.
    Put(Vec<(String, String)>),
    Tag(Vec<(String, String)>),
    PutCors(Vec<CorsRule>),
    /// The value of the domain's tag.
    TagDomain(String),
}

/// The one domain that is meant.
///
/// # Errors
/// None is there, or none of that id, or it is not said which.
pub(crate) fn choose(wanted: Option<&str>, domains: Vec<Domain>, region: &str) -> Result<Domain, Finding> {
    let told: Vec<String> = domains.iter().map(|domain| format!("{} ({})", domain.id, domain.name)).collect();
    let told = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
    let count = domains.len();
    let mut meant = domains.into_iter().filter(|domain| wanted.is_none_or(|id| domain.id == id || domain.name == id));
    let what = match (wanted, meant.next(), meant.next()) {
        (_, Some(domain), None) => return Ok(domain),
        (Some(id), None, _) => format!("no SageMaker domain \"{id}\" is in {region}"),
        (Some(id), Some(_), Some(_)) => format!("several SageMaker domains are named \"{id}\""),
        (None, None, _) => format!("no SageMaker domain is in {region}"),
        (None, Some(_), Some(_)) => format!("{count} SageMaker domains are in {region}"),
    };
    Err(Finding::error(what).cause(format!("domains: {told}")).hint(if count == 0 {
        "create a domain first, or give the Region that it is in with --region"
    } else {
        "give the id of the one that shall show the template with --domain"
    }))
}

/// The location of the templates beside this one.
pub(crate) fn location(place: &S3Uri) -> String {
    let prefix = place.key.rfind('/').map_or("", |end| &place.key[..=end]);
    format!("s3://{}/{prefix}", place.bucket)
}

impl Found {
    /// Why the wanted cannot be reached from here.
    pub(crate) fn obstacles(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let tags = self.object.as_ref().map(|object| shown(&object.tags).len()).unwrap_or_default();
        if tags > MAX_TAGS {
            findings.push(
                Finding::error("the object in the template's place has no room for a tag")
                    .cause(format!("S3 takes {MAX_TAGS} tags on an object"))
                    .hint("remove one, or give another --template-prefix"),
            );
        }
        if cors::with_studio(&self.rules).is_some_and(|rules| rules.len() > MAX_RULES) {
            findings.push(
                Finding::error("the bucket has no room for a further CORS rule")
                    .cause(format!("S3 takes {MAX_RULES} rules on a bucket"))
                    .hint("remove one, or give another --template-bucket"),
            );
        }
        findings
    }

    /// What has to be done, and the plan that shows it.
    pub(crate) fn decide(&self, wanted: &Wanted<'_>) -> (Vec<Step>, Plan) {
        let (mut steps, mut plan) = (Vec::new(), Plan::default());
        let Wanted { place, digest } = wanted;
        let of = |digest: &str, tags: &[(String, String)]| {
            let tag = told_tag(tags).map(|tag| format!("{tag}\n")).unwrap_or_default();
            format!("sha256 {digest}\n{tag}")
        };
        let tags = shown(self.object.as_ref().map(|object| object.tags.as_slice()).unwrap_or_default());
        match &self.object {
            Some(object) if object.digest == *digest && is_visible(&object.tags) => {
                plan.kept.push(format!("template {place}, tagged for Studio"));
            }
            object => {
                let is_same = object.as_ref().is_some_and(|object| object.digest == *digest);
                plan.changes.push(Change {
                    subject: format!("template {place}"),
                    verb: if object.is_some() { Verb::Update } else { Verb::Create },
                    before: object.as_ref().map(|object| of(&object.digest, &object.tags)),
                    after: Some(of(digest, &tags)),
                    why: "Studio shows templates that have the tag".to_owned(),
                    undo: Some(match object {
                        Some(_) => "restore the object's version before".to_owned(),
                        None => format!("aws s3 rm {place}"),
                    }),
                });
                steps.push(if is_same { Step::Tag(tags) } else { Step::Put(tags) });
            }
        }
        self.decide_cors(place, &mut steps, &mut plan);
        self.decide_domain(&location(place), &mut steps, &mut plan);
        (steps, plan)
    }

    fn decide_cors(&self, place: &S3Uri, steps: &mut Vec<Step>, plan: &mut Plan) {
        let subject = format!("CORS rules of bucket {}", place.bucket);
        let Some(rules) = cors::with_studio(&self.rules) else { return plan.kept.push(subject) };
        plan.changes.push(Change {
            subject,
            verb: if self.rules.is_empty() { Verb::Create } else { Verb::Update },
            before: (!self.rules.is_empty()).then(|| cors::told(&self.rules)),
            after: Some(cors::told(&rules)),
            why: "Studio reads templates from the browser".to_owned(),
            undo: Some("remove the rule modeldeploy-studio".to_owned()),
        });
        steps.push(Step::PutCors(rules));
    }

    fn decide_domain(&self, location: &str, steps: &mut Vec<Step>, plan: &mut Plan) {
        let subject = format!("tag {LOCATION_TAG} of domain {} ({})", self.domain.id, self.domain.name);
        match self.location.as_deref() {
            Some(there) if there == location => return plan.kept.push(subject),
            Some(there) => plan.notes.push(
                Finding::warning(format!("Studio will no longer show the templates in {there}"))
                    .cause("a domain has one location of templates")
                    .hint("to keep them, give their bucket and prefix with --template-bucket and --template-prefix"),
            ),
            None => {}
        }
        plan.changes.push(Change {
            subject,
            verb: if self.location.is_some() { Verb::Update } else { Verb::Create },
            before: self.location.clone(),
            after: Some(location.to_owned()),
            why: "Studio looks for templates there".to_owned(),
            undo: Some(match &self.location {
                Some(before) => format!(
                    "aws sagemaker add-tags --resource-arn {} --tags Key={LOCATION_TAG},Value={before}",
                    self.domain.arn
                ),
                None => {
                    format!("aws sagemaker delete-tags --resource-arn {} --tag-keys {LOCATION_TAG}", self.domain.arn)
                }
            }),
        });
        steps.push(Step::TagDomain(location.to_owned()));
    }
}

/// The tags with the one for Studio.
fn shown(tags: &[(String, String)]) -> Vec<(String, String)> {
    let others = tags.iter().filter(|(key, _)| key != VISIBLE.0).cloned();
    others.chain([(VISIBLE.0.to_owned(), VISIBLE.1.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    fn domain(id: &str) -> Domain {
        Domain { id: id.to_owned(), name: format!("name-of-{id}"), arn: String::new() }
    }

    fn found() -> Found {
        Found { object: None, rules: Vec::new(), domain: domain("d-1"), location: None }
    }

    fn decide(found: &Found) -> (Vec<Step>, Plan) {
        let place = "s3://seeds/projects/deploy.yml".parse().expect("a place");
        let (steps, plan) = found.decide(&Wanted { place: &place, digest: "0f" });
        assert_eq!(steps.len(), plan.changes.len());
        (steps, plan)
    }

    #[test]
    fn a_template_is_put_with_its_tag_and_the_domain_told_where() {
        let (steps, plan) = decide(&found());
        let [Step::Put(tags), Step::PutCors(rules), Step::TagDomain(location)] = steps.as_slice() else {
            panic!("{steps:?}")
        };
        assert_eq!((tags.as_slice(), location.as_str()), (&[tag(VISIBLE.0, VISIBLE.1)][..], "s3://seeds/projects/"));
        let object = Some(Stored { digest: "0f".to_owned(), tags: tags.clone() });
        let done = Found { object, rules: rules.clone(), location: Some(location.clone()), ..found() };
        let (steps, again) = decide(&done);
        assert_eq!((steps, again.kept.len(), plan.kept.len()), (vec![], 3, 0));
    }

    #[test]
    fn only_what_is_missing_is_written_and_other_tags_stay() {
        let mut there = found();
        there.object = Some(Stored { digest: "0f".to_owned(), tags: vec![tag("team", "ml"), tag(VISIBLE.0, "false")] });
        there.location = Some("s3://seeds/projects/".to_owned());
        let (steps, plan) = decide(&there);
        assert_eq!(steps[0], Step::Tag(vec![tag("team", "ml"), tag(VISIBLE.0, VISIBLE.1)]));
        assert_eq!(plan.changes[0].before.as_deref(), Some("sha256 0f\nsagemaker:studio-visibility=false\n"));
        there.object = Some(Stored { digest: "other".to_owned(), tags: vec![] });
        assert!(matches!(decide(&there).0[0], Step::Put(_)));
    }

    #[test]
    fn another_location_is_replaced_as_said() {
        let (steps, plan) = decide(&Found { location: Some("s3://old/t/".to_owned()), ..found() });
        assert_eq!(steps.len(), 3);
        assert_eq!(plan.changes[2].before.as_deref(), Some("s3://old/t/"));
        assert_eq!(plan.notes.len(), 1);
    }

    #[test]
    fn what_has_no_room_is_said_before() {
        let mut full = found();
        full.object =
            Some(Stored { digest: String::new(), tags: (0..10).map(|number| tag(&number.to_string(), "")).collect() });
        full.rules = vec![CorsRule::default(); MAX_RULES];
        assert_eq!(full.obstacles().len(), 2);
        full.rules.pop();
        full.object = None;
        assert_eq!(full.obstacles(), []);
    }

    #[test]
    fn a_domain_is_named_where_there_are_several() {
        let both = || vec![domain("d-1"), domain("d-2")];
        let choose = |wanted: Option<&str>, domains| choose(wanted, domains, "us-east-1").map(|domain| domain.id);
        assert_eq!(choose(None, vec![domain("d-1")]), Ok("d-1".to_owned()));
        assert_eq!(choose(Some("d-2"), both()), Ok("d-2".to_owned()));
        assert_eq!(choose(Some("name-of-d-1"), both()), Ok("d-1".to_owned()));
        for (wanted, domains) in [(None, both()), (None, vec![]), (Some("d-3"), both())] {
            let finding = choose(wanted, domains).expect_err("none is meant");
            assert!(finding.cause.is_some() && finding.hint.is_some());
        }
    }
}
