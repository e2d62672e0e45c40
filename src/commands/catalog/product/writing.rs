//! The steps of an import, taken one after the other; each can be taken again.

use super::reading::{Catalog, pauses};
use crate::cloud::aws::service_catalog;
use crate::cloud::error::ErrorKind;
use crate::cloud::{CloudError, CloudResult};
use crate::commands::catalog::plan::again;
use crate::commands::interruption;
use crate::commands::session::Session;
use crate::commands::upload::{Destination, put_once};
use crate::domain::platform::catalog::constraint::Role;
use crate::domain::platform::catalog::product::{Found, Step, Wanted};
use crate::domain::platform::catalog::token;
use crate::domain::platform::catalog::version::{NewVersion, State};
use crate::error::Result;

pub(super) struct Work<'a> {
    catalog: &'a Catalog<'a>,
    wanted: &'a Wanted<'a>,
    text: &'a str,
    session: &'a Session,
    /// Ids, of what was there or was made since.
    portfolio: String,
    product: String,
    /// Of the idempotency tokens.
    hour: String,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        catalog: &'a Catalog<'a>,
        wanted: &'a Wanted<'a>,
        text: &'a str,
        session: &'a Session,
        found: &Found,
    ) -> Self {
        Self {
            catalog,
            wanted,
            text,
            session,
            portfolio: found.portfolio.as_ref().map(|one| one.id.clone()).unwrap_or_default(),
            product: found.product.as_ref().map(|one| one.id.clone()).unwrap_or_default(),
            hour: jiff::Timestamp::now().strftime("%FT%H").to_string(),
        }
    }

    /// Says what is to be done, should the run be ended in between.
    pub(super) fn announce(&self, steps: &[Step]) {
        interruption::ahead(steps.iter().map(|step| self.told(step)));
    }

    pub(super) async fn take(&mut self, step: &Step) -> Result<()> {
        interruption::begins(&self.told(step));
        let done = match step {
            Step::Store => {
                let place = &self.wanted.template.place;
                let destination = Destination { place, kms_key: None, setting: "--template-bucket" };
                put_once(self.catalog.aws, "the template", self.text.as_bytes(), destination, false).await?;
                Ok(format!("uploaded template {place}"))
            }
            _ => self.write(step).await,
        };
        match done {
            Ok(done) => {
                interruption::is_done();
                self.session.console.note(&done);
                Ok(())
            }
            Err(error) => {
                let error = self.catalog.aws.explained(error).await;
                Err(again(error.failure(format!("cannot {}", self.told(step)))))
            }
        }
    }

    fn told(&self, step: &Step) -> String {
        let Wanted { portfolio, product, launch_role, .. } = self.wanted;
        match step {
            Step::Store => "upload the template".to_owned(),
            Step::CreatePortfolio => format!("create portfolio \"{portfolio}\""),
            Step::CreateProduct(_) => format!("create product \"{product}\""),
            Step::Show => format!("tag product \"{product}\""),
            Step::AddVersion(version) => format!("add version {} to product \"{product}\"", version.name),
            Step::Associate => format!("put product \"{product}\" into portfolio \"{portfolio}\""),
            Step::Constrain | Step::Reconstrain(_) => format!("let the product be launched with {launch_role}"),
            Step::Admit(principal) => format!("admit {principal} to portfolio \"{portfolio}\""),
        }
    }

    /// Takes a step in Service Catalog and says what was done.
    async fn write(&mut self, step: &Step) -> CloudResult<String> {
        let api = self.catalog.api;
        let role = self.wanted.launch_role;
        let token = |operation: &str, contents: &[&str]| token::of(operation, contents, &self.hour);
        Ok(match step {
            Step::Store => String::new(),
            Step::CreatePortfolio => {
                let name = self.wanted.portfolio;
                let token = token("CreatePortfolio", &[name]);
                self.portfolio = service_catalog::create_portfolio(api, name, &token).await?;
                format!("created portfolio {}", self.portfolio)
            }
            Step::CreateProduct(version) => {
                let name = self.wanted.product;
                let contents = [&[self.portfolio.as_str(), name][..], &parts(version)].concat();
                let token = token("CreateProduct", &contents);
                self.product = service_catalog::create_product(api, name, version, &token).await?;
                self.until_made().await?;
                format!("created product {} with version {}", self.product, version.name)
            }
            Step::Show => {
                service_catalog::show(api, &self.product).await?;
                format!("tagged product {}", self.product)
            }
            Step::AddVersion(version) => {
                let contents = [&[self.product.as_str()][..], &parts(version)].concat();
                let token = token("CreateProvisioningArtifact", &contents);
                let id = service_catalog::add_version(api, &self.product, version, &token).await?;
                self.until_made().await?;
                format!("added version {id} ({})", version.name)
            }
            Step::Associate => {
                service_catalog::associate(api, &self.product, &self.portfolio).await?;
                format!("put product {} into portfolio {}", self.product, self.portfolio)
            }
            Step::Constrain => {
                let token = token(
                    "CreateConstraint",
                    &[&self.portfolio, &self.product, &Role::Arn(role.to_string()).parameters()],
                );
                service_catalog::constrain(api, &self.portfolio, &self.product, role, &token).await?;
                format!("launches are made with {role}")
            }
            Step::Reconstrain(id) => {
                service_catalog::reconstrain(api, id, role).await?;
                format!("launches are made with {role}")
            }
            Step::Admit(principal) => {
                service_catalog::admit(api, &self.portfolio, principal).await?;
                format!("admitted {principal}")
            }
        })
    }

    /// Waits until product and latest version are made: CloudFormation's validation of the template is a part of it.
    async fn until_made(&self) -> CloudResult<()> {
        const GONE: &str = "ResourceNotFoundException";
        let mut pauses = pauses();
        loop {
            let states = match service_catalog::product(self.catalog.api, &self.product).await {
                Ok(product) => [Some(product.state), product.latest.map(|latest| latest.state)],
                // What was made just now may not be shown yet.
                Err(error) if error.code.as_deref() == Some(GONE) => [None, None],
                Err(error) => return Err(error),
            };
            let problem = |message: &str| CloudError::new(ErrorKind::Other, "servicecatalog:CreateProduct", message);
            if states.contains(&Some(State::Failed)) {
                return Err(problem("it is in status FAILED: Service Catalog does not take the template"));
            }
            if states.iter().all(|state| state.as_ref().is_some_and(|state| *state != State::Creating)) {
                return Ok(());
            }
            if pauses.are_over() {
                return Err(problem("it is still in status CREATING"));
            }
            pauses.pause().await;
        }
    }
}

/// All that a call with this version says, for its token.
fn parts(version: &NewVersion) -> [&str; 4] {
    [&version.name, &version.description, &version.url, &version.after]
}
