//! What the server makes of the names that clients give.

use chrono::NaiveDate;
use proptest::prelude::*;

use rstest::rstest;

use super::*;

fn noon() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 2, 1)
        .unwrap()
        .and_hms_opt(12, 0, 5)
        .unwrap()
}

fn stored_as(client_name: &str) -> String {
    StoredName::next(&client_name.parse().unwrap(), noon(), []).to_string()
}

#[test]
fn the_reduced_name_is_read_back_and_recognizes_its_files() {
    for client_name in ["obd.db", "..x y.DB", "a-2026-02-01T12-00-00.log"] {
        let name: UploadName = client_name.parse().unwrap();
        assert_eq!(name.to_string().parse(), Ok(name.clone()), "{client_name}");
        let now = "2026-02-01T12:00:00".parse().unwrap();
        let stored = StoredName::next(&name, now, []);
        assert!(stored.is_of(&name));
        assert!(!stored.is_of(&"other.db".parse().unwrap()));
        assert!(!stored.is_of(&"obd.json".parse().unwrap()));
    }
}

#[test]
fn stem_and_extension_enclose_the_time() {
    assert_eq!(stored_as("obd.db"), "obd-2026-02-01T12-00-05.db");
    assert_eq!(
        stored_as("obd.2025.db.gz"),
        "obd.2025.db-2026-02-01T12-00-05.gz"
    );
    assert_eq!(stored_as("OBD.DB"), "OBD-2026-02-01T12-00-05.DB");
}

#[test]
fn the_time_in_a_stored_name_is_that_of_the_file() {
    let name: StoredName = "obd-2026-02-01T12-00-05-7.db".parse().unwrap();
    assert_eq!(name.at(), noon());
}

#[test]
fn only_the_last_segment_of_a_client_path_counts() {
    for path in [
        "/etc/obd.db",
        "../../obd.db",
        "C:\\data\\obd.db",
        "a/b\\obd.db",
        "..\\../obd.db",
    ] {
        assert_eq!(stored_as(path), "obd-2026-02-01T12-00-05.db", "{path:?}");
    }
}

#[test]
fn other_characters_become_underscores() {
    assert_eq!(
        stored_as("my car:\0\u{fc}.log"),
        "my_car___-2026-02-01T12-00-05.log"
    );
    assert_eq!(
        stored_as("%2e%2e%2fobd.db"),
        "_2e_2e_2fobd-2026-02-01T12-00-05.db"
    );
}

#[test]
fn a_hidden_name_does_not_stay_hidden() {
    assert_eq!(
        stored_as(".hidden.json"),
        "_hidden-2026-02-01T12-00-05.json"
    );
    assert_eq!(stored_as("...json"), "__-2026-02-01T12-00-05.json");
}

#[test]
fn a_name_without_an_allowed_extension_is_refused() {
    for name in [
        "a.exe", "a", "", ".db", "a.", "a.db.", "a.db ", "a.db/", "a.db\0", "a.dbx", "/",
    ] {
        assert_eq!(
            name.parse::<UploadName>(),
            Err(ExtensionNotAllowed),
            "{name:?}"
        );
    }
}

#[test]
fn the_second_of_one_second_gets_a_two() {
    let upload = "obd.db".parse().unwrap();
    let existing = ["obd-2026-02-01T12-00-05.db"];
    let name = StoredName::next(&upload, noon(), existing);
    assert_eq!(name.to_string(), "obd-2026-02-01T12-00-05-2.db");
    assert_eq!(name.following().to_string(), "obd-2026-02-01T12-00-05-3.db");
}

#[test]
fn a_gap_left_by_rotation_is_not_filled() {
    let upload = "obd.db".parse().unwrap();
    let existing = [
        "obd-2026-02-01T12-00-05-7.db",
        "obd-2026-02-01T12-00-05-3.db",
    ];
    let name = StoredName::next(&upload, noon(), existing);
    assert_eq!(name.to_string(), "obd-2026-02-01T12-00-05-8.db");
}

#[test]
fn other_names_of_the_same_second_do_not_count() {
    let upload = "obd.db".parse().unwrap();
    let existing = [
        "obd-2026-02-01T12-00-05-7.log",
        "car-2026-02-01T12-00-05-7.db",
        "obd-7.db",
    ];
    assert_eq!(
        StoredName::next(&upload, noon(), existing).to_string(),
        "obd-2026-02-01T12-00-05.db"
    );
}

#[test]
fn the_longest_name_leaves_room_for_its_record() {
    let upload = format!("{}.json", "x".repeat(5000)).parse().unwrap();
    let crowded = format!(
        "{}-2026-02-01T12-00-05-999999999.json",
        "x".repeat(STEM_MAX_BYTES)
    );
    let name = StoredName::next(&upload, noon(), [crowded.as_str()]).to_string();
    assert!(name.len() + ".json".len() <= 255, "{}", name.len());
}

