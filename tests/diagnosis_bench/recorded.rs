//! Recorded drives of a folder: as they are, and with faults injected into their readings.

use std::fs::File;
use std::path::{Path, PathBuf};

use actors::diagnosis::{Diagnoser, Diagnosis, History, Reading, Settings};
use eclipse_ai_server::log_file::read_log;

use crate::Options;
use crate::tally::{Tally, list, percent};

/// A reading of a recorded drive.
struct Recorded {
    at_ms: i64,
    channel: String,
    unit: Option<String>,
    value: f64,
}

/// A fault as a change of readings: from the channel (upper case), the value, what else was last read, and the amount.
struct Injection {
    name: &'static str,
    rules: &'static [&'static str],
    amounts: [f64; 3],
    change: fn(&Context, &str, f64, f64) -> f64,
}

/// The latest values of the channels that an injection depends on.
#[derive(Default)]
struct Context {
    seconds: f64,
    rpm: f64,
    speed: f64,
    coolant: f64,
    /// Highest coolant temperature of the drive.
    hottest: f64,
}

impl Context {
    fn idle(&self) -> bool {
        self.rpm > 400.0 && self.speed < 1.0
    }

    fn running(&self) -> bool {
        self.rpm > 400.0
    }
}

fn scale_voltage(context: &Context, channel: &str, value: f64, amount: f64) -> f64 {
    if channel.contains("VOLTAGE") && context.running() {
        value * amount
    } else {
        value
    }
}

const INJECTIONS: &[Injection] = &[
    Injection {
        name: "vacuum leak",
        // A log without cruise cannot separate a leak from a fault in every state.
        rules: &["vacuum_leak", "lean_at_idle"],
        amounts: [16.0, 20.0, 24.0],
        change: |context, channel, value, amount| {
            if !channel.contains("LONG_TERM") || !context.running() {
                value
            } else if context.idle() {
                value + amount
            } else {
                value + 2.0
            }
        },
    },
    Injection {
        name: "lean everywhere",
        rules: &["lean_everywhere", "lean_at_idle"],
        amounts: [16.0, 20.0, 24.0],
        change: |context, channel, value, amount| {
            if channel.contains("LONG_TERM") && context.running() {
                value + amount
            } else {
                value
            }
        },
    },
    Injection {
        name: "rich",
        rules: &["rich"],
        amounts: [17.0, 21.0, 25.0],
        change: |context, channel, value, amount| {
            if channel.contains("LONG_TERM") && context.running() {
                value - amount
            } else {
                value
            }
        },
    },
    Injection {
        name: "overheating",
        rules: &["coolant_overheating", "fan_weak"],
        amounts: [108.0, 112.0, 118.0],
        change: |context, channel, value, amount| {
            if channel.starts_with("COOLANT") {
                value * amount / context.hottest
            } else {
                value
            }
        },
    },
    Injection {
        name: "undercharging",
        rules: &["undercharging"],
        amounts: [0.915, 0.885, 0.85],
        change: scale_voltage,
    },
    Injection {
        name: "overcharging",
        rules: &["overcharging"],
        amounts: [1.15, 1.18, 1.22],
        change: scale_voltage,
    },
    Injection {
        name: "idle hunting",
        rules: &["idle_hunting"],
        amounts: [150.0, 200.0, 280.0],
        change: |context, channel, value, amount| {
            if channel.contains("RPM")
                && value > 400.0
                && context.speed < 1.0
                && context.coolant > 60.0
            {
                value + amount * (context.seconds * std::f64::consts::TAU / 6.0).sin()
            } else {
                value
            }
        },
    },
    Injection {
        name: "coolant sensor open",
        rules: &["sensor_coolant_temp", "sensor_open_circuit"],
        amounts: [-40.0; 3],
        change: |_, channel, value, amount| {
            if channel.starts_with("COOLANT") {
                amount
            } else {
                value
            }
        },
    },
];

pub(crate) fn print(options: &Options, folder: &Path) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    paths.sort();
    let drives: Vec<(String, Vec<Recorded>)> = paths
        .iter()
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                read(path),
            )
        })
        .collect();
    println!("\n## Recorded drives as they are\n");
    println!("| drive | grade | findings | doubts |");
    println!("|---|---|---|---|");
    for (name, readings) in &drives {
        let diagnosis = diagnose(readings, |_, _, value| value);
        let findings: Vec<String> = diagnosis
            .findings
            .iter()
            .map(|finding| {
                format!(
                    "{} ({}): {}",
                    finding.rule,
                    finding.tier.label(),
                    finding.explanation
                )
            })
            .collect();
        println!(
            "| {name} | {} | {} | {} |",
            diagnosis
                .grade
                .map_or("none", actors::diagnosis::Grade::label),
            findings.join("; "),
            diagnosis.doubts.len()
        );
    }
    println!("\n## Recorded drives with an injected fault\n");
    println!("| fault | drives | first | found | not judged | other findings |");
    println!("|---|---|---|---|---|---|");
    for injection in INJECTIONS {
        let mut tally = Tally::default();
        for (name, readings) in &drives {
            for amount in injection.amounts {
                let diagnosis = diagnose(readings, |context, channel, value| {
                    (injection.change)(context, channel, value, amount)
                });
                if !tally.count(&diagnosis, injection.rules) && options.verbose {
                    let found: Vec<String> = diagnosis
                        .findings
                        .iter()
                        .map(|finding| format!("{}: {}", finding.rule, finding.explanation))
                        .collect();
                    eprintln!("{name} {} {amount}: {}", injection.name, found.join(" | "));
                }
            }
        }
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            injection.name,
            tally.drives,
            percent(tally.first, tally.drives - tally.not_judged),
            percent(tally.found, tally.drives - tally.not_judged),
            tally.not_judged,
            list(&tally.others)
        );
    }
}

fn read(path: &Path) -> Vec<Recorded> {
    let mut readings = Vec::new();
    read_log(File::open(path).unwrap(), |reading| {
        readings.push(Recorded {
            at_ms: reading.at_ms,
            channel: reading.channel.to_owned(),
            unit: reading.unit.map(str::to_owned),
            value: reading.value,
        });
    })
    .unwrap();
    readings
}

fn diagnose(readings: &[Recorded], change: impl Fn(&Context, &str, f64) -> f64) -> Diagnosis {
    let mut diagnoser = Diagnoser::new(&Settings::default(), History::default());
    let coolant = readings
        .iter()
        .filter(|reading| reading.channel.starts_with("COOLANT"));
    let mut context = Context {
        hottest: coolant.map(|reading| reading.value).fold(1.0, f64::max),
        ..Context::default()
    };
    for reading in readings {
        let name = reading.channel.to_uppercase();
        if name.contains("RPM") {
            context.rpm = reading.value;
        } else if name.contains("SPEED") {
            context.speed = reading.value;
        } else if name.starts_with("COOLANT") {
            context.coolant = reading.value;
        }
        #[allow(clippy::cast_precision_loss)]
        let seconds = reading.at_ms as f64 / 1_000.0;
        context.seconds = seconds;
        diagnoser.push(Reading {
            at_ms: reading.at_ms,
            channel: &reading.channel,
            value: change(&context, &name, reading.value),
            unit: reading.unit.as_deref(),
            real: true,
        });
    }
    diagnoser.finish().0
}
