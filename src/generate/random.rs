//! Pseudo-random numbers that are the same on every machine and in every version.

/// SplitMix64: small, fast and good enough for invented data.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The numbers of one record: they depend on the seed and the index only.
    pub(super) fn of(seed: u64, index: u64) -> Random {
        let mut random = Random(seed ^ 0x5a4d_5645_524b_414e);
        let mixed = random.next().wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut random = Random(mixed);
        random.next();
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the limit; 0 where the limit is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product: no division, and a bias too small to matter here.
        let product = u128::from(self.next()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// An index into something of that length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(0))).unwrap_or(0)
    }

    /// A number from the first to the last, both taken.
    pub(super) fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.index(last.saturating_sub(first) + 1)
    }

    /// Whether something with that percentage comes true.
    pub(super) fn percent(&mut self, percentage: u64) -> bool {
        self.below(100) < percentage
    }

    /// A number from 0 up to 1.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    /// One of them. There must be at least one; of none, the default.
    pub(super) fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        from.get(self.index(from.len())).copied().unwrap_or_default()
    }
}
