//! Service Catalog, of which moto 5.2.1 has five operations and no versions, constraints or principals.
//!
//! It keeps what is written, and refuses what botocore's model of the service refuses: unknown ids, a second launch
//! constraint, a product that is not in the portfolio, patterns with an account. An idempotency token answers what it
//! answered; with other contents it is refused. Lists come in pages of two, so that every caller has to turn them.
//! Unverified on AWS: the words of messages, and that a token is refused with other contents.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::answer::RawAnswer;
use super::call::{Call, Protocol};

const PAGE: usize = 2;

/// Everything that was written.
#[derive(Debug, Default)]
pub(super) struct ServiceCatalog(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    portfolios: Vec<Value>,
    products: Vec<Product>,
    /// Product and portfolio.
    associations: Vec<(String, String)>,
    constraints: Vec<Value>,
    /// Portfolio and principal.
    principals: Vec<(String, Value)>,
    /// Request and answer by operation and token.
    tokens: BTreeMap<(String, String), (Value, Value)>,
    made: usize,
    /// How often a new product or version is still being created when it is asked for.
    slow: usize,
}

#[derive(Debug)]
struct Product {
    id: String,
    fields: Value,
    tags: BTreeMap<String, String>,
    versions: Vec<Version>,
    waits: usize,
}

#[derive(Debug)]
struct Version {
    detail: Value,
    url: String,
    waits: usize,
}