#[test]
fn only_names_spelt_as_the_server_spells_them_are_its_own() {
    for name in [
        "obd.db",
        "obd-2026-02-01.db",
        "obd-2026-02-01T12-00-05",
        "obd-2026-02-01T12-00-05.exe",
        "obd-2026-02-01T12-00-05-1.db",
        "obd-2026-02-01T12-00-05-02.db",
        "obd-2026-02-01T12-00-05-+2.db",
        "obd-2026-02-01T12-00-05-9999999999.db",
        "obd-2026-13-01T12-00-05.db",
        "obd-2026-02-01T12-00-61.db",
        "obd-2026-02-01 12-00-05.db",
        "obd-2026-2-1T012-00-05.db",
        "2026-02-01T12-00-05.db",
        "-2026-02-01T12-00-05.db",
        ".obd-2026-02-01T12-00-05.db",
        "obd copy-2026-02-01T12-00-05.db",
        "\u{fc}-2026-02-01T12-00-05.db",
    ] {
        assert_eq!(name.parse::<StoredName>(), Err(NotAStoredName), "{name:?}");
    }
}

#[test]
fn time_goes_before_counter_and_counter_before_stem() {
    let mut names: Vec<StoredName> = [
        "a-2026-02-01T12-00-06.db",
        "a-2026-02-01T12-00-05-10.db",
        "b-2026-02-01T12-00-05-9.db",
        "z-2025-12-31T23-59-59.db",
    ]
    .map(|name| name.parse().unwrap())
    .into();
    names.sort();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "z-2025-12-31T23-59-59.db",
            "b-2026-02-01T12-00-05-9.db",
            "a-2026-02-01T12-00-05-10.db",
            "a-2026-02-01T12-00-06.db",
        ]
    );
}

proptest! {
    #[test]
    fn whatever_a_client_calls_its_file_the_name_is_one_plain_segment(
        name in "\\PC{0,300}|(\\.|/|\\\\|[a-z]){0,40}",
        extension in "\\.(db|LOG|Json|gz)",
    ) {
        if let Ok(upload) = format!("{name}{extension}").parse::<UploadName>() {
            let stored = StoredName::next(&upload, noon(), []).to_string();
            prop_assert!(stored.len() <= 250);
            prop_assert!(stored.chars().all(is_plain));
            prop_assert!(!stored.starts_with('.'));
        }
    }

    #[test]
    fn a_stored_name_is_read_back_as_it_was_given(
        stem in "[A-Za-z0-9._-]{1,40}",
        seconds in 0_i64..4_000_000_000,
        copies in 0_u32..40,
    ) {
        let upload: UploadName = format!("{stem}.db").parse().unwrap();
        let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
        let mut name = StoredName::next(&upload, at, []);
        for _ in 0..copies {
            name = name.following();
        }
        prop_assert_eq!(name.to_string().parse::<StoredName>(), Ok(name));
    }
}

#[rstest]
#[case::plain("chi-eclipse-01", "chi-eclipse-01")]
#[case::blank("Anna's Pi", "Anna%27s%20Pi")]
#[case::unicode("\u{fc}ber", "%C3%BCber")]
#[case::percent("%2e%2e", "%252e%252e")]
fn a_folder_name_is_the_percent_encoded_device_id(#[case] id: &str, #[case] name: &str) {
    let device: DeviceId = id.parse().unwrap();
    assert_eq!(folder_name(&device), name);
    assert_eq!(device_of_folder(name), Some(device));
}

#[rstest]
#[case::two_bytes(&"\u{fc}".repeat(64))]
#[case::four_bytes(&"\u{1f697}".repeat(63))]
#[case::ascii(&"%".repeat(64))]
fn the_longest_device_ids_make_a_folder_name_that_file_systems_allow(#[case] id: &str) {
    let device: DeviceId = id.parse().unwrap();
    let name = folder_name(&device);
    assert!(name.len() <= FOLDER_MAX_BYTES, "{}", name.len());
    assert_eq!(device_of_folder(&name), Some(device));
}

#[rstest]
#[case::not_encoded("a b")]
#[case::lower_case("%c3%bcber")]
#[case::encoded_needlessly("%61")]
#[case::broken("%C3")]
#[case::cut("a%2")]
#[case::hidden(".records")]
#[case::slash("a%2Fb")]
fn a_folder_that_the_server_would_not_name_so_is_no_device(#[case] name: &str) {
    assert_eq!(device_of_folder(name), None);
}
