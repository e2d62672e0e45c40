//! What failed, told once for all accounts that it failed in.

use std::collections::HashMap;

use serde::Serialize;

use super::figures::{bytes, counted};
use super::listing::{Listing, Subject, case_names};
use crate::domain::report::failure_kind::FailureKind;
use crate::domain::report::results::{Failure, KeptBody};

/// More messages of one kind, or bodies of one message, than this say nothing new; they are folded away.
const MESSAGES_SHOWN: usize = 4;
const BODIES_SHOWN: usize = 3;
/// All accounts together: bodies are what makes a page heavy.
const BODIES_OF_ALL: usize = 12;

/// Every failure of the accounts and cases of a run.
#[derive(Serialize)]
pub(super) struct Failures {
    problems: Vec<Problem>,
    #[serde(skip)]
    number: usize,
    /// By account and case, the first problem that it has.
    #[serde(skip)]
    places: HashMap<(usize, Option<String>), usize>,
    /// By case, its problem.
    #[serde(skip)]
    by_case: HashMap<String, usize>,
}

/// Everything that failed in one case.
#[derive(Serialize)]
struct Problem {
    id: String,
    /// None where it is about the account's endpoint as a whole.
    case: Option<String>,
    /// `3 of 60 accounts`; None where it is one, which the message names.
    spread: Option<String>,
    messages: Vec<Message>,
    more: Vec<Message>,
}

/// One wording, and everywhere it was found.
#[derive(Serialize)]
pub(super) struct Message {
    kind: &'static str,
    text: String,
    accounts: Option<Listing>,
    bodies: Vec<Body>,
    /// Bodies that only the results file has.
    further_bodies: usize,
}

/// An answer that failed.
#[derive(Clone, PartialEq, Serialize)]
struct Body {
    account: Option<String>,
    content_type: Option<String>,
    size: String,
    note: &'static str,
    text: String,
}

impl Message {
    /// Something that kept the run as a whole from its end.
    pub(super) fn of_run(failure: &Failure) -> Self {
        Self {
            kind: failure.kind.as_str(),
            text: failure.message.clone(),
            accounts: None,
            bodies: failure.response.iter().map(|body| Body::new(body, None)).collect(),
            further_bodies: 0,
        }
    }
}

impl Body {
    fn new(body: &KeptBody, account: Option<String>) -> Self {
        let (text, note) = match (&body.text, &body.base64) {
            (Some(text), _) => (text.clone(), if body.truncated { "cut" } else { "" }),
            (None, Some(base64)) => (base64.clone(), if body.truncated { "cut, in base64" } else { "in base64" }),
            (None, None) => (String::new(), "not kept"),
        };
        Self { account, content_type: body.content_type.clone(), size: bytes(body.bytes), note, text }
    }
}

/// A case's failures while they are gathered.
struct Gathered<'a> {
    case: Option<&'a str>,
    wordings: Vec<Wording<'a>>,
    by_text: HashMap<(FailureKind, &'a str), usize>,
}

/// Failures that say the same, with the places of their accounts.
struct Wording<'a> {
    kind: FailureKind,
    text: &'a str,
    found: Vec<(usize, &'a Failure)>,
}

impl Failures {
    pub(super) fn new(subject: &Subject) -> Self {
        let mut all: Vec<Gathered> = Vec::new();
        let mut known: HashMap<Option<&str>, usize> = HashMap::new();
        for (place, case, failure) in found(subject) {
            let at = *known.entry(case).or_insert_with(|| {
                all.push(Gathered { case, wordings: Vec::new(), by_text: HashMap::new() });
                all.len() - 1
            });
            let gathered = &mut all[at];
            let (kind, text) = (failure.kind, failure.message.as_str());
            let wording = *gathered.by_text.entry((kind, text)).or_insert_with(|| {
                gathered.wordings.push(Wording { kind, text, found: Vec::new() });
                gathered.wordings.len() - 1
            });
            gathered.wordings[wording].found.push((place, failure));
        }
        let mut places = HashMap::new();
        for (at, gathered) in all.iter().enumerate() {
            for (place, _) in gathered.wordings.iter().flat_map(|wording| &wording.found) {
                places.entry((*place, gathered.case.map(str::to_owned))).or_insert(at);
            }
        }
        let problems =
            all.iter().enumerate().map(|(at, gathered)| gathered.tell(problem_id(subject.number, at), subject));
        let by_case = known.into_iter().filter_map(|(case, at)| Some((case?.to_owned(), at))).collect();
        Self { problems: problems.collect(), number: subject.number, places, by_case }
    }

    /// Where the page tells what failed in that account and case.
    pub(super) fn link(&self, account: usize, case: Option<&str>) -> Option<String> {
        let at = self.places.get(&(account, case.map(str::to_owned)))?;
        Some(format!("#{}", problem_id(self.number, *at)))
    }

    /// Where the page tells the first failure of a case.
    pub(super) fn link_of_case(&self, case: &str) -> Option<String> {
        let at = self.by_case.get(case)?;
        Some(format!("#{}", problem_id(self.number, *at)))
    }

