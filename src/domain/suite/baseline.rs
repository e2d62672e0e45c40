//! The results of the run on the model before, which cases are held against.

pub(crate) mod bound;
pub(crate) mod figure;

use self::bound::Bound;
use self::figure::figure;
use crate::domain::finding::Finding;
use crate::domain::report::results::{AccountReport, BaselineFigure, BaselineReport, CaseReport, TestReport};

/// The results of an earlier run.
#[derive(Clone, Debug)]
pub struct Baseline {
    file: String,
    report: TestReport,
}

impl Baseline {
    /// Reads a results file.
    ///
    /// # Errors
    /// It is no results file, or one of another version.
    pub(crate) fn parse(bytes: &[u8], file: &str) -> Result<Self, Finding> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Finding::error("cannot be read as a baseline").in_file(file).cause("it is not UTF-8 text"))?;
        let report = TestReport::parse(text, file)?;
        match report.contradiction() {
            None => Ok(Self { file: file.to_owned(), report }),
            Some(cause) => {
                let finding = Finding::error("cannot be a baseline, since it contradicts itself").in_file(file);
                Err(finding.cause(cause).hint("give the results as `modeldeploy test` wrote them"))
            }
        }
    }

    pub(crate) fn report(&self) -> BaselineReport {
        BaselineReport {
            file: self.file.clone(),
            model_package_arn: self.report.model_package_arn.clone(),
            finished_at: self.report.finished_at,
        }
    }

    /// What a case lacks here that its bounds need, in words that follow the case's name.
    pub(crate) fn lack(&self, case: &str, bounds: &[Bound]) -> Vec<String> {
        if self.cases(case).next().is_none() {
            return vec![format!(
                "has an against_baseline, and {} has no results of such a case; make the baseline again, or take it away",
                self.file
            )];
        }
        let lacks = |bound: &&Bound| self.cases(case).all(|(_, case)| figure(case, &bound.figure).is_none());
        let message = |bound: &Bound| {
            format!("has an against_baseline of {}, which {} does not have of this case", bound.figure, self.file)
        };
        bounds.iter().filter(lacks).map(message).collect()
    }

    /// Holds a case against the same one here: that of the same account, else the middle of all accounts.
    pub(crate) fn judge(&self, account: &AccountReport, case: &CaseReport, bounds: &[Bound]) -> Vec<BaselineFigure> {
        let judge = |bound: &Bound| {
            let same = |other: &&AccountReport| {
                other.account_id == account.account_id && (other.region == account.region || account.region.is_none())
            };
            let value = |(_, case): (&AccountReport, &CaseReport)| figure(case, &bound.figure);
            let own = self.cases(&case.name).filter(|(account, _)| same(account)).find_map(value);
            let before = own.or_else(|| median(self.cases(&case.name).filter_map(value)))?;
            Some(bound.judge(before, figure(case, &bound.figure)))
        };
        bounds.iter().filter_map(judge).collect()
    }

    fn cases<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a AccountReport, &'a CaseReport)> {
        let of_account = move |account: &'a AccountReport| {
            let own = account.cases.iter().find(|case| case.name == name && !case.is_not_run())?;
            Some((account, own))
        };
        self.report.accounts.iter().filter_map(of_account)
    }
}

/// The lower one of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::bound::AgainstBaselineSpec;
    use super::*;
    use crate::domain::report::results::DatasetReport;

    fn case(accuracy: f64) -> CaseReport {
        let metrics = BTreeMap::from([("accuracy".to_owned(), accuracy)]);
        CaseReport {
            name: "holdout".to_owned(),
            dataset: Some(DatasetReport { metrics, ..DatasetReport::default() }),
            ..CaseReport::default()
        }
    }

    fn account(id: Option<&str>, accuracy: f64) -> AccountReport {
        AccountReport { account_id: id.map(str::to_owned), cases: vec![case(accuracy)], ..AccountReport::default() }
    }

    fn baseline(accounts: Vec<AccountReport>) -> Baseline {
        let report = TestReport { accounts, ..TestReport::new(Timestamp::UNIX_EPOCH) };
        Baseline { file: "results.json".to_owned(), report }
    }

    fn bounds(yaml: &str) -> Vec<Bound> {
        serde_yaml::from_str::<AgainstBaselineSpec>(yaml).expect(yaml).compile().expect(yaml)
    }

    #[test]
    fn a_case_is_held_against_its_own_account_or_the_middle_of_all() {
        let baseline = baseline(vec![account(Some("1"), 0.9), account(Some("2"), 0.8), account(Some("3"), 0.7)]);
        let bounds = bounds("accuracy: {fall: 0.01}");
        let before = |id: &str| baseline.judge(&account(Some(id), 0.5), &case(0.5), &bounds)[0].before.to_string();
        assert_eq!(["1", "3", "4"].map(before), ["0.9", "0.7", "0.8"]);
    }

    #[test]
    fn what_the_baseline_lacks_is_named() {
        let baseline = baseline(vec![account(None, 0.9)]);
        let bounds = bounds("{accuracy: {fall: 0}, p95_ms: {rise: 20%}}");
        assert_eq!(
            baseline.lack("holdout", &bounds),
            ["has an against_baseline of p95_ms, which results.json does not have of this case"]
        );
        assert!(baseline.lack("new", &bounds)[0].contains("results.json has no results of such a case"));
        let error = Baseline::parse(b"\xff", "results.json").expect_err("no text");
        assert_eq!(error.to_string(), "results.json: cannot be read as a baseline");
    }
}
