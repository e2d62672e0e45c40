//! A stage's config file, read once: its text, what stands in it, and all that is wrong with it.

use crate::domain::document::Node;
use crate::domain::finding::Finding;
use crate::domain::project::build_plan::StagePlan;
use crate::domain::project::stage::StageSettings;
use crate::domain::project::stage_config::StageConfig;

/// A stage with its config file.
#[derive(Clone, Debug)]
pub struct StageFile {
    pub settings: StageSettings,
    pub name: String,
    pub text: String,
    /// None where the text is not JSON.
    pub document: Option<Node>,
    pub findings: Vec<Finding>,
    config: Option<StageConfig>,
}

impl StageFile {
    pub fn read(settings: StageSettings, name: String, text: String) -> Self {
        let (document, config, findings) = match StageConfig::document(&text, &name) {
            Ok(document) => {
                let (config, findings) = StageConfig::of(document.clone(), &name);
                (Some(document), config, findings)
            }
            Err(finding) => (None, None, vec![finding]),
        };
        Self { settings, name, text, document, findings, config }
    }

    /// Whether it is known of all that stands in it what it is.
    pub(crate) fn is_understood(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.understood)
    }

    /// The stage with its config, as far as that could be read.
    pub(crate) fn plan(&self) -> Option<StagePlan> {
        Some(StagePlan { settings: self.settings.clone(), config: self.config.clone()? })
    }

    /// The same, if nothing is wrong with the config.
    pub fn sound_plan(&self) -> Option<StagePlan> {
        self.plan().filter(|_| self.findings.is_empty())
    }
}