type Answer = Result<Value, (&'static str, String)>;

fn invalid(message: impl Into<String>) -> (&'static str, String) {
    ("InvalidParametersException", message.into())
}

fn missing(what: &str, id: &str) -> (&'static str, String) {
    ("ResourceNotFoundException", format!("{what} {id} not found."))
}

impl ServiceCatalog {
    /// The answer to a call of Service Catalog, `None` to any other.
    pub(super) fn answer(&self, call: &Call) -> Option<RawAnswer> {
        let operation = call.action.strip_prefix("servicecatalog:")?;
        let answer = self.0.lock().expect("not poisoned").answer(operation, &call.json());
        Some(match answer {
            Ok(answer) => RawAnswer::json(200, &answer),
            Err((code, message)) => RawAnswer::error(Protocol::Json, 400, code, &message),
        })
    }

    /// A call of the test's own.
    pub(super) fn call(&self, operation: &str, request: &Value) -> Value {
        self.0.lock().expect("not poisoned").answer(operation, request).expect("the test's own call is good")
    }

    pub(super) fn is_slow(&self, times: usize) {
        self.0.lock().expect("not poisoned").slow = times;
    }

    /// All that is there, in the order of its making, without tokens.
    pub(super) fn everything(&self) -> Value {
        let contents = self.0.lock().expect("not poisoned");
        let products = contents.products.iter().map(|product| {
            let versions = product.versions.iter().map(|one| json!({"detail": one.detail, "url": one.url}));
            json!({"id": product.id, "fields": product.fields, "tags": product.tags,
                   "versions": versions.collect::<Vec<_>>()})
        });
        json!({
            "portfolios": contents.portfolios,
            "products": products.collect::<Vec<_>>(),
            "associations": contents.associations,
            "constraints": contents.constraints,
            "principals": contents.principals,
        })
    }
}

impl Contents {
    fn answer(&mut self, operation: &str, request: &Value) -> Answer {
        let Some(token) = request["IdempotencyToken"].as_str() else { return self.act(operation, request) };
        let known = regex::Regex::new("^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$").expect("valid");
        if !known.is_match(token) {
            return Err(invalid("IdempotencyToken"));
        }
        let key = (operation.to_owned(), token.to_owned());
        match self.tokens.get(&key) {
            Some((before, answer)) if before == request => Ok(answer.clone()),
            Some(_) => Err(invalid("the idempotency token was used with other parameters")),
            None => {
                let answer = self.act(operation, request)?;
                self.tokens.insert(key, (request.clone(), answer.clone()));
                Ok(answer)
            }
        }
    }

    fn act(&mut self, operation: &str, request: &Value) -> Answer {
        match operation {
            "ListPortfolios" => page(request, "PortfolioDetails", self.portfolios.clone()),
            "CreatePortfolio" => self.create_portfolio(request),
            "SearchProductsAsAdmin" => self.search(request),
            "DescribeProductAsAdmin" => self.describe_product(request),
            "CreateProduct" => self.create_product(request),
            "UpdateProduct" => self.update_product(request),
            "ListProvisioningArtifacts" => {
                let versions = &self.product(request, "ProductId")?.versions;
                Ok(json!({"ProvisioningArtifactDetails": versions.iter().map(|one| &one.detail).collect::<Vec<_>>()}))
            }
            "DescribeProvisioningArtifact" => self.describe_version(request),
            "CreateProvisioningArtifact" => self.create_version(request),
            "AssociateProductWithPortfolio" => self.associate(request),
            "ListPortfoliosForProduct" => {
                let id = self.product(request, "ProductId")?.id.clone();
                let has = |one: &&Value| self.is_associated(&id, one["Id"].as_str().unwrap_or_default());
                page(request, "PortfolioDetails", self.portfolios.iter().filter(has).cloned().collect())
            }
            "ListConstraintsForPortfolio" => {
                let portfolio = self.portfolio(request, "PortfolioId")?;
                let of = |one: &&Value| {
                    one["PortfolioId"] == portfolio
                        && (one["ProductId"] == request["ProductId"] || request["ProductId"].is_null())
                };
                page(request, "ConstraintDetails", self.constraints.iter().filter(of).map(public).collect())
            }
            "DescribeConstraint" => {
                let constraint = self.constraint(request)?;
                Ok(json!({"ConstraintDetail": public(constraint), "ConstraintParameters": constraint["Parameters"],
                          "Status": "AVAILABLE"}))
            }
            "CreateConstraint" => self.create_constraint(request),
            "UpdateConstraint" => {
                let id = self.constraint(request)?["ConstraintId"].clone();
                let constraint = self.constraints.iter_mut().find(|one| one["ConstraintId"] == id).expect("found");
                constraint["Parameters"] = request["Parameters"].clone();
                Ok(json!({"ConstraintDetail": public(constraint), "Status": "AVAILABLE"}))
            }
            "ListPrincipalsForPortfolio" => {
                let portfolio = self.portfolio(request, "PortfolioId")?;
                let principals = self.principals.iter().filter(|(of, _)| *of == portfolio);
                page(request, "Principals", principals.map(|(_, one)| one.clone()).collect())
            }
            "AssociatePrincipalWithPortfolio" => self.associate_principal(request),
            other => Err(("UnknownOperationException", other.to_owned())),
        }
    }

    /// An id, and the seconds at which it was made: nothing is made in the same one.
    fn make(&mut self, prefix: &str) -> (String, f64) {
        self.made += 1;
        let seconds = u32::try_from(self.made).expect("few");
        (format!("{prefix}-{:013}", self.made), 1_700_000_000.0 + f64::from(seconds))
    }

    fn portfolio(&self, request: &Value, key: &str) -> Result<String, (&'static str, String)> {
        let id = request[key].as_str().ok_or_else(|| invalid(key))?;
        let there = self.portfolios.iter().any(|one| one["Id"] == id);
        there.then(|| id.to_owned()).ok_or_else(|| missing("Portfolio", id))
    }

    fn product(&mut self, request: &Value, key: &str) -> Result<&mut Product, (&'static str, String)> {
        let id = request[key].as_str().ok_or_else(|| invalid(key))?;
        self.products.iter_mut().find(|one| one.id == id).ok_or_else(|| missing("Product", id))
    }

    fn constraint(&self, request: &Value) -> Result<&Value, (&'static str, String)> {
        let id = request["Id"].as_str().ok_or_else(|| invalid("Id"))?;
        self.constraints.iter().find(|one| one["ConstraintId"] == id).ok_or_else(|| missing("Constraint", id))
    }

    fn is_associated(&self, product: &str, portfolio: &str) -> bool {
        self.associations.iter().any(|(one, other)| one == product && other == portfolio)
    }

    fn create_portfolio(&mut self, request: &Value) -> Answer {
        let name = request["DisplayName"].as_str().filter(|name| (1..=100).contains(&name.len()));
        let name = name.ok_or_else(|| invalid("DisplayName"))?;
        let provider = request["ProviderName"].as_str().filter(|name| (1..=50).contains(&name.len()));
        let (id, created) = self.make("port");
        let detail = json!({"Id": id, "ARN": format!("arn:aws:catalog:us-east-1:111122223333:portfolio/{id}"),
            "DisplayName": name, "ProviderName": provider.ok_or_else(|| invalid("ProviderName"))?,
            "CreatedTime": created});
        self.portfolios.push(detail.clone());
        Ok(json!({"PortfolioDetail": detail, "Tags": []}))
    }

    fn search(&mut self, request: &Value) -> Answer {
        if request["PageSize"].as_u64().is_some_and(|size| size > 20) {
            return Err(invalid("PageSize"));
        }
        let portfolio = match &request["PortfolioId"] {
            Value::Null => None,
            _ => Some(self.portfolio(request, "PortfolioId")?),
        };
        let inside = |one: &&Product| portfolio.as_ref().is_none_or(|portfolio| self.is_associated(&one.id, portfolio));
        page(request, "ProductViewDetails", self.products.iter().filter(inside).map(Product::view).collect())
    }

    fn describe_product(&mut self, request: &Value) -> Answer {
        let product = self.product(request, "Id")?;
        let view = product.view();
        product.waits = product.waits.saturating_sub(1);
        let tags = product.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
        Ok(json!({"ProductViewDetail": view, "Tags": tags.collect::<Vec<_>>(), "ProvisioningArtifactSummaries": []}))
    }

    fn create_product(&mut self, request: &Value) -> Answer {
        let field = |key: &str| request[key].as_str().filter(|text| !text.is_empty()).ok_or_else(|| invalid(key));
        let fields = json!({"Name": field("Name")?, "Owner": field("Owner")?, "Type": field("ProductType")?});
        let version = self.version(&request["ProvisioningArtifactParameters"])?;
        let (id, created) = self.make("prod");
        let mut fields = fields;
        fields["CreatedTime"] = json!(created);
        let detail = version.detail.clone();
        let waits = self.slow;
        let mut product = Product { id, fields, tags: BTreeMap::new(), versions: vec![version], waits };
        product.tag(&request["Tags"]);
        let view = product.view();
        self.products.push(product);
        Ok(json!({"ProductViewDetail": view, "ProvisioningArtifactDetail": detail, "Tags": request["Tags"]}))
    }

    fn update_product(&mut self, request: &Value) -> Answer {
        let product = self.product(request, "Id")?;
        for key in request["RemoveTags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            product.tags.remove(key);
        }
        product.tag(&request["AddTags"]);
        Ok(json!({"ProductViewDetail": product.view()}))
    }

    fn version(&mut self, properties: &Value) -> Result<Version, (&'static str, String)> {
        let url = properties["Info"]["LoadTemplateFromURL"].as_str().filter(|url| url.starts_with("https://"));
        let url = url.ok_or_else(|| invalid("Info"))?.to_owned();
        let name = properties["Name"].as_str().unwrap_or_default();
        if name.contains(' ') {
            return Err(invalid("Name"));
        }
        let (id, created) = self.make("pa");
        let detail = json!({"Id": id, "Name": name, "Description": properties["Description"],
            "Type": properties["Type"], "CreatedTime": created, "Active": true, "Guidance": "DEFAULT"});
        Ok(Version { detail, url, waits: self.slow })
    }

    fn describe_version(&mut self, request: &Value) -> Answer {
        let product = self.product(request, "ProductId")?;
        let id = &request["ProvisioningArtifactId"];
        let version = product.versions.iter_mut().find(|one| one.detail["Id"] == *id);
        let version = version.ok_or_else(|| missing("ProvisioningArtifact", &id.to_string()))?;
        let status = if version.waits > 0 { "CREATING" } else { "AVAILABLE" };
        version.waits = version.waits.saturating_sub(1);
        Ok(json!({"ProvisioningArtifactDetail": version.detail, "Info": {"TemplateUrl": version.url},
                  "Status": status}))
    }

    fn create_version(&mut self, request: &Value) -> Answer {
        self.product(request, "ProductId")?;
        let version = self.version(&request["Parameters"])?;
        let answer = json!({"ProvisioningArtifactDetail": version.detail, "Info": {"TemplateUrl": version.url},
                            "Status": "CREATING"});
        self.product(request, "ProductId")?.versions.push(version);
        Ok(answer)
    }

    fn associate(&mut self, request: &Value) -> Answer {
        let portfolio = self.portfolio(request, "PortfolioId")?;
        let product = self.product(request, "ProductId")?.id.clone();
        if !self.is_associated(&product, &portfolio) {
            self.associations.push((product, portfolio));
        }
        Ok(json!({}))
    }

    fn create_constraint(&mut self, request: &Value) -> Answer {
        let portfolio = self.portfolio(request, "PortfolioId")?;
        let product = self.product(request, "ProductId")?.id.clone();
        if !self.is_associated(&product, &portfolio) {
            return Err(missing("Product in portfolio", &product));
        }
        let parameters = request["Parameters"].as_str().ok_or_else(|| invalid("Parameters"))?;
        serde_json::from_str::<Map<String, Value>>(parameters).map_err(|_| invalid("Parameters"))?;
        let same = |one: &Value| {
            one["Type"] == request["Type"] && one["PortfolioId"] == portfolio && one["ProductId"] == product
        };
        if self.constraints.iter().any(same) {
            return Err(("DuplicateResourceException", "a constraint of that type exists".to_owned()));
        }
        let (id, _) = self.make("cons");
        let constraint = json!({"ConstraintId": id, "Type": request["Type"], "Owner": "111122223333",
            "ProductId": product, "PortfolioId": portfolio, "Parameters": parameters});
        self.constraints.push(constraint.clone());
        Ok(json!({"ConstraintDetail": public(&constraint), "Status": "CREATING"}))
    }

    fn associate_principal(&mut self, request: &Value) -> Answer {
        let portfolio = self.portfolio(request, "PortfolioId")?;
        let (arn, kind) = (&request["PrincipalARN"], &request["PrincipalType"]);
        let account = arn.as_str().and_then(|arn| arn.split(':').nth(4)).ok_or_else(|| invalid("PrincipalARN"))?;
        let wanted = if account.is_empty() { "IAM_PATTERN" } else { "IAM" };
        if kind != wanted {
            return Err(invalid("PrincipalType"));
        }
        let entry = (portfolio, json!({"PrincipalARN": arn, "PrincipalType": kind}));
        if !self.principals.contains(&entry) {
            self.principals.push(entry);
        }
        Ok(json!({}))
    }
}

impl Product {
    fn view(&self) -> Value {
        let status = if self.waits > 0 { "CREATING" } else { "AVAILABLE" };
        let Self { id, fields, .. } = self;
        json!({"ProductViewSummary": {"Id": format!("view-of-{id}"), "ProductId": id, "Name": fields["Name"],
            "Owner": fields["Owner"], "Type": fields["Type"]}, "Status": status, "CreatedTime": fields["CreatedTime"]})
    }

    fn tag(&mut self, tags: &Value) {
        for tag in tags.as_array().into_iter().flatten() {
            let text = |key: &str| tag[key].as_str().expect("text").to_owned();
            self.tags.insert(text("Key"), text("Value"));
        }
    }
}

/// A constraint without its parameters, which only describing it shows.
fn public(constraint: &Value) -> Value {
    let mut constraint = constraint.clone();
    constraint.as_object_mut().expect("an object").remove("Parameters");
    constraint
}

/// Two at a time; the token is the number of the first of the next page.
fn page(request: &Value, name: &str, all: Vec<Value>) -> Answer {
    let from = match request["PageToken"].as_str() {
        Some(token) => token.parse::<usize>().map_err(|_| invalid("PageToken"))?,
        None => 0,
    };
    let more = all.len() > from + PAGE;
    let mut answer = json!({name: all.into_iter().skip(from).take(PAGE).collect::<Vec<_>>()});
    if more {
        answer["NextPageToken"] = json!((from + PAGE).to_string());
    }
    Ok(answer)
}
