//! Healthy drives of every engine on every route, alone and after five earlier drives of the same car.

use actors::diagnosis::History;
use simulation::{Engine, Route, Simulation};

use crate::Options;
use crate::drives::{LOGGERS, diagnose, history};
use crate::tally::{Tally, list, percent};

pub(crate) fn print(options: &Options) {
    println!("\n## Healthy drives\n");
    println!("| logger | history | drives | with findings | findings | without a grade |");
    println!("|---|---|---|---|---|---|");
    for logger in LOGGERS {
        for with_history in [false, true] {
            let mut tally = Tally::default();
            let mut wrong = 0;
            let mut ungraded = 0;
            for engine in Engine::ALL {
                for route in Route::ALL {
                    let seeds = if with_history {
                        options.seeds.div_ceil(5)
                    } else {
                        options.seeds
                    };
                    for seed in 0..seeds {
                        let simulation =
                            Simulation::healthy(engine, route, 5_000 + seed).with_car(seed);
                        let history = if with_history {
                            history(&simulation, logger)
                        } else {
                            History::default()
                        };
                        let diagnosis = diagnose(&simulation, logger, history);
                        tally.count(&diagnosis, &[]);
                        wrong += u32::from(!diagnosis.findings.is_empty());
                        ungraded += u32::from(diagnosis.grade.is_none());
                        if options.verbose {
                            for finding in &diagnosis.findings {
                                eprintln!(
                                    "healthy {} {} {route:?} seed {} history {with_history}: {}: {}",
                                    logger.name(),
                                    engine.name,
                                    simulation.seed,
                                    finding.rule,
                                    finding.explanation
                                );
                            }
                        }
                    }
                }
            }
            println!(
                "| {} | {} | {} | {} | {} | {ungraded} |",
                logger.name(),
                if with_history { "5 drives" } else { "none" },
                tally.drives,
                percent(wrong, tally.drives),
                list(&tally.others),
            );
        }
    }
}
