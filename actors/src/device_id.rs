//! The identifiers that devices choose: one rule for device ids everywhere (batches, analyses, backups, keys and the
//! command line), and the rule for other textual ids that it builds on.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// The maximum length of an id, in characters.
pub const ID_CHARACTERS: usize = 64;

/// The maximum length of a device id, in bytes: a device id names a folder of backups.
const DEVICE_ID_BYTES: usize = 255;

/// The id of a device: 1 to 64 characters without control characters, `/` and `\`, without blanks at either end, and
/// without a leading dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

/// Quoted, as a log field: `device="chi-eclipse-01"`.
impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl DeviceId {
    /// The id as the device spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the device spells it.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for DeviceId {
    type Err = IdError;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        check_text_id(id)?;
        if id.starts_with('.') || id.contains(['/', '\\']) {
            Err(IdError::NotAPathSegment)
        } else if id.len() > DEVICE_ID_BYTES {
            Err(IdError::TooLong)
        } else {
            Ok(Self(id.to_owned()))
        }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Deref for DeviceId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Checks an id that is not a device id: of a row, a batch or a profile. The database compares texts without regard
/// to blanks at their ends, so an id with such blanks would be a second spelling of another id.
pub fn check_text_id(id: &str) -> Result<(), IdError> {
    if id.is_empty() {
        Err(IdError::Empty)
    } else if id.chars().count() > ID_CHARACTERS {
        Err(IdError::TooLong)
    } else if id.trim() != id || id.chars().any(char::is_control) {
        Err(IdError::Malformed)
    } else {
        Ok(())
    }
}

/// Why a text is not an id. The messages follow pydantic's and fit HTTP as well as the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The empty text.
    #[error("String should have at least 1 character")]
    Empty,
    /// More than 64 characters.
    #[error("String should have at most {ID_CHARACTERS} characters")]
    TooLong,
    /// Control characters, or blanks at an end.
    #[error("String should not contain control characters, or blanks at either end")]
    Malformed,
    /// A device id that could not name a folder.
    #[error("String should not start with a dot, or contain '/' or '\\'")]
    NotAPathSegment,
}

impl IdError {
    /// The kind of problem, named as in pydantic.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Empty => "string_too_short",
            Self::TooLong => "string_too_long",
            Self::Malformed | Self::NotAPathSegment => "string_pattern_mismatch",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("chi-eclipse-01")]
    #[case::one_character("a")]
    #[case::dot_inside("Pi_4.local")]
    #[case::blank_inside("Anna's Pi")]
    #[case::unicode("\u{fc}ber \u{1f697}")]
    #[case::percent("%2e%2e")]
    #[case::longest(&"x".repeat(64))]
    #[case::longest_in_characters(&"\u{fc}".repeat(64))]
    #[case::longest_in_bytes(&("\u{1f697}".repeat(63) + "\u{20ac}"))]
    fn a_device_id_is_kept_as_spelled(#[case] id: &str) {
        let device: DeviceId = id.parse().unwrap();
        assert_eq!(device.as_str(), id);
        assert_eq!(&*device, id);
        assert_eq!(device.to_string(), id);
        assert_eq!(device.into_string(), id);
    }

    #[rstest]
    #[case::empty("", IdError::Empty)]
    #[case::too_long(&"x".repeat(65), IdError::TooLong)]
    #[case::too_many_bytes(&"\u{1f697}".repeat(64), IdError::TooLong)]
    #[case::blank(" ", IdError::Malformed)]
    #[case::leading_blank(" pi", IdError::Malformed)]
    #[case::trailing_blank("pi\u{a0}", IdError::Malformed)]
    #[case::null("a\0", IdError::Malformed)]
    #[case::newline("a\nb", IdError::Malformed)]
    #[case::c1("a\u{85}b", IdError::Malformed)]
    #[case::dot(".", IdError::NotAPathSegment)]
    #[case::parent("..", IdError::NotAPathSegment)]
    #[case::hidden(".records", IdError::NotAPathSegment)]
    #[case::slash("a/b", IdError::NotAPathSegment)]
    #[case::backslash("a\\b", IdError::NotAPathSegment)]
    fn other_texts_are_not_device_ids(#[case] id: &str, #[case] error: IdError) {
        assert_eq!(id.parse::<DeviceId>(), Err(error));
    }

    #[test]
    fn other_ids_may_contain_what_a_path_segment_may_not() {
        assert_eq!(check_text_id("../sync-2026-02-01T14:30:00"), Ok(()));
        assert_eq!(check_text_id("daily "), Err(IdError::Malformed));
    }

    #[test]
    fn a_log_field_has_the_id_in_quotes() {
        let id: DeviceId = "car \"1\"".parse().unwrap();
        assert_eq!(format!("{id:?}"), r#""car \"1\"""#);
    }
}
