//! Trouble codes: what the engine's own computer has found.

use super::draft::{Draft, Judgement, evidence};
use super::{Drive, Rule, RuleSpec};
use crate::diagnosis::channels::Channel;
use crate::diagnosis::model::{System, Tier};
use crate::diagnosis::states::Second;
use crate::diagnosis::text;
use crate::diagnosis::time::span;

pub(super) const RULES: &[RuleSpec] = &[RuleSpec {
    id: "trouble_codes",
    system: System::Codes,
    weight: "codes",
    title: "Trouble codes are stored",
    condition: "the malfunction lamp is on, or at least one trouble code is stored, with the engine running",
    tiers: &[Tier::Warning],
    thresholds: &[],
    needs: &[&[Channel::Mil, Channel::DtcCount]],
    uses: &[],
    what_to_log: "Log MIL_ON and DTC_COUNT (PID 01).",
    source: "SAE J1979, PID 01",
    next_checks: &[
        "Read the codes and their freeze frames (modes 03 and 02) before clearing anything.",
        "Read pending codes (mode 07) too.",
    ],
    only_4g63: false,
    build: |_| Box::<TroubleCodes>::default(),
}];

#[derive(Debug, Default)]
struct TroubleCodes {
    /// With the engine running, and all.
    running: Seen,
    all: Seen,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    readings: u32,
    lamp: u32,
    /// Readings that count at least one code.
    coded: u32,
    codes: f64,
    first: Option<u64>,
    latest: u64,
}

impl Seen {
    fn add(&mut self, index: u64, lamp: bool, codes: f64) {
        self.readings += 1;
        self.lamp += u32::from(lamp);
        self.coded += u32::from(codes >= 1.0);
        self.codes = self.codes.max(codes);
        if lamp || codes >= 1.0 {
            self.first.get_or_insert(index);
            self.latest = index;
        }
    }
}

impl Rule for TroubleCodes {
    fn second(&mut self, second: &Second<'_>) {
        let lamps = second.fresh(Channel::Mil).map(|lamp| (lamp > 0.5, 0.0));
        // The raw byte of PID 01 carries the lamp in its highest bit.
        let counts = second.fresh(Channel::DtcCount).map(|count| {
            if count >= 128.0 {
                (true, count - 128.0)
            } else {
                (false, count)
            }
        });
        for (lamp, codes) in lamps.chain(counts) {
            self.all.add(second.index, lamp, codes);
            if second.running {
                self.running.add(second.index, lamp, codes);
            }
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        // With the key on and the engine off, the lamp is on as a test of its bulb.
        let seen = if self.running.readings > 0 {
            self.running
        } else {
            self.all
        };
        let Some(first) = seen.first else {
            return Judgement::Passed;
        };
        let span = span(first, seen.latest + 1);
        let mut found = Vec::new();
        if seen.lamp > 0 {
            found.push(
                evidence("malfunction lamp", Channel::Mil, 1.0)
                    .against(0.0)
                    .within(span),
            );
        }
        if seen.codes >= 1.0 {
            found.push(
                evidence("stored trouble codes", Channel::DtcCount, seen.codes)
                    .against(0.0)
                    .within(span),
            );
        }
        let codes = match seen.codes {
            codes if codes >= 2.0 => format!("{} trouble codes are stored", text::value(codes, "")),
            codes if codes >= 1.0 => "One trouble code is stored".to_owned(),
            _ => String::new(),
        };
        let explanation = match (seen.lamp > 0, codes.is_empty()) {
            (true, true) => "The malfunction lamp is on.".to_owned(),
            (true, false) => format!("{codes} and the malfunction lamp is on."),
            (false, _) => format!("{codes}; the malfunction lamp is off."),
        };
        Draft::new(Tier::Warning, explanation, found)
            .with_confidence(1.0)
            .found()
    }
}
