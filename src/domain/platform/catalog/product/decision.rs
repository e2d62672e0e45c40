//! The steps from what is there to what is wanted, each with the change that a plan shows.

use super::{Found, OWNER, Step, Wanted};
use crate::domain::finding::Finding;
use crate::domain::platform::catalog::constraint;
use crate::domain::platform::catalog::placement::StoredTemplate;
use crate::domain::platform::catalog::version::{self, NewVersion, Version};
use crate::domain::platform::catalog::{VISIBLE, is_visible, told_tag};
use crate::domain::platform::change::{Change, Plan, Verb};

impl Found {
    /// What has to be done, and the plan that shows it.
    pub(crate) fn decide(&self, wanted: &Wanted<'_>) -> (Vec<Step>, Plan) {
        let mut work = Work { found: self, wanted, steps: Vec::new(), plan: Plan::default() };
        work.store();
        work.portfolio();
        work.product();
        work.association();
        work.constraint();
        work.principals();
        (work.steps, work.plan)
    }
}

struct Work<'a> {
    found: &'a Found,
    wanted: &'a Wanted<'a>,
    steps: Vec<Step>,
    plan: Plan,
}

impl Work<'_> {
    fn does(&mut self, step: Step, change: Change) {
        self.steps.push(step);
        self.plan.changes.push(change);
    }

    fn keeps(&mut self, what: String) {
        self.plan.kept.push(what);
    }

    fn store(&mut self) {
        let StoredTemplate { place, digest, .. } = self.wanted.template;
        if self.found.is_stored {
            return self.keeps(format!("template {place}"));
        }
        let why = "Service Catalog loads a version's template from S3";
        let change =
            create(format!("template {place}"), format!("sha256 {digest}"), why, &format!("aws s3 rm {place}"));
        self.does(Step::Store, change);
    }

    fn portfolio(&mut self) {
        if let Some(portfolio) = &self.found.portfolio {
            return self.keeps(format!("portfolio \"{}\" ({})", portfolio.name, portfolio.id));
        }
        let name = self.wanted.portfolio;
        let why = "a product is offered by a portfolio";
        let change = create(format!("portfolio \"{name}\""), format!("owner {OWNER}"), why, "delete the portfolio");
        self.does(Step::CreatePortfolio, change);
    }

    fn product(&mut self) {
        let template = self.wanted.template;
        let new = |versions: &[Version]| NewVersion::new(versions, &template.digest, &template.place, &template.url);
        let Some(product) = &self.found.product else {
            let version = new(&[]);
            let after = format!("{}={}\nversion {}\ntemplate {}\n", VISIBLE.0, VISIBLE.1, version.name, version.url);
            let subject = format!("product \"{}\"", self.wanted.product);
            let change = create(subject, after, "projects are made from it", "delete the product");
            return self.does(Step::CreateProduct(version), change);
        };
        if is_visible(&product.tags) {
            self.keeps(format!("product {}, tagged for Studio", product.told()));
        } else {
            let change = Change {
                subject: format!("tag of product {}", product.told()),
                verb: Verb::Update,
                before: told_tag(&product.tags),
                after: Some(format!("{}={}", VISIBLE.0, VISIBLE.1)),
                why: "Studio shows only products that have it".to_owned(),
                undo: Some(match told_tag(&product.tags) {
                    Some(_) => "give the tag its value again".to_owned(),
                    None => {
                        format!("aws servicecatalog update-product --id {} --remove-tags {}", product.id, VISIBLE.0)
                    }
                }),
            };
            self.does(Step::Show, change);
        }
        if let Some(version) = product.holding(template) {
            return self.keeps(format!("version {} ({}) is this template", version.name, version.id));
        }
        let version = new(&product.versions);
        let before = version::latest(&product.versions).map(|latest| {
            let url = product.latest.as_ref().and_then(|content| content.url.as_deref());
            format!("version {}\ntemplate {}\n", latest.name, url.unwrap_or("of an unknown place"))
        });
        let change = Change {
            subject: format!("latest version of product {}", product.told()),
            verb: Verb::Update,
            before,
            after: Some(format!("version {}\ntemplate {}\n", version.name, version.url)),
            why: "new projects get the latest version; those that are there keep theirs until they are updated"
                .to_owned(),
            undo: Some("deactivate the version".to_owned()),
        };
        self.does(Step::AddVersion(version), change);
    }

    fn association(&mut self) {
        let portfolios = self.found.product.as_ref().map(|product| product.portfolios.as_slice()).unwrap_or_default();
        let (ours, others): (Vec<_>, Vec<_>) =
            portfolios.iter().partition(|one| self.found.portfolio.as_ref().is_some_and(|ours| ours.id == one.id));
        if !others.is_empty() {
            let names: Vec<String> = others.iter().map(|one| format!("\"{}\" ({})", one.name, one.id)).collect();
            self.plan.notes.push(
                Finding::warning(format!("the product is in other portfolios, too: {}", names.join(", ")))
                    .cause(
                        "who may use it by several portfolios has several launch paths, and Studio names none of them",
                    )
                    .hint("let each user have it by one portfolio"),
            );
        }
        if !ours.is_empty() {
            return self.keeps("the product is in the portfolio".to_owned());
        }
        let after = format!("\"{}\" in \"{}\"", self.wanted.product, self.wanted.portfolio);
        let why = "a product is offered by a portfolio";
        let change = create("product in portfolio".to_owned(), after, why, "remove the product from the portfolio");
        self.does(Step::Associate, change);
    }

    fn constraint(&mut self) {
        let role = self.wanted.launch_role;
        let why = "projects are made with this role, not with their users' own rights";
        let Some(there) = self.found.constraints.iter().find(|one| one.kind == constraint::LAUNCH) else {
            let change = create("launch constraint".to_owned(), role.to_string(), why, "delete the constraint");
            return self.does(Step::Constrain, change);
        };
        if there.role.as_ref().is_some_and(|other| other.is(role)) {
            return self.keeps(format!("launch constraint {} with {role}", there.id));
        }
        let before = there.role.as_ref().map(|other| other.name().to_owned());
        let change = Change {
            subject: format!("launch constraint {}", there.id),
            verb: Verb::Update,
            undo: there.role.as_ref().map(|other| {
                format!("aws servicecatalog update-constraint --id {} --parameters '{}'", there.id, other.parameters())
            }),
            before,
            after: Some(role.to_string()),
            why: why.to_owned(),
        };
        self.does(Step::Reconstrain(there.id.clone()), change);
    }

    fn principals(&mut self) {
        for principal in self.wanted.principals {
            if self.found.principals.contains(principal) {
                self.keeps(format!("principal {principal}"));
                continue;
            }
            let why = "a portfolio's principals see its products";
            let undo = "remove the principal from the portfolio";
            let change = create("principal of the portfolio".to_owned(), principal.to_string(), why, undo);
            self.does(Step::Admit(principal.clone()), change);
        }
        let others = self.found.principals.iter().filter(|one| !self.wanted.principals.contains(one)).count();
        if others > 0 {
            self.keeps(format!("{others} other principal{}", if others == 1 { "" } else { "s" }));
        }
        if others == 0 && self.wanted.principals.is_empty() {
            self.plan.notes.push(
                Finding::warning("nobody sees the product: the portfolio has no principal")
                    .hint("give the execution roles of Studio's users with --principal"),
            );
        }
    }
}

