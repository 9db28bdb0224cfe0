//! The faults that can be planted, each at three strengths.

use crate::{Engine, Route};

/// How far a planted fault goes beyond what is normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Just beyond what a healthy car does.
    Weak,
    /// What a driver begins to notice.
    Medium,
    /// What stops a car sooner or later.
    Strong,
}

impl Strength {
    /// Every strength.
    pub const ALL: [Self; 3] = [Self::Weak, Self::Medium, Self::Strong];
}

/// A fault at a strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// What is broken.
    pub fault: Fault,
    /// How badly.
    pub strength: Strength,
}

impl Planted {
    /// The size of `fault`, if it is the planted one.
    pub(crate) fn amount(self, fault: Fault) -> Option<f64> {
        (self.fault == fault).then(|| fault.amounts()[self.strength as usize])
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])+ $name:ident { rules: $rules:expr, route: $route:ident, amounts: $amounts:expr, needs: $needs:expr, })+) => {
        /// What can be broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault { $($(#[$doc])+ $name,)+ }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The ids of the rules that name this fault; the first is the best answer.
            pub fn rules(self) -> &'static [&'static str] {
                match self { $(Self::$name => &$rules,)+ }
            }

            /// A route on which the fault can show.
            pub fn route(self) -> Route {
                match self { $(Self::$name => Route::$route,)+ }
            }

            /// Weak, medium, strong; the unit is in the description of the fault.
            fn amounts(self) -> [f64; 3] {
                match self { $(Self::$name => $amounts,)+ }
            }

            /// The channels without which no log can show the fault.
            pub fn needs(self) -> &'static [&'static str] {
                match self { $(Self::$name => &$needs,)+ }
            }
        }
    };
}

