use std::collections::HashMap;

use super::*;

/// The first finding of each rule in simulated drives with each fault.
const FINDINGS: &str = include_str!("tests/findings.jsonl");
/// Rule (or `none`) and a text as capable models write it. Written when the check stood; what was added to it afterwards (a
/// denied request is none) changed the verdict on none of them.
const GOOD: &str = include_str!("tests/good.txt");
/// What a model is asked about every drive.
pub(crate) const QUESTION: &str = concat!(
    include_str!("../../prompts/system.txt"),
    include_str!("../../prompts/user.txt")
);

/// Findings of simulated drives by their rule.
pub(crate) fn findings() -> HashMap<String, Finding> {
    FINDINGS
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|finding: Finding| (finding.rule.clone(), finding))
        .collect()
}

fn about_vacuum_leak(text: &str) -> Result<(), NotAdvice> {
    let findings = findings();
    let about = About::Finding(&findings["vacuum_leak"]);
    is_advice(text, about, &Question::new(QUESTION))
}

#[test]
fn one_in_twenty_good_texts_is_refused_at_most() {
    let (findings, question) = (findings(), Question::new(QUESTION));
    let refused: Vec<String> = GOOD
        .lines()
        .filter_map(|line| {
            let (rule, text) = line.split_once('\t').unwrap();
            let about = match rule {
                "none" => About::NoFinding {
                    has_findings: false,
                },
                rule => About::Finding(&findings[rule]),
            };
            let why = is_advice(text, about, &question).err()?;
            assert!(!why.discredits_the_answer(), "{why}: {text}");
            Some(format!("{why}: {text}"))
        })
        .collect();
    let all = GOOD.lines().count();
    println!("{} of {all} refused: {refused:#?}", refused.len());
    assert!(all > 100 && refused.len() * 20 <= all, "{refused:#?}");
}

#[test]
fn what_is_no_sentence_about_the_finding_is_refused_by_its_kind() {
    use NotAdvice::{
        Contradiction, Echo, Jargon, NoRequest, NoWords, NotWhole, Repetition, Template, TooShort,
    };
    for (text, why) in [
        ("leak", TooShort),
        ("Check hoses now.", TooShort),
        ("Check the intake hoses of {{engine}}.", Template),
        ("Check the hoses, see <a href=x>.", Template),
        ("Check vacuum_leak_1 in the hoses.", Template),
        ("Check 4 8 15 16 23 42 hoses.", NoWords),
        (
            "Check the hoses. Check the hoses. Check the hoses.",
            Repetition,
        ),
        ("Check the hoses hoses hoses for leaks.", Repetition),
        ("The id of the finding that it is about, or none.", Echo),
        (
            "Everything between the marks comes from the car, its logger and its driver.",
            Echo,
        ),
        ("This finding says that the hoses must be checked.", Jargon),
        ("check the intake hoses for leaks.", NotWhole),
        ("Check the intake hoses for leaks", NotWhole),
        ("Check the intake hoses for the.", NotWhole),
        ("The air is not metered at idle.", NoRequest),
        ("The engine needs to be replaced with a new one.", NoRequest),
        ("Check the battery terminals and the belt.", NoRequest),
        ("The intake manifold must be replaced soon.", NoRequest),
        (
            "The intake hoses should not be replaced with new ones if they leak.",
            NoRequest,
        ),
        ("Do not check the intake hoses for leaks.", NoRequest),
        ("There is no need to check the intake hoses.", NoRequest),
        ("Avoid checking the intake hoses for leaks.", NoRequest),
        ("Stop checking the intake hoses for leaks.", NoRequest),
        ("Nobody should check the intake hoses.", NoRequest),
        ("Check neither the intake hoses nor the gasket.", NoRequest),
        (
            "There is no problem with the hoses, but check them.",
            Contradiction,
        ),
    ] {
        assert_eq!(about_vacuum_leak(text), Err(why), "{text}");
    }
    for text in [
        "Check the intake hoses for leaks.",
        "The intake hoses should be checked.",
        "Have the intake hoses inspected soon.",
        "Start by checking the intake hoses.",
        "You need to check the intake hoses.",
        "If a hose is cracked, replace the hose.",
        "Do not use full throttle until the hoses are tight.",
        "Stop driving hard and check the intake hoses.",
    ] {
        assert_eq!(about_vacuum_leak(text), Ok(()), "{text}");
    }
}

#[test]
fn a_lean_mixture_is_not_called_rich() {
    let findings = findings();
    let (lean, rich) = (&findings["lean_everywhere"], &findings["rich"]);
    let question = Question::new(QUESTION);
    let says = |text: &str, finding| is_advice(text, About::Finding(finding), &question);
    let text = "The mixture is too rich, so check the fuel pressure.";
    assert_eq!(says(text, lean), Err(NotAdvice::Contradiction));
    assert_eq!(says(text, rich), Ok(()));
    let cleaning = "Clean the air mass sensor and check the fuel pressure.";
    assert_eq!(says(cleaning, rich), Ok(()), "to clean is not lean");
}

#[test]
fn about_no_finding_nothing_is_said_to_be_broken() {
    let question = Question::new(QUESTION);
    let remark =
        |text: &str, has_findings| is_advice(text, About::NoFinding { has_findings }, &question);
    for text in [
        "Check the oil level before the next trip.",
        "Log the boost pressure on the next drive.",
        "The engine reached 6400 rpm on this drive.",
    ] {
        assert_eq!(remark(text, true), Ok(()), "{text}");
    }
    for text in [
        "Replace the radiator fan and its relay.",
        "The thermostat is broken and must be checked.",
        "The engine is a fuel-efficient one.",
        "The engine is broken 25 % of the time.",
    ] {
        assert_eq!(remark(text, false), Err(NotAdvice::NoRequest), "{text}");
    }
    let well = "All systems are in order, no action is needed.";
    assert_eq!(remark(well, false), Ok(()));
    assert_eq!(remark(well, true), Err(NotAdvice::Contradiction));
}
