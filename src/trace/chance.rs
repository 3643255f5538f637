//! Made-up chance that is the same each time, for tests here and of the program.

/// A generator of numbers (xorshift); of anything but zero.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// A time from `from` on, before `to`.
    pub(crate) fn time(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below((to - from).unsigned_abs())).unwrap()
    }
}
