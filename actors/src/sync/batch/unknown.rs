//! Columns that a table does not have, and fields that a batch does not have: kept as JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use super::kept_json::{self, KeptField};
use super::notes::SizeLimit;
use super::texts::Texts;
use crate::problem::Fault;
use serde::de::MapAccess;

/// How many names of unknown columns or fields a receipt lists.
const LISTED_NAMES: usize = 1000;

/// The columns of a row that its table does not have.
#[derive(Clone, Copy, Debug)]
pub struct UnknownColumns<'a> {
    pub(super) texts: &'a Texts,
    pub(super) fields: &'a [KeptField],
}

impl UnknownColumns<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The bytes that a statement has of the columns: a JSON object, and twice the same object of nulls.
    pub fn bytes(&self) -> usize {
        const NULL: usize = "\"\":null,".len();
        let fields = self.fields.iter();
        let bytes = fields.map(|field| {
            let name = escaped_bytes(self.texts.bytes(field.name));
            3 * (name + NULL) + self.texts.bytes(field.value).len()
        });
        bytes.sum()
    }

    /// The columns, as a JSON object.
    pub fn to_json(&self) -> String {
        self.object(|field| self.texts.text(field.value))
    }

    /// The same object with null for every value.
    pub fn to_nulls(&self) -> String {
        self.object(|_| "null")
    }

    /// Whether merging them into an object as a merge patch (RFC 7396) sets each to its value. A patch takes null for
    /// "remove", and merges an object into the one that is there.
    pub fn are_a_merge_patch(&self) -> bool {
        let is_set = |field: &KeptField| {
            let value = self.texts.bytes(field.value);
            value != b"null" && !value.starts_with(b"{")
        };
        self.fields.iter().all(is_set)
    }

    fn object<'s>(&'s self, value: impl Fn(&KeptField) -> &'s str) -> String {
        let length =
            |field: &KeptField| self.texts.bytes(field.name).len() + value(field).len() + 4;
        let mut json = String::with_capacity(self.fields.iter().map(length).sum::<usize>() + 2);
        json.push('{');
        for (position, field) in self.fields.iter().enumerate() {
            if position > 0 {
                json.push(',');
            }
            json.push_str(&Value::from(self.texts.text(field.name)).to_string());
            json.push(':');
            json.push_str(value(field));
        }
        json.push('}');
        json
    }
}

/// The bytes of a text in JSON, at most.
fn escaped_bytes(text: &[u8]) -> usize {
    let bytes = text.iter().map(|byte| match byte {
        0x00..=0x1f => "\\u0000".len(),
        b'"' | b'\\' => 2,
        _ => 1,
    });
    bytes.sum()
}

/// The top-level fields of a batch that the server does not know.
#[derive(Debug)]
pub struct UnknownFields {
    texts: Texts,
    fields: Vec<KeptField>,
}

impl UnknownFields {
    pub(super) fn new(texts: Texts) -> Self {
        Self {
            texts,
            fields: Vec::new(),
        }
    }

    /// Reads one field.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        object: &mut A,
    ) -> Result<Result<(), Fault>, A::Error> {
        let read = kept_json::read_field(&mut self.texts, &self.fields, name, object)?;
        Ok(read.map(|field| self.fields.push(field)))
    }

    /// Must be called after the last field. Of fields with the same name the last one counts.
    pub(super) fn finish(&mut self) {
        kept_json::keep_last(&self.texts, &mut self.fields, 0);
    }

    /// The fields.
    pub fn all(&self) -> UnknownColumns<'_> {
        UnknownColumns {
            texts: &self.texts,
            fields: &self.fields,
        }
    }

    /// The fault of the longest field if all fields together are too long.
    pub(super) fn too_long(&self, limit: SizeLimit) -> Option<(String, Fault)> {
        let fault = limit.check("unknown fields together", self.all().bytes())?;
        let fields = self.fields.iter();
        let longest = fields.max_by_key(|field| self.texts.bytes(field.value).len())?;
        Some((self.texts.text(longest.name).to_owned(), fault))
    }

    /// The names for a receipt.
    pub fn names(&self) -> Names {
        let mut names = Names::default();
        names.add(self.all());
        names
    }
}

/// Names for a receipt: at most a thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeSet<String>);

impl Names {
    pub(super) fn add(&mut self, columns: UnknownColumns<'_>) {
        for field in columns.fields {
            if self.0.len() == LISTED_NAMES {
                return;
            }
            let name = columns.texts.text(field.name);
            if !self.0.contains(name) {
                self.0.insert(name.to_owned());
            }
        }
    }

    /// The names, in order.
    pub fn into_set(self) -> BTreeSet<String> {
        self.0
    }
}
