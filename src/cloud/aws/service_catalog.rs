//! Service Catalog: portfolios, products, their versions and constraints, and who may use them.

use serde_json::{Value, json};

use super::api::Api;
use super::service::Service;
use crate::cloud::answer::{field, items, unless_missing};
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::domain::aws::arn::Arn;
use crate::domain::platform::catalog::VISIBLE;
use crate::domain::platform::catalog::constraint::{self, Constraint, Role};
use crate::domain::platform::catalog::principal::Principal;
use crate::domain::platform::catalog::product::{Listed, OWNER, Portfolio, Product, TYPE};
use crate::domain::platform::catalog::version::{self, Content, NewVersion, Version};

/// Keys and values.
type Tags = Vec<(String, String)>;

/// The longest pages that there are (botocore, `PageSizeMax100` and `PageSize`).
const PAGE: usize = 100;
const SHORT_PAGE: usize = 20;

/// The portfolios of this account.
pub(crate) async fn portfolios(api: &Api) -> CloudResult<Vec<Portfolio>> {
    let input = json!({"PageSize": PAGE});
    let all = api.list(Service::ServiceCatalog, "ListPortfolios", input, "PortfolioDetails").await?;
    Ok(all.iter().map(portfolio).collect())
}

/// The products of a portfolio, or of this account.
pub(crate) async fn products(api: &Api, portfolio: Option<&str>) -> CloudResult<Vec<Listed>> {
    let mut input = json!({"PageSize": SHORT_PAGE});
    if let Some(portfolio) = portfolio {
        input["PortfolioId"] = json!(portfolio);
    }
    let all = api.list(Service::ServiceCatalog, "SearchProductsAsAdmin", input, "ProductViewDetails").await?;
    Ok(all.iter().map(|one| &one["ProductViewSummary"]).map(listed).collect())
}

/// The portfolios that a product is in.
pub(crate) async fn portfolios_of(api: &Api, product: &str) -> CloudResult<Vec<Portfolio>> {
    let input = json!({"ProductId": product, "PageSize": PAGE});
    let all = api.list(Service::ServiceCatalog, "ListPortfoliosForProduct", input, "PortfolioDetails").await?;
    Ok(all.iter().map(portfolio).collect())
}

/// The product of that name or id, with its tags; `None` where there is none.
pub(crate) async fn tagged(api: &Api, name: &str) -> CloudResult<Option<(Listed, Tags)>> {
    let by = if name.starts_with("prod-") { json!({"Id": name}) } else { json!({"Name": name}) };
    let answer = unless_missing(call(api, "DescribeProductAsAdmin", by).await)?;
    Ok(answer.map(|answer| (listed(&answer["ProductViewDetail"]["ProductViewSummary"]), tags(&answer))))
}

/// A product with its versions, of which the latest is looked into.
pub(crate) async fn product(api: &Api, id: &str) -> CloudResult<Product> {
    let answer = call(api, "DescribeProductAsAdmin", json!({"Id": id})).await?;
    let view = &answer["ProductViewDetail"];
    let Listed { id, name } = listed(&view["ProductViewSummary"]);
    // This operation has no pages: it takes no token (botocore).
    let versions = call(api, "ListProvisioningArtifacts", json!({"ProductId": id})).await?;
    let versions: Vec<Version> = items(&versions["ProvisioningArtifactDetails"]).map(version).collect();
    let latest = match version::latest(&versions) {
        Some(latest) => Some(content(api, &id, &latest.id).await?),
        None => None,
    };
    Ok(Product {
        kind: field(&view["ProductViewSummary"], "Type"),
        state: field(view, "Status").as_str().into(),
        tags: tags(&answer),
        versions,
        latest,
        portfolios: portfolios_of(api, &id).await?,
        id,
        name,
    })
}

/// What a version is made of.
pub(crate) async fn content(api: &Api, product: &str, version: &str) -> CloudResult<Content> {
    let input = json!({"ProductId": product, "ProvisioningArtifactId": version});
    let answer = call(api, "DescribeProvisioningArtifact", input).await?;
    // botocore names only what goes in; the AWS CLI's example shows this coming out.
    let url = ["TemplateUrl", "LoadTemplateFromURL"].iter().find_map(|key| answer["Info"][key].as_str());
    Ok(Content { url: url.map(str::to_owned), state: field(&answer, "Status").as_str().into() })
}

/// The constraints on a product in a portfolio; of a launch constraint, with the role.
pub(crate) async fn constraints(api: &Api, portfolio: &str, product: &str) -> CloudResult<Vec<Constraint>> {
    let input = json!({"PortfolioId": portfolio, "ProductId": product, "PageSize": SHORT_PAGE});
    let all = api.list(Service::ServiceCatalog, "ListConstraintsForPortfolio", input, "ConstraintDetails").await?;
    let mut constraints = Vec::new();
    for one in &all {
        let (id, kind) = (field(one, "ConstraintId"), field(one, "Type"));
        let role = match kind.as_str() {
            constraint::LAUNCH => {
                let answer = call(api, "DescribeConstraint", json!({"Id": id})).await?;
                answer["ConstraintParameters"].as_str().and_then(Role::parse)
            }
            _ => None,
        };
        constraints.push(Constraint { id, kind, role });
    }
    Ok(constraints)
}

