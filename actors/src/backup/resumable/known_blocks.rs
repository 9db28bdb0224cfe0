//! Finds the blocks of a new file that an earlier backup already has, and copies them. Blocks.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

use rustix::fs::copy_file_range;
use rustix::io::Errno;

use super::layout::{BLOCK_BYTES, block};
use crate::backup::sha256::{Hasher, Sha256};

/// A part of the earlier file that the new one has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    from: u64,
    to: u64,
    bytes: u64,
}

/// What to copy from `base`, whatever its place there, and which of the `wanted` blocks that makes known.
pub(super) fn find(
    base: &mut File,
    wanted: &[Sha256],
    file_bytes: u64,
) -> io::Result<(Vec<Copy>, Vec<bool>)> {
    let blocks = blocks_of(base)?;
    let mut copies: Vec<Copy> = Vec::new();
    let mut known = Vec::with_capacity(wanted.len());
    for (index, digest) in (0_u64..).zip(wanted) {
        let place = block(index, file_bytes);
        let bytes = place.end - place.start;
        let found = blocks.get(&(*digest, bytes)).copied();
        known.push(found.is_some());
        let Some(from) = found else { continue };
        match copies.last_mut() {
            Some(last) if last.from + last.bytes == from && last.to + last.bytes == place.start => {
                last.bytes += bytes;
            }
            _ => copies.push(Copy {
                from,
                to: place.start,
                bytes,
            }),
        }
    }
    Ok((copies, known))
}

/// The place of each block by its digest and length.
fn blocks_of(file: &mut File) -> io::Result<HashMap<(Sha256, u64), u64>> {
    let mut blocks = HashMap::new();
    let mut content = Vec::new();
    let mut at = 0;
    loop {
        content.clear();
        file.by_ref().take(BLOCK_BYTES).read_to_end(&mut content)?;
        if content.is_empty() {
            return Ok(blocks);
        }
        let mut hasher = Hasher::default();
        hasher.update(&content);
        let bytes = content.len() as u64;
        blocks.entry((hasher.finish(), bytes)).or_insert(at);
        at += bytes;
    }
}

/// Copies parts of a file within the kernel; a file system with reflinks shares the blocks instead.
pub(super) fn copy(base: &File, file: &File, copies: &[Copy]) -> io::Result<()> {
    for copy in copies {
        let (mut from, mut to, end) = (copy.from, copy.to, copy.to + copy.bytes);
        while to < end {
            let left = usize::try_from(end - to).unwrap_or(usize::MAX);
            match copy_file_range(base, Some(&mut from), file, Some(&mut to), left) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {
                    copy_by_hand(base, file, &mut from, &mut to, end)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// For file systems that cannot copy.
fn copy_by_hand(
    base: &File,
    file: &File,
    from: &mut u64,
    to: &mut u64,
    end: u64,
) -> io::Result<()> {
    while *to < end {
        let bytes = BLOCK_BYTES.min(end - *to);
        let mut block = vec![0; usize::try_from(bytes).unwrap_or_default()];
        base.read_exact_at(&mut block, *from)?;
        file.write_all_at(&block, *to)?;
        (*from, *to) = (*from + bytes, *to + bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;
    use crate::backup::sha256;

    const BLOCK: usize = 64 * 1024;

    fn file_of(blocks: &[&[u8]]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for block in blocks {
            file.write_all(block).unwrap();
        }
        file.rewind().unwrap();
        file
    }

    fn digests(blocks: &[&[u8]]) -> Vec<Sha256> {
        let digest = |block: &&[u8]| sha256::of_reader(*block).unwrap();
        blocks.iter().map(digest).collect()
    }

    #[test]
    fn equal_blocks_are_found_at_other_places_and_copied() {
        let [a, b, c] = [1, 2, 3].map(|byte| vec![byte; BLOCK]);
        let tail = vec![4; 100];
        let mut base = file_of(&[&a, &b, &tail]);
        let wanted: [&[u8]; 4] = [&c, &a, &b, &tail];
        let file_bytes = 3 * BLOCK_BYTES + 100;
        let (copies, known) = find(&mut base, &digests(&wanted), file_bytes).unwrap();
        assert_eq!(known, [false, true, true, true]);
        let expected = Copy {
            from: 0,
            to: BLOCK_BYTES,
            bytes: 2 * BLOCK_BYTES + 100,
        };
        assert_eq!(copies, [expected]);

        let file = file_of(&[]);
        copy(&base, &file, &copies).unwrap();
        let by_hand = file_of(&[]);
        copy_by_hand(
            &base,
            &by_hand,
            &mut 0,
            &mut BLOCK_BYTES.clone(),
            file_bytes,
        )
        .unwrap();
        for file in [file, by_hand] {
            file.write_all_at(&c, 0).unwrap();
            let mut content = Vec::new();
            (&file).rewind().unwrap();
            (&file).read_to_end(&mut content).unwrap();
            assert!(content == wanted.concat());
        }
    }

    #[test]
    fn a_short_block_is_not_taken_for_a_long_one() {
        let short = vec![7; 100];
        let mut base = file_of(&[&short]);
        let wanted = digests(&[&short]);
        let (copies, known) = find(&mut base, &wanted, 200).unwrap();
        assert_eq!((copies, known), (vec![], vec![false]));
    }

    #[test]
    fn blocks_are_copied_as_one_only_where_they_follow_each_other_in_both_files() {
        let [a, b, c, d] = [1, 2, 3, 4].map(|byte| vec![byte; BLOCK]);
        for wanted in [vec![&a, &d, &b, &c], vec![&b, &a, &d], vec![&a]] {
            let mut base = file_of(&[&a, &b, &c]);
            let wanted: Vec<&[u8]> = wanted.into_iter().map(Vec::as_slice).collect();
            let content = wanted.concat();
            let (copies, known) = find(&mut base, &digests(&wanted), content.len() as u64).unwrap();
            let (file, by_hand) = (file_of(&[]), file_of(&[]));
            copy(&base, &file, &copies).unwrap();
            for it in &copies {
                let (mut from, mut to) = (it.from, it.to);
                copy_by_hand(&base, &by_hand, &mut from, &mut to, it.to + it.bytes).unwrap();
            }
            for mut file in [file, by_hand] {
                for (index, block) in (0..).zip(&wanted) {
                    if !known[usize::try_from(index).unwrap()] {
                        file.write_all_at(block, index * BLOCK_BYTES).unwrap();
                    }
                }
                let mut written = Vec::new();
                file.rewind().unwrap();
                file.read_to_end(&mut written).unwrap();
                assert!(written == content, "{copies:?}");
            }
        }
    }
}