faults! {
    /// Stored trouble codes, with the warning lamp; their number.
    TroubleCodes { rules: ["trouble_codes"], route: Gentle, amounts: [1.0, 2.0, 5.0], needs: ["DTC_COUNT"], }
    /// Too little cooling; the coolant of the Eclipse settles at this temperature in °C, that of other engines 9 K higher.
    Overheating { rules: ["coolant_overheating"], route: Commute, amounts: [98.5, 102.5, 108.0], needs: ["COOLANT_TEMP"], }
    /// Thermostat stuck open; the coolant settles near this temperature in °C.
    ThermostatOpen { rules: ["thermostat_open"], route: Commute, amounts: [73.0, 67.0, 58.0], needs: ["COOLANT_TEMP", "SPEED"], }
    /// Slow warm-up; share of the heat that reaches the coolant below 75 °C.
    SlowWarmUp { rules: ["slow_warm_up", "thermostat_open"], route: Commute, amounts: [0.36, 0.28, 0.2], needs: ["COOLANT_TEMP"], }
    /// Weak fan; share of its air flow that is left.
    FanWeak { rules: ["fan_weak"], route: HotStop, amounts: [0.05, 0.02, 0.0], needs: ["COOLANT_TEMP", "SPEED"], }
    /// Lean in every state, by this share in %.
    LeanEverywhere { rules: ["lean_everywhere"], route: Gentle, amounts: [13.0, 17.0, 22.0], needs: ["SHORT_FUEL_TRIM_1", "LONG_FUEL_TRIM_1"], }
    /// Unmetered air; lean by this share in % at idle, little at speed.
    VacuumLeak { rules: ["vacuum_leak"], route: Gentle, amounts: [14.0, 18.0, 24.0], needs: ["SHORT_FUEL_TRIM_1", "LONG_FUEL_TRIM_1"], }
    /// Weak fuel supply; lean by this share in % at cruise and under load.
    FuelSupplyWeak { rules: ["fuel_supply_weak"], route: Gentle, amounts: [12.0, 16.0, 21.0], needs: ["SHORT_FUEL_TRIM_1", "LONG_FUEL_TRIM_1"], }
    /// Rich in every state, by this share in %.
    Rich { rules: ["rich"], route: Gentle, amounts: [18.0, 21.0, 24.5], needs: ["SHORT_FUEL_TRIM_1", "LONG_FUEL_TRIM_1"], }
    /// Closed loop comes late; seconds after the start.
    OpenLoopTooLong { rules: ["open_loop_too_long"], route: Gentle, amounts: [260.0, 500.0, 1e9], needs: ["FUEL_SYSTEM_STATUS"], }
    /// Enrichment at full load comes late or never; seconds of full load before it.
    NoEnrichment { rules: ["no_enrichment"], route: Motorway, amounts: [6.0, 30.0, 1e9], needs: ["FUEL_SYSTEM_STATUS"], }
    /// Lean at full load; front oxygen sensor in volts.
    LeanUnderLoad { rules: ["lean_under_load"], route: Motorway, amounts: [0.74, 0.62, 0.3], needs: ["O2_B1S1"], }
    /// The ECU retards the timing under load, by this angle in degrees.
    KnockRetard { rules: ["knock_retard", "timing_low_under_load"], route: Motorway, amounts: [6.5, 11.0, 16.0], needs: ["TIMING_ADVANCE"], }
    /// Timing at high load, in degrees.
    TimingLow { rules: ["timing_low_under_load"], route: Motorway, amounts: [6.5, 4.0, 1.0], needs: ["TIMING_ADVANCE"], }
    /// Retarded timing with a lean spike when the throttle opens; how often.
    TipInKnock { rules: ["tip_in_knock"], route: Motorway, amounts: [6.0, 9.0, 99.0], needs: ["TIMING_ADVANCE", "SHORT_FUEL_TRIM_1"], }
    /// The idle speed swings by this amplitude in 1/min.
    IdleHunting { rules: ["idle_hunting"], route: Town, amounts: [160.0, 210.0, 280.0], needs: ["RPM"], }
    /// The warm idle speed, in 1/min.
    IdleSpeed { rules: ["idle_speed_wrong"], route: Town, amounts: [990.0, 1_060.0, 560.0], needs: ["RPM"], }
    /// Charging voltage in volts.
    Undercharging { rules: ["undercharging"], route: Gentle, amounts: [12.9, 12.35, 11.8], needs: ["CONTROL_MODULE_VOLTAGE"], }
    /// Charging voltage in volts.
    Overcharging { rules: ["overcharging"], route: Gentle, amounts: [15.7, 16.0, 16.6], needs: ["CONTROL_MODULE_VOLTAGE"], }
    /// Intake air above the ambient temperature while moving, in K.
    HeatSoak { rules: ["intake_heat_soak"], route: Commute, amounts: [48.0, 55.0, 65.0], needs: ["INTAKE_TEMP"], }
    /// The air flow sensor reads the true flow times this factor.
    MafImplausible { rules: ["maf_implausible"], route: Motorway, amounts: [0.5, 0.42, 1.6], needs: ["MAF", "INTAKE_PRESSURE"], }
    /// The air flow sensor reads the true flow times this factor at idle only.
    MafIdle { rules: ["maf_idle_wrong"], route: Town, amounts: [2.2, 2.7, 0.35], needs: ["MAF", "TIMING_ADVANCE"], }
    /// The front oxygen sensor stays near this voltage in closed loop.
    FrontO2Stuck { rules: ["front_o2_stuck"], route: Gentle, amounts: [0.76, 0.2, 0.08], needs: ["O2_B1S1", "FUEL_SYSTEM_STATUS"], }
    /// The rear oxygen sensor stays near this voltage.
    RearO2Stuck { rules: ["rear_o2_stuck"], route: Commute, amounts: [0.65, 0.45, 0.08], needs: ["O2_B1S2"], }
    /// Worn catalyst; share of the front sensor's swing that reaches the rear one.
    CatalystWeak { rules: ["catalyst_weak"], route: Commute, amounts: [0.95, 0.98, 1.0], needs: ["O2_B1S1", "O2_B1S2"], }
    /// Engine speed reached by a missed shift, in 1/min.
    OverRev { rules: ["over_rev"], route: Motorway, amounts: [7_250.0, 7_500.0, 7_900.0], needs: ["RPM"], }
}

impl Fault {
    /// Whether the car has what the fault breaks, and a normal that is known.
    pub fn fits(self, engine: &Engine) -> bool {
        let peculiar = matches!(
            self,
            Self::NoEnrichment | Self::TimingLow | Self::TipInKnock
        );
        if peculiar && !engine.is_4g63 || self == Self::OverRev && engine.diesel {
            return false;
        }
        let at_idle = matches!(
            self,
            Self::VacuumLeak
                | Self::LeanEverywhere
                | Self::FuelSupplyWeak
                | Self::IdleHunting
                | Self::IdleSpeed
                | Self::FanWeak
        );
        if at_idle && engine.stop_start {
            return false;
        }
        self.needs().iter().all(|channel| match *channel {
            "MAF" => engine.has_maf,
            "INTAKE_PRESSURE" => engine.has_map && !engine.diesel,
            "SHORT_FUEL_TRIM_1" | "LONG_FUEL_TRIM_1" | "TIMING_ADVANCE" => !engine.diesel,
            "CONTROL_MODULE_VOLTAGE" => !engine.smart_alternator,
            "O2_B1S1" | "O2_B1S2" | "FUEL_SYSTEM_STATUS" => engine.has_oxygen,
            _ => true,
        })
    }
}
