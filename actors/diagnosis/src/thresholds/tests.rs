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
