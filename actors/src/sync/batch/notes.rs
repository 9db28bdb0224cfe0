//! What the reader notes on its way: where it is, and what is wrong there.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::device_id::ID_CHARACTERS;
use crate::problem::{Fault, Problem, Problems, Step, shortened};
use crate::text::{counted, line};

/// How many faults of one row are described.
const FAULTS_PER_ROW: usize = 50;

/// How many tables of a refused batch are named, known and unknown ones each.
const NAMED_TABLES: usize = 50;

/// The problems of a batch, and the place of the reader.
#[derive(Debug, Default)]
pub(super) struct Notes {
    problems: Problems,
    pub place: Place,
    /// The tables that the batch has named and the server stores.
    tables: Vec<String>,
    /// The others.
    unknown_tables: Vec<String>,
    /// Which row it is in which the JSON broke off, as an addition to a sentence.
    stopped_in: String,
}

/// Where the reader is.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub field: Option<&'static str>,
    pub table: Option<String>,
    pub row: Option<usize>,
    /// A column of the row, a field of the table or a field of the batch.
    pub column: Option<String>,
}

impl Place {
    fn loc(&self) -> Vec<Step> {
        let mut loc = vec![Step::from("body")];
        loc.extend(self.field.map(Step::from));
        loc.extend(self.table.as_deref().map(Step::named));
        if let Some(row) = self.row {
            loc.extend(["rows".into(), row.into()]);
        }
        loc.extend(self.column.as_deref().map(Step::named));
        loc
    }
}

impl Notes {
    /// Notes a fault at the present place.
    pub(super) fn note(&mut self, fault: Fault) {
        self.problems.push_with(|| fault.at(self.place.loc()));
    }

    /// Notes a fault in a field or column at the present place.
    pub(super) fn note_in(&mut self, column: &str, fault: Fault) {
        self.problems.push_with(|| {
            let mut loc = self.place.loc();
            loc.push(Step::named(column));
            fault.at(loc)
        });
    }

    /// Notes the faults of the row at the present place.
    pub(super) fn note_row(&mut self, row: &mut RowNotes) {
        let called = row.called();
        for (column, mut fault) in row.faults.drain(..) {
            fault.msg.push_str(&called);
            match column {
                Some(column) => self.note_in(&column, fault),
                None => self.note(fault),
            }
        }
    }

    /// Takes over the place in a row where the JSON broke off.
    pub(super) fn stop_in_row(&mut self, row: &mut RowNotes) {
        self.place.column = row.stopped_in.take();
        self.stopped_in = row.called();
    }

    /// Notes that the body is not JSON from the present place on.
    pub(super) fn note_syntax_error(&mut self, error: &serde_json::Error) {
        let msg = format!("JSON decode error: {error}{}", self.stopped_in);
        self.note(Fault::new("json_invalid", msg, &Value::Object(Map::new())));
    }

    /// Notes the table that is read now.
    pub(super) fn enter_table(&mut self, name: &str, is_known: bool) {
        self.place.table = Some(shortened(name));
        let tables = if is_known {
            &mut self.tables
        } else {
            &mut self.unknown_tables
        };
        let name = line(name, ID_CHARACTERS);
        if tables.len() < NAMED_TABLES && !tables.contains(&name) {
            tables.push(name);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems, the tables that the batch has named, and those of them that the server does not know.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<String>, Vec<String>) {
        (self.problems.into_vec(), self.tables, self.unknown_tables)
    }
}

/// The largest row or field that the database accepts in one statement, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct SizeLimit(usize);

impl SizeLimit {
    /// The bytes of a statement that are not those of its longest value, at most.
    const REST: usize = 8 * 1024;

    /// For the largest packet that the database accepts; `None` while that is unknown.
    pub fn for_packet(largest_packet: Option<usize>) -> Self {
        Self(largest_packet.map_or(usize::MAX, |packet| packet.saturating_sub(Self::REST)))
    }

