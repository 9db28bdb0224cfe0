//! Units of measure as cars and models spell them.
//!
//! The same quantity arrives as `rpm`, `revolutions_per_minute` or `RPM`, and a model asked about degrees
//! Celsius may answer in Fahrenheit. A [`Unit`] has one label, knows its [`Dimension`] and converts within it;
//! a spelling that is not in the table is no error, the caller keeps it as plain text.

/// What a unit measures. Values convert within a dimension, never across.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dimension {
    Rotation,
    Speed,
    Temperature,
    Pressure,
    Share,
    Voltage,
    MassFlow,
    Angle,
    Time,
    Distance,
    Frequency,
    Volume,
    HeatingRate,
}

#[derive(Debug)]
struct Entry {
    label: &'static str,
    dimension: Dimension,
    /// In the dimension's base unit: `value * scale + offset`.
    scale: f64,
    offset: f64,
    /// Lower case, with blanks for underscores.
    spellings: &'static [&'static str],
}

/// A known unit of measure.
#[derive(Clone, Copy, Debug)]
pub struct Unit(&'static Entry);

impl PartialEq for Unit {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Unit {
    /// The unit that is spelled so, in any case, with blanks or underscores.
    pub fn named(spelling: &str) -> Option<Self> {
        let spelling = plain(spelling);
        UNITS
            .iter()
            .find(|unit| unit.spellings.contains(&spelling.as_str()))
            .map(Self)
    }

    /// The longest unit that `text` (lower case) begins with, and the length of its spelling in bytes. The
    /// spelling must end where a word ends.
    pub fn leading(text: &str) -> Option<(Self, usize)> {
        UNITS
            .iter()
            .flat_map(|unit| unit.spellings.iter().map(move |spelling| (unit, *spelling)))
            .filter(|(_, spelling)| {
                text.strip_prefix(spelling).is_some_and(|rest| {
                    spelling.ends_with('%')
                        || !rest.starts_with(|next: char| next.is_alphanumeric())
                })
            })
            .max_by_key(|(_, spelling)| spelling.len())
            .map(|(unit, spelling)| (Self(unit), spelling.len()))
    }

    /// The one spelling that this server writes.
    pub fn label(self) -> &'static str {
        self.0.label
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        self.0.dimension
    }

    /// `value` of this unit, in `other`; `None` when they measure different things.
    pub fn convert(self, value: f64, other: Self) -> Option<f64> {
        (self.dimension() == other.dimension()).then(|| {
            if self == other {
                value
            } else {
                (value * self.0.scale + self.0.offset - other.0.offset) / other.0.scale
            }
        })
    }

    /// A difference of `delta` in this unit, in `other`: 9 °F are 5 °C.
    pub fn convert_difference(self, delta: f64, other: Self) -> Option<f64> {
        (self.dimension() == other.dimension()).then(|| delta * self.0.scale / other.0.scale)
    }
}

/// Lower case, blanks for underscores, and the usual signs for their look-alikes.
fn plain(spelling: &str) -> String {
    let mut plain = String::with_capacity(spelling.len());
    for c in spelling.trim().chars() {
        match c {
            '_' => plain.push(' '),
            '％' => plain.push('%'),
            'º' | '˚' => plain.push('°'),
            '℃' => plain.push_str("°c"),
            '℉' => plain.push_str("°f"),
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

const fn unit(
    label: &'static str,
    dimension: Dimension,
    scale: f64,
    offset: f64,
    spellings: &'static [&'static str],
) -> Entry {
    Entry {
        label,
        dimension,
        scale,
        offset,
        spellings,
    }
}

#[rustfmt::skip]
static UNITS: &[Entry] = &[
    unit("rpm", Dimension::Rotation, 1.0, 0.0,
        &["rpm", "revolutions per minute", "revolution per minute", "rev/min", "revs/min", "r/min", "1/min"]),
    unit("krpm", Dimension::Rotation, 1_000.0, 0.0, &["krpm"]),
    unit("km/h", Dimension::Speed, 1.0, 0.0,
        &["km/h", "kph", "kmh", "kilometer per hour", "kilometers per hour", "kilometre per hour",
          "kilometres per hour", "kilometer / hour", "km/hr", "kmph", "km / h", "kmhr"]),
    unit("mph", Dimension::Speed, 1.609_344, 0.0, &["mph", "mi/h", "mile per hour", "miles per hour", "mile/hr", "miles/hour"]),
    unit("m/s", Dimension::Speed, 3.6, 0.0, &["m/s", "meter per second", "meters per second"]),
    unit("°C", Dimension::Temperature, 1.0, 0.0,
        &["°c", "° c", "c", "degc", "deg c", "celsius", "degree celsius", "degrees celsius", "degrees c", "deg.c", "deg. c", "centigrade"]),
    unit("°F", Dimension::Temperature, 5.0 / 9.0, -160.0 / 9.0,
        &["°f", "° f", "f", "degf", "deg f", "fahrenheit", "degree fahrenheit", "degrees fahrenheit", "degrees f", "deg.f"]),
    unit("K", Dimension::Temperature, 1.0, -273.15, &["k", "kelvin", "kelvins"]),
    unit("K/min", Dimension::HeatingRate, 1.0, 0.0,
        &["k/min", "kelvin per minute", "°c/min", "°c per minute", "c/min", "degrees per minute", "degrees celsius per minute",
          "degrees c per minute", "kelvins per minute", "°c a minute", "degrees a minute", "°c/minute"]),
    unit("°F/min", Dimension::HeatingRate, 5.0 / 9.0, 0.0, &["°f/min", "°f per minute", "degrees fahrenheit per minute"]),
    unit("MPa", Dimension::Pressure, 1_000.0, 0.0, &["mpa", "megapascal", "megapascals"]),
    unit("mmHg", Dimension::Pressure, 0.133_322, 0.0, &["mmhg", "torr"]),
    unit("kPa", Dimension::Pressure, 1.0, 0.0, &["kpa", "kilopascal", "kilopascals", "kpa abs", "kpa(a)", "kpaa"]),
    unit("Pa", Dimension::Pressure, 0.001, 0.0, &["pa", "pascal", "pascals"]),
    unit("psi", Dimension::Pressure, 6.894_757, 0.0, &["psi", "psia", "pound force per square inch", "force pound / inch ** 2"]),
    unit("bar", Dimension::Pressure, 100.0, 0.0, &["bar"]),
    unit("mbar", Dimension::Pressure, 0.1, 0.0, &["mbar", "millibar", "hpa", "hectopascal"]),
    unit("inHg", Dimension::Pressure, 3.386_389, 0.0, &["inhg", "inch hg", "inches of mercury"]),
    unit("%", Dimension::Share, 1.0, 0.0, &["%", "percent", "per cent", "percentage", "pct"]),
    unit("fraction", Dimension::Share, 100.0, 0.0, &["fraction", "ratio", "dimensionless"]),
    unit("V", Dimension::Voltage, 1.0, 0.0, &["v", "volt", "volts"]),
    unit("mV", Dimension::Voltage, 0.001, 0.0, &["mv", "millivolt", "millivolts"]),
    unit("g/s", Dimension::MassFlow, 1.0, 0.0,
        &["g/s", "gps", "gram per second", "grams per second", "gram / second", "g/sec", "gram/sec", "grams/sec", "gm/s", "gr/s", "g / s"]),
    unit("lb/min", Dimension::MassFlow, 7.559_873, 0.0, &["lb/min", "lbs/min", "pound per minute", "pounds per minute"]),
    unit("kg/h", Dimension::MassFlow, 1_000.0 / 3_600.0, 0.0, &["kg/h", "kg/hr", "kilogram per hour", "kilograms per hour", "kg per hour"]),
    unit("lb/h", Dimension::MassFlow, 0.125_997_9, 0.0, &["lb/h", "lb/hr", "lbs/hr", "lbs/h", "pounds per hour"]),
    unit("°", Dimension::Angle, 1.0, 0.0, &["°", "deg", "degree", "degrees", "° btdc", "°btdc", "degrees btdc", "deg btdc", "° bfr tdc"]),
    unit("s", Dimension::Time, 1.0, 0.0, &["s", "sec", "secs", "second", "seconds"]),
    unit("ms", Dimension::Time, 0.001, 0.0, &["ms", "millisecond", "milliseconds"]),
    unit("min", Dimension::Time, 60.0, 0.0, &["min", "mins", "minute", "minutes"]),
    unit("h", Dimension::Time, 3600.0, 0.0, &["h", "hr", "hrs", "hour", "hours"]),
    unit("km", Dimension::Distance, 1.0, 0.0, &["km", "kilometer", "kilometers", "kilometre", "kilometres"]),
    unit("mi", Dimension::Distance, 1.609_344, 0.0, &["mi", "mile", "miles"]),
    unit("Hz", Dimension::Frequency, 1.0, 0.0, &["hz", "hertz"]),
    unit("L", Dimension::Volume, 1.0, 0.0, &["l", "liter", "liters", "litre", "litres"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn named(spelling: &str) -> Unit {
        Unit::named(spelling).expect(spelling)
    }

    #[test]
    fn words_and_symbols_of_one_unit_are_the_same_unit() {
        assert_eq!(named("revolutions_per_minute"), named("RPM"));
        assert_eq!(named("kilometer_per_hour"), named("km/h"));
        assert_eq!(named("degC"), named("°C"));
        assert_eq!(named(" Percent "), named("%"));
        assert!(Unit::named("furlong").is_none());
    }

    #[test]
    fn look_alikes_and_short_forms_are_understood() {
        for (spelling, label) in [
            ("℃", "°C"),
            ("ºC", "°C"),
            ("％", "%"),
            ("km/hr", "km/h"),
            ("g/sec", "g/s"),
        ] {
            assert_eq!(named(spelling).label(), label);
        }
    }

    #[test]
    fn values_convert_within_a_dimension_and_never_across() {
        let celsius = named("°F")
            .convert(212.0, named("°C"))
            .expect("both are temperatures");
        assert!((celsius - 100.0).abs() < 1e-9);
        let fahrenheit = named("°C")
            .convert(-40.0, named("°F"))
            .expect("both are temperatures");
        assert!((fahrenheit + 40.0).abs() < 1e-9);
        let kilometres = named("mph")
            .convert(60.0, named("km/h"))
            .expect("both are speeds");
        assert!((kilometres - 96.56).abs() < 0.01);
        let difference = named("°F")
            .convert_difference(9.0, named("°C"))
            .expect("both are temperatures");
        assert!((difference - 5.0).abs() < 1e-9);
        let difference = named("°C")
            .convert_difference(5.0, named("°F"))
            .expect("both are temperatures");
        assert!((difference - 9.0).abs() < 1e-9);
        assert_eq!(named("V").convert(1.0, named("°C")), None);
    }

    #[test]
    fn the_longest_unit_at_the_start_of_a_text_wins_and_ends_with_a_word() {
        let label = |text| Unit::leading(text).map(|(unit, len)| (unit.label(), len));
        assert_eq!(label("degrees c at idle"), Some(("°C", 9)));
        assert_eq!(label("degrees of advance"), Some(("°", 7)));
        assert_eq!(label("° btdc at idle"), Some(("°", 7)));
        assert_eq!(label("%of the time"), Some(("%", 1)));
        assert_eq!(label("km/h, then"), Some(("km/h", 4)));
        assert_eq!(label("cylinders"), None);
    }

    #[test]
    fn no_spelling_belongs_to_two_units() {
        let mut spellings: Vec<_> = UNITS.iter().flat_map(|unit| unit.spellings).collect();
        let before = spellings.len();
        spellings.sort_unstable();
        spellings.dedup();
        assert_eq!(spellings.len(), before);
    }
}
