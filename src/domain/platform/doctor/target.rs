//! Roles in target accounts: there, trusting the pipeline's test role, open to the caller, and allowed what they need.

use serde_json::json;

use super::check::Check;
use super::facts::{AccountFacts, Facts, Role, RoleFacts};
use super::purpose::Purpose;
use super::rights::Rights;
use super::role::conclude;
use super::subject::Subject;
use super::target_need;
use super::unseen::Unseen;
use super::verdict::{Fix, Verdict};
use crate::domain::iam::{Allowance, Caller, Document, Request, Text, Verdict as Judgement, trusts};
use crate::domain::project::stage::StageSettings;

/// The service that runs models with the role.
const SAGEMAKER: &str = "sagemaker.amazonaws.com";

pub(super) fn judge(subject: &Subject, facts: &Facts) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (settings, stage) in subject.stages.iter().zip(&facts.stages) {
        let name = settings.stage.as_str();
        let Some(role) = &settings.role_name else {
            let why = format!("no role is named ({})", settings.stage.role_variable());
            verdicts.push(Verdict::skipped(Check::TargetRole, name, why));
            continue;
        };
        if stage.accounts.is_empty() {
            verdicts.push(Verdict::skipped(Check::TargetRole, name, "the accounts of the stage are not known"));
        }
        for account in &stage.accounts {
            verdicts.extend(Target { subject, facts, settings, role, account }.judge());
        }
    }
    verdicts
}

/// The role of a stage in one of its accounts.
struct Target<'a> {
    subject: &'a Subject,
    facts: &'a Facts,
    settings: &'a StageSettings,
    role: &'a str,
    account: &'a AccountFacts,
}