    /// Whether the database accepts this number of bytes.
    pub fn accepts(self, bytes: usize) -> bool {
        bytes <= self.0
    }

    /// The fault of something with this number of bytes.
    pub(super) fn check(self, what: &str, bytes: usize) -> Option<Fault> {
        let msg = || {
            let Self(limit) = self;
            format!(
                "The {what} has {bytes} bytes; the database accepts {limit} (max_allowed_packet)"
            )
        };
        (!self.accepts(bytes)).then(|| Fault::new("too_long", msg(), &Value::Null))
    }
}

impl Default for SizeLimit {
    fn default() -> Self {
        Self::for_packet(None)
    }
}

/// The limits of a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowLimits {
    /// Of its size.
    pub size: SizeLimit,
    /// Of its integer id: less than this, if any.
    pub ids_below: Option<i64>,
}

impl From<SizeLimit> for RowLimits {
    fn from(size: SizeLimit) -> Self {
        Self {
            size,
            ids_below: None,
        }
    }
}

/// What is wrong with one row.
#[derive(Debug, Default)]
pub(super) struct RowNotes {
    limits: RowLimits,
    /// The row's key for messages, if readable: a number or a text.
    pub id: Option<Value>,
    /// By column; without one, of the row as a whole.
    faults: Vec<(Option<Cow<'static, str>>, Fault)>,
    /// The column in which the JSON broke off.
    pub stopped_in: Option<String>,
}

impl RowNotes {
    pub(super) fn within(limits: RowLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    pub(super) fn clear(&mut self) {
        self.id = None;
        self.faults.clear();
    }

    /// Notes a fault of a column.
    pub(super) fn fault(&mut self, column: impl Into<Cow<'static, str>>, fault: Fault) {
        if self.faults.len() < FAULTS_PER_ROW {
            self.faults.push((Some(column.into()), fault));
        }
    }

    /// Notes a fault of the row as a whole.
    pub(super) fn fault_of_row(&mut self, fault: Fault) {
        self.faults.push((None, fault));
    }

    /// Notes a row that is too large.
    pub(super) fn check_size(&mut self, bytes: usize) {
        let fault = self.limits.size.check("row", bytes);
        self.faults.extend(fault.map(|fault| (None, fault)));
    }

    /// Notes an integer id that leaves the epoch of its device.
    pub(super) fn check_id(&mut self, id: i128) {
        let Some(limit) = self.limits.ids_below else {
            return;
        };
        let (kind, bound) = if id < 0 {
            ("greater_than_equal", "at least 0".to_owned())
        } else if id >= limit.into() {
            ("less_than", format!("less than {limit}"))
        } else {
            return;
        };
        let msg =
            format!("The device started again at id 1 before; since then its ids must be {bound}");
        // A number that JSON does not have is shown as a text.
        let shown = i64::try_from(id).map_or_else(|_| Value::from(id.to_string()), Value::from);
        self.fault("id", Fault::new(kind, msg, &shown));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn has_fault_in(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        let mut columns = self
            .faults
            .iter()
            .filter_map(|(column, _)| column.as_deref());
        columns.any(is_meant)
    }

    /// Which row it is, as an addition to a sentence.
    pub(super) fn called(&self) -> String {
        match &self.id {
            Some(id) => format!(" (row with id {id})"),
            None => String::new(),
        }
    }

    /// The first fault in one sentence, and the number of the others.
    pub(super) fn summary(&self) -> String {
        let Some((column, fault)) = self.faults.first() else {
            return String::new();
        };
        let column = column
            .as_deref()
            .map_or_else(String::new, |column| format!("{}: ", shortened(column)));
        let more = match self.faults.len() {
            1 => String::new(),
            count => format!(", and {}", counted(count as u64 - 1, "more problem")),
        };
        format!("{column}{}{more}", fault.msg)
    }
}
