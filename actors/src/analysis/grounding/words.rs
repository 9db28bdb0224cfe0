//! What words mean: channels, states of the engine, statistics.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::facts::Statistic;
use super::subject::Subject;
use super::tokens::{Token, sentences};
use crate::diagnosis::EngineState;
use crate::diagnosis::channels::Channel;

/// A place in a sentence where something is named; tokens from `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mention<T> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: T,
}

/// What a phrase names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Named {
    /// Channels; `true` for a word that leaves open which one, such as "temperature".
    Subject(Subject, bool),
    /// States; a channel too for "idle speed".
    State(&'static [EngineState], Subject),
    /// Closed loop.
    ClosedLoop,
    Statistic(&'static [Statistic]),
}

use EngineState::{Cold, Cruise, HighLoad, Idle, Off, Other, Overrun, WideOpen};
use Statistic::{Earlier, First, Highest, Limit, Lowest, Mean, Median, Spread, Width};

/// `|` separates phrases.
#[rustfmt::skip]
const SUBJECTS: &[(&[Channel], bool, &str)] = &[
    (&[Channel::Rpm], false, "engine speed|engine rpm|engine rpms|rpm|rpms|revs|engine revs|engine revolutions|crankshaft speed|revolutions|tach|tach reading|tachometer|tachometer reading|number of revolutions"),
    (&[Channel::Speed], false, "vehicle speed|road speed|car speed|speed|driving speed|speeds|velocity|traveling speed"),
    (&[Channel::Coolant], false, "coolant temperature|coolant temperatures|coolant temp|coolant temps|coolant|engine coolant temperature|engine coolant temp|engine coolant|ect|engine temperature|engine temp|engine temperatures|water temperature|water temp|clt|cooling system temperature|cooling system"),
    (&[Channel::IntakeAir], false, "intake air temperature|intake air temperatures|intake air temp|intake air temps|intake temperature|intake temperatures|intake temp|intake temps|iat|iats|intake air|charge air temperature|charge temperature|inlet air temperature|inlet temperature|inlet air|air intake temperature|air intake temp|air temperature|intake charge"),
    (&[Channel::Ambient], false, "outside temperature|ambient temperature|ambient air temperature|ambient temp|outside air temperature|outside air|outdoor temperature|ambient air"),
    (&[Channel::Throttle], false, "throttle position|throttle|throttle opening|tps|throttle angle|throttle plate|throttle position sensor|throttle body opening|throttle valve"),
    (&[Channel::RelativeThrottle], false, "relative throttle position|relative throttle"),
    (&[Channel::Pedal], false, "accelerator position|accelerator pedal position|accelerator pedal|accelerator|gas pedal|pedal position|pedal"),
    (&[Channel::ThrottleActuator], false, "commanded throttle|throttle actuator"),
    (&[Channel::Load], false, "engine load|calculated load|calculated engine load|load|load value|load values|engine loads|loads"),
    (&[Channel::Timing], false, "ignition timing|timing advance|ignition timing advance|ignition advance|spark advance|spark timing|timing|advance|spark"),
    (&[Channel::ShortTrim], false, "short term fuel trim|short term fuel trims|short term trim|short term trims|short term correction|short fuel trim|stft|short term|short trim"),
    (&[Channel::LongTrim], false, "long term fuel trim|long term fuel trims|long term trim|long term trims|long term correction|long fuel trim|ltft|long term|long trim"),
    (&[Channel::ShortTrim2], false, "short term fuel trim of bank 2"),
    (&[Channel::LongTrim2], false, "long term fuel trim of bank 2"),
    (&[Channel::FrontO2], false, "front o2 sensor|front o2|front oxygen sensor|front oxygen|upstream o2 sensor|upstream o2|upstream oxygen sensor|upstream sensor|front sensor|b1s1|o2 sensor b1s1|front lambda sensor|pre cat sensor|pre cat o2 sensor|primary o2 sensor"),
    (&[Channel::RearO2], false, "rear o2 sensor|rear o2|rear oxygen sensor|rear oxygen|downstream o2 sensor|downstream o2|downstream oxygen sensor|downstream sensor|rear sensor|b1s2|o2 sensor b1s2|rear lambda sensor|post cat sensor|post cat o2 sensor|secondary o2 sensor"),
    (&[Channel::FrontO2, Channel::RearO2], false, "o2 sensor|o2 sensors|o2|oxygen sensor|oxygen sensors|lambda sensor|lambda probe"),
    (&[Channel::Maf], false, "mass air flow|mass airflow|air mass|air mass flow|mass air flow rate|mass air flow sensor|maf|maf sensor|airflow|air flow|mass flow|maf reading|intake airflow"),
    (&[Channel::ManifoldPressure], false, "manifold pressure|manifold absolute pressure|intake manifold pressure|intake pressure|intake manifold|map|map sensor|boost|boost pressure"),
    (&[Channel::Barometer], false, "barometric pressure|atmospheric pressure|ambient pressure|barometer"),
    (&[Channel::ModuleVoltage, Channel::BatteryVoltage], false, "battery voltage|battery|charging voltage|system voltage|alternator|alternator output|alternator voltage|charging system|charging|electrical system|supply voltage|control module voltage|module voltage|electrical system voltage|charge voltage|ecu voltage"),
    (&[Channel::FuelLevel], false, "fuel level|fuel tank|tank level|tank"),
    (&[Channel::RunTime], false, "time since engine start|engine run time|run time"),
    (&[Channel::OilTemp], false, "oil temperature|oil temp|engine oil temperature|oil"),
    (&[Channel::CatalystTemp, Channel::CatalystTemp2], false, "catalyst temperature|catalytic converter temperature|cat temperature"),
    (&[Channel::EquivalenceRatio], false, "commanded equivalence ratio|equivalence ratio"),
    (&[Channel::FuelPressure], false, "fuel pressure|fuel rail pressure|rail pressure"),
    (&[Channel::DtcCount], false, "stored trouble codes|trouble codes|trouble code|fault codes|diagnostic trouble codes|dtcs|dtc"),
    (&[Channel::Coolant, Channel::IntakeAir, Channel::Ambient, Channel::OilTemp, Channel::CatalystTemp, Channel::CatalystTemp2], true, "temperature|temperatures|temp|temps"),
    (&[Channel::ModuleVoltage, Channel::BatteryVoltage, Channel::FrontO2, Channel::RearO2], true, "voltage|voltages"),
    (&[Channel::ManifoldPressure, Channel::Barometer, Channel::FuelPressure], true, "pressure"),
];

#[rustfmt::skip]
const STATES: &[(&[EngineState], &str)] = &[
    (&[Idle], "idle|idling|idles|idled|warm idle|idle condition|idle conditions|at a standstill"),
    (&[Cruise], "cruise|cruising|steady cruise|steady cruising|cruised|steady driving|highway|highway cruise|highway cruising|motorway|cruise conditions"),
    (&[HighLoad], "high load|high engine load|high loads|load is high|load was high|high load operation"),
    (&[HighLoad, WideOpen], "under load|heavy load|hard acceleration|heavy acceleration"),
    (&[WideOpen], "wide open throttle|wot|full throttle|full load|wide open"),
    (&[Overrun], "overrun|deceleration|decelerating|coasting|engine braking|decel"),
    (&[Cold], "cold engine|engine was cold|warm up|warming up|warmup|cold running|cold start|cold phase|while cold|engine is cold"),
    (&[Off], "engine off|key off|engine was off"),
    (&[Other], "other driving"),
];

const IDLE_SPEED: &str =
    "idle speed|idle rpm|idling speed|idle engine speed|engine idle speed|idle rpms";

const CLOSED_LOOP: &str = "closed loop|closed loop operation";

const FUEL_TRIMS: &str =
    "fuel trim|fuel trims|trim|trims|fuel correction|fuel corrections|mixture correction";

#[rustfmt::skip]
const TRIM_SUM: &str = "sum of the fuel trims|sum of fuel trims|fuel trim sum|sum of the trims|sum of trims|trim sum|total fuel trim|combined fuel trim|combined fuel trims|combined trim|combined trims|total trim|total fuel trims|fuel trims combined|fuel trim short and long term together|overall fuel trim|total fuel correction|combined fuel correction|sum of short and long term trim|short and long term together|sum of short term and long term fuel trim|sum of short and long term fuel trims|net fuel trim";

#[rustfmt::skip]
const STATISTICS: &[(&[Statistic], &str)] = &[
    // No statistic, though a word of it is one.
    (&[], "top up|top off|topping up|topped up|mean that|mean the|mean a|limit the|hit the|reach out|get to the|got to the|peak performance|range of|at least once|wide range|should be investigated|should be checked|should be inspected|should be looked|should be tested|should be replaced|should be repaired|should be verified|should be addressed|should be monitored|must be repaired|must be checked|needs to be checked|needs to be investigated|needs to be verified|needs to be repaired"),
    (&[Mean], "average|averaged|averages|averaging|avg|mean|means|on average|on the whole"),
    (&[Median], "median|medians|half the time"),
    (&[Mean, Median], "typically|typical|usually|generally|normally|mostly|held at|held around|sat at|sits at|sat around|sits around|sitting at|sitting around|hovered around|hovers around|hovering around|hovered near|hovered at|settled at|settled around|settles at|steady at|stable at|remained around|stayed around|stays around|remained near|stayed near|tends to be"),
    (&[Highest], "peak|peaked|peaks|peaking|maximum|max|highest|as high as|topped out|tops out|topping out|hit|hits|hitting|reached|reaches|reaching|reach|climbed to|climbs to|climb to|rise to|climbing to|rose to|rises to|rising to|spiked to|spiked|spikes to|spiking to|spike|up to|crested|high of|shot up to|went up to|soared to|maxed out|upper end|hottest|greatest|largest|got as high as|at its highest|at its peak|at most|top|at the very most|got up to|all the way up to|registered a maximum of|maximal|touched|peaked out at|rose all the way to|climbed all the way to|reached up to|at the highest|got to|get to|at its maximum|tops"),
    (&[Lowest], "minimum|min|lowest|as low as|dropped to|drops to|dropping to|fell to|falls to|falling to|dipped to|dips to|dipping to|bottomed out|bottoms out|down to|low of|sank to|sagged to|sags to|low point|dip|coldest|smallest|lower end|slumped to|plunged to|went down to|at the very least|got down to|minimal|bottomed|bottomed at|dropped all the way to|fell all the way to|came down to|fell back to|dropped back to|drop to|fall to|dip to|sink to|at the lowest|at its minimum|all the way down to|smallest|bottom"),
    (&[Spread], "standard deviation|std dev|stddev|std|deviation|sigma|scatter"),
    (&[Spread, Width], "spread"),
    (&[Width], "swing of|swing|swings of|a range of|total range|range|total swing|peak to peak|overall range|span of|between its extremes|gap between the minimum and maximum|gap between the maximum and minimum|gap between the lowest and highest|gap between the highest and lowest|difference between the minimum and maximum|difference between the maximum and minimum|difference between the lowest and highest|difference between the highest and lowest|from lowest to highest"),
    (&[First], "started at|starts at|starting at|began at|begins at|started from|initial|initially|at startup|at start up|start temperature|at the start"),
    (&[Limit], "limit|limits|threshold|thresholds|healthy|specification|spec|target|nominal|recommended|acceptable|warning level|allowed|permitted|cutoff|normal range|should be|should not|should stay|should remain|should read|should sit|should reach|should never|must be|must not|must stay|ought to be|needs to be|minimum allowed|maximum allowed|allowed minimum|allowed maximum|minimum permitted|maximum permitted|permitted minimum|permitted maximum|should be at most|should be at least|must be at most|must be at least|should be no more than|should be no less than|should not exceed|instead of staying|instead of|upper limit|lower limit"),
    (&[Limit, Mean, Median], "normal|ideal|expected|safe|reference"),
    (&[Statistic::High], "95th percentile|95 percentile"),
    (&[Statistic::Low], "5th percentile|5 percentile"),
    (&[Statistic::Latest], "latest|last reading|final reading|most recent|current reading|currently|ended at|finished at|last recorded|right now"),
    (&[Earlier], "previous drives|earlier drives|baseline|past drives|anchor|anchor drive|prior drives|drives before|previous drive|last drives|last few drives|previous average"),
];

/// Everything that a sentence names, the longest phrase first where two overlap, in the order of the sentence.
pub(super) fn named(tokens: &[Token]) -> Vec<Mention<Named>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match longest(tokens, at) {
            Some(mention) => {
                at = mention.end;
                found.push(mention);
            }
            None => at += 1,
        }
    }
    found
}