    /// Where the page tells what ended the run.
    pub(super) fn run_link(&self) -> String {
        format!("#r{}-errors", self.number)
    }
}

fn problem_id(number: usize, at: usize) -> String {
    format!("r{number}-failure-{}", at + 1)
}

/// Every failure with its account and case: what is wrong with accounts first, then case by case.
fn found<'a>(subject: &'a Subject<'a>) -> impl Iterator<Item = (usize, Option<&'a str>, &'a Failure)> {
    let report = subject.report;
    let accounts = report.accounts.iter().enumerate();
    let of_accounts =
        accounts.flat_map(|(place, account)| account.errors.iter().map(move |failure| (place, None, failure)));
    let of_cases = case_names(report).into_iter().flat_map(move |name| {
        let cases = subject.cases(name).iter();
        cases.flat_map(move |(place, case)| case.failures.iter().map(move |failure| (*place, Some(name), failure)))
    });
    of_accounts.chain(of_cases)
}

impl Gathered<'_> {
    fn tell(&self, id: String, subject: &Subject) -> Problem {
        let mut wordings: Vec<&Wording> = self.wordings.iter().collect();
        // What most accounts say comes first; among equals the order of the results stays.
        wordings.sort_by_key(|wording| std::cmp::Reverse(wording.found.len()));
        let mut of_kind: HashMap<FailureKind, usize> = HashMap::new();
        let several = subject.has_several_accounts();
        let mut bodies_of_all = 0;
        let (mut messages, mut more) = (Vec::new(), Vec::new());
        for Wording { kind, text, found } in wordings {
            let mut places: Vec<usize> = found.iter().map(|(place, _)| *place).collect();
            places.dedup();
            let mut bodies: Vec<Body> = Vec::new();
            let mut further_bodies = 0;
            for (place, failure) in found {
                let Some(response) = &failure.response else { continue };
                let body = Body::new(response, several.then(|| subject.labels[*place].clone()));
                if bodies.iter().any(|known| known.text == body.text && known.size == body.size) {
                    continue;
                }
                if bodies.len() < BODIES_SHOWN && bodies_of_all < BODIES_OF_ALL {
                    bodies.push(body);
                    bodies_of_all += 1;
                } else {
                    further_bodies += 1;
                }
            }
            let message = Message {
                kind: kind.as_str(),
                text: (*text).to_owned(),
                accounts: several.then(|| Listing::new(subject, &places)),
                bodies,
                further_bodies,
            };
            let told = of_kind.entry(*kind).or_default();
            *told += 1;
            if *told <= MESSAGES_SHOWN { messages.push(message) } else { more.push(message) }
        }
        // A fold of one takes as much room as what it hides.
        if more.len() == 1 {
            messages.append(&mut more);
        }
        let mut places: Vec<usize> =
            self.wordings.iter().flat_map(|wording| wording.found.iter().map(|(place, _)| *place)).collect();
        places.sort_unstable();
        places.dedup();
        Problem {
            id,
            case: self.case.map(str::to_owned),
            spread: (places.len() > 1)
                .then(|| format!("{} of {}", places.len(), counted(subject.labels.len(), "account"))),
            messages,
            more,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::report::results::{AccountReport, CaseReport, TestReport};

    fn report(messages: &[&str]) -> TestReport {
        let account = |message: &&str| {
            let failure = Failure {
                response: Some(KeptBody::new(Some("text/plain"), b"a body")),
                ..Failure::new(FailureKind::WrongBody, *message)
            };
            let case = CaseReport { name: "c".into(), failures: vec![failure], ..CaseReport::default() };
            AccountReport { cases: vec![case], ..AccountReport::default() }
        };
        TestReport { accounts: messages.iter().map(account).collect(), ..TestReport::new(Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn the_same_failure_in_many_accounts_is_told_once() {
        let failures = Failures::new(&Subject::new(1, &report(&["x", "y", "x", "x"])));
        assert_eq!(failures.problems.len(), 1);
        let problem = &failures.problems[0];
        assert_eq!(problem.spread.as_deref(), Some("4 of 4 accounts"));
        let told: Vec<(&str, usize)> =
            problem.messages.iter().map(|message| (message.text.as_str(), message.bodies.len())).collect();
        assert_eq!(told, [("x", 1), ("y", 1)]);
        assert_eq!(failures.link(2, Some("c")).as_deref(), Some("#r1-failure-1"));
        assert_eq!(failures.link(2, None), None);
    }

    #[test]
    fn many_wordings_are_folded_away() {
        let wordings: Vec<String> = (0..40).map(|at| format!("p95 is {at} ms")).collect();
        let wordings: Vec<&str> = wordings.iter().map(String::as_str).collect();
        let failures = Failures::new(&Subject::new(1, &report(&wordings)));
        assert_eq!((failures.problems[0].messages.len(), failures.problems[0].more.len()), (4, 36));
    }
}
