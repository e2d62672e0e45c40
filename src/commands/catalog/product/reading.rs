//! What Service Catalog has of what is wanted.

use std::time::Duration;

use crate::cloud::aws::{Api, Aws, service_catalog};
use crate::cloud::{CloudResult, Storage};
use crate::commands::catalog::plan::both;
use crate::commands::catalog::settings::Settings;
use crate::commands::pauses::Pauses;
use crate::domain::finding::Finding;
use crate::domain::platform::catalog::placement::StoredTemplate;
use crate::domain::platform::catalog::product::{Found, Listed, Portfolio, Product, Wanted, choose};
use crate::error::{Failure, Result};

/// How long Service Catalog is given to finish a product or version, and to show what was written.
const PATIENCE: Duration = Duration::from_mins(2);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Service Catalog of this account, for one import.
pub(super) struct Catalog<'a> {
    pub(super) aws: &'a Aws,
    pub(super) api: &'a Api,
    pub(super) settings: &'a Settings,
    pub(super) stored: &'a StoredTemplate,
}

impl Catalog<'_> {
    async fn read<T>(&self, what: &str, result: CloudResult<T>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.aws.explained(error).await.failure(format!("cannot read {what}"))),
        }
    }

    /// What is there.
    pub(super) async fn found(&self) -> Result<Found> {
        let place = &self.stored.place;
        let template = async { self.read(&format!("template {place}"), self.aws.has_object(place).await).await };
        let (is_stored, found) = futures::join!(template, self.found_in_catalog());
        let (is_stored, found) = both(is_stored, found)?;
        Ok(Found { is_stored, ..found })
    }

    async fn found_in_catalog(&self) -> Result<Found> {
        let all = self.read("the portfolios", service_catalog::portfolios(self.api).await).await?;
        let chosen = choose("portfolio", &self.settings.portfolio, &all, |one: &Portfolio| (&one.id, &one.name));
        let Some(portfolio) = chosen.map_err(Failure::failed)?.cloned() else {
            let product = self.product_outside(&[]).await?;
            return Ok(Found { product, ..Found::default() });
        };
        let (products, principals) = futures::join!(
            service_catalog::products(self.api, Some(&portfolio.id)),
            service_catalog::principals(self.api, &portfolio.id),
        );
        let (products, principals) = both(
            self.read("the products of the portfolio", products).await,
            self.read("the principals of the portfolio", principals).await,
        )?;
        let chosen = choose("product", &self.settings.product, &products, listed).map_err(Failure::failed)?;
        let Some(chosen) = chosen else {
            let product = self.product_outside(&products).await?;
            return Ok(Found { portfolio: Some(portfolio), product, principals, ..Found::default() });
        };
        let (product, constraints) = futures::join!(
            service_catalog::product(self.api, &chosen.id),
            service_catalog::constraints(self.api, &portfolio.id, &chosen.id),
        );
        let (product, constraints) = both(
            self.read("the product", product).await,
            self.read("the constraints on the product", constraints).await,
        )?;
        Ok(Found { portfolio: Some(portfolio), product: Some(product), constraints, principals, is_stored: false })
    }

    /// A product of that id, or of that name in no portfolio at all, which is what an import leaves that was ended
    /// between two calls.
    async fn product_outside(&self, inside: &[Listed]) -> Result<Option<Product>> {
        let all = self.read("the products", service_catalog::products(self.api, None).await).await?;
        let wanted = &self.settings.product;
        let mut meant: Vec<Listed> = Vec::new();
        for one in all.into_iter().filter(|one| !inside.contains(one)) {
            let is_free = one.name == *wanted && {
                let portfolios = service_catalog::portfolios_of(self.api, &one.id).await;
                self.read("the portfolios of the product", portfolios).await?.is_empty()
            };
            if one.id == *wanted || is_free {
                meant.push(one);
            }
        }
        match choose("product", wanted, &meant, listed).map_err(Failure::failed)? {
            Some(one) => self.read("the product", service_catalog::product(self.api, &one.id).await).await.map(Some),
            None => Ok(None),
        }
    }

    /// What is there once Service Catalog shows all that was written.
    pub(super) async fn settled(&self, wanted: &Wanted<'_>) -> Result<Found> {
        let mut pauses = pauses();
        loop {
            let found = Box::pin(self.found()).await?;
            let (steps, plan) = found.decide(wanted);
            if steps.is_empty() {
                return Ok(found);
            }
            if pauses.are_over() {
                let left: Vec<String> = plan.changes.into_iter().map(|change| change.subject).collect();
                return Err(Failure::failed(
                    Finding::error("Service Catalog does not show everything that was written")
                        .cause(format!("not shown: {}", left.join(", ")))
                        .hint("run it again: what is done it will find done"),
                ));
            }
            pauses.pause().await;
        }
    }
}

fn listed(one: &Listed) -> (&str, &str) {
    (&one.id, &one.name)
}

/// The pauses between two looks at what Service Catalog makes.
pub(super) fn pauses() -> Pauses {
    Pauses::new(FIRST_PAUSE, LONGEST_PAUSE, PATIENCE)
}
