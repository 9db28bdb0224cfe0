//! Decides which backups rotation deletes.
//!
//! A pure function of the files in one folder; nothing here deletes.

use super::names::StoredName;

/// A file in a folder of backups, as rotation sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Whether this server stored exactly this file. No other file is ever deleted or counted.
    pub(super) stored_here: bool,
    /// Whether it was checked and found sound.
    pub(super) verified: bool,
}

/// The names to delete so that `keep` stored backups remain, oldest first by the time and the
/// counter in their names.
///
/// Two are never among them, even if more than `keep` remain: the one that was `just_stored`, and the newest that is
/// verified, because later ones may be damaged. The last file is therefore never deleted.
pub(super) fn surplus<'a>(
    candidates: &[Candidate<'a>],
    just_stored: &str,
    keep: usize,
) -> Vec<&'a str> {
    let mut stored: Vec<(StoredName, Candidate<'a>)> = candidates
        .iter()
        .filter(|candidate| candidate.stored_here)
        .filter_map(|candidate| Some((candidate.name.parse().ok()?, *candidate)))
        .collect();
    stored.sort_by(|(a, _), (b, _)| a.cmp(b));

    let newest_verified = stored
        .iter()
        .rev()
        .find(|(_, candidate)| candidate.verified)
        .map(|(_, c)| c.name);
    let too_many = stored.len().saturating_sub(keep.max(1));
    stored
        .into_iter()
        .map(|(_, candidate)| candidate.name)
        .filter(|&name| name != just_stored && Some(name) != newest_verified)
        .take(too_many)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn stored(name: &str) -> Candidate<'_> {
        Candidate {
            name,
            stored_here: true,
            verified: false,
        }
    }

    #[test]
    fn nothing_is_deleted_below_the_limit() {
        let one = [stored("a-2026-02-01T12-00-05.db")];
        assert!(surplus(&one, "a-2026-02-01T12-00-05.db", 1).is_empty());
        assert!(surplus(&[], "a-2026-02-01T12-00-05.db", 1).is_empty());
    }

    #[test]
    fn the_oldest_are_deleted_by_time_and_then_by_counter() {
        let names = [
            "a-2026-02-01T12-00-05-10.db",
            "a-2026-02-01T12-00-05-9.db",
            "a-2026-02-01T12-00-05.db",
            "b-2026-02-01T12-00-04.db",
            "a-2026-02-01T12-00-06.db",
        ]
        .map(stored);
        assert_eq!(
            surplus(&names, "a-2026-02-01T12-00-06.db", 2),
            [
                "b-2026-02-01T12-00-04.db",
                "a-2026-02-01T12-00-05.db",
                "a-2026-02-01T12-00-05-9.db",
            ]
        );
    }

    #[test]
    fn a_file_just_stored_is_kept_even_if_its_name_is_the_oldest() {
        let names = ["a-2020-01-01T00-00-00.db", "a-2026-02-01T12-00-05.db"].map(stored);
        assert_eq!(
            surplus(&names, "a-2020-01-01T00-00-00.db", 1),
            ["a-2026-02-01T12-00-05.db"]
        );
    }

    #[test]
    fn the_newest_verified_one_is_kept_before_younger_unverified_ones() {
        let mut names = [
            "a-2026-02-01T12-00-01.db",
            "a-2026-02-01T12-00-02.db",
            "a-2026-02-01T12-00-03.db",
            "a-2026-02-01T12-00-04.db",
        ]
        .map(stored);
        names[0].verified = true;
        names[1].verified = true;
        assert_eq!(
            surplus(&names, "a-2026-02-01T12-00-04.db", 2),
            ["a-2026-02-01T12-00-01.db", "a-2026-02-01T12-00-03.db"]
        );
    }

    /// Distinct names, some not given by the server, and the one just stored.
    fn folders() -> impl Strategy<Value = (Vec<(String, bool, bool)>, String, usize)> {
        let name = ("[ab]", 0_u32..4, 1_u32..4, prop::bool::weighted(0.9)).prop_map(
            |(stem, second, counter, well_formed)| match (well_formed, counter) {
                (false, _) => format!("{stem}-{second}-{counter}.db"),
                (true, 1) => format!("{stem}-2026-02-01T12-00-0{second}.db"),
                (true, _) => format!("{stem}-2026-02-01T12-00-0{second}-{counter}.db"),
            },
        );
        let flags = (prop::bool::weighted(0.8), prop::bool::weighted(0.3));
        (
            prop::collection::btree_map(name, flags, 1..24),
            any::<prop::sample::Index>(),
            0_usize..8,
        )
            .prop_map(|(files, new, keep): (BTreeMap<_, _>, _, _)| {
                let mut files: Vec<(String, bool, bool)> = files
                    .into_iter()
                    .map(|(name, (here, fine))| (name, here, fine))
                    .collect();
                let new = new.index(files.len());
                files[new].1 = true;
                let just_stored = files[new].0.clone();
                (files, just_stored, keep)
            })
            .prop_filter("the new one has a stored name", |(_, new, _)| {
                new.parse::<StoredName>().is_ok()
            })
    }

    proptest! {
        #[test]
        fn what_must_stay_stays_and_what_goes_is_the_oldest((files, new, keep) in folders()) {
            let candidates: Vec<Candidate<'_>> = files
                .iter()
                .map(|(name, stored_here, verified)| Candidate {
                    name,
                    stored_here: *stored_here,
                    verified: *verified,
                })
                .collect();
            let gone = surplus(&candidates, &new, keep);

            let parsed = |c: &&Candidate<'_>| c.stored_here && c.name.parse::<StoredName>().is_ok();
            let stored: Vec<_> = candidates.iter().filter(parsed).collect();
            let age = |name: &str| name.parse::<StoredName>().unwrap();
            let newest_verified =
                stored.iter().filter(|c| c.verified).map(|c| c.name).max_by_key(|name| age(name));

            for name in &gone {
                prop_assert!(stored.iter().any(|c| c.name == *name), "a stranger's file: {}", name);
            }
            prop_assert!(!gone.contains(&new.as_str()), "the new one");
            prop_assert!(newest_verified.is_none_or(|name| !gone.contains(&name)), "the verified one");
            let remaining = stored.len() - gone.len();
            prop_assert!(remaining >= 1, "the last one");
            let protected = if newest_verified.is_none_or(|name| name == new) { 1 } else { 2 };
            prop_assert_eq!(remaining, stored.len().min(keep.max(protected)));
            for survivor in &stored {
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
            let mut candidates: Vec<Candidate<'_>> = files
                .iter()
                .map(|(name, here, fine)| Candidate { name, stored_here: *here, verified: *fine })
                .collect();
            let before = surplus(&candidates, &new, keep).join(" ");
            let by = seed.index(candidates.len());
            candidates.rotate_left(by);
            prop_assert_eq!(before, surplus(&candidates, &new, keep).join(" "));
        }
    }
}
