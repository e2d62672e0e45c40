//! Service Catalog: a product with its tags, portfolios, launch constraints and principals.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::answer::{field, items};
use super::{Api, Service};
use crate::cloud::CloudResult;

/// A product and the portfolios that it is in.
#[derive(Clone, Debug)]
pub struct FoundProduct {
    pub id: String,
    pub name: String,
    pub tags: Vec<(String, String)>,
    pub portfolios: Vec<String>,
}

/// The product of that name or id; `None` where there is none.
///
/// # Errors
/// A call failed.
pub async fn of_name(api: &Api, name: &str) -> CloudResult<Option<FoundProduct>> {
    let by = if name.starts_with("prod-") { json!({"Id": name}) } else { json!({"Name": name}) };
    let answer = match api.call(Service::ServiceCatalog, "DescribeProductAsAdmin", by).await {
        Err(error) if error.code.as_deref() == Some("ResourceNotFoundException") => return Ok(None),
        answer => answer?,
    };
    let summary = &answer["ProductViewDetail"]["ProductViewSummary"];
    let id = field(summary, "ProductId");
    let input = json!({"ProductId": id});
    let portfolios = api.list(Service::ServiceCatalog, "ListPortfoliosForProduct", input, "PortfolioDetails").await?;
    Ok(Some(FoundProduct {
        name: field(summary, "Name"),
        tags: items(&answer["Tags"]).map(|tag| (field(tag, "Key"), field(tag, "Value"))).collect(),
        portfolios: portfolios.iter().map(|portfolio| field(portfolio, "Id")).collect(),
        id,
    }))
}

/// The roles of the product's launch constraints, by ARN or name, in these portfolios.
///
/// # Errors
/// A call failed.
pub async fn launch_roles(api: &Api, product: &FoundProduct) -> CloudResult<Vec<String>> {
    let lists = try_join_all(product.portfolios.iter().map(|portfolio| {
        let input = json!({"PortfolioId": portfolio, "ProductId": product.id});
        api.list(Service::ServiceCatalog, "ListConstraintsForPortfolio", input, "ConstraintDetails")
    }))
    .await?;
    let launches: Vec<String> = lists
        .iter()
        .flatten()
        .filter(|constraint| constraint["Type"] == "LAUNCH")
        .map(|constraint| field(constraint, "ConstraintId"))
        .collect();
    // The list does not hold the parameters.
    let described = try_join_all(
        launches.iter().map(|id| api.call(Service::ServiceCatalog, "DescribeConstraint", json!({"Id": id}))),
    )
    .await?;
    let role = |answer: &Value| {
        let parameters: Value = serde_json::from_str(answer["ConstraintParameters"].as_str()?).ok()?;
        let role = parameters["RoleArn"].as_str().or(parameters["LocalRoleName"].as_str())?;
        Some(role.to_owned())
    };
    Ok(described.iter().filter_map(role).collect())
}

/// Whoever may launch from these portfolios.
///
/// # Errors
/// A call failed.
pub async fn principals(api: &Api, portfolios: &[String]) -> CloudResult<Vec<String>> {
    let lists = try_join_all(portfolios.iter().map(|portfolio| {
        api.list(Service::ServiceCatalog, "ListPrincipalsForPortfolio", json!({"PortfolioId": portfolio}), "Principals")
    }))
    .await?;
    Ok(lists.iter().flatten().map(|principal| field(principal, "PrincipalARN")).collect())
}
