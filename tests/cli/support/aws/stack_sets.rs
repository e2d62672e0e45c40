//! What StackSets need of an organization, which moto 5.2.1 lacks: trusted access, delegated administrators for StackSets,
//! the units that a stack set was deployed to, and stack sets that are busy. In the words of AWS's API references.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::answer::RawAnswer;
use super::call::{Call, Protocol};

const PRINCIPAL: &str = "member.org.stacksets.cloudformation.amazonaws.com";

#[derive(Debug, Default)]
pub(super) struct StackSets(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    trusted: bool,
    delegated: Vec<String>,
    units: BTreeMap<String, Vec<String>>,
    /// How often an operation is still to be found running.
    busy: usize,
}

impl StackSets {
    pub(super) fn trust(&self) {
        self.0.lock().expect("not poisoned").trusted = true;
    }

    pub(super) fn keep_busy(&self, times: usize) {
        self.0.lock().expect("not poisoned").busy = times;
    }

    pub(super) fn answer(&self, call: &Call) -> Option<RawAnswer> {
        let mut known = self.0.lock().expect("not poisoned");
        Some(match call.action.as_str() {
            "cloudformation:DescribeOrganizationsAccess" => {
                let status = if known.trusted { "ENABLED" } else { "DISABLED" };
                RawAnswer::query(call.operation(), &format!("<Status>{status}</Status>"))
            }
            "cloudformation:ActivateOrganizationsAccess" => {
                known.trusted = true;
                RawAnswer::query(call.operation(), "")
            }
            "organizations:ListDelegatedAdministrators" if call.json()["ServicePrincipal"] == PRINCIPAL => {
                let all: Vec<_> = known.delegated.iter().map(|id| json!({"Id": id})).collect();
                RawAnswer::json(200, &json!({"DelegatedAdministrators": all}))
            }
            "organizations:RegisterDelegatedAdministrator" if call.json()["ServicePrincipal"] == PRINCIPAL => {
                known.delegated.push(call.json()["AccountId"].as_str().unwrap_or_default().to_owned());
                RawAnswer::json(200, &json!({}))
            }
            "cloudformation:CreateStackSet" | "cloudformation:CreateStackInstances" if !known.trusted => {
                let message = "You must enable organizations access to operate a service managed stack set";
                RawAnswer::error(Protocol::Query, 400, "ValidationError", message)
            }
            "cloudformation:UpdateStackSet" | "cloudformation:CreateStackInstances" if known.busy > 0 => {
                let message = "Another Operation on StackSet is in progress";
                RawAnswer::error(Protocol::Query, 409, "OperationInProgressException", message)
            }
            "cloudformation:ListStackSetOperations" if known.busy > 0 => {
                let running = "<Summaries><member><OperationId>of-somebody-else</OperationId><Status>RUNNING</Status>\
                               </member></Summaries>";
                RawAnswer::query(call.operation(), running)
            }
            "cloudformation:DescribeStackSetOperation"
                if call.form("OperationId").as_deref() == Some("of-somebody-else") =>
            {
                known.busy = known.busy.saturating_sub(1);
                let status = if known.busy == 0 { "SUCCEEDED" } else { "RUNNING" };
                RawAnswer::query(
                    call.operation(),
                    &format!("<StackSetOperation><Status>{status}</Status></StackSetOperation>"),
                )
            }
            "cloudformation:ListStackSetOperationResults"
                if call.form("OperationId").as_deref() == Some("of-somebody-else") =>
            {
                RawAnswer::query(call.operation(), "<Summaries/>")
            }
            "cloudformation:CreateStackInstances" => {
                let name = call.form("StackSetName").unwrap_or_default();
                let units = (1..)
                    .map_while(|number| call.form(&format!("DeploymentTargets.OrganizationalUnitIds.member.{number}")));
                known.units.entry(name).or_default().extend(units);
                return None;
            }
            _ => return None,
        })
    }

    /// moto's description of a stack set, with its units.
    pub(super) fn complete(&self, call: &Call, xml: &str) -> String {
        let known = self.0.lock().expect("not poisoned");
        let units = call.form("StackSetName").and_then(|name| known.units.get(&name).cloned()).unwrap_or_default();
        let members: String = units.iter().flat_map(|unit| ["<member>", unit, "</member>"]).collect();
        let element = format!("<OrganizationalUnitIds>{members}</OrganizationalUnitIds></StackSet>");
        xml.replace("</StackSet>", &element)
    }
}
