//! How much a figure may fall or rise against the baseline.

#[cfg(test)]
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use super::figure::known;
use crate::domain::report::results::BaselineFigure;

/// `against_baseline` of a case as it is written: bounds by figure.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(transparent)]
pub(crate) struct AgainstBaselineSpec(BTreeMap<String, BoundSpec>);

/// How much a figure may change, as it is written.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
struct BoundSpec {
    /// By how much it may be less than the baseline's at most: a number, or a share of that one (`5%`).
    #[cfg_attr(test, schemars(with = "Option<Amount>"))]
    fall: Option<Value>,
    /// By how much it may be more.
    #[cfg_attr(test, schemars(with = "Option<Amount>"))]
    rise: Option<Value>,
}

/// How much a figure may change.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub(crate) figure: String,
    fall: Option<Amount>,
    rise: Option<Amount>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Amount {
    Number(f64),
    /// Of the baseline's figure, in percent.
    Percent(f64),
}

#[cfg(test)]
impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "number", "minimum": 0},
            {"description": "of the baseline's figure", "type": "string", "pattern": "^[0-9.]+ ?%$"},
        ]})
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Amount {
    fn parse(written: &Value) -> Option<Self> {
        let amount = match written {
            Value::Number(number) => Self::Number(number.as_f64()?),
            Value::String(text) => Self::Percent(text.strip_suffix('%')?.trim().parse().ok()?),
            _ => return None,
        };
        let (Self::Number(size) | Self::Percent(size)) = amount;
        (size.is_finite() && size >= 0.0).then_some(amount)
    }

    fn of(self, before: f64) -> f64 {
        match self {
            Self::Number(number) => number,
            Self::Percent(percent) => before.abs() * percent / 100.0,
        }
    }
}

impl AgainstBaselineSpec {
    /// # Errors
    /// All that cannot be meant, in words that follow the case's name.
    pub(crate) fn compile(&self) -> Result<Vec<Bound>, Vec<String>> {
        let mut wrong = Vec::new();
        let mut bounds = Vec::new();
        for (name, spec) in &self.0 {
            wrong.extend(known(name).err());
            if spec.fall.is_none() && spec.rise.is_none() {
                wrong.push(format!("has an against_baseline of {name} that asks for nothing; add fall, rise or both"));
            }
            let mut amount = |word: &str, written: &Option<Value>| {
                let written = written.as_ref()?;
                let amount = Amount::parse(written);
                if amount.is_none() {
                    wrong.push(format!(
                        "lets {name} {word} by {written} in against_baseline; write a number from 0 on, or a share as 5%"
                    ));
                }
                amount
            };
            let (fall, rise) = (amount("fall", &spec.fall), amount("rise", &spec.rise));
            bounds.push(Bound { figure: name.clone(), fall, rise });
        }
        if wrong.is_empty() { Ok(bounds) } else { Err(wrong) }
    }
}

impl Bound {
    /// Holds a figure against the baseline's; what the case has not does not pass.
    pub(crate) fn judge(&self, before: f64, now: Option<f64>) -> BaselineFigure {
        // What differs in the last digit of a computer does not differ.
        let exceeds = |by: f64, most: f64| by > most && by - most > before.abs().max(most) * 1e-12;
        let passes = now.is_some_and(|now| {
            let falls_too_far = self.fall.is_some_and(|fall| exceeds(before - now, fall.of(before)));
            let rises_too_far = self.rise.is_some_and(|rise| exceeds(now - before, rise.of(before)));
            !falls_too_far && !rises_too_far
        });
        BaselineFigure { name: self.figure.clone(), before, now, allowed: self.in_words(), passes }
    }

    fn in_words(&self) -> String {
        let part = |word: &str, amount: &Option<Amount>| amount.map(|amount| format!("{word} by {amount}"));
        let parts = [part("fall", &self.fall), part("rise", &self.rise)];
        format!("may {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(yaml: &str) -> Result<Vec<Bound>, Vec<String>> {
        serde_yaml::from_str::<AgainstBaselineSpec>(yaml).expect(yaml).compile()
    }

    #[test]
    fn a_figure_may_change_by_so_much_and_no_more() {
        for (yaml, before, now, passes) in [
            ("accuracy: {fall: 0.01}", 0.95, 0.94, true),
            ("accuracy: {fall: 0.01}", 0.95, 0.93, false),
            ("accuracy: {fall: 0.01}", 0.95, 0.99, true),
            ("accuracy: {fall: 0.01, rise: 0}", 0.95, 0.99, false),
            ("p95_ms: {rise: 20%}", 100.0, 120.0, true),
            ("p95_ms: {rise: 20%}", 100.0, 120.1, false),
            ("r2: {fall: '10 %'}", -2.0, -2.3, false),
            ("accuracy: {fall: 0}", 0.95, 0.95, true),
        ] {
            let judged = bounds(yaml).expect(yaml)[0].judge(before, Some(now));
            assert_eq!(judged.passes, passes, "{yaml} {before} {now}");
        }
        let judged = bounds("p95_ms: {fall: 5, rise: 20%}").expect("valid")[0].judge(1.0, None);
        assert_eq!((judged.passes, judged.allowed.as_str()), (false, "may fall by 5, rise by 20%"));
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (yaml, message) in [
            ("acuracy: {fall: 0.1}", "has an against_baseline of \"acuracy\", which is no figure"),
            ("accuracy: {}", "has an against_baseline of accuracy that asks for nothing"),
            ("accuracy: {fall: -1}", "lets accuracy fall by -1 in against_baseline"),
            ("p95_ms: {rise: lots}", "lets p95_ms rise by \"lots\" in against_baseline"),
        ] {
            let wrong = bounds(yaml).expect_err(yaml);
            assert!(wrong.len() == 1 && wrong[0].starts_with(message), "{wrong:?}");
        }
    }
}
