//! Which bytes of a file an upload sends, and where each belongs. Pure.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The size of the blocks that are compared, in bytes.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// The parts of a file that are sent one after another, as one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    /// Ranges of the file, in order; none is empty.
    missing: Vec<Range<u64>>,
}

impl Layout {
    /// The whole file is sent.
    pub(super) fn whole(file_bytes: u64) -> Self {
        let whole = Some(0..file_bytes).filter(|whole| !whole.is_empty());
        Self {
            missing: whole.into_iter().collect(),
        }
    }

    /// The blocks are sent that are not `known`.
    pub(super) fn of_blocks(file_bytes: u64, known: &[bool]) -> Self {
        let mut missing: Vec<Range<u64>> = Vec::new();
        for (index, _) in (0_u64..).zip(known).filter(|(_, known)| !**known) {
            let block = block(index, file_bytes);
            match missing.last_mut() {
                Some(last) if last.end == block.start => last.end = block.end,
                _ => missing.push(block),
            }
        }
        Self { missing }
    }

    /// The number of bytes to send.
    pub(super) fn stream_bytes(&self) -> u64 {
        self.missing
            .iter()
            .map(|range| range.end - range.start)
            .sum()
    }

    /// The first and the last block of each range.
    pub(super) fn blocks(&self) -> Vec<(u64, u64)> {
        let ranges = self.missing.iter();
        ranges
            .map(|range| (range.start / BLOCK_BYTES, (range.end - 1) / BLOCK_BYTES))
            .collect()
    }

    /// Where the stream's bytes from `offset` on belong, up to `length` of them: positions in the file, each with a
    /// length.
    pub(super) fn places(&self, offset: u64, length: u64) -> impl Iterator<Item = (u64, u64)> {
        let (mut skip, mut left) = (offset, length);
        self.missing.iter().filter_map(move |range| {
            let range_bytes = range.end - range.start;
            let skipped = skip.min(range_bytes);
            skip -= skipped;
            let taken = (range_bytes - skipped).min(left);
            left -= taken;
            (taken > 0).then_some((range.start + skipped, taken))
        })
    }
}

/// The range of a block of a file.
pub(super) fn block(index: u64, file_bytes: u64) -> Range<u64> {
    let start = index * BLOCK_BYTES;
    start..(start + BLOCK_BYTES).min(file_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places(layout: &Layout, offset: u64, length: u64) -> Vec<(u64, u64)> {
        layout.places(offset, length).collect()
    }

    #[test]
    fn a_whole_file_is_its_own_stream() {
        let layout = Layout::whole(1000);
        assert_eq!(layout.stream_bytes(), 1000);
        assert_eq!(places(&layout, 10, 20), [(10, 20)]);
        assert_eq!(places(&layout, 990, 20), [(990, 10)]);
        assert_eq!(places(&layout, 1000, 20), []);
        assert_eq!(Layout::whole(0).stream_bytes(), 0);
    }

    #[test]
    fn missing_blocks_are_joined_and_the_last_one_may_be_short() {
        let file_bytes = 4 * BLOCK_BYTES + 100;
        let layout = Layout::of_blocks(file_bytes, &[false, false, true, true, false]);
        assert_eq!(layout.blocks(), [(0, 1), (4, 4)]);
        assert_eq!(layout.stream_bytes(), 2 * BLOCK_BYTES + 100);
        let across = places(&layout, 2 * BLOCK_BYTES - 1, 50);
        assert_eq!(across, [(2 * BLOCK_BYTES - 1, 1), (4 * BLOCK_BYTES, 49)]);
        let nothing = Layout::of_blocks(file_bytes, &[true; 5]);
        assert_eq!((nothing.stream_bytes(), nothing.blocks()), (0, vec![]));
    }

    proptest! {
        #[test]
        fn every_missing_byte_is_sent_once_however_the_stream_is_cut(
            known in prop::collection::vec(any::<bool>(), 1..20),
            last_bytes in 1..=BLOCK_BYTES,
            cuts in prop::collection::vec(1..3 * BLOCK_BYTES, 1..80),
        ) {
            let file_bytes = (known.len() as u64 - 1) * BLOCK_BYTES + last_bytes;
            let layout = Layout::of_blocks(file_bytes, &known);
            let (mut offset, mut written) = (0, Vec::new());
            for length in cuts.into_iter().chain([file_bytes]) {
                for (position, bytes) in layout.places(offset, length) {
                    written.push(position..position + bytes);
                    offset += bytes;
                }
            }
            prop_assert_eq!(offset, layout.stream_bytes());
            let mut joined: Vec<Range<u64>> = Vec::new();
            for range in written {
                match joined.last_mut() {
                    Some(last) if last.end == range.start => last.end = range.end,
                    _ => joined.push(range),
                }
            }
            prop_assert_eq!(joined, layout.missing);
        }
    }
}
