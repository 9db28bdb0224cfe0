//! Converts JSON values to what a column holds. Pure: no value passes that the schema would refuse or change.

use std::borrow::Cow;

use chrono::NaiveDateTime;

use super::json::Scalar;
use super::kept_json;
use super::mirrored::Cell;
use super::texts::Texts;
use crate::device_id::check_text_id;
use crate::problem::Fault;
use crate::sync::tables::{Column, ColumnType, Presence};
use crate::sync::timestamp::{self, ACCEPTED_YEARS};

/// Converts a value of a row to a cell of `column`.
pub(super) fn accept(
    column: &Column,
    scalar: Scalar<'_>,
    texts: &mut Texts,
) -> Result<Cell, Fault> {
    if scalar == Scalar::Null {
        return match column.presence {
            Presence::Nullable => Ok(Cell::Null),
            Presence::Defaulted => Ok(Cell::Absent),
            Presence::Required => Err(unexpected(column.kind, &scalar)),
        };
    }
    check_finite(&scalar, texts)?;
    match column.kind {
        ColumnType::Integer(least, most) => integer(scalar, least, most).map(Cell::Integer),
        ColumnType::SameTable => without_bool(scalar)
            .and_then(|scalar| integer(scalar, i64::MIN, i64::MAX))
            .map(Cell::Integer),
        ColumnType::Real => real(&scalar).map(Cell::Real),
        ColumnType::Time => time(&scalar).map(Cell::Time),
        ColumnType::Key | ColumnType::Profile => {
            text_id(&scalar, texts).map(|id| Cell::Text(texts.keep(&id)))
        }
        ColumnType::Characters(_) | ColumnType::Bytes(_) => {
            text(column.kind, &scalar).map(|text| Cell::Text(texts.keep(text)))
        }
    }
}

/// The device's own integer key. It is not negative: negative keys are the server's.
pub(super) fn integer_id(scalar: &Scalar<'_>, texts: &Texts) -> Result<i64, Fault> {
    check_finite(scalar, texts)?;
    integer(without_bool(scalar.clone())?, 0, i64::MAX)
}

/// A text key; a number stands for its decimal text.
pub(super) fn text_id<'de>(scalar: &Scalar<'de>, texts: &Texts) -> Result<Cow<'de, str>, Fault> {
    check_finite(scalar, texts)?;
    let text = match scalar {
        Scalar::Text(text) => text.clone(),
        Scalar::Integer(number) => number.to_string().into(),
        Scalar::LargeInteger(number) => number.to_string().into(),
        Scalar::Real(number) => decimal(*number).into(),
        other => {
            let msg = "Input should be a string or a number";
            return Err(fault("string_type", msg, other));
        }
    };
    match check_text_id(&text) {
        Err(error) => Err(Fault::of_id(error, &text)),
        Ok(()) => Ok(text),
    }
}

/// A double in few characters: whole ones as integers, large ones with an exponent.
fn decimal(number: f64) -> String {
    match exact_integer(number) {
        Some(integer) if number.fract() == 0.0 => integer.to_string(),
        _ => format!("{number:?}"),
    }
}

/// Keys are numbers. As the value of a column, `true` is 1.
fn without_bool(scalar: Scalar<'_>) -> Result<Scalar<'_>, Fault> {
    match scalar {
        Scalar::Bool(_) => Err(fault("int_type", "Input should be an integer", &scalar)),
        scalar => Ok(scalar),
    }
}

fn check_finite(scalar: &Scalar<'_>, texts: &Texts) -> Result<(), Fault> {
    match scalar {
        Scalar::Text(text) if texts.is_non_finite(text) => Err(kept_json::non_finite()),
        _ => Ok(()),
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

/// The integer that a whole double stands for, in the range in which doubles are exact.
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
        let msg = format!(
            "Input should be a time such as 2026-02-01T14:25:00, 2026-02-01 14:25:00.123456 or \
             2026-02-01T14:25:00Z, {ACCEPTED_YEARS}"
        );
        fault("datetime_parsing", msg, scalar)
    })
}

