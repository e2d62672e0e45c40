//! Numbers as the page writes them: as many digits as they are worth.

use jiff::Timestamp;
use serde::Serialize;

/// Changes of latency below this share are noise between two runs.
const NOTEWORTHY: f64 = 0.10;

/// Milliseconds with three digits: `0.42`, `12.3`, `1,234`.
pub(super) fn millis(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => grouped(&format!("{value:.0}")),
    }
}

/// `12,345`
pub(super) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// `1 account`, `2,000 accounts`
pub(super) fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number as u64), if number == 1 { "" } else { "s" })
}

/// A share of 1 in percent, never rounded up to all or down to nothing.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        value if value > 0.0 && value < 0.05 => "<0.1%".to_owned(),
        value if (99.95..100.0).contains(&value) => ">99.9%".to_owned(),
        value => format!("{}%", short(value, 1)),
    }
}

/// Requests a second.
pub(super) fn rate(value: f64) -> String {
    if value < 99.995 { short(value, 2) } else { grouped(&format!("{value:.0}")) }
}

/// How the metric of that name is shown: a number of rows as what it is.
pub(super) fn metric_of(name: &str) -> fn(f64) -> String {
    if matches!(name, "correct" | "wrong") { |rows| grouped(&format!("{rows:.0}")) } else { metric }
}

/// A dataset's metric or residual.
pub(super) fn metric(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.4}"),
        size if size < 1000.0 => format!("{value:.2}"),
        _ => grouped(&format!("{value:.0}")),
    }
}

/// How long something took: `0.4 s`, `12 s`, `4 min 12 s`, `1 h 3 min`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{} s", short(seconds.max(0.0), 1));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^64 s")]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `2026-08-02 09:30:12 UTC`
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `1.2 KB`
pub(super) fn bytes(number: u64) -> String {
    match number {
        0..1000 => format!("{number} bytes"),
        1000..1_000_000 => format!("{} kB", short(as_float(number) / 1000.0, 1)),
        _ => format!("{} MB", short(as_float(number) / 1_000_000.0, 1)),
    }
}

/// With at most `digits` behind the point and no zeros at its end.
pub(super) fn short(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The middle of some values; of an even number, the middle between the two.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle)?;
    Some(if values.len() % 2 == 1 { *upper } else { f64::midpoint(values[middle - 1], *upper) })
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits of a count")]
pub(super) fn as_float(number: u64) -> f64 {
    number as f64
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether more of something is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Less,
    More,
    Unknown,
}

impl Better {
    /// Of a metric, by its name.
    pub(super) fn of_metric(name: &str) -> Self {
        let name = name.to_lowercase();
        let starts = |known: &[&str]| known.iter().any(|known| name.starts_with(known));
        let of_classes = ["accuracy", "balanced_accuracy", "top_k_accuracy", "correct", "precision", "recall", "f1"];
        let of_all = ["roc_auc", "mcc", "kappa", "r2", "ndcg", "hit_rate", "agreement"];
        if starts(&of_classes) || starts(&of_all) {
            Self::More
        } else if starts(&["mae", "rmse", "mse", "mape", "log_loss", "pinball_loss", "wrong"])
            || starts(&["label_shift", "score_shift", "unusable"])
        {
            Self::Less
        } else {
            Self::Unknown
        }
    }
}

/// How a figure moved between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Change {
    pub(super) text: String,
    /// `better`, `worse` or nothing: the class
    pub(super) verdict: &'static str,
    /// The verdict in the figure's own terms.
    word: &'static str,
}

impl Change {
    pub(super) fn of_latency(from: f64, to: f64) -> Option<Self> {
        let share = (to - from) / from;
        let verdict = if share.abs() < NOTEWORTHY { "" } else { verdict(share, Better::Less) };
        let word = match verdict {
            "worse" => "slower",
            "better" => "faster",
            _ => "",
        };
        share.is_finite().then(|| Self { text: signed_percent(share), verdict, word })
    }

    /// The same change, but not called good or bad.
    pub(super) fn unjudged(self) -> Self {
        Self { verdict: "", word: "", ..self }
    }

    pub(super) fn of_metric(name: &str, from: f64, to: f64) -> Option<Self> {
        let share = (to - from) / from.abs();
        let text = signed_percent(share);
        let verdict = if text.ends_with("±0%") { "" } else { verdict(share, Better::of_metric(name)) };
        share.is_finite().then_some(Self { text, verdict, word: verdict })
    }

    /// Between two shares of 1, in points: a percentage of a percentage helps nobody.
    pub(super) fn of_share(from: f64, to: f64) -> Self {
        let points = (to - from) * 100.0;
        let text = match short(points, 1) {
            zero if zero == "0" => "±0".to_owned(),
            text if points > 0.0 => format!("+{text} points"),
            text => format!("−{} points", text.trim_start_matches('-')),
        };
        let verdict = if text == "±0" { "" } else { verdict(points, Better::Less) };
        Self { text, verdict, word: verdict }
    }
}

fn verdict(change: f64, better: Better) -> &'static str {
    match better {
        Better::Unknown => "",
        Better::Less if change < 0.0 => "better",
        Better::More if change > 0.0 => "better",
        _ => "worse",
    }
}

fn signed_percent(share: f64) -> String {
    let digits = usize::from(share.abs() < 0.0995);
    match short(share * 100.0, digits) {
        zero if zero == "0" => "±0%".to_owned(),
        text if share > 0.0 => format!("+{text}%"),
        text => format!("−{}%", text.trim_start_matches('-')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_they_are_worth() {
        let shown: Vec<String> = [0.4217, 9.996, 12.34, 99.97, 412.6, 12_345.6].into_iter().map(millis).collect();
        assert_eq!(shown, ["0.42", "10.0", "12.3", "100", "413", "12,346"]);
        let shown: Vec<String> = [0.42, 12.4, 252.0, 3_780.0].into_iter().map(duration).collect();
        assert_eq!(shown, ["0.4 s", "12 s", "4 min 12 s", "1 h 3 min"]);
    }

    #[test]
    fn a_percentage_never_rounds_to_all_or_nothing() {
        let shown: Vec<String> = [0.0, 0.0001, 0.5, 0.9999, 1.0].into_iter().map(percent).collect();
        assert_eq!(shown, ["0%", "<0.1%", "50%", ">99.9%", "100%"]);
    }

    #[test]
    fn a_change_says_which_way_is_better() {
        let change = |text: &str, verdict| Some(Change { text: text.to_owned(), verdict, word: verdict });
        let slower = Change { text: "+42%".to_owned(), verdict: "worse", word: "slower" };
        assert_eq!(Change::of_latency(100.0, 142.0), Some(slower));
        assert_eq!(Change::of_latency(100.0, 104.0), change("+4%", ""));
        assert_eq!(Change::of_latency(0.0, 4.0), None);
        assert_eq!(Change::of_metric("accuracy", 0.96, 0.92), change("−4.2%", "worse"));
        assert_eq!(Change::of_metric("rmse", 2.0, 1.0), change("−50%", "better"));
        assert_eq!(Change::of_metric("ndcg", 0.5, 1.0), change("+100%", "better"));
        assert_eq!(Change::of_metric("log_loss", 0.5, 1.0), change("+100%", "worse"));
        assert_eq!(Change::of_metric("lift", 2.0, 1.0), change("−50%", ""));
        assert_eq!(Some(Change::of_share(0.0, 0.004)), change("+0.4 points", "worse"));
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }
}