/// Who may use a portfolio's products.
pub(crate) async fn principals(api: &Api, portfolio: &str) -> CloudResult<Vec<Principal>> {
    let input = json!({"PortfolioId": portfolio, "PageSize": SHORT_PAGE});
    let all = api.list(Service::ServiceCatalog, "ListPrincipalsForPortfolio", input, "Principals").await?;
    Ok(all.iter().map(|one| Principal::listed(field(one, "PrincipalARN"), &field(one, "PrincipalType"))).collect())
}

pub(crate) async fn create_portfolio(api: &Api, name: &str, token: &str) -> CloudResult<String> {
    let input = json!({"DisplayName": name, "ProviderName": OWNER, "IdempotencyToken": token});
    let answer = call(api, "CreatePortfolio", input).await?;
    id(&answer["PortfolioDetail"]["Id"], "CreatePortfolio")
}

/// A product with its first version, tagged so that Studio shows it.
pub(crate) async fn create_product(api: &Api, name: &str, version: &NewVersion, token: &str) -> CloudResult<String> {
    let input = json!({
        "Name": name,
        "Owner": OWNER,
        "ProductType": TYPE,
        "Tags": [tag()],
        "ProvisioningArtifactParameters": properties(version),
        "IdempotencyToken": token,
    });
    let answer = call(api, "CreateProduct", input).await?;
    id(&answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"], "CreateProduct")
}

/// Tags a product so that Studio shows it; another value of the tag is replaced.
pub(crate) async fn show(api: &Api, product: &str) -> CloudResult<()> {
    call(api, "UpdateProduct", json!({"Id": product, "AddTags": [tag()]})).await.map(|_| ())
}

pub(crate) async fn add_version(api: &Api, product: &str, version: &NewVersion, token: &str) -> CloudResult<String> {
    let input = json!({"ProductId": product, "Parameters": properties(version), "IdempotencyToken": token});
    let answer = call(api, "CreateProvisioningArtifact", input).await?;
    id(&answer["ProvisioningArtifactDetail"]["Id"], "CreateProvisioningArtifact")
}

pub(crate) async fn associate(api: &Api, product: &str, portfolio: &str) -> CloudResult<()> {
    let input = json!({"ProductId": product, "PortfolioId": portfolio});
    call(api, "AssociateProductWithPortfolio", input).await.map(|_| ())
}

/// Lets the product be launched with the role.
pub(crate) async fn constrain(api: &Api, portfolio: &str, product: &str, role: &Arn, token: &str) -> CloudResult<()> {
    let input = json!({
        "PortfolioId": portfolio,
        "ProductId": product,
        "Type": constraint::LAUNCH,
        "Parameters": Role::Arn(role.to_string()).parameters(),
        "IdempotencyToken": token,
    });
    call(api, "CreateConstraint", input).await.map(|_| ())
}

/// Gives a launch constraint another role.
pub(crate) async fn reconstrain(api: &Api, constraint: &str, role: &Arn) -> CloudResult<()> {
    let input = json!({"Id": constraint, "Parameters": Role::Arn(role.to_string()).parameters()});
    call(api, "UpdateConstraint", input).await.map(|_| ())
}

pub(crate) async fn admit(api: &Api, portfolio: &str, principal: &Principal) -> CloudResult<()> {
    let input = json!({"PortfolioId": portfolio, "PrincipalARN": principal.arn(), "PrincipalType": principal.kind()});
    call(api, "AssociatePrincipalWithPortfolio", input).await.map(|_| ())
}

async fn call(api: &Api, operation: &'static str, input: Value) -> CloudResult<Value> {
    api.call(Service::ServiceCatalog, operation, input).await
}

fn tag() -> Value {
    json!({"Key": VISIBLE.0, "Value": VISIBLE.1})
}

fn properties(version: &NewVersion) -> Value {
    json!({
        "Name": version.name,
        "Description": version.description,
        "Type": TYPE,
        "Info": {"LoadTemplateFromURL": version.url},
    })
}

fn id(value: &Value, operation: &str) -> CloudResult<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        CloudError::new(
            ErrorKind::Other,
            format!("servicecatalog:{operation}"),
            "the answer names nothing that was made",
        )
    })
}

fn tags(answer: &Value) -> Tags {
    items(&answer["Tags"]).map(|tag| (field(tag, "Key"), field(tag, "Value"))).collect()
}

fn portfolio(value: &Value) -> Portfolio {
    Portfolio { id: field(value, "Id"), name: field(value, "DisplayName") }
}

fn listed(value: &Value) -> Listed {
    Listed { id: field(value, "ProductId"), name: field(value, "Name") }
}

fn version(value: &Value) -> Version {
    Version {
        id: field(value, "Id"),
        name: field(value, "Name"),
        description: field(value, "Description"),
        created: value["CreatedTime"].as_f64().unwrap_or_default(),
        // What is not said is so: both came later than the operation.
        is_offered: value["Active"] != false && value["Guidance"] != "DEPRECATED",
    }
}