fn text<'s>(kind: ColumnType, scalar: &'s Scalar<'_>) -> Result<&'s str, Fault> {
    let Scalar::Text(text) = scalar else {
        return Err(unexpected(kind, scalar));
    };
    let (fits, limit, unit) = match kind {
        // Only a text that is long in bytes can be too long in characters.
        ColumnType::Characters(limit) => {
            let fits = text.len() <= limit || text.chars().count() <= limit;
            (fits, limit, "characters")
        }
        ColumnType::Bytes(limit) => (text.len() <= limit, limit, "bytes"),
        _ => return Err(unexpected(kind, scalar)),
    };
    if fits {
        Ok(text)
    } else {
        let msg = format!("String should have at most {limit} {unit}");
        Err(fault("string_too_long", msg, scalar))
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
    Fault::new(kind, msg, &scalar.shown())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use rstest::rstest;

    use super::*;

    fn texts() -> Texts {
        Texts::new(Bytes::new(), Arc::default())
    }

    fn column(kind: ColumnType, presence: Presence) -> Column {
        Column {
            name: "c",
            kind,
            presence,
        }
    }

    fn nullable(kind: ColumnType, scalar: Scalar<'_>) -> Result<Cell, Fault> {
        accept(&column(kind, Presence::Nullable), scalar, &mut texts())
    }

    fn refused(kind: ColumnType, scalar: Scalar<'_>) -> &'static str {
        nullable(kind, scalar).unwrap_err().kind
    }

    fn text(text: &str) -> Scalar<'_> {
        Scalar::Text(Cow::Borrowed(text))
    }

    #[rstest]
    #[case(Scalar::Integer(0), Cell::Integer(0))]
    #[case(Scalar::Integer(3), Cell::Integer(3))]
    #[case(Scalar::Integer(9), Cell::Integer(9))]
    #[case(Scalar::Bool(true), Cell::Integer(1))]
    #[case(Scalar::Real(4.0), Cell::Integer(4))]
    #[case(Scalar::Null, Cell::Null)]
    fn an_integer_column_takes_whole_numbers(#[case] scalar: Scalar<'static>, #[case] cell: Cell) {
        assert_eq!(nullable(ColumnType::Integer(0, 9), scalar), Ok(cell));
    }

    #[rstest]
    #[case::text(text("3"), "int_type")]
    #[case::fraction(Scalar::Real(3.5), "int_from_float")]
    #[case::beyond_doubles(Scalar::Real(1e17), "int_parsing_size")]
    #[case::beyond_i64(Scalar::LargeInteger(1 << 63), "int_parsing_size")]
    #[case::below(Scalar::Integer(-1), "greater_than_equal")]
    #[case::above(Scalar::Integer(10), "less_than_equal")]
    #[case::list(Scalar::List, "int_type")]
    #[case::object(Scalar::Object, "int_type")]
    fn an_integer_column_refuses_other_values(#[case] scalar: Scalar<'static>, #[case] kind: &str) {
        assert_eq!(refused(ColumnType::Integer(0, 9), scalar), kind);
    }

    #[rstest]
    #[case::negative(Scalar::Integer(-1), "greater_than_equal")]
    #[case::lowest(Scalar::Integer(i64::MIN), "greater_than_equal")]
    #[case::below_i64(Scalar::Real(-9.3e18), "int_parsing_size")]
    #[case::fraction(Scalar::Real(1e-3), "int_from_float")]
    #[case::inexact(Scalar::Real(9_007_199_254_740_994.0), "int_parsing_size")]
    #[case::boolean(Scalar::Bool(true), "int_type")]
    #[case::text(text("7"), "int_type")]
    #[case::null(Scalar::Null, "int_type")]
    fn an_integer_key_is_a_whole_number_from_0_on(
        #[case] scalar: Scalar<'static>,
        #[case] kind: &str,
    ) {
        assert_eq!(integer_id(&scalar, &texts()).unwrap_err().kind, kind);
    }

    #[test]
    fn a_reference_to_another_row_is_not_a_boolean() {
        assert_eq!(
            refused(ColumnType::SameTable, Scalar::Bool(true)),
            "int_type"
        );
    }

    #[rstest]
    #[case(Scalar::Real(2.5), 2.5)]
    #[case(Scalar::Integer(-3), -3.0)]
    #[case(Scalar::LargeInteger(1 << 63), 9_223_372_036_854_775_808.0)]
    fn a_real_column_takes_numbers(#[case] scalar: Scalar<'static>, #[case] number: f64) {
        assert_eq!(nullable(ColumnType::Real, scalar), Ok(Cell::Real(number)));
    }

    #[rstest]
    #[case::text(text("2500"))]
    #[case::boolean(Scalar::Bool(true))]
    #[case::list(Scalar::List)]
    #[case::infinite(Scalar::Real(f64::INFINITY))]
    fn a_real_column_refuses_what_is_not_a_finite_number(#[case] scalar: Scalar<'static>) {
        assert_eq!(refused(ColumnType::Real, scalar), "float_type");
    }

    #[test]
    fn null_is_refused_where_a_value_is_required_and_means_the_default_where_there_is_one() {
        let accept_null =
            |kind, presence| accept(&column(kind, presence), Scalar::Null, &mut texts());
        let required = accept_null(ColumnType::Real, Presence::Required);
        assert_eq!(required.unwrap_err().kind, "float_type");
        let defaulted = accept_null(ColumnType::Time, Presence::Defaulted);
        assert_eq!(defaulted, Ok(Cell::Absent));
    }

    #[test]
    fn lengths_count_characters_or_bytes_as_the_column_does() {
        let degrees = || text("°°°");
        assert!(nullable(ColumnType::Characters(3), degrees()).is_ok());
        assert_eq!(
            refused(ColumnType::Characters(2), degrees()),
            "string_too_long"
        );
        assert_eq!(refused(ColumnType::Bytes(5), degrees()), "string_too_long");
        assert!(nullable(ColumnType::Bytes(6), degrees()).is_ok());
    }

    #[rstest]
    #[case(Scalar::Integer(1), "1")]
    #[case(Scalar::LargeInteger(u64::MAX), "18446744073709551615")]
    #[case(Scalar::Real(2.0), "2")]
    #[case(Scalar::Real(1.5), "1.5")]
    #[case(Scalar::Real(1e60), "1e60")]
    fn a_number_as_a_text_key_is_its_decimal_text(
        #[case] scalar: Scalar<'static>,
        #[case] id: &str,
    ) {
        assert_eq!(text_id(&scalar, &texts()).unwrap(), id);
    }

    #[rstest]
    #[case::boolean(Scalar::Bool(true), "string_type")]
    #[case::empty(text(""), "string_too_short")]
    #[case::blank_at_an_end(text("daily "), "string_pattern_mismatch")]
    #[case::object(Scalar::Object, "string_type")]
    fn a_text_key_refuses_other_values(#[case] scalar: Scalar<'static>, #[case] kind: &str) {
        assert_eq!(text_id(&scalar, &texts()).unwrap_err().kind, kind);
    }
}
