//! The accounts and Regions under test, each from when it is known until its report.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};

use super::end::End;
use super::kept::KeptAnswers;
use super::under_way::UnderWay;
use crate::domain::aws::arn::AccountId;
use crate::domain::report::results::AccountReport;
use crate::domain::suite::test_suite::Suite;
use crate::output::Progress;

/// One account and Region under test.
pub(super) struct Site {
    pub(super) account: AccountId,
    pub(super) region: String,
    /// What is known so far; it counts also where the run ends early.
    pub(super) state: RefCell<AccountReport>,
    pub(super) under_way: UnderWay,
    pub(super) done: Cell<bool>,
}

impl Site {
    fn new(account: &AccountId, region: &str, endpoint: &str) -> Self {
        let state = AccountReport {
            account_id: Some(account.to_string()),
            region: Some(region.to_owned()),
            endpoint_name: Some(endpoint.to_owned()),
            ..AccountReport::default()
        };
        Self {
            account: account.clone(),
            region: region.to_owned(),
            state: RefCell::new(state),
            under_way: UnderWay::default(),
            done: Cell::new(false),
        }
    }

    fn report(&self, ended: Option<End>, suite: &Suite, kept: &KeptAnswers) -> AccountReport {
        let mut report = self.state.take();
        if let Some(end) = ended.filter(|_| !self.done.get()) {
            end.note_in(&mut report, &self.under_way, suite, kept);
        }
        report.judged()
    }
}

/// All that are known so far, in the order of their coming.
pub(super) struct Sites<'a> {
    regions: &'a [String],
    endpoint: &'a str,
    progress: &'a Progress,
    accounts: RefCell<BTreeSet<AccountId>>,
    known: RefCell<Vec<Rc<Site>>>,
    /// Where they wait for their test, while there may be more
    queue: RefCell<Option<UnboundedSender<Rc<Site>>>>,
}

impl<'a> Sites<'a> {
    /// None yet, and where they will come out.
    pub(super) fn new(
        regions: &'a [String],
        endpoint: &'a str,
        progress: &'a Progress,
    ) -> (Self, UnboundedReceiver<Rc<Site>>) {
        let (queue, waiting) = unbounded();
        let queue = RefCell::new(Some(queue));
        (Self { regions, endpoint, progress, accounts: RefCell::default(), known: RefCell::default(), queue }, waiting)
    }

    /// Adds an account, once: a listing that changes while it is read may give it twice.
    pub(super) fn add(&self, account: &AccountId) {
        if !self.accounts.borrow_mut().insert(account.clone()) {
            return;
        }
        self.progress.grow(self.regions.len());
        for region in self.regions {
            let site = Rc::new(Site::new(account, region, self.endpoint));
            self.known.borrow_mut().push(Rc::clone(&site));
            if let Some(queue) = &*self.queue.borrow() {
                // Whoever takes them out does so until they are complete.
                _ = queue.unbounded_send(site);
            }
        }
    }

    /// No more will come.
    pub(super) fn are_complete(&self) {
        self.queue.take();
    }

    pub(super) fn accounts(&self) -> usize {
        self.accounts.borrow().len()
    }

    pub(super) fn reports(&self, ended: Option<End>, suite: &Suite, kept: &KeptAnswers) -> Vec<AccountReport> {
        self.known.borrow().iter().map(|site| site.report(ended, suite, kept)).collect()
    }
}
