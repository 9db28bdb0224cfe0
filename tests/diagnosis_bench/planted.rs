//! Each fault at three strengths, with each engine that can have it, at each polling rate.

use actors::diagnosis::{Diagnosis, History};
use simulation::{Engine, Fault, Logger, Simulation, Strength};

use crate::Options;
use crate::drives::{LOGGERS, diagnose, history};
use crate::tally::{Tally, list, percent};

pub(crate) fn print(options: &Options) {
    println!("\n## Planted faults\n");
    println!(
        "Drives whose first finding is the planted fault, weak / medium / strong where they differ; in brackets those with \
         the fault anywhere among their findings, where that differs.\n"
    );
    let names = LOGGERS.map(Logger::name);
    println!(
        "| fault | drives each | {} | not judged | other findings |",
        names.join(" | ")
    );
    println!("|---|---|{}---|---|", "---|".repeat(LOGGERS.len()));
    let mut totals = vec![Tally::default(); LOGGERS.len()];
    for fault in Fault::ALL {
        let mut sum = Tally::default();
        let mut each = 0;
        let mut cells = Vec::new();
        for (logger, total) in LOGGERS.into_iter().zip(&mut totals) {
            if !fault.needs().iter().all(|channel| logger.records(channel)) {
                cells.push("not logged".to_owned());
                continue;
            }
            let tallies = Strength::ALL.map(|strength| tally(*fault, strength, logger, options));
            each = tallies.iter().map(|tally| tally.drives).sum();
            for tally in &tallies {
                sum.add(tally);
                total.add(tally);
            }
            cells.push(cell(&tallies));
        }
        println!(
            "| {} | {each} | {} | {} | {} |",
            name(*fault),
            cells.join(" | "),
            sum.not_judged,
            list(&sum.others),
        );
    }
    println!("\n| logger | drives | first | found | not judged | other findings per 100 drives |");
    println!("|---|---|---|---|---|---|");
    for (logger, total) in LOGGERS.into_iter().zip(&totals) {
        println!(
            "| {} | {} | {} | {} | {} | {:.1} |",
            logger.name(),
            total.drives,
            percent(total.first, total.drives),
            percent(total.found, total.drives),
            percent(total.not_judged, total.drives),
            100.0 * f64::from(total.others()) / f64::from(total.drives.max(1)),
        );
    }
}

fn cell(tallies: &[Tally]) -> String {
    let by_strength = |part: fn(&Tally) -> u32| {
        let mut shares: Vec<String> = tallies
            .iter()
            .map(|tally| percent(part(tally), tally.drives))
            .collect();
        shares.dedup();
        if shares.len() == 1 {
            return shares.remove(0);
        }
        let shares = tallies
            .iter()
            .map(|tally| percent(part(tally), tally.drives));
        shares.collect::<Vec<_>>().join(" / ")
    };
    let (first, found) = (
        by_strength(|tally| tally.first),
        by_strength(|tally| tally.found),
    );
    if first == found {
        first
    } else {
        format!("{first} ({found})")
    }
}

fn tally(fault: Fault, strength: Strength, logger: Logger, options: &Options) -> Tally {
    let mut tally = Tally::default();
    for engine in Engine::ALL.into_iter().filter(|engine| fault.fits(engine)) {
        for seed in 0..options.seeds.div_ceil(5) {
            let simulation = Simulation::faulty(engine, fault, strength, 100 + seed);
            let history = match fault {
                Fault::KnockRetard => history(&simulation, logger),
                _ => History::default(),
            };
            let diagnosis = diagnose(&simulation, logger, history);
            if !tally.count(&diagnosis, fault.rules()) && options.verbose {
                eprintln!(
                    "{fault:?} {strength:?} {} {} seed {}: {}",
                    logger.name(),
                    engine.name,
                    simulation.seed,
                    findings(&diagnosis, fault)
                );
            }
        }
    }
    tally
}

fn findings(diagnosis: &Diagnosis, fault: Fault) -> String {
    let found = diagnosis
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.rule, finding.explanation));
    let unjudged = diagnosis
        .not_judged
        .iter()
        .filter(|entry| fault.rules().contains(&entry.rule.as_str()))
        .map(|entry| format!("NOT JUDGED {}: {}", entry.rule, entry.explanation));
    let doubts = diagnosis
        .doubts
        .iter()
        .map(|doubt| format!("DOUBT {}", doubt.explanation));
    found
        .chain(unjudged)
        .chain(doubts)
        .collect::<Vec<_>>()
        .join(" | ")
}

/// `VacuumLeak` as `vacuum leak`.
pub(crate) fn name(fault: Fault) -> String {
    let mut name = String::new();
    for letter in format!("{fault:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() && !name.ends_with([' ', 'O']) {
            name.push(' ');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
