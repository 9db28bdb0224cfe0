//! Reads JSON that may have any shape without building it in memory first. A [`FromJson`] handles an object, a list or a
//! scalar; a value of a shape that it does not expect is skipped instead of ending the whole request.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::problem::{Fault, shortened};

/// A value without structure; of lists and objects only what they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'de> {
    Null,
    Bool(bool),
    Integer(i64),
    /// Above the largest `i64`.
    LargeInteger(u64),
    Real(f64),
    Text(Cow<'de, str>),
    List,
    Object,
}

impl Scalar<'_> {
    /// The fault of a value that has a wrong shape.
    pub(super) fn is_not(&self, kind: &'static str, msg: &str) -> Fault {
        Fault::new(kind, msg, &self.shown())
    }

    /// The value for an answer, shortened.
    pub(super) fn shown(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::from(*value),
            Self::Integer(value) => Value::from(*value),
            Self::LargeInteger(value) => Value::from(*value),
            Self::Real(value) => Value::from(*value),
            Self::Text(text) => Value::from(shortened(text)),
            Self::List => Value::Array(Vec::new()),
            Self::Object => Value::Object(serde_json::Map::new()),
        }
    }
}

/// Makes a value out of any JSON value.
pub(super) trait FromJson<'de>: Sized {
    type Value;

    fn scalar(self, scalar: Scalar<'de>) -> Self::Value;

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::Object))
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.scalar(Scalar::List))
    }
}

/// Reads one value with a [`FromJson`].
pub(super) struct AnyJson<R>(pub R);

impl<'de, R: FromJson<'de>> DeserializeSeed<'de> for AnyJson<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: FromJson<'de>> Visitor<'de> for AnyJson<R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self
            .0
            .scalar(i64::try_from(value).map_or(Scalar::LargeInteger(value), Scalar::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Real(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        self.0.object(object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        self.0.list(list)
    }
}

/// Reads a value as a [`Scalar`].
pub(super) struct AsScalar;

impl<'de> FromJson<'de> for AsScalar {
    type Value = Scalar<'de>;

    fn scalar(self, scalar: Scalar<'de>) -> Scalar<'de> {
        scalar
    }
}
