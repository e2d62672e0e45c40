//! The product in Service Catalog: visible in Studio, launched with a role, open to somebody.

use super::check::Check;
use super::facts::{Facts, Product};
use super::subject::Subject;
use super::unseen::Seen;
use super::verdict::{Fix, Verdict};
use crate::domain::iam::role_name;
use crate::domain::platform::catalog::{VISIBLE, is_visible};

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let name = subject.product.as_deref().unwrap_or_default();
    match &facts.product {
        Ok(Some(product)) => of_product(subject, product),
        Ok(None) => vec![Verdict::fail(Check::Product, "", format!("there is no product {name}")).fixed_by(
            Fix::new("import the project template (docs/platform.md)").command("modeldeploy catalog import"),
        )],
        Err(unseen) => vec![Verdict::unseen(Check::Product, "", unseen)],
    }
}

fn of_product(subject: &Subject, product: &Product) -> Vec<Verdict> {
    let Product { id, name, tags, portfolios, launch_roles, principals } = product;
    let there = if portfolios.is_empty() {
        Verdict::fail(Check::Product, "", format!("{name} ({id}) is in no portfolio, so that nobody can launch it"))
            .fixed_by(Fix::new("put it into a portfolio").command(format!(
                "aws servicecatalog associate-product-with-portfolio --product-id {id} --portfolio-id PORTFOLIO"
            )))
    } else {
        Verdict::ok(Check::Product, "", format!("{name} ({id}) is in {}", portfolios.join(", ")))
    };
    let (key, value) = VISIBLE;
    let visibility = if is_visible(tags) {
        Verdict::ok(Check::Visibility, "", format!("has tag {key}={value}"))
    } else {
        Verdict::fail(Check::Visibility, "", format!("lacks tag {key}={value}: Studio does not show it")).fixed_by(
            Fix::new("add the tag to the product")
                .command(format!("aws servicecatalog update-product --id {id} --add-tags Key={key},Value={value}")),
        )
    };
    let portfolio = portfolios.first().map_or("PORTFOLIO", String::as_str);
    vec![there, visibility, constraint(subject, id, portfolio, launch_roles), principal(portfolio, principals)]
}

fn constraint(subject: &Subject, id: &str, portfolio: &str, roles: &Seen<Vec<String>>) -> Verdict {
    const CHECK: Check = Check::LaunchConstraint;
    let roles = match roles {
        Ok(roles) => roles,
        Err(unseen) => return Verdict::unseen(CHECK, "", unseen),
    };
    let wanted = &subject.launch_role;
    let Some(role) = roles.first() else {
        let parameters = format!("{{\"LocalRoleName\":\"{wanted}\"}}");
        return Verdict::fail(
            CHECK,
            "",
            "has no launch constraint: whoever starts a project would need all its rights",
        )
        .fixed_by(Fix::new("launch it with a role").command(format!(
            "aws servicecatalog create-constraint --type LAUNCH --product-id {id} --portfolio-id {portfolio} \
             --parameters '{parameters}'"
        )));
    };
    if role_name(role) == wanted {
        Verdict::ok(CHECK, "", format!("is launched with {role}"))
    } else {
        Verdict::warn(CHECK, "", format!("is launched with {role}, and {wanted} was looked at"))
            .fixed_by(Fix::new("look at that role").command(format!("modeldeploy doctor --launch-role {role}")))
    }
}

fn principal(portfolio: &str, principals: &Seen<Vec<String>>) -> Verdict {
    const CHECK: Check = Check::Principal;
    match principals {
        Ok(principals) if principals.is_empty() => {
            Verdict::fail(CHECK, "", "its portfolio is open to nobody: Studio shows it to nobody").fixed_by(
                Fix::new("let the domain's execution role in").command(format!(
                    "aws servicecatalog associate-principal-with-portfolio --portfolio-id {portfolio} \
                     --principal-type IAM --principal-arn ROLE"
                )),
            )
        }
        Ok(principals) => Verdict::ok(CHECK, "", format!("its portfolio is open to {}", principals.join(", "))),
        Err(unseen) => Verdict::unseen(CHECK, "", unseen),
    }
}
