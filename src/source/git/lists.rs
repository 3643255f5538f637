//! Many short lists of numbers in two long ones.

/// A list for each number from 0 on.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where each list begins in `items`, and one more for the end.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// `len` lists. `pairs` gives, as often as it is called, each list's number with an item of it; items keep their order.
    pub(super) fn new<I: Iterator<Item = (u32, u32)>>(len: usize, pairs: impl Fn() -> I) -> Self {
        let mut starts = vec![0u32; len + 1];
        pairs().for_each(|(list, _)| starts[list as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut filled = starts.clone();
        let mut items = vec![0; starts[len] as usize];
        for (list, item) in pairs() {
            items[filled[list as usize] as usize] = item;
            filled[list as usize] += 1;
        }
        Self { starts, items }
    }

    /// A list.
    #[inline]
    pub(super) fn of(&self, list: u32) -> &[u32] {
        &self.items[self.range(list)]
    }

    /// The same, to be put into another order.
    pub(super) fn of_mut(&mut self, list: u32) -> &mut [u32] {
        let range = self.range(list);
        &mut self.items[range]
    }

    fn range(&self, list: u32) -> std::ops::Range<usize> {
        self.starts[list as usize] as usize..self.starts[list as usize + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_its_items_in_order() {
        let lists = Lists::new(4, || [(2, 7), (0, 1), (2, 5), (3, 9)].into_iter());
        let all: Vec<_> = (0..4).map(|list| lists.of(list)).collect();
        assert_eq!(all, [&[1][..], &[], &[7, 5], &[9]]);
        assert!(Lists::new(1, std::iter::empty).of(0).is_empty());
    }
}
