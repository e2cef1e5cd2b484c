//! The hot state of a player: 64 bytes, one cache line, and the rules that need nothing else.
//!
//! All times are milliseconds since the start of the round. Nothing here knows treasures, other
//! players or the wire.

use super::quest::Rules;
use crate::seam::{Point, PowerUp, PowerUpOutcome};

/// The distance that is always allowed, in units: rounding on the client never costs a move.
pub const MOVE_SLACK: f64 = 1.0;

/// The longest rest that counts towards the next move, in milliseconds.
pub const MOVE_REST_MS_MAX: u32 = 60_000;

/// One player of one round.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Player {
    x: f64,
    y: f64,
    z: f64,
    heading: f64,
    score: u32,
    // The energy at `energy_ms`, in thousandths; only spending writes it.
    energy_milli: u32,
    moved_ms: u32,
    energy_ms: u32,
    active_until_ms: [u32; 3],
    power_ups: [u8; 3],
    // Which place of the player's key ring is written next.
    key_place: u8,
}

const _: () = assert!(size_of::<Player>() == 64 && align_of::<Player>() == 64);

impl Player {
    /// A player that joins at `t` and stands at `at`.
    #[must_use]
    pub fn new(at: Point, rules: &Rules, t: u32) -> Self {
        Self {
            x: at.x,
            y: at.y,
            z: at.z,
            heading: 0.0,
            score: 0,
            energy_milli: rules.energy_max * 1000,
            moved_ms: t,
            energy_ms: t,
            active_until_ms: [0; 3],
            power_ups: rules.start_power_ups,
            key_place: 0,
        }
    }

    /// Where the player stands.
    #[must_use]
    pub fn at(&self) -> Point {
        Point { x: self.x, y: self.y, z: self.z }
    }

    /// Where the player looks, in degrees: 0 ≤ heading < 360.
    #[must_use]
    pub fn heading(&self) -> f64 {
        self.heading
    }

    /// The points so far.
    #[must_use]
    pub fn score(&self) -> u32 {
        self.score
    }

    /// Adds points. No round can give more than a `u32` holds: 1,024 treasures of at most
    /// 2,000,000 points, each once.
    pub fn add_points(&mut self, points: u32) {
        self.score += points;
    }

    /// How many of a power-up are left.
    #[must_use]
    pub fn power_ups(&self, power_up: PowerUp) -> u8 {
        self.power_ups[power_up as usize]
    }

    /// One more of a power-up, 255 at most.
    pub fn add_power_up(&mut self, power_up: PowerUp) {
        let left = &mut self.power_ups[power_up as usize];
        *left = left.saturating_add(1);
    }

    /// Milliseconds for which a power-up stays in effect; 0 where it is not.
    #[must_use]
    pub fn active_ms(&self, power_up: PowerUp, t: u32) -> u32 {
        self.active_until_ms[power_up as usize].saturating_sub(t)
    }

    /// Whether a power-up is in effect.
    #[must_use]
    pub fn is_active(&self, power_up: PowerUp, t: u32) -> bool {
        t < self.active_until_ms[power_up as usize]
    }

    /// The energy at `t`, in whole units.
    #[must_use]
    pub fn energy(&self, rules: &Rules, t: u32) -> u32 {
        self.energy_milli_at(rules, t) / 1000
    }

    /// Whether `to` can have been reached by `t`.
    #[must_use]
    pub fn can_reach(&self, to: Point, rules: &Rules, t: u32) -> bool {
        let twice = self.is_active(PowerUp::Boost, t);
        let speed = if twice { rules.speed_max * 2.0 } else { rules.speed_max };
        let rest_ms = t.saturating_sub(self.moved_ms).min(MOVE_REST_MS_MAX);
        let reach = speed * f64::from(rest_ms) / 1000.0 + MOVE_SLACK;
        distance_squared(self.at(), to) <= reach * reach
    }

    /// Stands at `to` from `t` on.
    pub fn go(&mut self, to: Point, t: u32) {
        // Adding zero turns −0 into 0 and changes nothing else, so that no encoding shows a −0.
        self.x = to.x + 0.0;
        self.y = to.y + 0.0;
        self.z = to.z + 0.0;
        self.moved_ms = t;
    }

    /// Looks towards `heading`, in degrees: 0 ≤ heading < 360.
    pub fn turn(&mut self, heading: f64) {
        self.heading = heading + 0.0;
    }

    /// Uses a power-up at `t`; anything but `Used` changes nothing.
    pub fn use_power_up(&mut self, power_up: PowerUp, rules: &Rules, t: u32) -> PowerUpOutcome {
        let place = power_up as usize;
        if self.is_active(power_up, t) {
            return PowerUpOutcome::Active;
        }
        if self.power_ups[place] == 0 {
            return PowerUpOutcome::NoneLeft;
        }
        let energy_milli = self.energy_milli_at(rules, t);
        let Some(left_milli) = energy_milli.checked_sub(rules.power_up_energy * 1000) else {
            return PowerUpOutcome::NoEnergy;
        };
        self.energy_milli = left_milli;
        self.energy_ms = t;
        self.power_ups[place] -= 1;
        self.active_until_ms[place] = t + rules.power_up_ms;
        PowerUpOutcome::Used
    }

