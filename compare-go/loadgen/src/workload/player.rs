//! What a player may be told: the place, the energy and the power-ups, as far as a client can know
//! them.
//!
//! A server handles a message at some time between its sending and the read of its answer, so times
//! and energies are known as ranges: a right server is never blamed, and a wrong one has only the
//! width of a round trip. It knows rules R26 to R37, and no connections.

use crate::clock::Nanos;
use crate::messages::{MoveOutcome, Moved, Place, PowerUp, PowerUpOutcome, PowerUpUsed};
use crate::quest_plan::Rules;
use std::ops::RangeInclusive;

/// A player, as the answers so far have told.
#[derive(Clone, Debug)]
pub(super) struct Player {
    /// Where the player can be: one place, or several where a connection was lost before its
    /// answers came.
    places: Vec<Place>,
    /// Energy in thousandths, within this range when the last message was handled.
    energy: RangeInclusive<u64>,
    /// When that was.
    handled: Handled,
    powers: [Power; 3],
}

/// When a message was handled: not before it was sent, and not after its answer was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handled {
    /// When it was sent.
    pub(super) sent: Nanos,
    /// When its answer was read.
    pub(super) read: Nanos,
}

/// A player's power-ups of one kind.
#[derive(Clone, Debug)]
struct Power {
    /// How many are left.
    left: RangeInclusive<u32>,
    /// When the one in effect ends, at the earliest and at the latest.
    until: (Nanos, Nanos),
}

/// Times of the rules are whole milliseconds: two of them are off by less than this.
const ROUNDING_NS: u64 = 1_000_000;
const NANOS_PER_MS: u64 = 1_000_000;

impl Player {
    /// A player who has just joined, at the first waypoint.
    pub(super) fn new(at: Place, rules: &Rules) -> Self {
        let full = u64::from(rules.energy_max) * 1_000;
        let power = |left: u8| Power { left: left.into()..=left.into(), until: Default::default() };
        Self {
            places: vec![at],
            energy: full..=full,
            handled: Handled { sent: Nanos(0), read: Nanos(0) },
            powers: rules.start_power_ups.map(power),
        }
    }

    /// Where the player is, if that is known.
    #[cfg(test)]
    pub(super) fn at(&self) -> Option<Place> {
        match self.places[..] {
            [at] => Some(at),
            _ => None,
        }
    }

    /// Takes in the answer to a move. `within_reach`: whether the place is sure to be in reach, or
    /// sure not to be.
    ///
    /// # Errors
    /// What the answer should have been. The server is believed from there on, so that one wrong
    /// answer is one error.
    pub(super) fn moved(
        &mut self,
        to: Place,
        within_reach: bool,
        answer: &Moved,
        handled: Handled,
        rules: &Rules,
    ) -> Result<(), String> {
        let result = self.check_moved(to, within_reach, answer, handled, rules);
        if result.is_err() {
            self.forget(handled, rules);
        }
        self.places.clear();
        self.places.push(answer.at());
        result
    }

    fn check_moved(
        &mut self,
        to: Place,
        within_reach: bool,
        answer: &Moved,
        handled: Handled,
        rules: &Rules,
    ) -> Result<(), String> {
        self.energy_is(answer.energy, handled, rules)?;
        // From one of several places, even a step may be too far.
        let must = if within_reach { MoveOutcome::Moved } else { MoveOutcome::TooFast };
        if self.places.len() == 1 && answer.outcome != must {
            return Err(format!("the outcome must be {}", must.word()));
        }
        let right = match answer.outcome {
            MoveOutcome::Moved => answer.at() == to,
            MoveOutcome::TooFast => self.places.contains(&answer.at()),
        };
        if !right {
            return Err(match answer.outcome {
                MoveOutcome::Moved => format!("the player must be at {to:?}"),
                MoveOutcome::TooFast => format!("the player must have stayed at {:?}", self.places),
            });
        }
        Ok(())
    }

    /// Takes in the answer to the use of a power-up.
    ///
    /// # Errors
    /// What the answer should have been; as for [`moved`](Self::moved).
    pub(super) fn used(
        &mut self,
        power_up: PowerUp,
        answer: &PowerUpUsed,
        handled: Handled,
        rules: &Rules,
    ) -> Result<(), String> {
        let result = self.check_used(power_up, answer, handled, rules);
        if result.is_err() {
            self.forget(handled, rules);
        }
        result
    }

