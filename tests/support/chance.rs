//! Chance with a seed: the same seed makes the same choices in the same order.

/// `SplitMix64`, which is enough to choose by.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Chance that begins here.
    pub(crate) fn of(start: u64) -> Self {
        Self(start)
    }

    /// The chance of one of many who share a seed.
    pub(crate) fn new(seed: u64, nth: usize) -> Self {
        let mut chance = Self(seed ^ (nth as u64 + 1).wrapping_mul(0xA076_1D64_78BD_642F));
        chance.next();
        chance
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    pub(crate) fn percent(&mut self, likely: usize) -> bool {
        self.below(100) < likely
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