    /// The place in a ring of `len` keys where the next one is written; moves on by one.
    pub fn next_key_place(&mut self, len: u8) -> usize {
        let place = self.key_place;
        self.key_place = (place + 1) % len;
        usize::from(place)
    }

    // Regaining in one step or in many comes to the same, so the state is written by spending only.
    fn energy_milli_at(&self, rules: &Rules, t: u32) -> u32 {
        let gained = u64::from(t.saturating_sub(self.energy_ms)) * u64::from(rules.energy_per_s);
        let energy = u64::from(self.energy_milli) + gained;
        let full = rules.energy_max * 1000;
        u32::try_from(energy).map_or(full, |energy| energy.min(full))
    }
}

/// The square of the distance between two places, summed in the order x, y, z without fusing.
#[must_use]
pub fn distance_squared(a: Point, b: Point) -> f64 {
    let (dx, dy, dz) = (b.x - a.x, b.y - a.y, b.z - a.z);
    dx * dx + dy * dy + dz * dz
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { start_power_ups: [2, 1, 0], ..Rules::default() }
    }

    fn at(x: f64) -> Point {
        Point { x, y: 0.0, z: 0.0 }
    }

    #[test]
    fn a_move_reaches_speed_times_rest_and_one_unit_more() {
        let player = Player::new(at(0.0), &rules(), 1_000);
        assert!(player.can_reach(at(1.0), &rules(), 1_000));
        assert!(!player.can_reach(at(1.000_001), &rules(), 1_000));
        assert!(player.can_reach(at(11.0), &rules(), 2_000));
        assert!(!player.can_reach(at(11.01), &rules(), 2_000));
        assert!(player.can_reach(at(601.0), &rules(), 61_000));
        assert!(!player.can_reach(at(601.5), &rules(), 10_000_000), "rest counts for 60 s at most");
    }

    #[test]
    fn boost_doubles_the_speed_while_it_lasts() {
        let mut player = Player::new(at(0.0), &rules(), 0);
        assert_eq!(player.use_power_up(PowerUp::Boost, &rules(), 0), PowerUpOutcome::Used);
        assert!(player.can_reach(at(99.0), &rules(), 4_999));
        assert!(!player.can_reach(at(99.0), &rules(), 5_000), "active while t < until");
        assert_eq!(player.active_ms(PowerUp::Boost, 4_999), 1);
        assert_eq!(player.active_ms(PowerUp::Boost, 5_000), 0);
    }

    #[test]
    fn energy_regrows_to_its_maximum_and_no_further() {
        let mut player = Player::new(at(0.0), &rules(), 0);
        assert_eq!(player.use_power_up(PowerUp::Boost, &rules(), 0), PowerUpOutcome::Used);
        assert_eq!(player.energy(&rules(), 0), 70);
        assert_eq!(player.energy(&rules(), 199), 70, "shown as whole units");
        assert_eq!(player.energy(&rules(), 200), 71);
        assert_eq!(player.energy(&rules(), u32::MAX), 100);
    }

    #[test]
    fn a_power_up_is_refused_when_active_absent_or_unaffordable() {
        let mut player = Player::new(at(0.0), &rules(), 0);
        assert_eq!(player.use_power_up(PowerUp::Double, &rules(), 0), PowerUpOutcome::NoneLeft);
        assert_eq!(player.use_power_up(PowerUp::Boost, &rules(), 0), PowerUpOutcome::Used);
        let before = player;
        assert_eq!(player.use_power_up(PowerUp::Boost, &rules(), 1), PowerUpOutcome::Active);
        let dear = Rules { power_up_energy: 71, ..rules() };
        assert_eq!(player.use_power_up(PowerUp::Reach, &dear, 199), PowerUpOutcome::NoEnergy);
        assert_eq!(player, before);
        assert_eq!(player.use_power_up(PowerUp::Reach, &dear, 200), PowerUpOutcome::Used);
    }

    #[test]
    fn power_ups_saturate_and_negative_zero_is_zero() {
        let mut player = Player::new(at(0.0), &rules(), 0);
        for _ in 0..300 {
            player.add_power_up(PowerUp::Double);
        }
        assert_eq!(player.power_ups(PowerUp::Double), 255);
        player.go(Point { x: -0.0, y: -0.0, z: -0.0 }, 5);
        player.turn(-0.0);
        assert!(player.at().x.is_sign_positive() && player.heading().is_sign_positive());
    }

    #[test]
    fn key_places_go_round() {
        let mut player = Player::new(at(0.0), &rules(), 0);
        let places: alloc::vec::Vec<_> = (0..5).map(|_| player.next_key_place(3)).collect();
        assert_eq!(places, [0, 1, 2, 0, 1]);
    }
}
