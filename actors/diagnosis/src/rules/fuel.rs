//! Mixture: lean, rich, and the loop.

mod loops;
mod mixture;
mod under_load;

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

const TRIMS: &[&[Channel]] = &[
    &[Channel::ShortTrim],
    &[Channel::LongTrim],
    &[Channel::Rpm],
    &[Channel::Coolant],
];
const LOG_TRIMS: &str = "Log SHORT_FUEL_TRIM_1, LONG_FUEL_TRIM_1, RPM, SPEED, COOLANT_TEMP and FUEL_SYSTEM_STATUS, with a warm engine: \
                         a minute at idle and two minutes at a steady 50 to 100 km/h.";
const STATES: &[Channel] = &[
    Channel::Speed,
    Channel::Load,
    Channel::Throttle,
    Channel::FuelStatus,
];

#[allow(clippy::too_many_arguments)] // A row of a table.
const fn mixture(
    id: &'static str,
    title: &'static str,
    condition: &'static str,
    tiers: &'static [Tier],
    thresholds: &'static [ThresholdSpec],
    source: &'static str,
    next_checks: &'static [&'static str],
    build: fn(&crate::thresholds::Limits) -> Box<dyn super::Rule>,
) -> RuleSpec {
    RuleSpec {
        id,
        system: System::Fuel,
        weight: "fuel",
        title,
        condition,
        tiers,
        thresholds,
        needs: TRIMS,
        uses: STATES,
        what_to_log: LOG_TRIMS,
        source,
        next_checks,
        only_4g63: false,
        build,
    }
}