fn create(subject: String, after: String, why: &str, undo: &str) -> Change {
    Change {
        subject,
        verb: Verb::Create,
        before: None,
        after: Some(after),
        why: why.to_owned(),
        undo: Some(undo.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Portfolio;
    use super::super::tests::{done, role, studio, template};
    use super::*;
    use crate::domain::platform::catalog::constraint::Role;
    use crate::domain::platform::catalog::version::{Content, State};

    fn decide(found: &Found) -> (Vec<Step>, Plan) {
        let (template, role, principals) = (template(), role(), [studio()]);
        let wanted = Wanted {
            portfolio: "Templates",
            product: "Deployment",
            template: &template,
            launch_role: &role,
            principals: &principals,
        };
        assert_eq!(found.obstacles(&wanted), []);
        let (steps, plan) = found.decide(&wanted);
        assert_eq!(steps.len(), plan.changes.len());
        (steps, plan)
    }

    #[test]
    fn nothing_is_done_where_all_is_as_it_should_be() {
        let (steps, plan) = decide(&done());
        assert_eq!((steps, plan.notes), (vec![], vec![]));
        assert_eq!(plan.kept.len(), 7, "{:?}", plan.kept);
    }

    #[test]
    fn from_nothing_everything_is_made_in_the_order_in_which_it_builds_on_the_rest() {
        let (steps, plan) = decide(&Found::default());
        assert!(matches!(
            steps.as_slice(),
            [
                Step::Store,
                Step::CreatePortfolio,
                Step::CreateProduct(_),
                Step::Associate,
                Step::Constrain,
                Step::Admit(_)
            ]
        ));
        assert!(plan.kept.is_empty() && plan.notes.is_empty());
        assert!(plan.changes.iter().all(|change| change.undo.is_some() && change.before.is_none()));
    }

    #[test]
    fn a_template_that_is_not_the_latest_version_becomes_one() {
        let mut found = done();
        let product = found.product.as_mut().expect("a product");
        product.versions.push(Version {
            id: "pa-2".to_owned(),
            name: "by hand".to_owned(),
            created: 2.0,
            ..product.versions[0].clone()
        });
        product.latest = Some(Content { url: Some("https://x/other.yml".to_owned()), state: State::Available });
        let (steps, plan) = decide(&found);
        let [Step::AddVersion(version)] = steps.as_slice() else { panic!("{steps:?}") };
        assert_eq!((version.name.as_str(), version.after.as_str()), ("v3-01234567", "pa-2"));
        assert_eq!(plan.changes[0].before.as_deref(), Some("version by hand\ntemplate https://x/other.yml\n"));
    }

    #[test]
    fn what_is_missing_or_other_on_a_product_of_somebody_else_is_added() {
        let mut found = done();
        found.constraints[0].role = Some(Role::Local("Other".to_owned()));
        found.principals.clear();
        let product = found.product.as_mut().expect("a product");
        product.tags = vec![(VISIBLE.0.to_owned(), "false".to_owned())];
        product.portfolios.clear();
        let (steps, plan) = decide(&found);
        let constraint = Step::Reconstrain("cons-1".to_owned());
        assert_eq!(steps, [Step::Show, Step::Associate, constraint, Step::Admit(studio())]);
        let before: Vec<Option<&str>> = plan.changes.iter().map(|change| change.before.as_deref()).collect();
        assert_eq!(before, [Some("sagemaker:studio-visibility=false"), None, Some("Other"), None]);
    }

    #[test]
    fn what_users_would_stumble_over_is_noted() {
        let mut found = done();
        let other = Portfolio { id: "port-2".to_owned(), name: "Old".to_owned() };
        found.product.as_mut().expect("a product").portfolios.push(other);
        let (template, role) = (template(), role());
        let wanted = Wanted {
            portfolio: "Templates",
            product: "Deployment",
            template: &template,
            launch_role: &role,
            principals: &[],
        };
        assert_eq!(found.decide(&wanted).1.notes.len(), 1);
        found.principals.clear();
        let notes: Vec<String> = found.decide(&wanted).1.notes.iter().map(ToString::to_string).collect();
        assert!(notes[0].ends_with("\"Old\" (port-2)") && notes[1].starts_with("nobody sees"), "{notes:?}");
    }
}
