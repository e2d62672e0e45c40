//! The answers that become expectations, and the cases file that holds them.

use std::cell::RefCell;

use jiff::Timestamp;

use super::super::session::Session;
use super::settings::Settings;
use super::tally::Sample;
use crate::domain::document::Node;
use crate::domain::finding::Finding;
use crate::domain::suite::recording::{Recorded, cases};
use crate::domain::suite::suite_draft::SuiteDraft;
use crate::domain::text::count::counted;
use crate::error::{Failure, Result};
use crate::files::{self, Pending, folder_of};
use crate::secrets::masked;

/// What varies shows in so many answers.
const ANSWERS: usize = 2;

/// What is answered to each case.
pub(super) struct Recorder {
    document: Node,
    file: Pending,
    /// Where it is, and who answers.
    names: [String; 2],
    recorded: RefCell<Vec<Recorded>>,
}

impl Recorder {
    /// Proves that the file can be written; none where nothing is to be recorded.
    pub(super) fn open(settings: &Settings, who: &str) -> Result<Option<Self>> {
        let Some(path) = &settings.record_answers else { return Ok(None) };
        let place = path.display().to_string();
        if path.symlink_metadata().is_ok() {
            let finding = Finding::error(format!("{place} is there already, and --record-answers replaces nothing"));
            return Err(Failure::invalid([finding.hint("name a new file")]));
        }
        let from = &settings.suite.cases;
        let text = files::read_text(from)?;
        let name = from.display().to_string();
        let document = Node::parse_yaml(&text, &name).map_err(|finding| Failure::invalid([finding]))?;
        let draft = SuiteDraft::of(&document, &name).map_err(Failure::invalid)?;
        let names_files = !draft.files().is_empty() || !draft.datasets().is_empty() || !draft.draws().is_empty();
        let real = |folder: &std::path::Path| folder.canonicalize().ok();
        if names_files && real(folder_of(path)) != real(folder_of(from)) {
            let finding = Finding::error(format!("{place} is not beside {name}, which names files beside itself"));
            return Err(Failure::invalid([finding.hint("write --record-answers into the folder of the cases")]));
        }
        let file = settings.output(path)?;
        Ok(Some(Self { document, file, names: [place, who.to_owned()], recorded: RefCell::default() }))
    }

    /// Takes the answer of a request, as long as more are wanted.
    pub(super) fn take(&self, case: &str, sample: &mut Sample) {
        let mut recorded = self.recorded.borrow_mut();
        let at = recorded.iter().position(|one| one.case == case).unwrap_or_else(|| {
            recorded.push(Recorded { case: case.to_owned(), answers: Vec::new() });
            recorded.len() - 1
        });
        if recorded[at].answers.len() < ANSWERS {
            recorded[at].answers.extend(sample.answer.take());
        }
    }

    /// Whether the case is to be sent once more.
    pub(super) fn wants_more(&self, case: &str) -> bool {
        self.recorded.borrow().iter().any(|one| one.case == case && one.answers.len() < ANSWERS)
    }

    /// Writes the cases.
    pub(super) fn write(self, session: &Session) -> Result<()> {
        let [place, who] = self.names;
        let head = format!(
            "What {who} answered on {:.0}, written by modeldeploy test --record-answers.\nReview it: that a model \
             answers so now does not make it right.",
            Timestamp::now()
        );
        let recorded = self.recorded.into_inner();
        let text = cases(&self.document, &recorded, &head, &|text| masked(text) == text);
        self.file.put_new(text.as_bytes())?;
        session
            .console
            .note(&format!("wrote {place}: expectations of {}, for review", counted(recorded.len(), "case")));
        Ok(())
    }
}
