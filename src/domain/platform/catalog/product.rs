//! The project template as a product: what is there, what has to be done, and what it looks like when it is done.

mod decision;

use super::constraint::{self, Constraint};
use super::placement::StoredTemplate;
use super::principal::{MAX_PATTERNS, Principal};
use super::version::{self, Content, NewVersion, State, Version};
use crate::domain::aws::arn::Arn;
use crate::domain::finding::Finding;

/// The one type of product that SageMaker makes projects of.
pub(crate) const TYPE: &str = "CLOUD_FORMATION_TEMPLATE";
/// The owner of what is made here, as Service Catalog shows it.
pub(crate) const OWNER: &str = "modeldeploy";

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    /// A name, or an id of one that is there.
    pub portfolio: &'a str,
    pub product: &'a str,
    pub template: &'a StoredTemplate,
    pub launch_role: &'a Arn,
    pub principals: &'a [Principal],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Portfolio {
    pub id: String,
    pub name: String,
}

/// A product, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub id: String,
    pub name: String,
}

/// A product with what is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub state: State,
    pub tags: Vec<(String, String)>,
    pub versions: Vec<Version>,
    /// What the latest version is made of.
    pub latest: Option<Content>,
    /// Those that it is in.
    pub portfolios: Vec<Portfolio>,
}

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub portfolio: Option<Portfolio>,
    pub product: Option<Product>,
    /// On the product in the portfolio.
    pub constraints: Vec<Constraint>,
    /// Of the portfolio.
    pub principals: Vec<Principal>,
    /// Whether the template is where it is wanted.
    pub is_stored: bool,
}

/// One call that writes; each has its change in the plan, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Store,
    CreatePortfolio,
    CreateProduct(NewVersion),
    Show,
    AddVersion(NewVersion),
    Associate,
    Constrain,
    /// The constraint of that id gets the role.
    Reconstrain(String),
    Admit(Principal),
}

/// The one of these that is meant.
///
/// # Errors
/// Several have the name.
pub(crate) fn choose<'a, T>(
    noun: &str,
    wanted: &str,
    all: &'a [T],
    id_and_name: impl Fn(&T) -> (&str, &str),
) -> Result<Option<&'a T>, Finding> {
    if let Some(one) = all.iter().find(|one| id_and_name(one).0 == wanted) {
        return Ok(Some(one));
    }
    let named: Vec<&T> = all.iter().filter(|one| id_and_name(one).1 == wanted).collect();
    match named.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let ids: Vec<&str> = several.iter().map(|one| id_and_name(one).0).collect();
            Err(Finding::error(format!("{} {noun}s are named \"{wanted}\"", ids.len()))
                .cause(format!("they are {}", ids.join(", ")))
                .hint(format!("give the id with --{noun}")))
        }
    }
}

/// Ids of Service Catalog: a prefix and thirteen letters and digits.
fn is_id(name: &str, prefix: &str) -> bool {
    let fits =
        |rest: &str| rest.len() == 13 && rest.bytes().all(|any| any.is_ascii_lowercase() || any.is_ascii_digit());
    name.strip_prefix(prefix).is_some_and(fits)
}

impl Found {
    /// Why the wanted cannot be reached from here.
    pub(crate) fn obstacles(&self, wanted: &Wanted<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let asked = [
            ("portfolio", wanted.portfolio, "port-", self.portfolio.is_some()),
            ("product", wanted.product, "prod-", self.product.is_some()),
        ];
        for (noun, name, prefix, is_there) in asked {
            if !is_there && is_id(name, prefix) {
                let finding = Finding::error(format!("no {noun} {name} is in this account and Region"));
                findings.push(finding.hint(format!("check the id, or give the {noun}'s name")));
            }
        }
        if let Some(product) = &self.product {
            if product.kind != TYPE {
                findings.push(
                    Finding::error(format!("product {} is of type {}", product.told(), product.kind))
                        .hint(format!("SageMaker makes projects of type {TYPE}: give another --product")),
                );
            }
            if product.state == State::Failed {
                findings.push(
                    Finding::error(format!("product {} is in status FAILED", product.told()))
                        .hint("delete it in Service Catalog, then run this again"),
                );
            }
        }
        if let Some(other) = self.constraints.iter().find(|one| one.kind == constraint::STACK_SET) {
            findings.push(
                Finding::error(format!("the product has a stack set constraint ({})", other.id))
                    .cause("Service Catalog takes no launch constraint beside it")
                    .hint("remove it in Service Catalog, or give another --product"),
            );
        }
        let new = wanted.principals.iter().filter(|one| !self.principals.contains(one));
        let patterns = self.principals.iter().chain(new).filter(|one| one.is_pattern()).count();
        if patterns > MAX_PATTERNS {
            findings.push(
                Finding::error(format!("the portfolio would have {patterns} patterns of principals"))
                    .cause(format!("Service Catalog takes {MAX_PATTERNS}"))
                    .hint("name roles by their whole ARN, or use fewer, wider patterns"),
            );
        }
        findings
    }
}