/// The phrases that begin with a word, in the order of the tables.
static PHRASES: LazyLock<HashMap<&str, Vec<(&str, Named)>>> = LazyLock::new(|| {
    let mut table: HashMap<&str, Vec<(&str, Named)>> = HashMap::new();
    let mut add = |phrases: &'static str, what: Named| {
        for phrase in phrases.split('|') {
            let first = phrase.split(' ').next().unwrap_or(phrase);
            table.entry(first).or_default().push((phrase, what));
        }
    };
    for (channels, open, phrases) in SUBJECTS {
        let subjects = channels.iter().copied().map(Subject::of);
        let subject = subjects.fold(Subject::NONE, Subject::or);
        add(phrases, Named::Subject(subject, *open));
    }
    let trims = Subject::of(Channel::ShortTrim).or(Subject::of(Channel::LongTrim));
    add(
        FUEL_TRIMS,
        Named::Subject(trims.or(Subject::TRIM_SUM), true),
    );
    add(TRIM_SUM, Named::Subject(Subject::TRIM_SUM, false));
    add("confidence", Named::Subject(Subject::CONFIDENCE, false));
    add(
        "distance|trip length|odometer",
        Named::Subject(Subject::DISTANCE, false),
    );
    add(IDLE_SPEED, Named::State(&[Idle], Subject::of(Channel::Rpm)));
    add(CLOSED_LOOP, Named::ClosedLoop);
    for (states, phrases) in STATES {
        add(phrases, Named::State(states, Subject::NONE));
    }
    for (statistics, phrases) in STATISTICS {
        add(phrases, Named::Statistic(statistics));
    }
    table
});

