//! What is no longer as it was, for whoever watches.

use std::collections::BTreeMap;

use super::report::{StageStatus, StatusReport};
use super::row::{Column, EndpointRow};

type Place<'a> = (&'a str, &'a str, &'a str);

/// A line for everything that changed from one report to the next; ages change by themselves, and are not told.
pub(crate) fn changes(before: &StatusReport, now: &StatusReport) -> Vec<String> {
    let (were, are) = (rows(before), rows(now));
    let mut changes = Vec::new();
    for (place, row) in &are {
        let Some(was) = were.get(place) else {
            let known = said(row, now).into_iter().filter(|text| !text.is_empty());
            changes.push(told(place, "is new", &known.collect::<Vec<_>>().join(", ")));
            continue;
        };
        let pairs = said(was, before).into_iter().zip(said(row, now));
        let of_row = pairs.filter(|(before, now)| before != now).map(|(before, now)| {
            let or_nothing = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
            format!("{} -> {}", or_nothing(before), or_nothing(now))
        });
        let mut of_row: Vec<String> = of_row.collect();
        of_row.extend(row.remarks().into_iter().filter(|remark| !was.remarks().contains(remark)));
        if !of_row.is_empty() {
            changes.push(told(place, "changed", &of_row.join("; ")));
        }
    }
    let gone = were.keys().filter(|place| !are.contains_key(*place));
    changes.extend(gone.map(|place| told(place, "is gone", "the stage no longer has it")));
    changes
}

fn told((stage, account, region): &Place<'_>, what: &str, how: &str) -> String {
    format!("{stage} {account} {region} {what}: {how}")
}

fn rows(report: &StatusReport) -> BTreeMap<Place<'_>, &EndpointRow> {
    let mut rows = BTreeMap::new();
    for StageStatus { stage, endpoints, .. } in &report.stages {
        rows.extend(endpoints.iter().map(|row| ((stage.as_str(), row.account_id.as_str(), row.region.as_str()), row)));
    }
    rows
}

fn said(row: &EndpointRow, report: &StatusReport) -> Vec<String> {
    let columns = Column::ALL.into_iter().filter(|column| !column.is_an_age());
    columns.map(|column| column.of(row, report.read_at).0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::{report, row};
    use super::*;

    #[test]
    fn time_alone_changes_nothing() {
        let mut later = report();
        later.read_at += jiff::SignedDuration::from_hours(100);
        assert_eq!(changes(&report(), &later), [""; 0]);
    }

    #[test]
    fn every_change_of_an_endpoint_is_one_line() {
        let mut later = report();
        let rows = &mut later.stages[0].endpoints;
        rows[0].endpoint_status = Some("Updating".to_owned());
        rows[0].pending_endpoint_config = Some("next".to_owned());
        rows[3] = row("555555555555", 5);
        rows.remove(2);
        rows.push(row("666666666666", 5));
        let expected = [
            "prod 222222222222 us-east-1 changed: InService -> Updating; a deployment of endpoint config next is under way",
            "prod 555555555555 us-east-1 changed: absent -> InService; nothing -> 5; nothing -> CURRENT",
            "prod 666666666666 us-east-1 is new: InService, 5, CURRENT",
            "prod 444444444444 us-east-1 is gone: the stage no longer has it",
        ];
        assert_eq!(changes(&report(), &later), expected);
    }
}
