//! Right answers of all kinds, and answers that are a little wrong.

use super::*;

const RULES: Rules = Rules {
    duration_ms: 600_000,
    speed_max: 10.0,
    energy_max: 100,
    energy_per_s: 10,
    power_up_energy: 40,
    power_up_ms: 500,
    start_power_ups: [3, 1, 0],
    waypoints_in_play: 8,
    waypoint_ms: 3_000,
};
const HERE: Place = Place { x: 1.0, y: 2.0, z: 3.0 };
const THERE: Place = Place { x: 1.5, y: 2.0, z: 3.0 };

/// Sent then, and answered within two milliseconds.
fn at(ms: u64) -> Handled {
    Handled { sent: Nanos(ms * NANOS_PER_MS), read: Nanos((ms + 2) * NANOS_PER_MS) }
}

fn player() -> Player {
    Player::new(HERE, &RULES)
}

fn moved(outcome: MoveOutcome, at: Place, energy: u32) -> Moved {
    Moved { seq: 0, outcome, x: at.x, y: at.y, z: at.z, energy }
}

fn used(outcome: PowerUpOutcome, power_up: PowerUp, active_ms: u32, energy: u32) -> PowerUpUsed {
    PowerUpUsed { seq: 0, outcome, power_up, active_ms, energy }
}

impl Player {
    fn boost(&mut self, outcome: PowerUpOutcome, active_ms: u32, energy: u32, ms: u64) -> bool {
        let answer = used(outcome, PowerUp::Boost, active_ms, energy);
        self.used(PowerUp::Boost, &answer, at(ms), &RULES).is_ok()
    }

    fn step(&mut self, to: Place, answer: &Moved, ms: u64) -> Result<(), String> {
        self.moved(to, true, answer, at(ms), &RULES)
    }
}

#[test]
fn a_step_is_where_it_was_asked_to_be() {
    let answer = moved(MoveOutcome::Moved, THERE, 100);
    let mut ours = player();
    assert_eq!(ours.step(THERE, &answer, 10), Ok(()));
    assert_eq!(ours.at(), Some(THERE));
    let wrong = Moved { z: 3.000_000_000_000_001, ..answer };
    assert!(player().step(THERE, &wrong, 10).unwrap_err().contains("must be at"));
    let too_fast = moved(MoveOutcome::TooFast, HERE, 100);
    assert!(player().step(THERE, &too_fast, 10).unwrap_err().contains("must be moved"));
}

#[test]
fn a_jump_leaves_the_player_where_it_was() {
    let far = Place { x: 1e5, ..HERE };
    let jump = |answer| {
        let mut player = player();
        player.moved(far, false, &answer, at(10), &RULES).map(|()| player.at().unwrap())
    };
    assert_eq!(jump(moved(MoveOutcome::TooFast, HERE, 100)), Ok(HERE));
    assert!(jump(moved(MoveOutcome::TooFast, THERE, 100)).unwrap_err().contains("stayed"));
    assert!(jump(moved(MoveOutcome::Moved, far, 100)).unwrap_err().contains("must be too_fast"));
}

#[test]
fn a_power_up_is_used_then_active_then_used_again() {
    let mut ours = player();
    assert!(ours.boost(PowerUpOutcome::Used, 500, 60, 1_000));
    assert!(!ours.clone().boost(PowerUpOutcome::Used, 500, 21, 1_100), "it is active");
    assert!(!ours.clone().boost(PowerUpOutcome::Active, 380, 61, 1_100), "20 ms too few");
    assert!(!ours.clone().boost(PowerUpOutcome::Active, 420, 61, 1_100), "20 ms too many");
    assert!(ours.boost(PowerUpOutcome::Active, 400, 61, 1_100));
    assert!(!ours.clone().boost(PowerUpOutcome::Active, 1, 65, 1_510), "it is over");
    assert!(ours.boost(PowerUpOutcome::Used, 500, 25, 1_510));
    assert!(!ours.clone().boost(PowerUpOutcome::NoneLeft, 0, 30, 2_100), "one is left");
    assert!(!ours.clone().boost(PowerUpOutcome::Used, 500, 0, 2_100), "the energy is 30");
    assert!(ours.boost(PowerUpOutcome::NoEnergy, 0, 30, 2_100));
    assert!(ours.boost(PowerUpOutcome::Used, 500, 10, 4_100));
    assert!(!ours.clone().boost(PowerUpOutcome::NoEnergy, 0, 50, 8_100), "none is left");
    assert!(!ours.clone().boost(PowerUpOutcome::Used, 500, 10, 8_100), "none is left");
    assert!(ours.boost(PowerUpOutcome::NoneLeft, 0, 50, 8_100));
}

