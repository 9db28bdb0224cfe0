//! What checks find, and what follows from it.

use super::*;

#[test]
fn a_verified_backup_stays_until_a_younger_one_is_verified() {
    let fixture = Fixture::keeping(1);
    let sound = fixture.store("car.json", b"{}", second(1));
    fixture.examine(&sound);
    let damaged = fixture.store("car.json", b"{", second(2));
    fixture.examine(&damaged);
    assert_eq!(fixture.names(), [damaged.filename, sound.filename.clone()]);

    let younger = fixture.store("car.json", b"{}", second(3));
    assert_eq!(fixture.names(), [younger.filename.clone(), sound.filename]);
    fixture.examine(&younger);
    assert_eq!(fixture.names(), [younger.filename]);
}

#[test]
fn the_list_says_what_a_check_found() {
    let fixture = Fixture::keeping(30);
    for (at, (name, content)) in [("a.json", "{}"), ("a.json", "{"), ("a.log", "")]
        .into_iter()
        .enumerate()
    {
        let stored = fixture.store(name, content.as_bytes(), second(u32::try_from(at).unwrap()));
        fixture.examine(&stored);
    }
    let verified: Vec<_> = fixture
        .list()
        .into_iter()
        .map(|backup| backup.verified)
        .collect();
    assert_eq!(verified, [None, Some(false), Some(true)]);
    assert_eq!(fixture.archive.list(None, None).unwrap().1, []);
}

#[test]
fn a_file_that_has_not_changed_since_its_check_is_not_read_again() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fixture.examine(&stored);
    let key = BackupKey {
        folder: folder(),
        filename: stored.filename,
    };
    let stop = StopOnDrop::default();
    let examined = fixture.archive.examine(&key, &stop.sign());
    assert!(matches!(examined, Ok(None)));
}

#[test]
fn a_file_that_was_replaced_by_hand_is_reported_as_replaced() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fixture.examine(&stored);
    fs::write(&stored.path, "another length").unwrap();
    let [backup] = fixture.list().try_into().unwrap();
    assert_eq!((backup.sha256, backup.verified), (None, Some(false)));
    assert_eq!(backup.note.as_deref(), Some("changed since it was stored"));
    assert_eq!(backup.size_bytes, 14);
}

#[test]
fn an_altered_file_of_the_same_length_is_reported_after_a_comparison() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fixture.examine(&stored);
    fs::write(&stored.path, "[]").unwrap();
    set_modified(&stored.path, SystemTime::now() + Duration::from_secs(5));

    let (backups, due) = fixture.archive.list(None, None).unwrap();
    assert_eq!((backups[0].sha256, backups[0].verified), (None, None));
    assert_eq!(due.len(), 1);

    fixture.examine(&stored);
    let (backups, due) = fixture.archive.list(None, None).unwrap();
    assert_eq!(
        (backups[0].sha256, backups[0].verified),
        (None, Some(false))
    );
    assert_eq!(due, []);
}

#[test]
fn a_file_that_only_got_another_time_is_itself_again_once_it_was_compared() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    fixture.examine(&stored);
    set_modified(&stored.path, SystemTime::UNIX_EPOCH);
    assert_eq!(fixture.list()[0].sha256, None);

    fixture.examine(&stored);
    let [backup] = fixture.list().try_into().unwrap();
    assert_eq!(
        (backup.sha256, backup.verified),
        (Some(stored.sha256), Some(true))
    );
    assert_eq!(backup.created_at, second(1));
}

#[test]
fn a_check_that_cannot_end_is_not_tried_again() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    let key = BackupKey {
        folder: folder(),
        filename: stored.filename,
    };
    fixture
        .archive
        .conclude(&key, Err(checks::Unfinished::TooLong))
        .unwrap();
    let (backups, due) = fixture.archive.list(None, None).unwrap();
    assert_eq!((backups[0].verified, due), (None, vec![]));
    assert_eq!(backups[0].note.as_deref(), Some("the check took too long"));
}

fn set_modified(path: &std::path::Path, time: SystemTime) {
    File::open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_damage_of_the_newest_backup_is_told_and_of_no_other() {
    let fixture = Fixture::keeping(30);
    let damage = || fixture.archive.damage_of_newest(&folder()).unwrap();
    let damaged = fixture.store("b.json", b"{", second(1));
    fixture.put_by_hand("by-hand.json");
    assert_eq!(damage(), None, "it has not been checked");
    fixture.examine(&damaged);
    let found = damage().unwrap();
    assert_eq!(found.filename, damaged.filename);
    assert!(found.reason.contains("EOF"), "{}", found.reason);

    let sound = fixture.store("a.json", b"{}", second(2));
    fixture.examine(&sound);
    assert_eq!(damage(), None);
    fs::write(&sound.path, "another length").unwrap();
    let found = damage().unwrap();
    assert_eq!(found.filename, sound.filename);
    assert_eq!(found.reason, "changed since it was stored");
}

#[test]
fn only_a_sound_backup_of_the_same_name_is_built_upon() {
    let fixture = Fixture::keeping(30);
    let newest = |name: &str| {
        let newest = fixture
            .archive
            .newest_sound(&folder(), &name.parse().unwrap());
        newest.unwrap()
    };
    assert_eq!(newest("a.json"), None);
    let sound = fixture.store("a.json", b"{}", second(1));
    assert_eq!(newest("a.json"), None, "it has not been checked");
    let other = fixture.store("b.json", b"{}", second(2));
    let damaged = fixture.store("a.json", b"{", second(3));
    for stored in [&sound, &other, &damaged] {
        fixture.examine(stored);
    }
    assert_eq!(newest("a.json"), Some(sound.path));
    assert_eq!(newest("b.json"), Some(other.path));
    assert_eq!(newest("c.json"), None);
}

#[test]
fn a_file_is_held_under_its_digest() {
    let fixture = Fixture::keeping(30);
    let stored = fixture.store("a.json", b"{}", second(1));
    let other = sha256::of_reader(&b"[]"[..]).unwrap();
    let holds = |digest| fixture.archive.holds(&folder(), digest).unwrap();
    assert!(holds(&stored.sha256) && !holds(&other));
}
