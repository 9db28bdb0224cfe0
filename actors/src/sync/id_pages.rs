//! Sets of ids, as the table `stored_ids` keeps them: pages of 4096 ids, each a list of runs. Pure.
//!
//! Devices count upwards, so a full page is usually one run of four bytes, and a batch changes one or two pages.

use std::collections::BTreeMap;

/// The number of ids in a page. A divisor of every epoch's offset, so that no page belongs to two epochs.
pub(super) const PAGE_IDS: i64 = 4096;

/// The page of an id.
pub(super) fn page_of(id: i64) -> i64 {
    id.div_euclid(PAGE_IDS)
}

/// A set of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IdPages(BTreeMap<i64, Page>);

/// The ids of one page: runs of consecutive offsets, in order and with a gap between any two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page(Vec<(u16, u16)>);

/// Consecutive ids that are not stored, between two that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first missing id.
    pub first: i64,
    /// The last missing id.
    pub last: i64,
}

/// What a set of ids amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The number of ids.
    pub rows: u64,
    /// The lowest id.
    pub lowest: Option<i64>,
    /// The highest id.
    pub highest: Option<i64>,
    /// The number of gaps between the lowest and the highest id.
    pub gap_count: u64,
    /// The first gaps.
    pub gaps: Vec<Gap>,
}

impl Page {
    /// Reads a page as it is stored.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let numbers = bytes.chunks_exact(4);
        let runs = numbers.map(|run| {
            (
                u16::from_be_bytes([run[0], run[1]]),
                u16::from_be_bytes([run[2], run[3]]),
            )
        });
        Self(runs.collect())
    }

    /// The page as it is stored.
    pub(super) fn encode(&self) -> Vec<u8> {
        let runs = self.0.iter();
        runs.flat_map(|(first, last)| {
            let ([a, b], [c, d]) = (first.to_be_bytes(), last.to_be_bytes());
            [a, b, c, d]
        })
        .collect()
    }

    fn contains(&self, offset: u16) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= offset);
        after > 0 && self.0[after - 1].1 >= offset
    }

    /// Adds an offset that is not lower than any of the page.
    fn push(&mut self, offset: u16) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 >= offset => *last = offset,
            _ => self.0.push((offset, offset)),
        }
    }

    fn union(&self, other: &Self) -> Self {
        let mut runs: Vec<(u16, u16)> = self.0.iter().chain(&other.0).copied().collect();
        runs.sort_unstable();
        let mut united: Vec<(u16, u16)> = Vec::with_capacity(runs.len());
        for (first, last) in runs {
            match united.last_mut() {
                Some((_, end)) if *end + 1 >= first => *end = last.max(*end),
                _ => united.push((first, last)),
            }
        }
        Self(united)
    }
}

impl IdPages {
    /// The set of these ids, which come in ascending order.
    pub(super) fn of_sorted(ids: impl Iterator<Item = i64>) -> Self {
        let mut pages: BTreeMap<i64, Page> = BTreeMap::new();
        for id in ids {
            // Always less than 4096.
            let offset = u16::try_from(id.rem_euclid(PAGE_IDS)).unwrap_or_default();
            pages.entry(page_of(id)).or_default().push(offset);
        }
        Self(pages)
    }

    pub(super) fn insert_page(&mut self, page: i64, ids: Page) {
        self.0.insert(page, ids);
    }

    pub(super) fn pages(&self) -> impl Iterator<Item = (i64, &Page)> {
        self.0.iter().map(|(page, ids)| (*page, ids))
    }

    pub(super) fn contains(&self, id: i64) -> bool {
        let offset = u16::try_from(id.rem_euclid(PAGE_IDS)).unwrap_or_default();
        let page = self.0.get(&page_of(id));
        page.is_some_and(|page| page.contains(offset))
    }

    /// The pages that adding `new` changes, as they are then.
    pub(super) fn changed_by(&self, new: &Self) -> Self {
        let changed = new
            .0
            .iter()
            .filter_map(|(page, ids)| match self.0.get(page) {
                None => Some((*page, ids.clone())),
                Some(before) => {
                    let after = before.union(ids);
                    (after != *before).then_some((*page, after))
                }
            });
        Self(changed.collect())
    }

