//! Where the air mass stops fitting the engine, and what the finding shows.

use rstest::rstest;

use super::*;

const RULE: &str = "maf_implausible";

/// What an engine of 2 l takes in at an efficiency of 1, g/s: half its displacement a turn, at the density of dry air.
fn filling(rpm: f64, kpa: f64, celsius: f64) -> f64 {
    2.0 * rpm / 120.0 * kpa * 28.97 / 8.314 / (celsius + 273.15)
}

#[derive(Clone, Copy)]
struct Engine {
    seconds: i64,
    /// In even and in odd seconds.
    rpm: [f64; 2],
    pressure: [f64; 2],
    coolant: f64,
    efficiency: f64,
    facts: VehicleFacts,
    /// Of a throttle that is closed, with speed: overrun.
    overruns: bool,
}

const OTHER: VehicleFacts = VehicleFacts {
    displacement_l: Some(2.0),
    turbo: None,
    is_4g63: Some(false),
    boost_sensor: false,
};
const STEADY: Engine = Engine {
    seconds: 24,
    rpm: [1_500.0; 2],
    pressure: [40.0; 2],
    coolant: 70.0,
    efficiency: 0.59,
    facts: OTHER,
    overruns: false,
};

fn steady(engine: &Engine) -> Diagnosis {
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(engine.facts), History::default());
    let of = |values: [f64; 2], second: i64| values[usize::from(second % 2 == 1)];
    let channels: [Logged<'_>; 7] = [
        ("RPM", 1, &|second| of(engine.rpm, second)),
        ("INTAKE_PRESSURE", 1, &|second| of(engine.pressure, second)),
        ("INTAKE_TEMP", 1, &|_| 27.0),
        ("COOLANT_TEMP", 1, &|_| engine.coolant),
        ("MAF", 1, &|second| {
            let (rpm, pressure) = (of(engine.rpm, second), of(engine.pressure, second));
            engine.efficiency * filling(rpm, pressure, 27.0)
        }),
        ("SPEED", 1, &|_| 60.0),
        ("THROTTLE_POS", 1, &|_| 12.0),
    ];
    let logged = if engine.overruns { 7 } else { 5 };
    log(&mut diagnoser, 0..engine.seconds, &channels[..logged]);
    diagnoser.finish().0
}

#[test]
fn a_filling_is_that_of_the_ideal_gas_law() {
    // 25 l/s at 60 kPa and 300.15 K: 1,500 W over 8.314 J/(mol K) and 300.15 K are 0.601 mol/s of 28.97 g, twice.
    assert!((filling(3_000.0, 60.0, 27.0) - 34.83).abs() < 0.01);
}

#[rstest]
#[case::little(0.59, Some((59.0, 60.0, "less")))]
#[case::least(0.61, None)]
#[case::most(1.13, None)]
#[case::much(1.15, Some((115.0, 114.0, "more")))]
fn an_air_mass_below_60_or_above_114_percent_of_the_filling_is_implausible(
    #[case] efficiency: f64,
    #[case] expected: Option<(f64, f64, &str)>,
) {
    let diagnosis = steady(&Engine {
        efficiency,
        ..STEADY
    });
    let found = expected.map(|(value, limit, _)| Shown {
        tier: Tier::Investigate,
        value,
        unit: "%",
        threshold: Some(limit),
        // The first four seconds show that the engine runs steadily.
        seconds: Some(20.0),
        span: None,
        // 0.5 + 0.45 * 20 / 30
        confidence: 0.8,
    });
    assert_eq!(shown(&diagnosis, RULE), found);
    assert_eq!(passed(&diagnosis, RULE), expected.is_none());
    if let Some((value, _, word)) = expected {
        let text = format!(
            "The air mass in steady running is {word} than an engine of 2 l takes in: {value:.1} %"
        );
        assert!(says(&diagnosis, RULE, &text));
    }
}

#[rstest]
#[case::enough(Engine { seconds: 14, ..STEADY }, true)]
#[case::short(Engine { seconds: 13, ..STEADY }, false)]
#[case::slow(Engine { rpm: [1_490.0; 2], ..STEADY }, false)]
#[case::little_pressure(Engine { pressure: [39.0; 2], ..STEADY }, false)]
#[case::cold(Engine { coolant: 69.0, ..STEADY }, false)]
#[case::overrun(Engine { overruns: true, ..STEADY }, false)]
#[case::nearly_steady_speed(Engine { rpm: [2_000.0, 2_100.0], ..STEADY }, true)]
#[case::unsteady_speed(Engine { rpm: [2_000.0, 2_110.0], ..STEADY }, false)]
#[case::nearly_steady_pressure(Engine { pressure: [55.0, 60.0], ..STEADY }, true)]
#[case::unsteady_pressure(Engine { pressure: [53.0, 60.0], ..STEADY }, false)]
#[case::a_4g63_has_no_manifold_pressure(
    Engine { facts: VehicleFacts { is_4g63: Some(true), ..OTHER }, ..STEADY }, false,
)]
#[case::a_4g63_with_a_boost_sensor(
    Engine { facts: VehicleFacts { is_4g63: Some(true), boost_sensor: true, ..OTHER }, ..STEADY }, true,
)]
fn an_air_mass_is_judged_in_steady_running_for_10_s(#[case] engine: Engine, #[case] judged: bool) {
    let diagnosis = steady(&engine);
    assert_eq!(shown(&diagnosis, RULE).is_some(), judged);
    assert_eq!(too_little(&diagnosis, RULE), !judged);
}

