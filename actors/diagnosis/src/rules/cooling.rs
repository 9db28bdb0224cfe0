//! Coolant: overheating, thermostat, warm-up and fan.

mod overheating;
mod warm_up;

use super::RuleSpec;
use crate::channels::Channel;
use crate::model::{System, Tier};
use crate::thresholds::ThresholdSpec;

const fn celsius(name: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit: "°C",
        default,
    }
}

const fn seconds(name: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit: "s",
        default,
    }
}

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        id: "coolant_overheating",
        system: System::Cooling,
        weight: "cooling",
        title: "The engine overheats",
        condition: "coolant at or above a limit for the given time, not in the first minutes; mostly standing and short: one tier down",
        tiers: &[Tier::Alert, Tier::Warning, Tier::Stop],
        thresholds: &[
            celsius("alert", 96.0),
            celsius("warning", 100.0),
            celsius("stop", 104.0),
            celsius("other_engine_alert", 100.0),
            celsius("other_engine_warning", 104.0),
            celsius("other_engine_stop", 110.0),
            seconds("for", 60.0),
            seconds("not_before", 300.0),
            seconds("standing_is_short", 600.0),
        ],
        needs: &[&[Channel::Coolant]],
        uses: &[Channel::Speed],
        what_to_log: "Log COOLANT_TEMP for at least ten minutes of driving.",
        source: "4G63: head gasket limits of the owner's car; other engines: their fans switch at 93 to 103 °C",
        next_checks: &[
            "Check the coolant level with the engine cold.",
            "Check that the radiator fan runs at both stages.",
            "Test the radiator cap and look for leaks under pressure.",
            "Check the thermostat and the water pump.",
        ],
        only_4g63: false,
        build: |limits| Box::new(overheating::Overheating::new(limits)),
    },
    RuleSpec {
        id: "thermostat_open",
        system: System::Cooling,
        weight: "cooling",
        title: "The thermostat is stuck open",
        condition: "long enough on the move and never warm, or a plateau below the thermostat's opening temperature",
        tiers: &[Tier::Investigate],
        thresholds: &[
            celsius("warm", 77.0),
            celsius("plateau", 78.0),
            seconds("moving", 600.0),
            seconds("running", 780.0),
        ],
        needs: &[&[Channel::Coolant], &[Channel::Rpm], &[Channel::Speed]],
        uses: &[],
        what_to_log: "Log COOLANT_TEMP, RPM and SPEED for at least 13 minutes, 10 of them moving.",
        source: "Mitsubishi (opens at 82 °C), Mazda P0126/P0128",
        next_checks: &[
            "Feel the upper radiator hose during a warm-up: it stays cold until the thermostat opens.",
            "Compare the coolant sensor with a thermometer.",
            "Replace the thermostat.",
        ],
        only_4g63: false,
        build: |limits| Box::new(warm_up::Thermostat::new(limits)),
    },
    RuleSpec {
        id: "slow_warm_up",
        system: System::Cooling,
        weight: "cooling",
        title: "The engine warms up slowly",
        condition: "from a cold start, the coolant rises more slowly than the limit between 30 and 70 °C",
        tiers: &[Tier::Watch],
        thresholds: &[
            ThresholdSpec {
                name: "rate",
                unit: "K/min",
                default: 3.0,
            },
            celsius("start_below", 50.0),
            seconds("watched", 240.0),
        ],
        needs: &[&[Channel::Coolant], &[Channel::Rpm]],
        uses: &[],
        what_to_log: "Log COOLANT_TEMP and RPM from a cold start until the engine is warm.",
        source: "recorded warm-ups of healthy cars: 4 to 9 K/min",
        next_checks: &[
            "Check the coolant level: a sensor in air reads low.",
            "Check the thermostat.",
        ],
        only_4g63: false,
        build: |limits| Box::new(warm_up::SlowWarmUp::new(limits)),
    },
    RuleSpec {
        id: "fan_weak",
        system: System::Cooling,
        weight: "cooling",
        title: "The radiator fan does not cool enough",
        condition: "hot after standing for some time, and normal while moving",
        tiers: &[Tier::Warning],
        thresholds: &[
            celsius("standing", 102.0),
            celsius("other_engine_standing", 104.0),
            celsius("moving", 97.0),
            seconds("standing_for", 300.0),
        ],
        needs: &[&[Channel::Coolant], &[Channel::Rpm], &[Channel::Speed]],
        uses: &[],
        what_to_log: "Log COOLANT_TEMP and SPEED with at least 5 minutes of standing on a warm engine and some driving.",
        source: "the owner's car: 99 °C standing with a working fan",
        next_checks: &[
            "Check that the fan starts, at both stages.",
            "Check fan relay, fuse and temperature switch.",
            "Look for a blocked radiator or condenser.",
        ],
        only_4g63: false,
        build: |limits| Box::new(overheating::FanWeak::new(limits)),
    },
];