impl Target<'_> {
    fn label(&self) -> String {
        format!("{} {}", self.settings.stage, self.account.account)
    }

    fn arn(&self) -> String {
        format!("arn:{}:iam::{}:role/{}", self.subject.partition, self.account.account, self.role)
    }

    fn judge(&self) -> Vec<Verdict> {
        let session = self.session();
        match &self.account.role {
            Ok(Some(found)) => {
                let there = Verdict::ok(Check::TargetRole, self.label(), format!("{} is there", self.role));
                vec![there, self.trust(found), session, self.rights(found)]
            }
            Ok(None) => {
                let missing = Verdict::fail(Check::TargetRole, self.label(), format!("{} does not exist", self.role))
                    .fixed_by(Fix::new(format!(
                        "roll out templates/target-account.yml to the accounts of stage {} (docs/platform.md)",
                        self.settings.stage
                    )));
                vec![missing, session]
            }
            // Taken on, it is there, whatever may not be read of it.
            Err(unseen) if self.account.session.is_ok() => {
                let there = Verdict::ok(Check::TargetRole, self.label(), format!("{} is there", self.role));
                vec![there, session, Verdict::unseen(Check::TargetRights, self.label(), unseen)]
            }
            Err(unseen) => vec![Verdict::unseen(Check::TargetRole, self.label(), unseen), session],
        }
    }

    /// The role that tests, and takes this one on.
    fn tester(&self) -> Option<&RoleFacts> {
        self.facts.roles.iter().find(|role| role.purposes.contains(&Purpose::Test))
    }

    fn session(&self) -> Verdict {
        const CHECK: Check = Check::TargetSession;
        let who = self.facts.caller.as_ref().map_or("the caller".to_owned(), |caller| caller.arn.resource.clone());
        let caller = self.facts.caller.as_ref().ok().and_then(|caller| caller.role());
        let is_tester = self.tester().is_some_and(|tester| caller == Some(tester.name.as_str()));
        match &self.account.session {
            Ok(()) if is_tester => Verdict::ok(CHECK, self.label(), "the pipeline's test role can take it on"),
            Ok(()) => Verdict::ok(CHECK, self.label(), format!("{who} can take it on, which is not the test role")),
            Err(Unseen::Denied(_)) if is_tester => {
                Verdict::fail(CHECK, self.label(), format!("the pipeline's test role cannot assume {}", self.role))
                    .fixed_by(self.trust_fix())
            }
            // Whether another one can says nothing of the pipeline.
            Err(Unseen::Denied(_)) => Verdict::skipped(
                CHECK,
                self.label(),
                format!("{who} cannot take it on, and is not the test role: run this as the test role to know"),
            ),
            Err(unseen) => Verdict::unseen(CHECK, self.label(), unseen),
        }
    }

    fn trust(&self, found: &Role) -> Verdict {
        const CHECK: Check = Check::TargetTrust;
        let label = self.label();
        if !trusts(&found.trust, SAGEMAKER) {
            let statement = json!({"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"});
            return Verdict::fail(
                CHECK,
                label,
                format!("{} does not trust {SAGEMAKER}, which runs the model", self.role),
            )
            .fixed_by(Fix::new(format!("add to the trust policy of {}", self.arn())).statement(statement));
        }
        let (Some(tester), Some(home)) = (self.tester(), self.facts.home()) else {
            return Verdict::skipped(CHECK, label, "which role tests is not known");
        };
        let Ok(document) = Document::parse(&found.trust) else {
            return Verdict::warn(CHECK, label, "its trust policy is not one that can be read");
        };
        let name = match &tester.found {
            Ok(Some(role)) => role.arn.resource.trim_start_matches("role/").to_owned(),
            _ => tester.name.clone(),
        };
        let caller = self.facts.caller_of(self.subject, home, &name);
        let request = Request::new(&caller, "sts:AssumeRole", Text::Whole(self.arn()));
        match document.evaluate(&request, Allowance::Required) {
            Judgement::Allowed { .. } => Verdict::ok(CHECK, label, format!("trusts {SAGEMAKER} and role {name}")),
            Judgement::Undecided(why) => {
                Verdict::warn(CHECK, label, format!("whether it trusts role {name} is not decided: {}", why.join("; ")))
            }
            Judgement::Denied { by } => {
                let why = by.map(|label| format!(": {label} denies it")).unwrap_or_default();
                let lost = if found.trust.contains("\"AROA") {
                    "; a principal AROA... is a role that was deleted since, even if it was made again"
                } else {
                    ""
                };
                Verdict::fail(CHECK, label, format!("does not trust role {name}{why}{lost}")).fixed_by(self.trust_fix())
            }
        }
    }

    /// The account as principal and the role as condition: a role named as principal is lost once it is deleted.
    fn trust_fix(&self) -> Fix {
        let Subject { partition, .. } = self.subject;
        let home = self.facts.home().map_or("ACCOUNT", |home| home.as_str());
        let name = self.tester().map_or("*", |tester| tester.name.as_str());
        let statement = json!({
            "Sid": "TestModels",
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{partition}:iam::{home}:root")},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnLike": {"aws:PrincipalArn": [
                format!("arn:{partition}:iam::{home}:role/{name}"),
                format!("arn:{partition}:iam::{home}:role/*/{name}"),
            ]}},
        });
        Fix::new(format!("add to the trust policy of {}", self.arn())).statement(statement)
    }

    fn rights(&self, found: &Role) -> Verdict {
        const CHECK: Check = Check::TargetRights;
        let policies = match &found.policies {
            Ok(policies) => policies,
            Err(unseen) => return Verdict::unseen(CHECK, self.label(), unseen),
        };
        let package = self.facts.model.package.as_ref().ok().and_then(Option::as_ref);
        let needs = target_need::needs(self.subject, &self.account.account, package);
        let caller: Caller = self.facts.caller_of(self.subject, &self.account.account, self.role);
        let lacks = Rights::of(policies).lacks(&caller, &needs);
        conclude(Verdict::ok(CHECK, self.label(), self.role), found, &lacks, &|_, _| None)
    }
}
