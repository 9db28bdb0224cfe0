use crate::channels::Channel;
use crate::model::Tier;
use crate::rules::draft::{Draft, Judgement, evidence};
use crate::rules::sustained::{MIN_READINGS, Mean, Stretch, Sustained};
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;

/// Seconds of coolant without which there is nothing to judge.
const MIN_SECONDS: u32 = 60;

/// Time at or above one limit.
#[derive(Debug)]
struct Level {
    limit: f64,
    tier: Tier,
    hot: Sustained,
    /// Of the current stretch, seconds that lie after the first minutes, and readings.
    counted: u32,
    readings: u32,
    /// The longest stretch with enough counted seconds, and how many of its seconds the car stood.
    found: Option<Stretch>,
}

impl Level {
    fn new(limit: f64, tier: Tier) -> Self {
        Self {
            limit,
            tier,
            hot: Sustained::default(),
            counted: 0,
            readings: 0,
            found: None,
        }
    }

    fn second(&mut self, second: &Second<'_>, coolant: f64, counts: bool, needed: u32) {
        let hot = coolant >= self.limit;
        self.hot.second(
            second.index,
            Some(hot),
            coolant,
            second.standing == Some(true),
        );
        let Some(stretch) = self.hot.current() else {
            return;
        };
        if stretch.seconds == 1 {
            self.counted = 0;
            self.readings = 0;
        }
        self.counted += u32::from(counts);
        self.readings += u32::from(second.fresh(Channel::Coolant).next().is_some());
        let is_longest = self
            .found
            .is_none_or(|found| found.seconds < stretch.seconds);
        if self.counted >= needed && self.readings >= MIN_READINGS && is_longest {
            self.found = Some(*stretch);
        }
    }
}

/// `coolant_overheating`.
#[derive(Debug)]
pub(super) struct Overheating {
    /// For the 4G63 and for other engines.
    own: [Level; 3],
    other: [Level; 3],
    needed: u32,
    not_before: u32,
    standing_is_short: u32,
    /// Seconds since the first reading, for logs without engine speed.
    seconds: u32,
    /// Seconds after the first minutes.
    judged: u32,
}

impl Overheating {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Thresholds in seconds.
    pub(super) fn new(limits: &Limits) -> Self {
        let level = |name: &str, tier| Level::new(limits.get(name), tier);
        Self {
            own: [
                level("stop", Tier::Stop),
                level("warning", Tier::Warning),
                level("alert", Tier::Alert),
            ],
            other: [
                level("other_engine_stop", Tier::Stop),
                level("other_engine_warning", Tier::Warning),
                level("other_engine_alert", Tier::Alert),
            ],
            needed: limits.get("for") as u32,
            not_before: limits.get("not_before") as u32,
            standing_is_short: limits.get("standing_is_short") as u32,
            seconds: 0,
            judged: 0,
        }
    }
}

impl Rule for Overheating {
    fn second(&mut self, second: &Second<'_>) {
        let Some(coolant) = second.get(Channel::Coolant) else {
            return;
        };
        self.seconds += 1;
        let has_rpm = second.get(Channel::Rpm).is_some();
        // A stopped engine soaks its sensor with heat.
        if has_rpm && !second.running {
            return;
        }
        let since_start = if has_rpm {
            second.since_start
        } else {
            self.seconds
        };
        let counts = since_start > self.not_before;
        self.judged += u32::from(counts);
        for level in self.own.iter_mut().chain(&mut self.other) {
            level.second(second, coolant, counts, self.needed);
        }
    }

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        if self.judged < MIN_SECONDS {
            return Judgement::too_little(
                "There is less than a minute of coolant temperature after the first minutes of the engine.",
            );
        }
        let levels = if drive.is_other_engine {
            &self.other
        } else {
            &self.own
        };
        let found = levels.iter().find_map(|level| Some((level, level.found?)));
        let Some((level, stretch)) = found else {
            return Judgement::Passed;
        };
        let mostly_standing = stretch.marked * 10 >= stretch.seconds * 8;
        let is_short = mostly_standing && stretch.seconds < self.standing_is_short;
        let tier = match (level.tier, is_short) {
            (tier, false) => tier,
            (Tier::Stop, true) => Tier::Warning,
            (Tier::Warning, true) => Tier::Alert,
            // Up to the next limit, a car in traffic heats up without any fault until its fan has caught up.
            (_, true) => return Judgement::Passed,
        };
        let lasted = f64::from(level.hot.total());
        let explanation = format!(
            "Coolant is at or above {} for {} (peak {}){}.",
            text::value(level.limit, "°C"),
            text::duration(lasted),
            text::value(stretch.max, "°C"),
            if is_short {
                ", most of it standing"
            } else {
                ""
            }
        );
        let evidence = evidence("highest coolant temperature", Channel::Coolant, stretch.max)
            .against(level.limit)
            .within(stretch.span())
            .lasting(level.hot.total());
        Draft::new(tier, explanation, vec![evidence])
            .with_data(f64::from(stretch.seconds), 120.0)
            .found()
    }
}

