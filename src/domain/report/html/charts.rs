//! Pictures of latencies: where lines, bars and ticks are. The template draws them, so that it escapes every name.

use std::fmt::Write;

use serde::Serialize;

use super::axes::{Scale, Ticks, log_ticks, nice_ticks, tick_label};
use super::buckets::{self, Bar};
use super::figures::{as_float, count, counted, median, millis, percent};
use crate::domain::report::latency::{LatencyBucket, LatencySummary};

/// Small enough that its letters can still be read where a phone shrinks it, as nothing may be scrolled there.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 250.0;
pub(super) const LEFT: f64 = 50.0;
pub(super) const RIGHT: f64 = WIDTH - 14.0;
/// Room for the unit, and below it for the names of percentiles.
pub(super) const TOP: f64 = 38.0;
pub(super) const BOTTOM: f64 = HEIGHT - 42.0;
/// A distribution of fewer requests would be a picture of nothing.
pub(super) const FEWEST_REQUESTS: u64 = 10;
/// More lines than this cannot be told apart; then a band stands for all and only the slowest are drawn.
const MOST_SERIES: usize = 6;
const SLOWEST: usize = 3;

/// Latencies of one account or one run.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) summary: LatencySummary,
    pub(super) buckets: Vec<LatencyBucket>,
    pub(super) requests: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Charts {
    distribution: Option<Chart>,
    percentiles: Option<Chart>,
    numbers: Vec<Numbers>,
}

