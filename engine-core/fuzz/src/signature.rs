//! What the engine did during one run, boiled down to a number.
//!
//! Targets note statuses, events and outcomes as they see them; the fuzzer compares the sums. A
//! note that is repeated at once adds nothing, so that "a hundred pings" is not new after "ninety".

use std::cell::Cell;

#[derive(Clone, Copy, Default)]
struct State {
    hash: u64,
    last: u64,
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State { hash: 0, last: u64::MAX }) };
}

/// Notes that something happened: what kind, and which of that kind.
pub fn note(kind: &str, which: u64) {
    let fact = kind.bytes().fold(which ^ SEED, |hash, byte| mix(hash ^ u64::from(byte)));
    STATE.with(|state| {
        let State { hash, last } = state.get();
        if fact != last {
            state.set(State { hash: mix(hash ^ fact), last: fact });
        }
    });
}

/// The number of digits of a size: sizes of one magnitude are alike.
#[must_use]
pub fn magnitude(size: usize) -> u64 {
    u64::from(usize::BITS - size.leading_zeros())
}

/// Takes the signature of what was noted on this thread since the last call.
#[must_use]
pub fn take() -> u64 {
    STATE.with(|state| state.replace(State { hash: 0, last: u64::MAX }).hash)
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(notes: &[(&str, u64)]) -> u64 {
        let _ = take();
        notes.iter().for_each(|(kind, which)| note(kind, *which));
        take()
    }

    #[test]
    fn order_and_kind_count_and_repetition_does_not() {
        let once = of(&[("status", 200), ("event", 1)]);
        assert_eq!(once, of(&[("status", 200), ("status", 200), ("event", 1)]));
        assert_ne!(once, of(&[("event", 1), ("status", 200)]));
        assert_ne!(once, of(&[("status", 200), ("event", 2)]));
        assert_ne!(of(&[("a", 1)]), of(&[("b", 1)]));
        assert_ne!(of(&[]), of(&[("a", 1)]));
    }
}