/// `fan_weak`.
#[derive(Debug)]
pub(super) struct FanWeak {
    standing: [f64; 2],
    moving: f64,
    standing_for: u32,
    hot: [Sustained; 2],
    /// The longest time the car stood with a warm engine.
    longest_standing: u32,
    on_the_move: Mean,
}

impl FanWeak {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Thresholds in seconds.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            standing: [limits.get("standing"), limits.get("other_engine_standing")],
            moving: limits.get("moving"),
            standing_for: limits.get("standing_for") as u32,
            hot: Default::default(),
            longest_standing: 0,
            on_the_move: Mean::default(),
        }
    }
}

impl Rule for FanWeak {
    fn second(&mut self, second: &Second<'_>) {
        let Some(coolant) = second.get(Channel::Coolant).filter(|_| second.warm) else {
            return;
        };
        self.longest_standing = self.longest_standing.max(second.standing_for);
        for (hot, limit) in self.hot.iter_mut().zip(self.standing) {
            let holds = second.standing_for >= self.standing_for && coolant > limit;
            let is_read = second.fresh(Channel::Coolant).next().is_some();
            hot.second(second.index, Some(holds), coolant, is_read);
        }
        // Wind cools from here on; the heat of a stop is gone after a minute.
        if second.since_start > 300
            && second
                .get(Channel::Speed)
                .is_some_and(|speed| speed >= 40.0)
        {
            self.on_the_move.push(coolant);
        }
    }

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        if self.longest_standing < self.standing_for {
            return Judgement::too_little("The warm engine never stood for long enough.");
        }
        let which = usize::from(drive.is_other_engine);
        let enough = |hot: &&Stretch| hot.seconds >= 10 && hot.marked >= MIN_READINGS;
        let Some(hot) = self.hot[which].longest().filter(enough) else {
            return Judgement::Passed;
        };
        if self.on_the_move.count < 60 {
            return Judgement::too_little(
                "There is less than a minute at 40 km/h or more to compare with.",
            );
        }
        if self.on_the_move.mean() > self.moving {
            // Hot on the move as well: not the fan.
            return Judgement::Passed;
        }
        let explanation = format!(
            "Coolant reaches {} after standing for {}, and is {} while moving.",
            text::value(hot.max, "°C"),
            text::duration(f64::from(self.standing_for)),
            text::value(self.on_the_move.mean(), "°C")
        );
        let found = vec![
            evidence(
                "highest coolant temperature while standing",
                Channel::Coolant,
                hot.max,
            )
            .against(self.standing[which])
            .within(hot.span())
            .lasting(hot.seconds),
            evidence(
                "mean coolant temperature while moving",
                Channel::Coolant,
                self.on_the_move.mean(),
            )
            .against(self.moving)
            .lasting(self.on_the_move.count),
        ];
        Draft::new(Tier::Warning, explanation, found)
            .with_data(f64::from(hot.seconds), 60.0)
            .found()
    }
}