/// The longest phrase at a place; of several of the same length, the first in the tables.
fn longest(tokens: &[Token], at: usize) -> Option<Mention<Named>> {
    let word = tokens[at].word()?;
    let mut best: Option<Mention<Named>> = None;
    for (phrase, what) in PHRASES.get(word).into_iter().flatten() {
        if let Some(length) = matches(tokens, at, phrase)
            && best.is_none_or(|best| at + length > best.end)
        {
            best = Some(Mention {
                start: at,
                end: at + length,
                what: *what,
            });
        }
    }
    if let (None, Token::Word(word) | Token::Name(word)) = (best, &tokens[at])
        && (word.contains('_') || matches!(tokens[at], Token::Name(_)))
        && let Some(subject) = Subject::named(word)
    {
        best = Some(Mention {
            start: at,
            end: at + 1,
            what: Named::Subject(subject, false),
        });
    }
    best
}

/// How many tokens from `at` on are the words of `phrase`; none if they are not.
pub(super) fn matches(tokens: &[Token], at: usize, phrase: &str) -> Option<usize> {
    let mut length = 0;
    for word in phrase.split(' ') {
        match tokens.get(at + length)? {
            Token::Word(found) | Token::Name(found) if found == word => length += 1,
            Token::Number(number) if number.written == word => length += 1,
            _ => return None,
        }
    }
    Some(length)
}

