//! Disjoint groups of items, by union of roots.

#[cfg(test)]
thread_local! {
    /// How many steps to a parent were taken on this thread.
    pub(super) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Items `0..n`, each in one group.
pub(super) struct Groups {
    parents: Vec<usize>,
    sizes: Vec<usize>,
}

impl Groups {
    /// A group for each item.
    pub(super) fn new(items: usize) -> Self {
        Self {
            parents: (0..items).collect(),
            sizes: vec![1; items],
        }
    }

    /// The item that stands for the group of `item`.
    pub(super) fn of(&mut self, mut item: usize) -> usize {
        while self.parents[item] != item {
            self.parents[item] = self.parents[self.parents[item]];
            item = self.parents[item];
            #[cfg(test)]
            STEPS.set(STEPS.get() + 1);
        }
        item
    }

    /// Joins the groups of two items.
    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        if one == other {
            return;
        }
        let (large, small) = if self.sizes[one] < self.sizes[other] {
            (other, one)
        } else {
            (one, other)
        };
        self.parents[small] = large;
        self.sizes[large] += self.sizes[small];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_join_a_group_one_by_one_are_one_step_from_its_root() {
        let joins: [fn(&mut Groups, usize); 2] = [
            |groups, item| groups.join(item, item + 1),
            |groups, item| groups.join(item + 1, item),
        ];
        for join in joins {
            let mut groups = Groups::new(100);
            for item in 0..99 {
                join(&mut groups, item);
            }
            STEPS.set(0);
            let all: Vec<_> = (0..100).map(|item| groups.of(item)).collect();
            assert!(all.iter().all(|item| *item == all[0]));
            assert_eq!(STEPS.get(), 99);
        }
    }
}
