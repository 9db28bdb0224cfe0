//! Numbers as models write them.

use simulation::Random;

/// How a value is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) unit: usize,
    pub(crate) decimals: usize,
    pub(crate) thousands: &'static str,
    pub(crate) decimal_comma: bool,
    pub(crate) minus: char,
    pub(crate) plus: bool,
    pub(crate) spelled: bool,
    pub(crate) about: Option<&'static str>,
}

/// A unit as it is written, and how a canonical value becomes one in it.
pub(crate) struct UnitForm {
    pub(crate) text: &'static str,
    pub(crate) factor: f64,
    pub(crate) offset: f64,
    /// Decimals that a value is at least and at most written with.
    pub(crate) decimals: (usize, usize),
}

const fn form(text: &'static str, factor: f64, offset: f64, decimals: (usize, usize)) -> UnitForm {
    UnitForm {
        text,
        factor,
        offset,
        decimals,
    }
}

#[expect(clippy::too_many_lines, reason = "a table of units")]
pub(crate) fn forms(unit: &str) -> &'static [UnitForm] {
    match unit {
        "°C" => {
            const {
                &[
                    form(" °C", 1.0, 0.0, (0, 1)),
                    form("°C", 1.0, 0.0, (0, 1)),
                    form(" degrees Celsius", 1.0, 0.0, (0, 1)),
                    form(" °F", 1.8, 32.0, (0, 1)),
                    form(" degrees", 1.0, 0.0, (0, 1)),
                    form("°", 1.0, 0.0, (0, 1)),
                    form(" K", 1.0, 273.15, (0, 1)),
                    form("℃", 1.0, 0.0, (0, 1)),
                    form(" C", 1.0, 0.0, (0, 1)),
                    form(" degrees Fahrenheit", 1.8, 32.0, (0, 1)),
                ]
            }
        }
        "km/h" => {
            const {
                &[
                    form(" km/h", 1.0, 0.0, (0, 1)),
                    form(" kph", 1.0, 0.0, (0, 0)),
                    form(" mph", 0.621_371, 0.0, (0, 1)),
                    form(" kilometers per hour", 1.0, 0.0, (0, 1)),
                    form(" miles per hour", 0.621_371, 0.0, (0, 1)),
                ]
            }
        }
        "rpm" => {
            const {
                &[
                    form(" rpm", 1.0, 0.0, (0, 0)),
                    form(" RPM", 1.0, 0.0, (0, 0)),
                    form(" revolutions per minute", 1.0, 0.0, (0, 0)),
                    form("k rpm", 0.001, 0.0, (2, 2)),
                    form(" r/min", 1.0, 0.0, (0, 0)),
                ]
            }
        }
        "V" => {
            const {
                &[
                    form(" V", 1.0, 0.0, (2, 2)),
                    form(" volts", 1.0, 0.0, (2, 2)),
                    form("V", 1.0, 0.0, (1, 2)),
                    form(" mV", 1_000.0, 0.0, (0, 0)),
                    form(" Volts", 1.0, 0.0, (1, 2)),
                ]
            }
        }
        "g/s" => {
            const {
                &[
                    form(" g/s", 1.0, 0.0, (1, 2)),
                    form(" grams per second", 1.0, 0.0, (1, 2)),
                    form(" kg/h", 3.6, 0.0, (1, 1)),
                    form(" lb/min", 0.132_277, 0.0, (2, 3)),
                    form(" grams/sec", 1.0, 0.0, (1, 1)),
                ]
            }
        }
        "%" => {
            const {
                &[
                    form("%", 1.0, 0.0, (0, 1)),
                    form(" %", 1.0, 0.0, (1, 1)),
                    form(" percent", 1.0, 0.0, (0, 1)),
                ]
            }
        }
        "°" => {
            const {
                &[
                    form("°", 1.0, 0.0, (1, 1)),
                    form(" degrees", 1.0, 0.0, (0, 1)),
                    form("° BTDC", 1.0, 0.0, (1, 1)),
                    form(" deg", 1.0, 0.0, (1, 1)),
                ]
            }
        }
        "kPa" => {
            const {
                &[
                    form(" kPa", 1.0, 0.0, (0, 1)),
                    form(" psi", 0.145_038, 0.0, (1, 2)),
                    form(" bar", 0.01, 0.0, (2, 2)),
                    form(" inHg", 0.295_3, 0.0, (1, 1)),
                    form(" MPa", 0.001, 0.0, (3, 4)),
                ]
            }
        }
        "s" => {
            const {
                &[
                    form(" seconds", 1.0, 0.0, (0, 0)),
                    form(" s", 1.0, 0.0, (0, 0)),
                    form(" minutes", 1.0 / 60.0, 0.0, (1, 1)),
                    form(" sec", 1.0, 0.0, (0, 0)),
                    form(" min", 1.0 / 60.0, 0.0, (1, 1)),
                ]
            }
        }
        "km" => {
            const {
                &[
                    form(" km", 1.0, 0.0, (1, 1)),
                    form(" kilometers", 1.0, 0.0, (0, 1)),
                    form(" miles", 0.621_371, 0.0, (1, 1)),
                ]
            }
        }
        _ => const { &[form("", 1.0, 0.0, (0, 0))] },
    }
}

