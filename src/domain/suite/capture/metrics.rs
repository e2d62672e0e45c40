//! What the gates of captured traffic can be on.

use crate::domain::suite::dataset::gate::{Catalogue, Metric, Need, share};

/// The share of answers that agree.
pub(crate) const AGREEMENT: &str = "agreement";
/// The share of predictions that would have to be of another label for each label to be as frequent as before.
pub(crate) const LABEL_SHIFT: &str = "label_shift";
/// How far scores, or predicted numbers, are from the captured ones: on average, at most, and with the sign.
pub(crate) const SCORE_SHIFT: &str = "score_shift";
pub(crate) const SCORE_SHIFT_MAX: &str = "score_shift_max";
pub(crate) const SCORE_BIAS: &str = "score_bias";
/// The share of captured records that cannot be used.
pub(crate) const UNUSABLE: &str = "unusable";

/// Of answers that are held against captured ones.
#[derive(Debug)]
pub(crate) struct OfCaptures;

impl Catalogue for OfCaptures {
    const METRICS: &'static [Metric] = &METRICS;
    #[cfg(test)]
    const NAME: &'static str = "CaptureGates";
}

static METRICS: [Metric; 6] = [
    share(AGREEMENT, Need::Nothing),
    share(LABEL_SHIFT, Need::Nothing),
    Metric { most: f64::INFINITY, ..share(SCORE_SHIFT, Need::Nothing) },
    Metric { most: f64::INFINITY, ..share(SCORE_SHIFT_MAX, Need::Nothing) },
    Metric { least: f64::NEG_INFINITY, most: f64::INFINITY, ..share(SCORE_BIAS, Need::Nothing) },
    share(UNUSABLE, Need::Nothing),
];