#[test]
fn at_the_edge_of_its_time_a_power_up_may_be_either() {
    let mut ours = player();
    assert!(ours.boost(PowerUpOutcome::Used, 500, 60, 1_000));
    assert!(ours.clone().boost(PowerUpOutcome::Active, 1, 64, 1_500));
    assert!(ours.clone().boost(PowerUpOutcome::Used, 500, 24, 1_500));
}

#[test]
fn energy_grows_as_time_passes_and_no_faster() {
    let mut spent = player();
    assert!(spent.boost(PowerUpOutcome::Used, 500, 60, 1_000));
    for (energy, right) in [(69, false), (70, true), (71, false)] {
        let answer = moved(MoveOutcome::Moved, THERE, energy);
        assert_eq!(spent.clone().step(THERE, &answer, 2_050).is_ok(), right, "{energy}");
    }
    let answer = moved(MoveOutcome::Moved, THERE, 100);
    assert_eq!(spent.step(THERE, &answer, 60_000), Ok(()), "and no higher than the most");
    assert!(player().step(THERE, &Moved { energy: 101, ..answer }, 10).is_err());
}

#[test]
fn another_power_up_or_one_that_the_player_never_had_is_wrong() {
    let answer = used(PowerUpOutcome::Used, PowerUp::Reach, 500, 60);
    assert!(player().used(PowerUp::Boost, &answer, at(10), &RULES).is_err());
    assert!(player().used(PowerUp::Reach, &answer, at(10), &RULES).is_ok());
    let answer = used(PowerUpOutcome::Used, PowerUp::Double, 500, 60);
    assert!(player().used(PowerUp::Double, &answer, at(10), &RULES).is_err());
    let answer = used(PowerUpOutcome::NoneLeft, PowerUp::Double, 0, 100);
    assert!(player().used(PowerUp::Double, &answer, at(10), &RULES).is_ok());
}

#[test]
fn after_a_lost_answer_both_are_right_until_the_next() {
    let mut lost = player();
    lost.perhaps_moved(THERE);
    lost.perhaps_used(PowerUp::Boost, Nanos(20 * NANOS_PER_MS), &RULES);
    let stays = |at, energy| moved(MoveOutcome::TooFast, at, energy);
    for (answer, right) in [
        (stays(HERE, 100), true),
        (stays(THERE, 60), true),
        (stays(Place::default(), 60), false),
        (stays(HERE, 59), false),
    ] {
        let far = Place { x: 1e5, ..HERE };
        assert_eq!(lost.clone().moved(far, false, &answer, at(30), &RULES).is_ok(), right);
    }
    assert!(lost.clone().boost(PowerUpOutcome::Active, 480, 60, 40));
    assert!(lost.clone().boost(PowerUpOutcome::Used, 500, 60, 40));
    assert!(!lost.clone().boost(PowerUpOutcome::Active, 480, 60, 600));
}

#[test]
fn one_wrong_answer_is_one_error() {
    let mut ours = player();
    assert!(!ours.boost(PowerUpOutcome::NoEnergy, 0, 7, 10));
    assert!(ours.boost(PowerUpOutcome::NoneLeft, 0, 7, 20));
    assert!(ours.step(THERE, &moved(MoveOutcome::Moved, HERE, 7), 30).is_err());
    assert!(ours.step(THERE, &moved(MoveOutcome::Moved, THERE, 7), 40).is_ok());
}
