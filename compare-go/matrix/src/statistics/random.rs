//! Seeded random numbers that never change: a number that is computed again must come out the same,
//! whatever version of which library is built.

/// SplitMix64 (Steele, Lea and Flood, 2014): 64 bits of state, equidistributed; for sampling, not
/// for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers that follow from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which is more than 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The high half of the product; its bias is the bound / 2^64.
        let product = u128::from(self.bits()) * bound as u128;
        usize::try_from(product >> 64).expect("it is below a usize")
    }

    /// A number from 0 to 1, both excluded.
    pub fn unit(&mut self) -> f64 {
        crate::number::float((self.bits() >> 12) * 2 + 1) / (1_u64 << 53) as f64
    }

    /// Puts things in a random order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let mut random = Random::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(expected.map(|_| random.bits()), expected);
    }

    #[test]
    fn bounds_are_kept_and_every_number_below_comes() {
        let mut random = Random::new(1);
        let mut counts = [0_u32; 7];
        (0..7_000).for_each(|_| counts[random.below(7)] += 1);
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        let units: Vec<f64> = (0..10_000).map(|_| random.unit()).collect();
        assert!(units.iter().all(|unit| 0.0 < *unit && *unit < 1.0));
        assert!((units.iter().sum::<f64>() / 1e4 - 0.5).abs() < 0.01);
    }

    #[test]
    fn an_order_follows_from_its_seed() {
        let order = |seed| {
            let mut things: Vec<u32> = (0..100).collect();
            Random::new(seed).shuffle(&mut things);
            things
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut sorted = order(3);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
