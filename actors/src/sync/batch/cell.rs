//! What a column makes of a JSON value. Pure: no value gets past here that the schema would refuse or bend.

use chrono::NaiveDateTime;
use serde_json::Value;

use super::json::Scalar;
use crate::device_id::check_text_id;
use crate::problem::Fault;
use crate::sync::tables::{Column, ColumnType, Presence};
use crate::sync::timestamp;

/// A value that fits its column.
#[derive(Debug, PartialEq)]
pub(super) enum Accepted<'de> {
    /// Not given: the stored value, or the column's default, stays.
    Absent,
    Null,
    Integer(i64),
    Real(f64),
    Time(NaiveDateTime),
    Text(std::borrow::Cow<'de, str>),
}

/// Turns a value of a row into what `column` holds.
pub(super) fn accept<'de>(column: &Column, scalar: Scalar<'de>) -> Result<Accepted<'de>, Fault> {
    if scalar == Scalar::Null {
        return match column.presence {
            Presence::Nullable => Ok(Accepted::Null),
            Presence::Defaulted => Ok(Accepted::Absent),
            Presence::Required => Err(unexpected(column.kind, &scalar)),
        };
    }
    match column.kind {
        ColumnType::Integer(least, most) => integer(scalar, least, most).map(Accepted::Integer),
        ColumnType::SameTable => integer(scalar, i64::MIN, i64::MAX).map(Accepted::Integer),
        ColumnType::Real => real(&scalar).map(Accepted::Real),
        ColumnType::Time => time(&scalar).map(Accepted::Time),
        ColumnType::Key | ColumnType::Profile => text_id(&scalar).map(Accepted::Text),
        ColumnType::Characters(limit) => {
            text(column.kind, scalar, |text| text.chars().count(), limit)
        }
        ColumnType::Bytes(limit) => text(column.kind, scalar, str::len, limit),
    }
}

/// The device's own integer key: not negative, for the negative ones are the server's.
pub(super) fn integer_id(scalar: Scalar<'_>) -> Result<i64, Fault> {
    integer(scalar, 0, i64::MAX)
}

/// A text key; a number stands for its decimal text.
pub(super) fn text_id<'de>(scalar: &Scalar<'de>) -> Result<std::borrow::Cow<'de, str>, Fault> {
    let text = match scalar {
        Scalar::Text(text) => text.clone(),
        Scalar::Integer(number) => number.to_string().into(),
        Scalar::LargeInteger(number) => number.to_string().into(),
        Scalar::Real(number) => number.to_string().into(),
        other => {
            return Err(fault(
                "string_type",
                "Input should be a string or a number",
                other,
            ));
        }
    };
    match check_text_id(&text) {
        Err(error) => Err(Fault::of_id(error, &text)),
        Ok(()) => Ok(text),
    }
}

fn integer(scalar: Scalar<'_>, least: i64, most: i64) -> Result<i64, Fault> {
    let value = match scalar {
        Scalar::Integer(value) => value,
        Scalar::Bool(value) => i64::from(value),
        Scalar::Real(value) if value.fract() != 0.0 => {
            return Err(fault(
                "int_from_float",
                "Input should be an integer without a fraction",
                &scalar,
            ));
        }
        Scalar::Real(value) => exact_integer(value)
            .ok_or_else(|| fault("int_parsing_size", "Integer is too large", &scalar))?,
        Scalar::LargeInteger(_) => {
            return Err(fault(
                "int_parsing_size",
                "Integer should be at most 9223372036854775807",
                &scalar,
            ));
        }
        other => return Err(fault("int_type", "Input should be an integer", &other)),
    };
    let scalar = Scalar::Integer(value);
    if value < least {
        Err(fault(
            "greater_than_equal",
            format!("Input should be at least {least}"),
            &scalar,
        ))
    } else if value > most {
        Err(fault(
            "less_than_equal",
            format!("Input should be at most {most}"),
            &scalar,
        ))
    } else {
        Ok(value)
    }
}

/// The integer that a whole double stands for, as far as doubles are exact.
fn exact_integer(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (value.abs() <= EXACT).then_some(value as i64)
}

fn real(scalar: &Scalar<'_>) -> Result<f64, Fault> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the column is a double on the device, too"
    )]
    match *scalar {
        Scalar::Real(value) if value.is_finite() => Ok(value),
        Scalar::Integer(value) => Ok(value as f64),
        Scalar::LargeInteger(value) => Ok(value as f64),
        _ => Err(unexpected(ColumnType::Real, scalar)),
    }
}

fn time(scalar: &Scalar<'_>) -> Result<NaiveDateTime, Fault> {
    let Scalar::Text(text) = scalar else {
        return Err(unexpected(ColumnType::Time, scalar));
    };
    timestamp::parse(text).ok_or_else(|| {
        let msg = "Input should be a time such as 2026-02-01T14:25:00, 2026-02-01 14:25:00.123456 or \
                   2026-02-01T14:25:00Z, in the years 1000 to 9999";
        fault("datetime_parsing", msg, scalar)
    })
}

fn text(
    kind: ColumnType,
    scalar: Scalar<'_>,
    length: impl Fn(&str) -> usize,
    limit: usize,
) -> Result<Accepted<'_>, Fault> {
    match scalar {
        // Only a text that is long in bytes can be too long in either unit.
        Scalar::Text(text) if text.len() <= limit || length(&text) <= limit => {
            Ok(Accepted::Text(text))
        }
        Scalar::Text(_) => {
            let unit = if matches!(kind, ColumnType::Bytes(_)) {
                "bytes"
            } else {
                "characters"
            };
            let msg = format!("String should have at most {limit} {unit}");
            Err(fault("string_too_long", msg, &scalar))
        }
        other => Err(unexpected(kind, &other)),
    }
}