/// What the name of a figure is about.
pub(super) fn subject_of(figure: &str) -> Subject {
    let subjects = mentions_in(figure)
        .into_iter()
        .filter_map(|what| match what {
            Named::Subject(subject, _) => Some(subject),
            Named::State(_, subject) if !subject.is_none() => Some(subject),
            _ => None,
        });
    subjects
        .reduce(|all, subject| {
            if all.meets(subject) {
                all.and(subject)
            } else {
                all
            }
        })
        .unwrap_or_default()
}

/// The state that the name of a figure says.
pub(super) fn state_of(figure: &str) -> Option<EngineState> {
    mentions_in(figure).into_iter().find_map(|what| match what {
        Named::State(states, _) => states.first().copied(),
        _ => None,
    })
}

/// The statistic that the name of a figure says.
pub(super) fn statistic_of(figure: &str) -> Statistic {
    mentions_in(figure)
        .into_iter()
        .find_map(|what| match what {
            Named::Statistic(statistics) => statistics.first().copied(),
            _ => None,
        })
        .unwrap_or(Statistic::Other)
}

fn mentions_in(text: &str) -> Vec<Named> {
    sentences(text)
        .iter()
        .flat_map(|tokens| named(tokens))
        .map(|mention| mention.what)
        .collect()
}