pub(crate) fn pick<T: Copy>(random: &mut Random, all: &[T]) -> T {
    all[index(random, all.len())]
}

pub(crate) fn index(random: &mut Random, length: usize) -> usize {
    usize::try_from(random.bits() >> 1).unwrap() % length
}

pub(crate) fn style(random: &mut Random, unit: &str) -> Style {
    let forms = forms(unit);
    // The canonical unit most of the time.
    let place = if random.chance(0.5) {
        0
    } else {
        index(random, forms.len())
    };
    let (least, most) = forms[place].decimals;
    Style {
        unit: place,
        decimals: least + index(random, most - least + 1),
        thousands: pick(
            random,
            &["", "", ",", ",", "\u{202f}", "\u{a0}", "'", "\u{2009}", "."],
        ),
        decimal_comma: random.chance(0.08),
        minus: pick(random, &['-', '-', '−', '\u{2011}', '–']),
        plus: random.chance(0.5),
        spelled: random.chance(0.05),
        about: random.chance(0.12).then(|| {
            pick(
                random,
                &[
                    "about ",
                    "around ",
                    "roughly ",
                    "approximately ",
                    "~",
                    "nearly ",
                    "close to ",
                ],
            )
        }),
    }
}

/// The value as the style writes it, without its unit.
pub(crate) fn digits(value: f64, style: &Style) -> String {
    let text = format!("{:.*}", style.decimals, value.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if style.spelled && decimals.is_empty() && !negative && value < 1_000.0 && !style.plus {
        return spelled(whole.parse().unwrap());
    }
    let mut grouped = String::new();
    let separator = if style.thousands == "." && !decimals.is_empty() {
        ""
    } else {
        style.thousands
    };
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push_str(separator);
        }
        grouped.push(digit);
    }
    if !decimals.is_empty() {
        grouped.push(if style.decimal_comma && separator != "," {
            ','
        } else {
            '.'
        });
        grouped.push_str(decimals);
    }
    if negative {
        return format!("{}{grouped}", style.minus);
    }
    grouped
}

/// The canonical value with unit, in the form of the style.
pub(crate) fn written(value: f64, unit: &str, style: &Style) -> String {
    let form = &forms(unit)[style.unit];
    let mut text = digits(value * form.factor + form.offset, style);
    if style.plus && unit == "%" && value > 0.0 && text.starts_with(|c: char| c.is_ascii_digit()) {
        text.insert(0, '+');
    }
    let glue = if form.text.starts_with(' ') && text.contains(char::is_alphabetic) && unit != "rpm"
    {
        " "
    } else {
        ""
    };
    let suffix = if glue.is_empty() {
        form.text
    } else {
        form.text.trim_start()
    };
    let spelled_sign = text.contains(char::is_alphabetic);
    let suffix = match (spelled_sign, suffix) {
        (true, "°C" | "℃" | "C") => "degrees Celsius",
        (true, "°" | "deg" | "° BTDC") => "degrees",
        (true, "%") => "percent",
        (true, "V") => "volts",
        (true, "k rpm") => "thousand rpm",
        (_, suffix) => suffix,
    };
    let blank = if spelled_sign && !suffix.starts_with(' ') {
        " "
    } else {
        glue
    };
    format!("{}{text}{blank}{suffix}", style.about.unwrap_or(""))
}

/// The step in canonical units that the last written digit stands for.
pub(crate) fn step(unit: &str, style: &Style) -> f64 {
    let places = i32::try_from(style.decimals).unwrap();
    10_f64.powi(-places) / forms(unit)[style.unit].factor
}

fn spelled(number: u32) -> String {
    const SMALL: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 10] = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    let place = |number: u32| usize::try_from(number).unwrap();
    match number {
        0..20 => SMALL[place(number)].to_owned(),
        20..100 if number.is_multiple_of(10) => TENS[place(number / 10)].to_owned(),
        20..100 => format!("{}-{}", TENS[place(number / 10)], SMALL[place(number % 10)]),
        _ if number.is_multiple_of(100) => format!("{} hundred", SMALL[place(number / 100)]),
        _ => format!(
            "{} hundred and {}",
            SMALL[place(number / 100)],
            spelled(number % 100)
        ),
    }
}