#[derive(Debug, Serialize)]
pub(super) struct Chart {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x_label: &'static str,
    pub(super) y_label: &'static str,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) marks: Vec<Mark>,
    /// Upright lines at percentiles.
    pub(super) lines: Vec<Tick>,
    pub(super) legend: Vec<Key>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Tick {
    at: String,
    label: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Mark {
    /// `band`, `bars`, `line` or `dots`, and the number of the series
    pub(super) class: String,
    pub(super) path: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Key {
    pub(super) class: String,
    pub(super) name: String,
}

/// The buckets of one series as a table.
#[derive(Debug, Serialize)]
struct Numbers {
    name: String,
    rows: Vec<[String; 4]>,
}

/// Both pictures of some series; `None` where there is too little to see.
pub(super) fn draw(id: &str, noun: &str, series: &[Series]) -> Option<Charts> {
    let requests: u64 = series.iter().map(|one| one.requests).sum();
    if requests < FEWEST_REQUESTS {
        return None;
    }
    let drawn = Drawn::new(noun, series);
    let mut numbers: Vec<Numbers> = drawn.all.iter().chain(&drawn.lines).map(numbers).collect();
    numbers.retain(|one| !one.rows.is_empty());
    let distribution = distribution(id, requests, &drawn);
    let percentiles = (!drawn.lines.is_empty()).then(|| percentiles(id, series, &drawn));
    (distribution.is_some() || percentiles.is_some()).then_some(Charts { distribution, percentiles, numbers })
}

/// What is drawn of the series: each of a few; of many, all together and the slowest. A series of few requests is
/// never drawn alone.
struct Drawn {
    all: Option<Series>,
    lines: Vec<Series>,
    noun: String,
}

impl Drawn {
    fn new(noun: &str, series: &[Series]) -> Self {
        let mut lines: Vec<Series> = series.iter().filter(|one| one.requests >= FEWEST_REQUESTS).cloned().collect();
        if lines.len() == series.len() && series.len() <= MOST_SERIES {
            return Self { all: None, lines, noun: noun.to_owned() };
        }
        lines.sort_by(|a, b| b.summary.p99.total_cmp(&a.summary.p99).then_with(|| a.name.cmp(&b.name)));
        lines.truncate(SLOWEST);
        Self { all: merge(noun, series), lines, noun: noun.to_owned() }
    }

    fn legend(&self, of_all: &str, middle: bool) -> Vec<Key> {
        if self.all.is_none() && self.lines.len() < 2 {
            return Vec::new();
        }
        let mut keys = Vec::new();
        if let Some(all) = &self.all {
            keys.push(Key { class: of_all.to_owned(), name: all.name.clone() });
            if middle {
                keys.push(Key { class: "line s0".to_owned(), name: format!("median {}", self.noun) });
            }
        }
        let slow = if self.all.is_some() { ", one of the slowest" } else { "" };
        keys.extend(
            self.lines
                .iter()
                .zip(1..)
                .map(|(one, at)| Key { class: format!("line s{at}"), name: format!("{}{slow}", one.name) }),
        );
        keys
    }
}

/// The middle of each percentile over all series.
pub(super) fn middle(series: &[Series]) -> Option<LatencySummary> {
    let of = |figure: fn(&LatencySummary) -> f64| median(series.iter().map(|one| figure(&one.summary)));
    Some(LatencySummary {
        min: of(|summary| summary.min)?,
        mean: of(|summary| summary.mean)?,
        p50: of(|summary| summary.p50)?,
        p90: of(|summary| summary.p90)?,
        p95: of(|summary| summary.p95)?,
        p99: of(|summary| summary.p99)?,
        max: of(|summary| summary.max)?,
    })
}

/// All series as one: their requests together, the middle of their percentiles.
pub(super) fn merge(noun: &str, series: &[Series]) -> Option<Series> {
    let summary = middle(series)?;
    let requests = series.iter().map(|one| one.requests).sum();
    let buckets = buckets::merge(series.iter().map(|one| one.buckets.as_slice()));
    Some(Series { name: format!("all {}", counted(series.len(), noun)), summary, buckets, requests })
}

fn numbers(series: &Series) -> Numbers {
    let bars = Bar::of(&series.buckets);
    let sum: f64 = bars.iter().map(|bar| bar.count).sum();
    let row = |bar: &Bar| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from a count")]
        let requests = bar.count as u64;
        [millis(bar.from), millis(bar.to), count(requests), percent(bar.count / sum)]
    };
    Numbers { name: series.name.clone(), rows: bars.iter().map(row).collect() }
}

fn distribution(id: &str, requests: u64, drawn: &Drawn) -> Option<Chart> {
    let shapes: Vec<Vec<Bar>> = drawn.all.iter().chain(&drawn.lines).map(|one| Bar::of(&one.buckets)).collect();
    let bars = || shapes.iter().flatten();
    let least = bars().map(|bar| bar.from).reduce(f64::min)?;
    let most = bars().map(|bar| bar.to).reduce(f64::max)?;
    let share_in = |shape: &[Bar], bar: &Bar| bar.count / shape.iter().map(|bar| bar.count).sum::<f64>();
    let highest = shapes.iter().flat_map(|shape| shape.iter().map(|bar| share_in(shape, bar))).reduce(f64::max)?;
    let x = Scale { log: true, low: least, high: most, from: LEFT, to: RIGHT };
    let y_ticks = nice_ticks(0.0, highest);
    let y = Scale { log: false, low: 0.0, high: y_ticks.top.max(highest), from: BOTTOM, to: TOP };
    let marks = shapes.iter().enumerate().map(|(at, shape)| {
        let number = at + usize::from(drawn.all.is_none());
        let filled = number == 0 || shapes.len() == 1;
        let mut path = String::new();
        let mut end: Option<f64> = None;
        for bar in shape {
            let (from, to, top) = (x.at(bar.from), x.at(bar.to), y.at(share_in(shape, bar)));
            // A gap before the bar: down to the ground, and up again.
            let joined = end.is_some_and(|end| (end - from).abs() < 0.5);
            if filled {
                _ = write!(path, "M{from:.1} {BOTTOM}V{top:.1}H{:.1}V{BOTTOM}Z", (to - 1.0).max(from + 0.5));
            } else {
                match (joined, end.is_some()) {
                    (true, _) => {}
                    (false, true) => _ = write!(path, "V{BOTTOM}M{from:.1} {BOTTOM}"),
                    (false, false) => _ = write!(path, "M{from:.1} {BOTTOM}"),
                }
                _ = write!(path, "V{top:.1}H{to:.1}");
            }
            end = Some(to);
        }
        if !filled && end.is_some() {
            _ = write!(path, "V{BOTTOM}");
        }
        Mark { class: format!("{} s{number}", if filled { "bars" } else { "line" }), path }
    });
    let marks = marks.collect();
    let lines = match (&drawn.all, drawn.lines.as_slice()) {
        (None, [only]) => percentile_lines(&only.summary, &x),
        _ => Vec::new(),
    };
    let whose = match (&drawn.all, drawn.lines.len()) {
        (Some(all), _) => format!(" of {}", all.name),
        (None, 1) => String::new(),
        (None, number) => format!(" of {}", counted(number, &drawn.noun)),
    };
    Some(Chart {
        id: format!("{id}-distribution"),
        title: "Distribution of latencies".to_owned(),
        description: format!(
            "The share of {} requests{whose} by latency, from {} to {} ms.",
            count(requests),
            millis(least),
            millis(most)
        ),
        x_label: "latency, ms (log scale)",
        y_label: "share of requests",
        x_ticks: log_ticks(least, most).into_iter().map(|value| tick(x.at(value), tick_label(value))).collect(),
        y_ticks: y_ticks.values.iter().map(|value| tick(y.at(*value), percent(*value))).collect(),
        marks,
        lines,
        legend: drawn.legend("bars s0", false),
        ..Chart::frame()
    })
}

/// Where p50, p95 and p99 are, as far as their labels do not touch.
fn percentile_lines(summary: &LatencySummary, x: &Scale) -> Vec<Tick> {
    const LABEL_WIDTH: f64 = 26.0;
    let mut lines = Vec::new();
    let mut free_from = LEFT;
    for (label, value) in [("p50", summary.p50), ("p95", summary.p95), ("p99", summary.p99)] {
        if value < x.low || value > x.high {
            continue;
        }
        let at = x.at(value);
        let label = if at >= free_from {
            free_from = at + LABEL_WIDTH;
            label
        } else {
            ""
        };
        lines.push(tick(at, label.to_owned()));
    }
    lines
}

fn percentiles(id: &str, series: &[Series], drawn: &Drawn) -> Chart {
    let names = ["min", "p50", "p90", "p95", "p99", "max"];
    let points = |summary: &LatencySummary| {
        [summary.min, summary.p50, summary.p90, summary.p95, summary.p99, summary.max].map(|value| value.max(0.0))
    };
    let all: Vec<[f64; 6]> = series.iter().map(|one| points(&one.summary)).collect();
    let extreme = |pick: fn(f64, f64) -> f64| {
        let mut edge = all.first().copied().unwrap_or_default();
        for one in &all {
            for (edge, value) in edge.iter_mut().zip(one) {
                *edge = pick(*edge, *value);
            }
        }
        edge
    };
    let (lowest, highest) = (extreme(f64::min), extreme(f64::max));
    let (least, most) = (lowest[0].max(0.001), highest[5].max(0.001));
    // On a plain scale a slow tail would press everything else to the ground.
    let log = most / highest[1].max(0.001) > 12.0;
    let ticks = if log { Ticks { values: log_ticks(least, most), top: most } } else { nice_ticks(0.0, most) };
    let y = Scale { log, low: if log { least } else { 0.0 }, high: ticks.top.max(most), from: BOTTOM, to: TOP };
    let step = (RIGHT - LEFT - 20.0) / as_float(names.len() as u64 - 1);
    let column = |at: u64| LEFT + 10.0 + step * as_float(at);
    let place = |values: &[f64; 6]| -> Vec<(f64, f64)> {
        values.iter().zip(0..).map(|(value, at)| (column(at), y.at(*value))).collect()
    };
    let mut marks = Vec::new();
    if drawn.all.is_some() {
        let mut outline = place(&highest);
        outline.extend(place(&lowest).into_iter().rev());
        marks.push(Mark { class: "band s0".to_owned(), path: format!("{}Z", polyline(&outline)) });
        if let Some(middle) = middle(series) {
            marks.push(Mark { class: "line s0".to_owned(), path: polyline(&place(&points(&middle))) });
        }
    }
    for (one, number) in drawn.lines.iter().zip(1..) {
        let places = place(&points(&one.summary));
        marks.push(Mark { class: format!("line s{number}"), path: polyline(&places) });
        marks.push(Mark { class: format!("dots s{number}"), path: dots(&places) });
    }
    let described = match (&drawn.all, drawn.lines.as_slice()) {
        (None, [only]) => {
            let LatencySummary { p50, p95, p99, max, .. } = only.summary;
            format!("p50 {}, p95 {}, p99 {}, max {} ms.", millis(p50), millis(p95), millis(p99), millis(max))
        }
        _ => format!(
            "Over {}: p50 from {} to {} ms, p99 from {} to {} ms.",
            counted(series.len(), &drawn.noun),
            millis(lowest[1]),
            millis(highest[1]),
            millis(lowest[4]),
            millis(highest[4])
        ),
    };
    Chart {
        id: format!("{id}-percentiles"),
        title: "Latency by percentile".to_owned(),
        description: described,
        x_label: "percentile",
        y_label: if log { "ms (log scale)" } else { "ms" },
        x_ticks: names.iter().zip(0..).map(|(name, at)| tick(column(at), (*name).to_owned())).collect(),
        y_ticks: ticks.values.iter().map(|value| tick(y.at(*value), tick_label(*value))).collect(),
        marks,
        legend: drawn.legend("band s0", true),
        ..Chart::frame()
    }
}

impl Chart {
    pub(super) fn frame() -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            description: String::new(),
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: RIGHT,
            top: TOP,
            bottom: BOTTOM,
            x_label: "",
            y_label: "",
            x_ticks: Vec::new(),
            y_ticks: Vec::new(),
            marks: Vec::new(),
            lines: Vec::new(),
            legend: Vec::new(),
        }
    }
}

