//! Numbers between their kinds.

/// A count as a figure; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "a figure has few digits")]
#[must_use]
pub const fn float(count: u64) -> f64 {
    count as f64
}

/// How many there are, as a figure.
#[must_use]
pub const fn count(count: usize) -> f64 {
    float(count as u64)
}

/// Numbers of cores as the system's calls have them.
pub fn indices(cores: &[u32]) -> impl Iterator<Item = usize> {
    cores.iter().map(|core| *core as usize)
}

/// The whole number that is nearest to a figure; 0 below it, and where the figure is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is out of bounds becomes the bound"
)]
#[must_use]
pub fn whole(figure: f64) -> u64 {
    figure.round() as u64
}
