use super::*;

#[test]
fn the_printed_file_changes_nothing() {
    let settings = Settings::default();
    assert_eq!(Settings::parse(&settings.to_toml()), Ok(settings));
}

#[test]
fn a_file_changes_thresholds_in_any_unit_tiers_weights_and_facts() {
    let settings = Settings::parse(
        "[vehicle]\ndisplacement_l = 1.5\nturbo = false\n\
         [weights]\ncooling = 4\n\
         [rules.coolant_overheating]\nalert = \"221 °F\"\n\
         [rules.rich]\nenabled = false\n\
         [rules.over_rev]\ntier = \"watch\"\nrpm = 6500\n",
    )
    .expect("valid");
    assert_eq!(settings.vehicle.displacement_l, Some(1.5));
    assert!((settings.rules["coolant_overheating"].limits.get("alert") - 105.0).abs() < 1e-9);
    assert!((settings.rules["over_rev"].limits.get("rpm") - 6_500.0).abs() < 1e-9);
    assert_eq!(settings.rules["over_rev"].tier, Some(Tier::Watch));
    assert!(!settings.rules["rich"].enabled);
    assert!((settings.weight("cooling") - 4.0).abs() < 1e-9);
    assert_ne!(settings.version(), Settings::default().version());
}

#[test]
fn all_problems_of_a_file_are_named_at_once() {
    let problems = Settings::parse(
        "speling = 1\n[vehicle]\nturbo = 3\n[weights]\nbrakes = 1\n[rules.no_such_rule]\nx = 1\n\
         [rules.over_rev]\nrpm = \"100 bananas\"\nkmh = 5\ntier = \"panic\"\n\
         [rules.coolant_overheating]\nstop = \"12 V\"\n",
    )
    .expect_err("nothing in it is right");
    for part in [
        "speling",
        "vehicle.turbo",
        "weights.brakes",
        "no_such_rule",
        "bananas",
        "over_rev.kmh",
        "over_rev.tier",
        "coolant_overheating.stop",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(part)),
            "{part}: {problems:?}"
        );
    }
    assert_eq!(problems.len(), 8);
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    let problems = Settings::parse("[rules.over_rev\n").expect_err("the bracket is open");
    assert!(problems[0].contains("line 1"), "{problems:?}");
}

#[test]
fn the_printed_file_keeps_every_change() {
    let settings = Settings::parse(
        "[vehicle]\ndisplacement_l = 1.5\nturbo = false\nis_4g63 = false\nboost_sensor = true\n\
         [weights]\ncooling = 0\n\
         [rules.rich]\nenabled = false\n\
         [rules.over_rev]\ntier = \"watch\"\nrpm = 6500\n",
    )
    .expect("valid");
    assert_eq!(Settings::parse(&settings.to_toml()), Ok(settings));
}

#[test]
fn the_printed_file_shows_how_to_say_what_is_not_said() {
    let toml = Settings::default().to_toml();
    for line in [
        "# displacement_l = 2.0",
        "# turbo = true",
        "# is_4g63 = true",
        "boost_sensor = false",
        "# tier = \"watch\" # built in: watch/investigate",
        "rpm = 7000.0 # rpm",
    ] {
        assert!(toml.lines().any(|shown| shown == line), "{line}");
    }
}

#[test]
fn the_text_shows_the_tiers_that_count() {
    let first_line = |file: &str, id: &str| {
        let text = Settings::parse(file).expect("valid").to_text();
        let line = text.lines().find(|line| line.starts_with(id));
        line.unwrap_or_default().to_owned()
    };
    for (file, shown) in [
        ("", "idle_hunting (idle, watch/investigate)"),
        (
            "[rules.idle_hunting]\ntier = \"warning\"",
            "idle_hunting (idle, warning)",
        ),
        (
            "[rules.idle_hunting]\nenabled = false\ntier = \"warning\"",
            "idle_hunting (idle, switched off)",
        ),
    ] {
        assert_eq!(first_line(file, "idle_hunting"), shown);
    }
}

#[test]
fn a_problem_says_what_would_be_right() {
    for (file, problem) in [
        ("vehicle = 1", "vehicle: is not a table"),
        (
            "[vehicle]\nturbo = 3",
            "vehicle.turbo: is neither true nor false",
        ),
        (
            "[vehicle]\ndisplacement_l = 0",
            "vehicle.displacement_l: is not a displacement in litres",
        ),
        (
            "[vehicle]\ndisplacement_l = 20",
            "vehicle.displacement_l: is not a displacement in litres",
        ),
        (
            "[weights]\ncooling = -1",
            "weights.cooling: is not a number of 0 or more",
        ),
        (
            "[rules.idle_hunting]\nrpm = 100",
            "rules.idle_hunting.rpm: is not a threshold of idle_hunting; it has watch, investigate",
        ),
        (
            "[rules.trouble_codes]\nrpm = 100",
            "rules.trouble_codes.rpm: is not a threshold of trouble_codes; it has none",
        ),
        (
            "[rules.idle_hunting]\nwatch = \"80 °C\"",
            "rules.idle_hunting.watch: \"°C\" does not measure the same as rpm",
        ),
        (
            "[rules.catalyst_weak]\ncrossings = \"80 °C\"",
            "rules.catalyst_weak.crossings: \"°C\" does not measure the same as a count",
        ),
    ] {
        assert_eq!(Settings::parse(file), Err(vec![problem.to_owned()]));
    }
}

#[test]
fn settings_that_differ_in_one_value_have_versions_of_their_own() {
    let versions: std::collections::BTreeSet<String> = (10..30)
        .map(|tenths| {
            Settings::for_vehicle(VehicleFacts {
                displacement_l: Some(f64::from(tenths) / 10.0),
                ..VehicleFacts::default()
            })
            .version()
        })
        .collect();
    assert_eq!(versions.len(), 20);
    assert!(versions.iter().all(|version| version.len() == 16));
}

#[test]
fn a_threshold_may_be_a_text_with_its_own_unit_or_without_any() {
    for value in ["6500", "\"6500\"", "\"6500 rpm\"", "\" 6500rpm \""] {
        let settings = Settings::parse(&format!("[rules.over_rev]\nrpm = {value}"));
        let limit = settings.expect(value).rules["over_rev"].limits.get("rpm");
        assert!((limit - 6_500.0).abs() < 1e-9, "{value}");
    }
}