pub(super) const RULES: &[RuleSpec] = &[
    mixture(
        "vacuum_leak",
        "Unmetered air at idle, such as a vacuum leak",
        "lean at idle, and clearly less lean while driving",
        &[Tier::Warning],
        &[
            threshold("idle", "%", 10.0),
            threshold("difference", "%", 7.0),
        ],
        "workshop practice: a leak is a large share of the air at idle and a small one at speed",
        &[
            "Listen for hissing and spray the intake with brake cleaner or smoke at idle; watch the trims.",
            "Check intake hoses, throttle body gasket, PCV valve and brake booster hose.",
            "Check that the air mass sensor's hose clamps are tight.",
        ],
        |limits| Box::new(mixture::VacuumLeak::new(limits)),
    ),
    mixture(
        "fuel_supply_weak",
        "The fuel supply is too weak",
        "lean while driving, and clearly leaner than at idle",
        &[Tier::Warning],
        &[
            threshold("driving", "%", 8.0),
            threshold("difference", "%", 7.0),
        ],
        "workshop practice: pump, filter and injectors fail first where most fuel is needed",
        &[
            "Measure the fuel pressure at idle and under load.",
            "Replace the fuel filter if its age is not known.",
            "Check the voltage at the fuel pump under load.",
            "Have the injectors' flow tested.",
        ],
        |limits| Box::new(mixture::FuelSupplyWeak::new(limits)),
    ),
    mixture(
        "lean_everywhere",
        "The mixture is lean everywhere",
        "lean at idle and while driving",
        &[Tier::Warning],
        &[
            threshold("idle", "%", 10.0),
            threshold("driving", "%", 8.0),
            threshold("difference", "%", 7.0),
        ],
        "P0171 is set at a long-term trim above 12.5 % or a short-term trim above 10 %",
        &[
            "Clean and check the air mass sensor: it reads low when dirty.",
            "Measure the fuel pressure.",
            "Look for leaks in the exhaust before the front O2 sensor.",
        ],
        |limits| Box::new(mixture::LeanEverywhere::new(limits)),
    ),
    mixture(
        "lean_at_idle",
        "The mixture is lean at idle",
        "lean at idle, with too little driving to tell the cause",
        &[Tier::Investigate],
        &[threshold("idle", "%", 10.0)],
        "P0171 is set at a long-term trim above 12.5 % or a short-term trim above 10 %",
        &[
            "Log a drive with two minutes of steady speed: it tells a vacuum leak from a weak supply.",
            "Check the intake for leaks.",
        ],
        |limits| Box::new(mixture::LeanAtIdle::new(limits)),
    ),
    mixture(
        "rich",
        "The mixture is rich",
        "the trims take away fuel, more than the car's own normal",
        &[Tier::Investigate],
        &[
            threshold("sum", "%", -12.0),
            threshold("below_anchor", "%", 4.0),
        ],
        "P0172 is set at a long-term trim below about −12.5 %",
        &[
            "Check the fuel pressure and the regulator's vacuum hose for fuel.",
            "Check for a leaking injector (smell of fuel in the oil).",
            "Check the purge valve: it must not leak when closed.",
            "Check the air mass sensor and the air filter.",
        ],
        |limits| Box::new(mixture::Rich::new(limits)),
    ),
    RuleSpec {
        id: "open_loop_too_long",
        system: System::Fuel,
        weight: "fuel",
        title: "The engine stays in open loop for too long",
        condition: "no closed loop within the given time of a start that is not very cold",
        tiers: &[Tier::Watch],
        thresholds: &[
            threshold("within", "s", 180.0),
            threshold("start_above", "°C", 10.0),
        ],
        needs: &[&[Channel::FuelStatus], &[Channel::Rpm], &[Channel::Coolant]],
        uses: &[],
        what_to_log: "Log FUEL_SYSTEM_STATUS, RPM and COOLANT_TEMP from the start of the engine.",
        source: "workshop practice: a heated O2 sensor is ready within one to two minutes",
        next_checks: &[
            "Check the front O2 sensor's heater and its fuse.",
            "Check the coolant sensor.",
        ],
        only_4g63: false,
        build: |limits| Box::new(loops::OpenLoop::new(limits)),
    },
    RuleSpec {
        id: "no_enrichment",
        system: System::Fuel,
        weight: "fuel",
        title: "No enrichment at full load",
        condition: "closed loop at nearly full load and wide throttle for some seconds",
        tiers: &[Tier::Watch],
        thresholds: &[
            threshold("load", "%", 90.0),
            threshold("throttle", "%", 80.0),
            threshold("for", "s", 3.0),
        ],
        needs: &[
            &[Channel::FuelStatus],
            &[Channel::Load],
            &[Channel::Throttle],
            &[Channel::Rpm],
        ],
        uses: &[],
        what_to_log: "Log FUEL_SYSTEM_STATUS, ENGINE_LOAD, THROTTLE_POS and RPM during a full-throttle pull of 3 s or more.",
        source: "4G63: open loop with enrichment at full load",
        next_checks: &[
            "Check the throttle position sensor's range.",
            "Check the air mass sensor.",
        ],
        only_4g63: true,
        build: |limits| Box::new(loops::NoEnrichment::new(limits)),
    },
    RuleSpec {
        id: "lean_under_load",
        system: System::Fuel,
        weight: "fuel",
        title: "The mixture is lean under load",
        condition: "front O2 sensor low at wide open throttle in open loop, or short-term trim lean at nearly full load",
        tiers: &[Tier::Warning, Tier::Stop],
        thresholds: &[
            threshold("o2", "V", 0.8),
            threshold("o2_stop", "V", 0.5),
            threshold("for", "s", 2.0),
            threshold("stop_for", "s", 3.0),
            threshold("trim", "%", 5.0),
            threshold("load", "%", 90.0),
            threshold("rpm", "rpm", 2_500.0),
        ],
        needs: &[
            &[Channel::Rpm],
            &[Channel::Load, Channel::Throttle],
            &[Channel::FrontO2, Channel::ShortTrim],
        ],
        uses: &[
            Channel::Load,
            Channel::Throttle,
            Channel::Coolant,
            Channel::FuelStatus,
        ],
        what_to_log: "Log RPM, ENGINE_LOAD, THROTTLE_POS, O2_B1S1 and FUEL_SYSTEM_STATUS at 1 Hz or faster during full-throttle pulls of 3 s or more.",
        source: "healthy 4G63 under load: 0.92 to 0.96 V",
        next_checks: &[
            "Do not use full throttle until it is repaired.",
            "Measure the fuel pressure under load.",
            "Check the fuel pump's voltage under load, and the filter.",
            "Check for a boost leak after the air mass sensor.",
        ],
        only_4g63: false,
        build: |limits| Box::new(under_load::LeanUnderLoad::new(limits)),
    },
];
