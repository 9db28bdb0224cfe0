//! Decides which backups rotation deletes.
//!
//! A pure function of the files in one folder; nothing here deletes.

/// A file that the server stored and that is as it was stored. No other file is ever deleted or counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its number in the order of storing.
    pub(super) sequence: u64,
    /// Whether it was checked and found sound.
    pub(super) verified: bool,
}

/// The names to delete so that `keep` backups remain, those that were stored first before others.
///
/// Two are never among them, even if more than `keep` remain: the one that was `just_stored`, and the newest that is
/// verified, because later ones may be damaged. The last file is therefore never deleted.
pub(super) fn surplus<'a>(
    candidates: &[Candidate<'a>],
    just_stored: &str,
    keep: usize,
) -> Vec<&'a str> {
    let mut stored = candidates.to_vec();
    stored.sort_by_key(|candidate| (candidate.sequence, candidate.name));

    let newest_verified = stored.iter().rev().find(|candidate| candidate.verified);
    let newest_verified = newest_verified.map(|candidate| candidate.name);
    let too_many = stored.len().saturating_sub(keep.max(1));
    stored
        .into_iter()
        .map(|candidate| candidate.name)
        .filter(|&name| name != just_stored && Some(name) != newest_verified)
        .take(too_many)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn stored(sequence: u64, name: &str) -> Candidate<'_> {
        Candidate {
            name,
            sequence,
            verified: false,
        }
    }

    #[test]
    fn nothing_is_deleted_below_the_limit() {
        assert!(surplus(&[stored(1, "a.db")], "a.db", 1).is_empty());
        assert!(surplus(&[], "a.db", 1).is_empty());
    }

    #[test]
    fn those_that_were_stored_first_are_deleted_whatever_their_names_say() {
        let files = [
            stored(3, "a-2026-02-01T12-00-05.db"),
            stored(2, "a-2031-02-01T12-00-05.db"),
            stored(1, "a-2031-02-01T12-00-04.db"),
            stored(4, "a-2026-02-01T12-00-06.db"),
        ];
        assert_eq!(
            surplus(&files, "a-2026-02-01T12-00-06.db", 2),
            ["a-2031-02-01T12-00-04.db", "a-2031-02-01T12-00-05.db"]
        );
    }

    #[test]
    fn the_newest_verified_one_is_kept_before_younger_unverified_ones() {
        let mut files = [
            stored(1, "a.db"),
            stored(2, "b.db"),
            stored(3, "c.db"),
            stored(4, "d.db"),
        ];
        files[0].verified = true;
        files[1].verified = true;
        assert_eq!(surplus(&files, "d.db", 2), ["a.db", "c.db"]);
    }

    /// Files with distinct names, and the one just stored, which need not have the highest number: a check may end
    /// after a later store.
    fn folders() -> impl Strategy<Value = (Vec<(String, u64, bool)>, String, usize)> {
        let facts = (0_u64..12, prop::bool::weighted(0.3));
        (
            prop::collection::btree_map("[a-z]{2}", facts, 1..24),
            any::<prop::sample::Index>(),
            0_usize..8,
        )
            .prop_map(|(files, new, keep): (BTreeMap<_, _>, _, _)| {
                let files: Vec<(String, u64, bool)> = files
                    .into_iter()
                    .map(|(name, (sequence, fine))| (name, sequence, fine))
                    .collect();
                let just_stored = files[new.index(files.len())].0.clone();
                (files, just_stored, keep)
            })
    }

    fn candidates(files: &[(String, u64, bool)]) -> Vec<Candidate<'_>> {
        let candidates = files.iter().map(|(name, sequence, verified)| Candidate {
            name,
            sequence: *sequence,
            verified: *verified,
        });
        candidates.collect()
    }

    proptest! {
        #[test]
        fn what_must_stay_stays_and_what_goes_was_stored_first((files, new, keep) in folders()) {
            let candidates = candidates(&files);
            let gone = surplus(&candidates, &new, keep);

            let age = |wanted: &str| {
                let found = candidates.iter().find(|candidate| candidate.name == wanted).unwrap();
                (found.sequence, found.name)
            };
            let verified = candidates.iter().filter(|c| c.verified);
            let newest_verified = verified.map(|c| c.name).max_by_key(|name| age(name));

            prop_assert!(!gone.contains(&new.as_str()), "the new one");
            prop_assert!(newest_verified.is_none_or(|name| !gone.contains(&name)), "the verified one");
            let remaining = candidates.len() - gone.len();
            prop_assert!(remaining >= 1, "the last one");
            let protected = if newest_verified.is_none_or(|name| name == new) { 1 } else { 2 };
            prop_assert_eq!(remaining, candidates.len().min(keep.max(protected)));
            for survivor in &candidates {
                let spared = survivor.name == new || Some(survivor.name) == newest_verified;
                if !spared && !gone.contains(&survivor.name) {
                    prop_assert!(gone.iter().all(|name| age(name) < age(survivor.name)), "a younger one");
                }
            }
        }

        #[test]
        fn the_order_of_the_listing_does_not_matter(
            ((files, new, keep), seed) in (folders(), any::<prop::sample::Index>())
        ) {
            let mut candidates = candidates(&files);
            let before = surplus(&candidates, &new, keep).join(" ");
            let by = seed.index(candidates.len());
            candidates.rotate_left(by);
            prop_assert_eq!(before, surplus(&candidates, &new, keep).join(" "));
        }
    }
}
