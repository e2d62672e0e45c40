//! Pictures of a load as time goes by: how long answers took, and how many tokens came.

use super::axes::{Scale, nice_ticks, tick_label};
use super::charts::{BOTTOM, Chart, Key, LEFT, Mark, RIGHT, TOP, polyline, tick};
use super::figures::{millis, rate};
use crate::domain::report::timeline::LoadInterval;

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 4;

/// What one account's load was like, and whether its answers are streams.
pub(super) struct Load<'a> {
    pub(super) account: &'a str,
    pub(super) timeline: &'a [LoadInterval],
    pub(super) is_streamed: bool,
}

/// A line of a picture: its name, and what it shows of each part.
struct Line<'a> {
    name: String,
    points: Vec<(f64, f64)>,
    of: &'a [LoadInterval],
}

/// The pictures of some accounts' loads: of a few, each; of many, the slowest.
pub(super) fn draw(id: &str, loads: &[Load]) -> Vec<Chart> {
    let mut loads: Vec<&Load> = loads.iter().filter(|load| load.timeline.len() > 1).collect();
    let worst = |load: &Load| load.timeline.iter().filter_map(|part| part.p95_ms).fold(0.0, f64::max);
    loads.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
    let slowest = if loads.len() > MOST_LINES { ", the slowest accounts" } else { "" };
    loads.truncate(MOST_LINES);
    let Some(first) = loads.first() else { return Vec::new() };
    let what = if first.is_streamed { "Time to first token" } else { "Latency" };
    let (title, times) = if let [load] = &loads[..] {
        let line = |name: &str, of: fn(&LoadInterval) -> Option<f64>| Line::new(name, load, of);
        (format!("{what} over time"), vec![line("p50", |part| part.p50_ms), line("p95", |part| part.p95_ms)])
    } else {
        let lines = loads.iter().map(|load| Line::new(load.account, load, |part| part.p95_ms)).collect();
        (format!("{what} over time, p95{slowest}"), lines)
    };
    let per_second = |part: &LoadInterval| Some(part.output_tokens? / part.seconds);
    let tokens: Vec<Line> = loads.iter().map(|load| Line::new(load.account, load, per_second)).collect();
    let title_of_tokens = format!("Output tokens over time{slowest}");
    [
        chart(format!("{id}-over-time"), title, "ms", &times, millis),
        chart(format!("{id}-tokens"), title_of_tokens, "tokens a second", &tokens, rate),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl<'a> Line<'a> {
    fn new(name: &str, load: &Load<'a>, of: impl Fn(&LoadInterval) -> Option<f64>) -> Self {
        let points = load.timeline.iter().filter_map(|part| Some((part.from_seconds + part.seconds / 2.0, of(part)?)));
        Self { name: name.to_owned(), points: points.collect(), of: load.timeline }
    }
}

fn chart(id: String, title: String, unit: &'static str, lines: &[Line], shown: fn(f64) -> String) -> Option<Chart> {
    let values = || lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
    let (least, most) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    let ends = lines.iter().filter_map(|line| line.of.last()).map(|part| part.from_seconds + part.seconds);
    let end = ends.fold(0.0, f64::max);
    let x = Scale { log: false, low: 0.0, high: end, from: LEFT, to: RIGHT };
    let ticks = nice_ticks(0.0, most);
    let y = Scale { log: false, low: 0.0, high: ticks.top.max(most), from: BOTTOM, to: TOP };
    let marks = lines.iter().zip(1..).map(|(line, number)| {
        let places: Vec<(f64, f64)> = line.points.iter().map(|(at, value)| (x.at(*at), y.at(*value))).collect();
        Mark { class: format!("line s{number}"), path: polyline(&places) }
    });
    let keys =
        lines.iter().zip(1..).map(|(line, number)| Key { class: format!("line s{number}"), name: line.name.clone() });
    let of_time = nice_ticks(0.0, end).values.into_iter().filter(|value| *value <= end);
    Some(Chart {
        id,
        title,
        description: format!("From {} to {} {unit}, over {} s.", shown(least), shown(most), tick_label(end)),
        x_label: "seconds",
        y_label: unit,
        x_ticks: of_time.map(|value| tick(x.at(value), tick_label(value))).collect(),
        y_ticks: ticks.values.iter().map(|value| tick(y.at(*value), tick_label(*value))).collect(),
        marks: marks.collect(),
        legend: if lines.len() > 1 { keys.collect() } else { Vec::new() },
        ..Chart::frame()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: f64, p95: Option<f64>, tokens: Option<f64>) -> LoadInterval {
        LoadInterval {
            from_seconds: from,
            seconds: 2.0,
            answers: 3,
            p50_ms: p95.map(|p95| p95 / 2.0),
            p95_ms: p95,
            output_tokens: tokens,
        }
    }

    #[test]
    fn one_account_has_its_percentiles_and_several_a_line_each() {
        let timeline =
            [part(0.0, Some(10.0), Some(40.0)), part(2.0, None, Some(20.0)), part(4.0, Some(30.0), Some(0.0))];
        let load = |account| Load { account, timeline: &timeline, is_streamed: true };
        let one = draw("c", &[load("a")]);
        let names = |charts: &[Chart], at: usize| -> Vec<String> {
            charts[at].legend.iter().map(|key| key.name.clone()).collect()
        };
        assert_eq!(
            one.iter().map(|chart| chart.title.as_str()).collect::<Vec<_>>(),
            ["Time to first token over time", "Output tokens over time"]
        );
        assert_eq!((names(&one, 0), names(&one, 1)), (vec!["p50".to_owned(), "p95".to_owned()], Vec::new()));
        assert_eq!(one[0].description, "From 5.00 to 30.0 ms, over 6 s.");
        assert_eq!(one[1].description, "From 0 to 20 tokens a second, over 6 s.");
        let many = draw("c", &["a", "b", "c", "d", "e"].map(load));
        assert_eq!(
            (many[0].title.as_str(), names(&many, 0).len()),
            ("Time to first token over time, p95, the slowest accounts", 4)
        );
    }

    #[test]
    fn a_load_without_tokens_has_no_picture_of_them() {
        let timeline = [part(0.0, Some(10.0), None), part(2.0, Some(20.0), None)];
        let charts = draw("c", &[Load { account: "a", timeline: &timeline, is_streamed: false }]);
        assert_eq!(charts.iter().map(|chart| chart.title.as_str()).collect::<Vec<_>>(), ["Latency over time"]);
        assert!(draw("c", &[]).is_empty());
    }
}
