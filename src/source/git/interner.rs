//! Slices, each kept once and known by a number.

use std::{collections::HashMap, hash::Hash, sync::Arc};

/// Gives equal slices the same number, from 0 on.
#[derive(Clone, Debug)]
pub(super) struct Interner<T> {
    values: Vec<Arc<[T]>>,
    numbers: HashMap<Arc<[T]>, u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Copy + Eq + Hash> Interner<T> {
    /// The number of a slice.
    pub(super) fn number(&mut self, value: &[T]) -> u32 {
        if let Some(&number) = self.numbers.get(value) {
            return number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let value: Arc<[T]> = value.into();
        self.values.push(Arc::clone(&value));
        self.numbers.insert(value, number);
        number
    }

    /// The slice that has this number.
    pub(super) fn get(&self, number: u32) -> &Arc<[T]> {
        &self.values[number as usize]
    }

    /// All slices by their numbers.
    pub(super) fn values(&self) -> &[Arc<[T]>] {
        &self.values
    }
}
