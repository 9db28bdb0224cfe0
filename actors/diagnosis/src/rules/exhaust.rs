//! O2 sensors and the catalyst.

mod catalyst;
mod front;
mod rear;

use super::RuleSpec;
use crate::channels::Channel;
use crate::model::{System, Tier};
use crate::thresholds::ThresholdSpec;

const fn threshold(name: &'static str, unit: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit,
        default,
    }
}

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        id: "front_o2_stuck",
        system: System::Exhaust,
        weight: "exhaust",
        title: "The front O2 sensor does not switch",
        condition: "warm and in closed loop: all readings on one side, far from the middle, for some time; or many readings without a crossing",
        tiers: &[Tier::Investigate],
        thresholds: &[
            threshold("low", "V", 0.3),
            threshold("high", "V", 0.7),
            threshold("middle", "V", 0.45),
            threshold("for", "s", 30.0),
            threshold("readings", "", 30.0),
        ],
        needs: &[&[Channel::FrontO2], &[Channel::Rpm], &[Channel::Coolant]],
        uses: &[Channel::FuelStatus],
        what_to_log: "Log O2_B1S1 at 1 Hz, FUEL_SYSTEM_STATUS, RPM and COOLANT_TEMP on a warm engine.",
        source: "P0133: a healthy sensor crosses 0.45 V at least every second or two",
        next_checks: &[
            "Check the sensor's plug and heater.",
            "Look for exhaust leaks before the sensor.",
            "Force rich (propane) and lean (vacuum hose off): the voltage must follow.",
        ],
        only_4g63: false,
        build: |limits| Box::new(front::FrontStuck::new(limits)),
    },
    RuleSpec {
        id: "rear_o2_stuck",
        system: System::Exhaust,
        weight: "exhaust",
        title: "The rear O2 sensor does not react",
        condition: "many warm readings with stops and overrun, all within a narrow range",
        tiers: &[Tier::Watch],
        thresholds: &[
            threshold("range", "V", 0.3),
            threshold("readings", "", 100.0),
        ],
        needs: &[
            &[Channel::RearO2],
            &[Channel::Rpm],
            &[Channel::Coolant],
            &[Channel::Speed],
        ],
        uses: &[Channel::Throttle],
        what_to_log: "Log O2_B1S2, RPM, SPEED, THROTTLE_POS and COOLANT_TEMP for 15 minutes of town traffic on a warm engine.",
        source: "P0136: fuel cuts take the voltage to 0, acceleration takes it to 0.8 V",
        next_checks: &[
            "Check the sensor's plug and heater.",
            "Force rich and lean: the voltage must follow.",
        ],
        only_4g63: false,
        build: |limits| Box::new(rear::RearStuck::new(limits)),
    },
    RuleSpec {
        id: "catalyst_weak",
        system: System::Exhaust,
        weight: "exhaust",
        title: "The catalyst stores little oxygen",
        condition: "the rear O2 sensor switches nearly as often as the front one; at slow polling: it swings nearly as far",
        tiers: &[Tier::Investigate, Tier::Watch],
        thresholds: &[
            threshold("crossings", "", 0.8),
            threshold("spread", "", 0.7),
            threshold("for", "s", 70.0),
        ],
        needs: &[
            &[Channel::RearO2],
            &[Channel::FrontO2],
            &[Channel::Rpm],
            &[Channel::Coolant],
        ],
        uses: &[Channel::Speed, Channel::FuelStatus, Channel::Throttle],
        what_to_log: "Log O2_B1S1 and O2_B1S2 at 1 Hz or faster, SPEED, RPM and COOLANT_TEMP for some minutes of steady speed on a warm engine.",
        source: "P0420",
        next_checks: &[
            "Look for exhaust leaks around the catalyst.",
            "Repair any misfire or rich mixture first: they imitate a weak catalyst and destroy a good one.",
            "Measure the temperature before and after the catalyst.",
        ],
        only_4g63: false,
        build: |limits| Box::new(catalyst::Catalyst::new(limits)),
    },
];
