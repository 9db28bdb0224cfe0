//! Trouble codes: what the engine's own computer has found.

use super::draft::{Draft, Judgement, evidence};
use super::{Drive, Rule, RuleSpec};
use crate::channels::Channel;
use crate::model::{System, Tier};
use crate::states::Second;
use crate::text;
use crate::time::span;

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
    lamp: Lamp,
    /// The most codes, and those of the latest reading that counts them.
    codes: f64,
    codes_at_end: f64,
    first: Option<u64>,
    latest: u64,
}

/// What the readings say of the malfunction lamp.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Lamp {
    #[default]
    Unknown,
    Off,
    On,
    WasOn,
}

impl Lamp {
    fn then(self, is_on: bool) -> Self {
        match (self, is_on) {
            (_, true) => Self::On,
            (Self::On | Self::WasOn, false) => Self::WasOn,
            (Self::Unknown | Self::Off, false) => Self::Off,
        }
    }

    fn was_on(self) -> bool {
        matches!(self, Self::On | Self::WasOn)
    }

    fn phrase(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Off => Some("the malfunction lamp is off"),
            Self::On => Some("the malfunction lamp is on"),
            Self::WasOn => Some("the malfunction lamp was on, and is off at the end"),
        }
    }
}

impl Seen {
    fn add(&mut self, index: u64, lamp: Option<bool>, codes: Option<f64>) {
        self.readings += 1;
        if let Some(is_on) = lamp {
            self.lamp = self.lamp.then(is_on);
        }
        if let Some(codes) = codes {
            self.codes = self.codes.max(codes);
            self.codes_at_end = codes;
        }
        if lamp == Some(true) || codes.is_some_and(|codes| codes >= 1.0) {
            self.first.get_or_insert(index);
            self.latest = index;
        }
    }

    fn explanation(&self) -> String {
        let (codes, is_one) = (text::value(self.codes, ""), self.codes < 2.0);
        let codes = match (self.codes >= 1.0, is_one, self.codes_at_end >= 1.0) {
            (false, ..) => None,
            (true, true, true) => Some("one trouble code is stored".to_owned()),
            (true, true, false) => Some("one trouble code was stored, and is cleared".to_owned()),
            (true, false, true) => Some(format!("{codes} trouble codes are stored")),
            (true, false, false) => Some(format!(
                "{codes} trouble codes were stored, and are cleared"
            )),
        };
        let lamp = self.lamp.phrase().map(str::to_owned);
        let parts: Vec<String> = codes.into_iter().chain(lamp).collect();
        let joint = if self.lamp == Lamp::On { " and " } else { "; " };
        text::sentence(&format!("{}.", parts.join(joint)))
    }
}

impl Rule for TroubleCodes {
    fn second(&mut self, second: &Second<'_>) {
        let lamps = second
            .fresh(Channel::Mil)
            .map(|lamp| (Some(lamp > 0.5), None));
        // The raw byte of PID 01 carries the lamp in its highest bit. A number below may be that byte, or be decoded.
        let counts = second.fresh(Channel::DtcCount).map(|count| {
            if count >= 128.0 {
                (Some(true), Some(count - 128.0))
            } else {
                (None, Some(count))
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
        if seen.lamp.was_on() {
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
        Draft::new(Tier::Warning, seen.explanation(), found)
            .with_confidence(1.0)
            .found()
    }
}
