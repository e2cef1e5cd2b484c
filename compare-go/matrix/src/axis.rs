//! Where a figure lies on a line: the scale of a plot that is drawn as text.

use crate::number::count;

/// The most marks on an axis, or one more.
const TICKS_MAX: usize = 6;
/// A largest figure that is so many times the least is drawn on a logarithmic axis.
const LOG_FROM: f64 = 4.0;

/// A range of figures, as a line from 0 to 100 %.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// The figures that are marked.
    pub(crate) ticks: Vec<f64>,
}

impl Axis {
    /// One on which all of these have room, with marks at round figures. It need not begin at zero,
    /// so nothing that is read by its length is drawn on it.
    pub(crate) fn around(figures: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = ends(figures);
        if low > 0.0 && high / low >= LOG_FROM {
            let (low, high) = (low / 1.15, high * 1.15);
            return Self { low, high, logarithmic: true, ticks: ticks_log(low, high) };
        }
        let room = ((high - low) * 0.06).max(high.abs() * 0.002).max(f64::MIN_POSITIVE);
        let low = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
        let high = high + room;
        Self { low, high, logarithmic: false, ticks: ticks(low, high) }
    }

    /// One from zero on, for what is read by its length.
    pub(crate) fn from_zero(figures: impl IntoIterator<Item = f64>) -> Self {
        let (_, high) = ends(figures);
        let high = high.max(f64::MIN_POSITIVE) * 1.04;
        Self { low: 0.0, high, logarithmic: false, ticks: ticks(0.0, high) }
    }

    /// One with zero in its middle.
    pub(crate) fn about_zero(figures: impl IntoIterator<Item = f64>) -> Self {
        let reach = figures.into_iter().filter(|x| x.is_finite()).map(f64::abs);
        let reach = reach.fold(0.0, f64::max).max(0.01) * 1.06;
        Self { low: -reach, high: reach, logarithmic: false, ticks: ticks(-reach, reach) }
    }

    /// Where a figure lies, in percent; at an end where it lies beyond it.
    pub(crate) fn place(&self, figure: f64) -> f64 {
        let scale = |figure: f64| if self.logarithmic { figure.ln() } else { figure };
        if self.logarithmic && figure <= 0.0 {
            return 0.0;
        }
        let (low, high) = (scale(self.low), scale(self.high));
        ((scale(figure) - low) / (high - low) * 100.0).clamp(0.0, 100.0)
    }

    /// Whether equal distances are equal ratios.
    pub(crate) const fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }
}

fn ends(figures: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = figures.into_iter().filter(|figure| figure.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// Round figures between two ends, at a step of 1, 2 or 5 times a power of ten.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / count(TICKS_MAX);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let mut marks = Vec::new();
    let mut multiple = (low / step).ceil();
    while multiple * step <= high && marks.len() <= 2 * TICKS_MAX {
        marks.push(multiple * step);
        multiple += 1.0;
    }
    marks
}

/// Round figures between two ends, at equal ratios.
fn ticks_log(low: f64, high: f64) -> Vec<f64> {
    let mut power = 10_f64.powf(low.log10().floor());
    let mut all = Vec::new();
    while power <= high {
        all.extend([1.0, 2.0, 5.0].map(|digit| (digit, digit * power)));
        power *= 10.0;
    }
    all.retain(|(_, figure)| (low..=high).contains(figure));
    if all.len() > TICKS_MAX {
        let tens: Vec<_> = all.iter().copied().filter(|(digit, _)| *digit == 1.0).collect();
        if tens.len() >= 3 {
            all = tens;
        } else {
            all.retain(|(digit, _)| *digit != 2.0);
        }
    }
    all.into_iter().map(|(_, figure)| figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_figures_have_room_and_marks_are_round() {
        let axis = Axis::around([410.0, 455.0, 502.0]);
        assert!(!axis.is_logarithmic() && axis.place(410.0) > 1.0 && axis.place(502.0) < 99.0);
        assert_eq!(axis.ticks, [420.0, 440.0, 460.0, 480.0, 500.0]);
        let axis = Axis::from_zero([5.0, 20.0]);
        assert_eq!((axis.place(0.0), axis.ticks[0]), (0.0, 0.0));
        let axis = Axis::about_zero([0.1, -0.3]);
        assert!((axis.place(0.0) - 50.0).abs() < 1e-9 && axis.place(-0.3) < 5.0);
    }

    #[test]
    fn figures_far_apart_are_on_a_logarithmic_axis() {
        let axis = Axis::around([400.0, 90_000.0]);
        assert!(axis.is_logarithmic());
        assert_eq!(axis.ticks, [1_000.0, 10_000.0, 100_000.0]);
        let [a, b, c] = [1_000.0, 10_000.0, 100_000.0].map(|figure| axis.place(figure));
        assert!((b - a - (c - b)).abs() < 1e-9);
        assert_eq!(axis.place(0.0), 0.0);
    }

    #[test]
    fn a_single_figure_and_none_have_an_axis_too() {
        assert!((40.0..60.0).contains(&Axis::around([5.0]).place(5.0)));
        assert!((40.0..60.0).contains(&Axis::around([]).place(0.5)));
        assert!(Axis::around([0.0]).ticks.len() < 20);
    }
}