    fn check_used(
        &mut self,
        power_up: PowerUp,
        answer: &PowerUpUsed,
        handled: Handled,
        rules: &Rules,
    ) -> Result<(), String> {
        if answer.power_up != power_up {
            return Err(format!("the power-up must be {}", power_up.word()));
        }
        let cost = u64::from(rules.power_up_energy) * 1_000;
        let before = self.energy_at(handled, rules);
        let power = &mut self.powers[power_up as usize - 1];
        let may_be_active = handled.sent < add_ns(power.until.1, ROUNDING_NS);
        let must_be_active = add_ns(handled.read, ROUNDING_NS) < power.until.0;
        let (none, some) = (*power.left.start() == 0, *power.left.end() > 0);
        let may = match answer.outcome {
            PowerUpOutcome::Active => may_be_active,
            PowerUpOutcome::NoneLeft => none,
            PowerUpOutcome::NoEnergy => some && *before.start() < cost,
            PowerUpOutcome::Used => some && *before.end() >= cost,
        };
        if !may || (must_be_active && answer.outcome != PowerUpOutcome::Active) {
            return Err(format!(
                "with {:?} left, {before:?} thousandths of energy and until {:?} it cannot be",
                power.left, power.until
            ));
        }
        let active = active_ms(power, answer.outcome, handled, rules);
        if !active.contains(&answer.active_ms) {
            return Err(format!("active_ms must be within {active:?}"));
        }
        match answer.outcome {
            PowerUpOutcome::Active => {}
            PowerUpOutcome::NoneLeft => power.left = 0..=0,
            PowerUpOutcome::NoEnergy => {
                power.left = (*power.left.start()).max(1)..=*power.left.end()
            }
            PowerUpOutcome::Used => {
                let left = power.left.clone();
                power.left = left.start().saturating_sub(1)..=left.end() - 1;
                let lasts_ns = u64::from(rules.power_up_ms) * NANOS_PER_MS;
                power.until = (add_ns(handled.sent, lasts_ns), add_ns(handled.read, lasts_ns));
                self.energy = before.start().saturating_sub(cost)..=before.end() - cost;
                self.handled = handled;
            }
        }
        self.energy_is(answer.energy, handled, rules)
    }

    /// A move was sent whose answer will never come.
    pub(super) fn perhaps_moved(&mut self, to: Place) {
        self.places.push(to);
    }

    /// The use of a power-up was sent whose answer will never come.
    pub(super) fn perhaps_used(&mut self, power_up: PowerUp, now: Nanos, rules: &Rules) {
        let power = &mut self.powers[power_up as usize - 1];
        power.left = power.left.start().saturating_sub(1)..=*power.left.end();
        let lasts_ns = u64::from(rules.power_up_ms) * NANOS_PER_MS;
        power.until.1 = power.until.1.max(add_ns(now, lasts_ns));
        let cost = u64::from(rules.power_up_energy) * 1_000;
        self.energy = self.energy.start().saturating_sub(cost)..=*self.energy.end();
    }

    /// Nothing is known any more but what the rules allow.
    fn forget(&mut self, handled: Handled, rules: &Rules) {
        self.energy = 0..=u64::from(rules.energy_max) * 1_000;
        self.handled = handled;
        let lasts_ns = u64::from(rules.power_up_ms) * NANOS_PER_MS;
        for power in &mut self.powers {
            *power = Power { left: 0..=255, until: (Nanos(0), add_ns(handled.read, lasts_ns)) };
        }
    }

    /// What the energy can be when a message is handled.
    fn energy_at(&self, handled: Handled, rules: &Rules) -> RangeInclusive<u64> {
        let full = u64::from(rules.energy_max) * 1_000;
        let per_ms = u64::from(rules.energy_per_s);
        let at_least_ns = handled.sent.since(self.handled.read);
        let at_most_ns = handled.read.since(self.handled.sent);
        let least_ms = at_least_ns.saturating_sub(ROUNDING_NS) / NANOS_PER_MS;
        let most_ms = at_most_ns / NANOS_PER_MS + 1;
        let grown =
            |energy: u64, ms: u64| energy.saturating_add(per_ms.saturating_mul(ms)).min(full);
        grown(*self.energy.start(), least_ms)..=grown(*self.energy.end(), most_ms)
    }

    /// An answer tells the energy in whole units.
    fn energy_is(&mut self, units: u32, handled: Handled, rules: &Rules) -> Result<(), String> {
        let range = self.energy_at(handled, rules);
        let told = u64::from(units) * 1_000;
        let (least, most) = (told.max(*range.start()), (told + 999).min(*range.end()));
        if least > most {
            let units = range.start() / 1_000..=range.end() / 1_000;
            return Err(format!("the energy must be within {units:?}"));
        }
        self.energy = least..=most;
        self.handled = handled;
        Ok(())
    }
}

/// For how long a power-up can be said to stay in effect (R37).
fn active_ms(
    power: &Power,
    outcome: PowerUpOutcome,
    handled: Handled,
    rules: &Rules,
) -> RangeInclusive<u32> {
    match outcome {
        PowerUpOutcome::Used => rules.power_up_ms..=rules.power_up_ms,
        PowerUpOutcome::NoneLeft | PowerUpOutcome::NoEnergy => 0..=0,
        PowerUpOutcome::Active => {
            let least_ms = power.until.0.since(handled.read) / NANOS_PER_MS;
            let most_ms = power.until.1.since(handled.sent) / NANOS_PER_MS + 1;
            let ms = |ms: u64| u32::try_from(ms).unwrap_or(u32::MAX).min(rules.power_up_ms);
            ms(least_ms.saturating_sub(1)).max(1)..=ms(most_ms).max(1)
        }
    }
}

fn add_ns(at: Nanos, ns: u64) -> Nanos {
    Nanos(at.0.saturating_add(ns))
}

#[cfg(test)]
mod tests;