fn unexpected(kind: ColumnType, scalar: &Scalar<'_>) -> Fault {
    let (name, msg) = match kind {
        ColumnType::Integer(..) | ColumnType::SameTable => {
            ("int_type", "Input should be an integer")
        }
        ColumnType::Real => ("float_type", "Input should be a finite number"),
        ColumnType::Time => ("datetime_type", "Input should be a time, as text"),
        ColumnType::Key | ColumnType::Profile => {
            ("string_type", "Input should be a string or a number")
        }
        ColumnType::Characters(_) | ColumnType::Bytes(_) => {
            ("string_type", "Input should be a string")
        }
    };
    fault(name, msg, scalar)
}

fn fault(kind: &'static str, msg: impl Into<String>, scalar: &Scalar<'_>) -> Fault {
    Fault {
        kind,
        msg: msg.into(),
        input: scalar.shown(),
    }
}

/// How deep a value that is kept as JSON may nest: MariaDB's JSON functions stop at 32.
const JSON_DEPTH: usize = 24;

/// How long the name of a field that is kept as JSON may be: MySQL's limit.
const JSON_NAME_BYTES: usize = 65_535;

/// Why a field cannot be kept as JSON.
pub(super) fn field_fault(name: &str, value: &Value) -> Option<Fault> {
    name_fault(name).or_else(|| json_fault(value))
}

/// Why a value cannot be kept as JSON.
pub(super) fn json_fault(value: &Value) -> Option<Fault> {
    if depth(value) > JSON_DEPTH {
        return Some(Fault {
            kind: "json_too_deep",
            msg: format!("Input should not nest deeper than {JSON_DEPTH} levels"),
            input: Value::Null,
        });
    }
    match value {
        Value::Array(items) => items.iter().find_map(json_fault),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| field_fault(name, value)),
        _ => None,
    }
}

fn name_fault(name: &str) -> Option<Fault> {
    (name.len() > JSON_NAME_BYTES).then(|| Fault {
        kind: "string_too_long",
        msg: format!("Names should have at most {JSON_NAME_BYTES} bytes"),
        input: Value::Null,
    })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use rstest::rstest;

    use super::*;

    fn column(kind: ColumnType, presence: Presence) -> Column {
        Column {
            name: "c",
            kind,
            presence,
        }
    }

    fn refused(kind: ColumnType, scalar: Scalar<'static>) -> &'static str {
        accept(&column(kind, Presence::Nullable), scalar)
            .unwrap_err()
            .kind
    }

    #[rstest]
    #[case(Scalar::Integer(3), Accepted::Integer(3))]
    #[case(Scalar::Bool(true), Accepted::Integer(1))]
    #[case(Scalar::Real(4.0), Accepted::Integer(4))]
    #[case(Scalar::Null, Accepted::Null)]
    fn an_integer_column_takes_whole_numbers(
        #[case] scalar: Scalar<'static>,
        #[case] cell: Accepted<'static>,
    ) {
        let column = column(ColumnType::Integer(0, 9), Presence::Nullable);
        assert_eq!(accept(&column, scalar), Ok(cell));
    }

    #[rstest]
    #[case::text(Scalar::Text(Cow::Borrowed("3")), "int_type")]
    #[case::fraction(Scalar::Real(3.5), "int_from_float")]
    #[case::beyond_doubles(Scalar::Real(1e17), "int_parsing_size")]
    #[case::beyond_i64(Scalar::LargeInteger(1 << 63), "int_parsing_size")]
    #[case::below(Scalar::Integer(-1), "greater_than_equal")]
    #[case::above(Scalar::Integer(10), "less_than_equal")]
    #[case::list(Scalar::List, "int_type")]
    fn an_integer_column_refuses_the_rest(#[case] scalar: Scalar<'static>, #[case] kind: &str) {
        assert_eq!(refused(ColumnType::Integer(0, 9), scalar), kind);
    }

    #[test]
    fn null_is_refused_where_a_value_is_required_and_means_the_default_where_there_is_one() {
        let required = column(ColumnType::Real, Presence::Required);
        assert_eq!(
            accept(&required, Scalar::Null).unwrap_err().kind,
            "float_type"
        );
        let defaulted = column(ColumnType::Time, Presence::Defaulted);
        assert_eq!(accept(&defaulted, Scalar::Null), Ok(Accepted::Absent));
    }

    #[test]
    fn lengths_count_characters_or_bytes_as_the_column_does() {
        let degrees = || Scalar::Text(Cow::Borrowed("°°°"));
        assert!(
            accept(
                &column(ColumnType::Characters(3), Presence::Nullable),
                degrees()
            )
            .is_ok()
        );
        assert_eq!(
            refused(ColumnType::Characters(2), degrees()),
            "string_too_long"
        );
        assert_eq!(refused(ColumnType::Bytes(5), degrees()), "string_too_long");
        assert!(accept(&column(ColumnType::Bytes(6), Presence::Nullable), degrees()).is_ok());
    }

    #[test]
    fn a_number_as_a_text_key_is_its_decimal_text() {
        assert_eq!(text_id(&Scalar::Integer(1)).unwrap(), "1");
        assert_eq!(
            text_id(&Scalar::LargeInteger(u64::MAX)).unwrap(),
            "18446744073709551615"
        );
        assert_eq!(
            text_id(&Scalar::Bool(true)).unwrap_err().kind,
            "string_type"
        );
    }

    #[test]
    fn a_value_that_nests_deeper_than_the_database_can_read_is_refused() {
        let nested = |levels| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert_eq!(json_fault(&nested(JSON_DEPTH)), None);
        assert_eq!(
            json_fault(&nested(JSON_DEPTH + 1)).unwrap().kind,
            "json_too_deep"
        );
    }
}