impl Product {
    fn told(&self) -> String {
        format!("\"{}\" ({})", self.name, self.id)
    }

    /// The latest version, if it is the template.
    pub(crate) fn holding(&self, template: &StoredTemplate) -> Option<&Version> {
        let latest = version::latest(&self.versions)?;
        latest.holds(self.latest.as_ref()?, &template.digest).then_some(latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::platform::catalog::VISIBLE;
    use crate::domain::platform::catalog::constraint::Role;

    const DIGEST: &str = "0123456789abcdef";

    pub(super) fn template() -> StoredTemplate {
        StoredTemplate::new("seeds", "t", DIGEST, "us-east-1")
    }

    pub(super) fn role() -> Arn {
        "arn:aws:iam::111122223333:role/service-role/Launch".parse().expect("an ARN")
    }

    pub(super) fn studio() -> Principal {
        "arn:aws:iam::111122223333:role/Studio".parse().expect("a principal")
    }

    pub(super) fn ours() -> Portfolio {
        Portfolio { id: "port-1".to_owned(), name: "Templates".to_owned() }
    }

    /// All as it should be.
    pub(super) fn done() -> Found {
        let version = Version {
            id: "pa-1".to_owned(),
            name: "v1".to_owned(),
            description: String::new(),
            created: 1.0,
            is_offered: true,
        };
        Found {
            portfolio: Some(ours()),
            product: Some(Product {
                id: "prod-1".to_owned(),
                name: "Deployment".to_owned(),
                kind: TYPE.to_owned(),
                state: State::Available,
                tags: vec![(VISIBLE.0.to_owned(), VISIBLE.1.to_owned())],
                versions: vec![version],
                latest: Some(Content { url: Some(template().url), state: State::Available }),
                portfolios: vec![ours()],
            }),
            constraints: vec![Constraint {
                id: "cons-1".to_owned(),
                kind: constraint::LAUNCH.to_owned(),
                role: Some(Role::Arn(role().to_string())),
            }],
            principals: vec![studio()],
            is_stored: true,
        }
    }

    #[test]
    fn everything_in_the_way_is_found_at_once() {
        let mut found = done();
        let product = found.product.as_mut().expect("a product");
        product.kind = "EXTERNAL".to_owned();
        product.state = State::Failed;
        found.constraints[0].kind = constraint::STACK_SET.to_owned();
        let pattern = |number: usize| format!("arn:aws:iam:::role/{number}*").parse::<Principal>().expect("a pattern");
        found.principals = (0..MAX_PATTERNS).map(pattern).collect();
        let (template, role, principals) = (template(), role(), [pattern(0), pattern(MAX_PATTERNS)]);
        let mut wanted =
            Wanted { portfolio: "a", product: "b", template: &template, launch_role: &role, principals: &principals };
        assert_eq!(found.obstacles(&wanted).len(), 4);
        wanted.principals = &principals[..1];
        assert_eq!(found.obstacles(&wanted).len(), 3);
        (wanted.portfolio, wanted.product) = ("port-abcdefghijkl1", "prod-abcdefghijkl1");
        assert_eq!(Found::default().obstacles(&wanted).len(), 2);
        (wanted.portfolio, wanted.product) = ("port-abcdefghijkl", "prod-Abcdefghijkl1");
        assert_eq!(Found::default().obstacles(&wanted).len(), 0);
    }

    #[test]
    fn a_name_is_taken_only_if_one_has_it_and_an_id_always() {
        let all = [
            ours(),
            Portfolio { id: "port-2".to_owned(), ..ours() },
            Portfolio { id: "port-3".to_owned(), name: "x".to_owned() },
        ];
        let choose = |wanted: &str| {
            choose("portfolio", wanted, &all, |one| (&one.id, &one.name)).map(|one| one.map(|one| one.id.as_str()))
        };
        assert_eq!(choose("x"), Ok(Some("port-3")));
        assert_eq!(choose("port-2"), Ok(Some("port-2")));
        assert_eq!(choose("y"), Ok(None));
        assert_eq!(choose("Templates").expect_err("two").cause.as_deref(), Some("they are port-1, port-2"));
    }
}
