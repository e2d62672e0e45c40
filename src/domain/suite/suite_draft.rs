//! A test suite as it was read: `cases.yml`, and the files that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::document::{Misfit, Node, of_another_version};
use crate::domain::finding::Finding;
use crate::domain::suite::baseline::Baseline;
use crate::domain::suite::capture::draw::Draw;
use crate::domain::suite::case_compiler::{Compiler, NEW_SESSION, Watch, placed, told};
use crate::domain::suite::case_places::CasePlaces;
use crate::domain::suite::contents::Contents;
use crate::domain::suite::dataset::spec::DatasetSpec;
use crate::domain::suite::spec::SuiteSpec;
use crate::domain::suite::test_suite::Suite;

/// The one version of the file's format so far.
const VERSION: u32 = 1;

/// A suite as it was read, before the files that it names are.
pub struct SuiteDraft {
    file: String,
    spec: SuiteSpec,
    /// One for each case.
    places: Vec<CasePlaces>,
}

impl SuiteDraft {
    /// Reads the file's text.
    ///
    /// # Errors
    /// All that does not fit the file's shape, with its places.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Finding>> {
        Self::of(&Node::parse_yaml(text, file).map_err(|finding| vec![finding])?, file)
    }

    /// Reads what was parsed of the file.
    ///
    /// # Errors
    /// All that does not fit the file's shape, with its places.
    pub(crate) fn of(document: &Node, file: &str) -> Result<Self, Vec<Finding>> {
        let spec: SuiteSpec = document
            .read_whole()
            .map_err(|misfits| misfits.iter().map(|misfit| shape_finding(misfit, file)).collect::<Vec<_>>())?;
        if let Some(finding) = of_another_version(spec.version, VERSION, file) {
            return Err(vec![finding]);
        }
        let cases = document.get("cases").and_then(Node::as_list).unwrap_or_default();
        Ok(Self { file: file.to_owned(), spec, places: cases.iter().map(CasePlaces::of).collect() })
    }

    /// The files with bodies and schemas that cases name, relative to the suite's own, or `s3://` URIs.
    pub fn files(&self) -> BTreeSet<&str> {
        let bodies = self.spec.cases.iter().filter_map(|case| case.body_file.as_deref());
        let prompts =
            self.spec.cases.iter().filter_map(|case| Some(case.load.as_ref()?.prompts.as_ref()?.file.as_str()));
        let baseline = self.spec.baseline.as_deref();
        bodies
            .chain(prompts)
            .chain(baseline)
            .chain(self.spec.cases.iter().flat_map(|case| case.expect.files()))
            .collect()
    }

    /// Takes out the baseline that the suite names, as another one takes its place.
    pub(crate) fn without_baseline(mut self) -> Self {
        self.spec.baseline = None;
        self
    }

    /// The files with datasets that cases name, likewise.
    pub fn datasets(&self) -> BTreeSet<&str> {
        self.spec.cases.iter().filter_map(|case| case.dataset.as_ref()).map(DatasetSpec::file).collect()
    }

    /// What cases draw of captured traffic, by their names; that of which cannot be meant is told when the suite is made.
    pub(crate) fn draws(&self) -> Vec<(&str, Draw)> {
        self.spec
            .cases
            .iter()
            .filter_map(|case| Some((case.name.as_str(), case.capture.as_ref()?.draw().ok()?)))
            .collect()
    }

    /// Makes a suite of it, with the contents of the files that it names; `watch` is told what is being compiled.
    ///
    /// # Errors
    /// All findings of all cases. A file that is not among the contents is the caller's finding, not repeated here.
    pub fn compile(self, contents: &Contents, watch: Watch<'_>) -> Result<Suite, Vec<Finding>> {
        let Self { file, spec, places } = self;
        let mut findings: Vec<Finding> = spec.slo.check().iter().map(|wrong| told("", wrong).in_file(&file)).collect();
        if spec.slo.goodput.is_some() {
            let what = "has an slo.goodput for all cases together, and each has limits of its own";
            findings.push(Finding::error(what).in_file(&file).hint("write it in the slo of a case"));
        }
        let names_baseline = spec.baseline.is_some();
        let baseline = baseline(spec.baseline.as_deref(), contents).unwrap_or_else(|finding| {
            findings.push(finding);
            None
        });
        let mut suite = Suite { slo: spec.slo, baseline: baseline.map(Arc::new), ..Suite::default() };
        let mut named = BTreeMap::new();
        let mut opens_sessions = BTreeSet::new();
        let places = places.into_iter().chain(std::iter::repeat_with(CasePlaces::default));
        for (number, (case, places)) in spec.cases.into_iter().zip(places).enumerate() {
            if let Some(first) = named.insert(case.name.clone(), number) {
                let what = format!("has two cases named \"{}\", number {} and {}", case.name, first + 1, number + 1);
                let hint = "a name finds a case in the results: give each its own";
                let at = places.of_message(&what);
                findings.push(placed(Finding::error(what).hint(hint), &file, at));
            }
            let (name, before) = (case.name.clone(), case.session_from.clone());
            let (wrong, warnings) = (Vec::new(), Vec::new());
            let mut compiler = Compiler { file: &file, places: &places, watch, name, wrong, warnings };
            let opens_session = case.session_id.as_deref() == Some(NEW_SESSION) && case.session_from.is_none();
            let named_so = case.name.clone();
            let ready = compiler.case(case, &spec.defaults, &suite, names_baseline, contents);
            if let Some(before) = before.filter(|before| !opens_sessions.contains(before)) {
                compiler.report(&format!(
                    "has a session_from of \"{before}\"; name a case before it that sets session_id to NEW_SESSION"
                ));
            }
            suite.warnings.extend(compiler.warnings);
            opens_sessions.extend(opens_session.then_some(named_so));
            if compiler.wrong.is_empty() {
                suite.cases.extend(ready);
            } else {
                findings.extend(compiler.wrong);
            }
        }
        if findings.is_empty() { Ok(suite) } else { Err(findings) }
    }
}