pub(super) fn tick(at: f64, label: String) -> Tick {
    Tick { at: format!("{at:.1}"), label }
}

pub(super) fn polyline(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        _ = write!(path, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    }
    path
}

/// A stroke of no length with round ends is a dot.
fn dots(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (x, y) in points {
        _ = write!(path, "M{x:.1} {y:.1}h0");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, buckets: &[(f64, u64)]) -> Series {
        let top = buckets.last().map_or(1.0, |bucket| bucket.0);
        Series {
            name: name.to_owned(),
            summary: LatencySummary { min: 1.0, mean: 2.0, p50: 2.0, p90: 3.0, p95: 4.0, p99: 5.0, max: top },
            buckets: buckets.iter().map(|&(up_to, count)| LatencyBucket { up_to, count }).collect(),
            requests: buckets.iter().map(|bucket| bucket.1).sum(),
        }
    }

    #[test]
    fn a_handful_of_requests_is_no_distribution() {
        assert!(draw("c", "account", &[series("a", &[(10.0, 9)])]).is_none());
        assert!(draw("c", "account", &[series("a", &[(10.0, 10)])]).is_some());
        assert!(draw("c", "account", &[]).is_none());
    }

    #[test]
    fn the_highest_bar_of_one_series_stands_on_the_ground_and_fits() {
        let charts = draw("c", "account", &[series("a", &[(10.0, 25), (12.5, 75)])]).expect("charts");
        let chart = charts.distribution.expect("a distribution");
        assert_eq!(chart.marks.len(), 1);
        assert_eq!(chart.marks[0].class, "bars s1");
        // From 8 to 12.5 on a log scale the border is half way; 75% is the highest of ticks up to 80%.
        let middle = f64::midpoint(LEFT, RIGHT);
        let top = BOTTOM - (BOTTOM - TOP) * 0.75 / 0.8;
        assert!(chart.marks[0].path.contains(&format!("M{middle:.1} {BOTTOM}V{top:.1}")), "{}", chart.marks[0].path);
        assert_eq!(charts.numbers[0].rows[1], ["10.0", "12.5", "75", "75%"]);
        assert!(chart.legend.is_empty());
    }

    #[test]
    fn an_outline_goes_down_to_the_ground_in_a_gap() {
        let two = [series("a", &[(10.0, 50), (100.0, 50)]), series("b", &[(10.0, 100)])];
        let chart = draw("c", "account", &two).and_then(|charts| charts.distribution).expect("a distribution");
        assert_eq!(chart.marks[0].path.matches('M').count(), 2);
        assert_eq!(chart.legend.len(), 2);
    }

    #[test]
    fn many_series_become_a_band_and_the_slowest() {
        let many: Vec<Series> = (0..60).map(|at| series(&format!("{at:02}"), &[(10.0 + f64::from(at), 50)])).collect();
        let percentiles = draw("c", "account", &many).and_then(|charts| charts.percentiles).expect("a chart");
        let classes: Vec<&str> = percentiles.marks.iter().map(|mark| mark.class.as_str()).collect();
        assert_eq!(classes[..2], ["band s0", "line s0"]);
        assert_eq!(classes.len(), 2 + 2 * SLOWEST);
        assert_eq!(percentiles.legend[0].name, "all 60 accounts");
    }

    #[test]
    fn accounts_of_few_requests_are_drawn_together_only() {
        let many: Vec<Series> = (0..60).map(|at| series(&format!("{at:02}"), &[(10.0 + f64::from(at), 1)])).collect();
        let charts = draw("c", "account", &many).expect("charts");
        assert!(charts.percentiles.is_none());
        let marks = charts.distribution.expect("a chart").marks;
        assert_eq!(marks.iter().map(|mark| mark.class.as_str()).collect::<Vec<_>>(), ["bars s0"]);
    }

    #[test]
    fn odd_values_draw_something_finite() {
        let mut odd = series("a", &[(0.0, 5), (-1.0, 3), (5.0, 20), (5.0, 20)]);
        odd.summary = LatencySummary { min: 0.0, mean: 0.0, p50: 0.0, p90: 0.0, p95: 0.0, p99: 0.0, max: 0.0 };
        let charts = draw("c", "account", &[odd]).expect("charts");
        for mark in charts.percentiles.iter().chain(&charts.distribution).flat_map(|chart| &chart.marks) {
            assert!(!mark.path.contains("NaN") && !mark.path.contains("inf"), "{}", mark.path);
        }
    }
}
