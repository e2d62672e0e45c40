//! Axes: from values to places on a picture, and the round values at their ticks.

use super::figures::{millis, short};

/// From values to places.
pub(super) struct Scale {
    pub(super) log: bool,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Scale {
    pub(super) fn at(&self, value: f64) -> f64 {
        let of = |value: f64| if self.log { value.max(1e-6).ln() } else { value };
        let (low, high) = (of(self.low), of(self.high));
        let share = if high > low { (of(value) - low) / (high - low) } else { 0.5 };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

pub(super) struct Ticks {
    pub(super) values: Vec<f64>,
    /// The first tick at or above all values.
    pub(super) top: f64,
}

/// Round values from `low` to a little over `high`, about four of them.
pub(super) fn nice_ticks(low: f64, high: f64) -> Ticks {
    let step = nice((high - low).max(1e-9) / 4.0);
    let mut values = Vec::new();
    let mut at = (low / step).floor();
    loop {
        values.push(at * step);
        if at * step >= high * 0.999 {
            return Ticks { top: at * step, values };
        }
        at += 1.0;
    }
}

/// 1, 2 or 5 times a power of ten, at least `value`.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= value * 0.999).unwrap_or(10.0);
    factor * power
}

/// Round values within the ends, for a logarithmic scale.
pub(super) fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    const DECADES_OF_ALL: f64 = 2.2;
    const FEWEST: usize = 3;
    let decades = (high / low).log10();
    let factors: &[f64] = if decades < DECADES_OF_ALL { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let mut values = Vec::new();
    let mut power = low.log10().floor();
    while power <= high.log10() {
        let at = |factor: &f64| factor * 10_f64.powf(power);
        values.extend(factors.iter().map(at).filter(|value| (low * 0.999..=high * 1.001).contains(value)));
        power += 1.0;
    }
    if values.len() < FEWEST {
        let plain = nice_ticks(low, high).values;
        values = plain.into_iter().filter(|value| (low..=high).contains(value)).collect();
    }
    values
}

/// What a tick is called.
pub(super) fn tick_label(value: f64) -> String {
    if value >= 1000.0 { millis(value) } else { short(value, 3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_ends() {
        assert_eq!(log_ticks(0.9, 60.0), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(log_ticks(1.0, 5000.0), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(log_ticks(11.0, 14.5), [11.0, 12.0, 13.0, 14.0]);
        assert_eq!(nice_ticks(0.0, 0.75).values.len(), 5);
    }
}