/// The run that cases are held against; none where it is not named, or its file is missing.
fn baseline(named: Option<&str>, contents: &Contents) -> Result<Option<Baseline>, Finding> {
    let own = || named.and_then(|name| Some((name, contents.whole.get(name)?)));
    let found = contents.baseline.as_ref().map(|(name, bytes)| (name.as_str(), bytes)).or_else(own);
    found.map(|(name, bytes)| Baseline::parse(bytes, name)).transpose()
}

/// What does not fit, with its place.
fn shape_finding(misfit: &Misfit, file: &str) -> Finding {
    let finding = misfit.finding("cannot be read", file);
    match misfit.missing() {
        Some("version") => finding.hint(format!("write \"version: {VERSION}\" at the top")),
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::suite::test_suite::{Case, Work};

    fn findings(text: &str) -> Vec<Finding> {
        match SuiteDraft::parse(text, "cases.yml") {
            Ok(draft) => draft.compile(&Contents::default(), &|_| ()).expect_err(text),
            Err(findings) => findings,
        }
    }

    #[test]
    fn defaults_hold_until_a_case_says_otherwise() {
        let draft = SuiteDraft::parse(
            "
version: 1
defaults: {content_type: text/plain, timeout: 5s, retries: 0}
cases:
  - {name: a, body: x}
  - {name: b, body_json: {z: 1, a: [1.50, true]}, content_type: application/json, timeout: 1m}
  - {name: c, body_file: data/c.bin}
  - {name: d, body_base64: AAE=}
",
            "cases.yml",
        )
        .expect("valid");
        assert_eq!(draft.files(), ["data/c.bin"].into());
        let whole = BTreeMap::from([("data/c.bin".into(), vec![7])]);
        let suite = draft.compile(&Contents { whole, ..Contents::default() }, &|_| ()).expect("compiles");
        let [a, b, c, d] = &suite.cases[..] else { panic!("four cases") };
        let body = |case: &Case| match &case.work {
            Work::Repeat { body, times: 1, concurrency: 1 } => body.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((a.options.content_type.as_str(), a.options.accept.as_str()), ("text/plain", "application/json"));
        assert_eq!((a.timeout, a.retries), (Duration::from_secs(5), 0));
        assert_eq!((b.timeout, body(b)), (Duration::from_mins(1), br#"{"z":1,"a":[1.5,true]}"#.to_vec()));
        assert_eq!(body(c), [7]);
        assert_eq!(body(d), [0, 1]);
    }

    #[test]
    fn an_unknown_field_is_named_with_place_and_nearest_name() {
        let found = findings("version: 1\ncases:\n  - name: a\n    bdoy: x\n");
        assert_eq!(found[0].to_string(), "cases.yml:4:5: cannot be read at cases[0].bdoy");
        assert!(found[0].cause.as_deref().is_some_and(|cause| cause.starts_with("unknown field `bdoy`")));
        assert_eq!(found[0].hint.as_deref(), Some("did you mean \"body\"?"));
    }

    #[test]
    fn all_that_is_wrong_with_the_cases_is_said_at_once() {
        let found = findings(
            "
version: 1
cases:
  - {name: a, body: x, body_json: 1}
  - {name: a, body: x, timeout: soon}
  - {name: b}
  - {name: c, body: x, expect: {json: [{path: 'no path', equals: 1}, {path: '$.a'}], body: {matches: '('}}}
",
        );
        assert_eq!(found.len(), 7, "{found:#?}");
        assert!(findings("version: 2\n")[0].what.contains("version 2"));
        assert!(findings("cases: []")[0].cause.as_deref().is_some_and(|cause| cause.contains("version")));
    }
}