    /// Sums up the ids of an epoch, which begin after `offset`. It has whole pages to itself.
    pub(super) fn coverage(
        &self,
        is_own_page: impl Fn(i64) -> bool,
        offset: i64,
        gap_limit: usize,
    ) -> Coverage {
        let mut coverage = Coverage::default();
        let pages = self.0.iter().filter(|(page, _)| is_own_page(**page));
        let runs = pages.flat_map(|(page, ids)| {
            let base = page * PAGE_IDS - offset;
            let runs = ids.0.iter();
            runs.map(move |(first, last)| (base + i64::from(*first), base + i64::from(*last)))
        });
        for (first, last) in runs {
            coverage.rows += u64::try_from(last - first + 1).unwrap_or_default();
            coverage.lowest.get_or_insert(first);
            if let Some(before) = coverage.highest
                && first > before + 1
            {
                coverage.gap_count += 1;
                if coverage.gaps.len() < gap_limit {
                    coverage.gaps.push(Gap {
                        first: before + 1,
                        last: first - 1,
                    });
                }
            }
            coverage.highest = Some(last);
        }
        coverage
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    use super::*;

    fn store(stored: &mut IdPages, ids: &BTreeSet<i64>) {
        let new = IdPages::of_sorted(ids.iter().copied());
        let changed = stored.changed_by(&new);
        for (page, ids) in changed.pages() {
            stored.insert_page(page, Page::decode(&ids.encode()));
        }
    }

    /// The same figures, from a plain set.
    fn expected(ids: &BTreeSet<i64>) -> Coverage {
        let pairs = ids.iter().zip(ids.iter().skip(1));
        let gaps: Vec<Gap> = pairs
            .filter(|(a, b)| *a + 1 < **b)
            .map(|(a, b)| Gap {
                first: a + 1,
                last: b - 1,
            })
            .collect();
        Coverage {
            rows: ids.len() as u64,
            lowest: ids.first().copied(),
            highest: ids.last().copied(),
            gap_count: gaps.len() as u64,
            gaps: gaps.into_iter().take(100).collect(),
        }
    }

    #[test]
    fn gaps_of_random_batches_are_those_of_a_plain_set() {
        for seed in 0..200 {
            let mut random = StdRng::seed_from_u64(seed);
            let (mut stored, mut plain) = (IdPages::default(), BTreeSet::new());
            let mut next = random.random_range(-5..20_000);
            for _ in 0..40 {
                // Onwards, again, or from anywhere, with some rows missing.
                match random.random_range(0..4) {
                    0 => next = random.random_range(1..30_000),
                    1 => next -= random.random_range(0..500),
                    _ => {}
                }
                let length = random.random_range(1..500);
                let share = random.random_range(0.2..=1.0);
                let ids: BTreeSet<i64> = (next..next + length)
                    .filter(|_| random.random_bool(share))
                    .collect();
                next += length;
                store(&mut stored, &ids);
                plain.extend(&ids);
            }
            let coverage = stored.coverage(|_| true, 0, 100);
            assert_eq!(coverage, expected(&plain), "seed {seed}");
            for id in [0, next, next - 100, 4095, 4096] {
                assert_eq!(stored.contains(id), plain.contains(&id), "seed {seed}");
            }
        }
    }

    #[test]
    fn ids_that_are_stored_already_change_no_page() {
        let mut stored = IdPages::default();
        store(&mut stored, &(1..=9_000).collect());
        let again = IdPages::of_sorted(4_000..=5_000);
        assert_eq!(stored.changed_by(&again), IdPages::default());
        let new = IdPages::of_sorted(8_900..=9_100);
        assert_eq!(stored.changed_by(&new).pages().count(), 1);
    }

    #[test]
    fn pages_of_consecutive_ids_are_four_bytes() {
        let ids = IdPages::of_sorted(1..=3 * PAGE_IDS);
        let sizes: Vec<usize> = ids.pages().map(|(_, page)| page.encode().len()).collect();
        assert_eq!(sizes, [4, 4, 4, 4]);
    }

    #[test]
    fn consecutive_ids_of_two_batches_are_four_bytes() {
        let mut stored = IdPages::default();
        store(&mut stored, &(1..=100).collect());
        store(&mut stored, &(101..=200).collect());
        assert_eq!(stored, IdPages::of_sorted(1..=200));
    }

    #[test]
    fn the_lowest_and_the_highest_ids_are_counted() {
        let ends = BTreeSet::from([i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]);
        let coverage = IdPages::of_sorted(ends.iter().copied()).coverage(|_| true, 0, 100);
        assert_eq!(coverage, expected(&ends));
    }

    #[test]
    fn each_epoch_has_its_own_ids() {
        let offset = 1_000_000_000_000;
        let ids = IdPages::of_sorted((1..=500).chain(offset + 1..=offset + 10));
        let first = ids.coverage(|page| page < page_of(offset), 0, 100);
        assert_eq!(
            (first.rows, first.highest, first.gap_count),
            (500, Some(500), 0)
        );
        let second = ids.coverage(|page| page >= page_of(offset), offset, 100);
        assert_eq!(
            (second.rows, second.lowest, second.highest),
            (10, Some(1), Some(10))
        );
    }
}