/// A pull from second 60 on: an efficiency in each of its seconds.
#[derive(Clone, Copy)]
struct Pull<'a> {
    efficiencies: &'a [f64],
    rpm: f64,
    throttle: f64,
    coolant: f64,
    barometer: Option<f64>,
    turbo: Option<bool>,
    /// Seconds between the readings of throttle, engine speed and air mass.
    every: [i64; 3],
}

const PULL: Pull<'_> = Pull {
    efficiencies: &[0.9, 0.5, 0.5, 0.55, 0.7, 0.9],
    rpm: 2_500.0,
    throttle: 80.0,
    coolant: 70.0,
    barometer: None,
    turbo: None,
    every: [1; 3],
};

fn pulled(pull: &Pull<'_>) -> Diagnosis {
    let facts = VehicleFacts {
        turbo: pull.turbo,
        ..OTHER
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(facts), History::default());
    let at = |second: i64| {
        let place = usize::try_from(second - 60).ok();
        place.and_then(|place| pull.efficiencies.get(place).copied())
    };
    let outside = pull.barometer.unwrap_or(100.0);
    let channels: [Logged<'_>; 6] = [
        ("RPM", pull.every[1], &|_| pull.rpm),
        ("THROTTLE_POS", pull.every[0], &|second| {
            if at(second).is_some() {
                pull.throttle
            } else {
                20.0
            }
        }),
        ("INTAKE_TEMP", 1, &|_| 27.0),
        ("COOLANT_TEMP", 1, &|_| pull.coolant),
        ("MAF", pull.every[2], &|second| {
            at(second).unwrap_or(0.3) * filling(pull.rpm, outside, 27.0)
        }),
        ("BAROMETRIC_PRESSURE", 1, &|_| outside),
    ];
    let logged = 5 + usize::from(pull.barometer.is_some());
    log(&mut diagnoser, 0..120, &channels[..logged]);
    diagnoser.finish().0
}

#[test]
fn the_middle_air_mass_of_four_seconds_at_full_throttle_counts() {
    let expected = Shown {
        tier: Tier::Investigate,
        value: 55.0,
        unit: "%",
        threshold: Some(60.0),
        // The first second fills the manifold, and nothing bears out the last.
        seconds: Some(4.0),
        span: None,
        // 0.5 + 0.45 * 4 / 30
        confidence: 0.56,
    };
    let diagnosis = pulled(&PULL);
    assert_eq!(shown(&diagnosis, RULE), Some(expected));
    assert!(says(&diagnosis, RULE, "The air mass at full throttle"));
    let high_up = Pull {
        barometer: Some(80.0),
        ..PULL
    };
    assert_eq!(shown(&pulled(&high_up), RULE), Some(expected));
}

#[rstest]
#[case::short(Pull { efficiencies: &[0.5; 5], ..PULL })]
#[case::slow(Pull { rpm: 2_490.0, ..PULL })]
#[case::a_throttle_that_is_not_wide_open(Pull { throttle: 79.0, ..PULL })]
#[case::cold(Pull { coolant: 69.0, ..PULL })]
#[case::few_engine_speeds(Pull { every: [1, 2, 1], ..PULL })]
#[case::few_air_masses(Pull { every: [1, 1, 2], ..PULL })]
#[case::a_slow_throttle(Pull { efficiencies: &[0.5; 8], every: [4, 1, 1], ..PULL })]
fn too_little_full_throttle(#[case] pull: Pull<'_>) {
    assert!(too_little(&pulled(&pull), RULE));
}

#[test]
fn a_slow_throttle_bears_out_what_came_before_its_reading() {
    let pull = Pull {
        efficiencies: &[0.5; 12],
        every: [4, 1, 1],
        ..PULL
    };
    let found = shown(&pulled(&pull), RULE).map(|shown| (shown.value, shown.seconds));
    assert_eq!(found, Some((50.0, Some(7.0))));
}

#[test]
fn at_full_throttle_only_an_engine_without_a_turbocharger_can_take_in_too_much() {
    let with = |turbo| {
        let efficiencies = &[1.2; 6];
        pulled(&Pull {
            efficiencies,
            turbo,
            ..PULL
        })
    };
    let found = shown(&with(Some(false)), RULE).map(|shown| (shown.value, shown.threshold));
    assert_eq!(found, Some((120.0, Some(114.0))));
    assert!(passed(&with(None), RULE) && passed(&with(Some(true)), RULE));
}
