use proptest::prelude::*;

use super::*;

/// A reading that owns its texts.
#[derive(Clone, Debug, PartialEq)]
struct Owned(i64, String, f64, Option<String>);

fn read(text: impl AsRef<[u8]>) -> Result<(Vec<Owned>, LogSummary), LogError> {
    let mut readings = Vec::new();
    let summary = read_log(text.as_ref(), |reading| {
        readings.push(Owned(
            reading.at_ms,
            reading.channel.to_owned(),
            reading.value,
            reading.unit.map(str::to_owned),
        ));
    })?;
    Ok((readings, summary))
}

fn readings(text: impl AsRef<[u8]>) -> Vec<Owned> {
    read(text).unwrap().0
}

fn owned(at_ms: i64, channel: &str, value: f64, unit: &str) -> Owned {
    let unit = (!unit.is_empty()).then(|| unit.to_owned());
    Owned(at_ms, channel.to_owned(), value, unit)
}

fn times(text: &str) -> Vec<i64> {
    readings(text).iter().map(|reading| reading.0).collect()
}

fn error(text: impl AsRef<[u8]>) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn a_wide_log_names_channel_and_unit_in_its_header() {
    let log = "Time (s),Engine RPM (rpm),Coolant [°C],VEHICLE_SPEED ()\n0.5,800,20,\n1.5,,21,3,\n";
    assert_eq!(
        readings(log),
        [
            owned(500, "Engine RPM", 800.0, "rpm"),
            owned(500, "Coolant", 20.0, "°C"),
            owned(1_500, "Coolant", 21.0, "°C"),
            owned(1_500, "VEHICLE_SPEED", 3.0, ""),
        ]
    );
}

#[test]
fn a_long_log_has_one_reading_a_line() {
    let log = "timestamp,parameter_name,value,unit,data_source\n\
               2026-04-19 07:18:50.5,RPM,812.5,rpm,real\n\
               2026-04-19T07:18:51Z,COOLANT_TEMP,-3,,real\n";
    let (readings, summary) = read(log).unwrap();
    assert_eq!(
        readings,
        [
            owned(1_776_583_130_500, "RPM", 812.5, "rpm"),
            owned(1_776_583_131_000, "COOLANT_TEMP", -3.0, ""),
        ]
    );
    assert!(summary.has_date);
    assert_eq!((summary.rows, summary.readings), (2, 2));
}

#[test]
fn readings_that_are_not_real_are_marked() {
    let log = "time,parameter,value,data_source\n0,RPM,1,real\n1,RPM,1,physics_sim\n2,RPM,1,\n";
    let mut real = Vec::new();
    read_log(log.as_bytes(), |reading| real.push(reading.real)).unwrap();
    assert_eq!(real, [true, false, true]);
}

#[test]
fn a_semicolon_log_with_decimal_commas_a_bom_and_quotes_is_understood() {
    let log = "\u{feff}\"SECONDS\";\"PID\";\"VALUE\";\"UNITS\"\r\n\"0,25\";\"Engine RPM\";\"803,75\";\"rpm\"\r\n";
    assert_eq!(readings(log), [owned(250, "Engine RPM", 803.75, "rpm")]);
}

#[test]
fn cells_may_carry_their_unit() {
    let log = "time,ENGINE_LOAD,COOLANT,MAF\n0,\"33,3%\",87C,12.5 g/s\n";
    assert_eq!(
        readings(log),
        [
            owned(0, "ENGINE_LOAD", 33.3, "%"),
            owned(0, "COOLANT", 87.0, "C"),
            owned(0, "MAF", 12.5, "g/s"),
        ]
    );
}

#[test]
fn thousands_marks_are_understood_where_they_are_unmistakable() {
    let log = "time;RPM\n0;1.250,5\n1;1,250.5\n2;1250,5\n";
    let values: Vec<f64> = readings(log).iter().map(|reading| reading.2).collect();
    assert_eq!(values, [1_250.5, 1_250.5, 1_250.5]);
}

#[test]
fn words_of_loggers_become_values_or_nothing() {
    let log = "time,MIL,Fuel system,DTC_NUMBER,TROUBLE_CODES,SPEED\n\
               0,ON,\"Closed loop, using oxygen sensor feedback\",MIL is OFF0 codes,P0133P0300,NaN\n\
               1,off,OL,MIL is ON2 codes,,no data\n";
    let values: Vec<f64> = readings(log).iter().map(|reading| reading.2).collect();
    assert_eq!(values, [1.0, 2.0, 0.0, 2.0, 0.0, 1.0, 2.0]);
}

#[test]
fn other_text_is_skipped_and_counted() {
    let (readings, summary) = read("time,RPM,Driver\n0,800,Ann\n1,810,Ben\n").unwrap();
    assert_eq!(readings.len(), 2);
    assert_eq!(
        summary.skipped,
        [SkippedCells {
            column: "Driver".to_owned(),
            cells: 2,
            first_line: 2,
            example: "Ann".to_owned(),
        }]
    );
}

#[test]
fn times_are_seconds_milliseconds_clock_or_date() {
    assert_eq!(times("time,RPM\n0,1\n0.5,1\n1,1\n"), [0, 500, 1_000]);
    assert_eq!(times("time,RPM\n0,1\n500,1\n1000,1\n"), [0, 500, 1_000]);
    assert_eq!(times("Time (ms),RPM\n0,1\n5,1\n"), [0, 5]);
    assert_eq!(
        times("TIMESTAMP,RPM\n1502902504267,1\n1502902505267,1\n"),
        [1_502_902_504_267, 1_502_902_505_267]
    );
    assert_eq!(
        times("timestamp,RPM\n1502902504.5,1\n"),
        [1_502_902_504_500]
    );
    assert_eq!(
        times("time,RPM\n08:00:01.25,1\n08:00:02,1\n"),
        [28_801_250, 28_802_000]
    );
    assert_eq!(times("time,RPM\n01:02.5,1\n"), [62_500]);
    assert_eq!(
        times("Device Time,RPM\n09-Apr-2013 08:45:23.123,1\n"),
        [1_365_497_123_123]
    );
    assert_eq!(
        times("time,RPM\n2026-04-19T07:18:50+02:00,1\n"),
        [1_776_575_930_000]
    );
    assert_eq!(
        times("Date,Time,RPM\n19.04.2026,07:18:50,1\n19.04.2026,07:18:51,1\n"),
        [1_776_583_130_000, 1_776_583_131_000]
    );
}

#[test]
fn the_sample_decides_between_day_first_and_month_first() {
    let april = |text| times(&format!("time,RPM\n{text},1\n"))[0];
    assert_eq!(april("19/04/2026 07:18:50"), april("04/19/2026 07:18:50"));
}

#[test]
fn a_clock_may_pass_midnight() {
    assert_eq!(
        times("time,RPM\n23:59:59,1\n00:00:01,1\n"),
        [86_399_000, 86_401_000]
    );
}

#[test]
fn rows_of_one_whole_second_are_spread() {
    let log = "ENGINE_RUN_TINE (),ENGINE_RPM (),\n4,700,\n4,701,\n6,702,\n6,703,\n6,704,\n6,705,\n8,706\n8,707\n";
    assert_eq!(
        times(log),
        [4_000, 5_000, 6_000, 6_500, 7_000, 7_500, 8_000, 8_500]
    );
}

#[test]
fn a_repeated_header_a_comment_and_a_line_of_units_hold_no_readings() {
    let log = "# my logger 1.0\n\ntime,RPM,SPEED\ns,rpm,mph\n0,800,1\n\ntime,RPM,SPEED\n1,810,2\n";
    assert_eq!(
        readings(log),
        [
            owned(0, "RPM", 800.0, "rpm"),
            owned(0, "SPEED", 1.0, "mph"),
            owned(1_000, "RPM", 810.0, "rpm"),
            owned(1_000, "SPEED", 2.0, "mph"),
        ]
    );
}

#[test]
fn latin_1_is_understood() {
    assert_eq!(
        readings(b"time,Coolant (\xb0C)\n0,90\n"),
        [owned(0, "Coolant", 90.0, "°C")]
    );
}

#[test]
fn an_open_quote_swallows_no_more_than_its_line() {
    assert_eq!(
        times("time,RPM\n0,\"800\n1,810\n2,820\n"),
        [0, 1_000, 2_000]
    );
}

#[test]
fn errors_name_line_and_column() {
    assert_eq!(
        error("Time,RPM\n0,1\n1,1\n12x,1\n"),
        "line 4, column \"Time\": cannot read \"12x\" as a time (the times before it are numbers of seconds)"
    );
    assert_eq!(
        error("RPM,SPEED\n1,2\n"),
        "line 1: no column of times; expected a header with a column such as \"time\", \"timestamp\", \"seconds\" or \
         \"ENGINE_RUN_TIME\", found \"RPM\", \"SPEED\""
    );
    assert_eq!(
        error("time\n1\n"),
        "line 1: no column of values beside the times in column \"time\""
    );
    assert_eq!(error(""), "is empty");
    assert_eq!(error("time,RPM\n"), "has a header but no readings");
    assert_eq!(
        error(b"\xff\xfet\0i\0m\0e\0"),
        "is UTF-16 text; save it as UTF-8"
    );
    let endless = format!("time,RPM\n0,1\n{}", "1".repeat(300_000));
    assert_eq!(error(endless), "line 3 is longer than 262144 bytes");
}

#[test]
fn a_time_beyond_the_sample_is_read_in_the_same_format() {
    let lines = (0..5_000).map(|second| format!("{second}.5,800\n"));
    let log = format!("time,RPM\n{}", lines.collect::<String>());
    let times = times(&log);
    assert_eq!((times.len(), times[4_999]), (5_000, 4_999_500));
}

#[test]
fn characters_of_several_bytes_are_no_trouble_codes() {
    assert!(read("time,RPM\n0,\u{1d4a2}6").is_err());
}

#[test]
fn a_log_with_the_newest_reading_first_is_refused() {
    let newest_first = "time,RPM\n3,900\n2,900\n1,900";
    assert_eq!(error(newest_first), LogError::NewestFirst.to_string());
    // A clock that was stepped back once.
    assert_eq!(times("time,RPM\n1,900\n2,900\n1,900\n3,900").len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(bytes);
    }

    #[test]
    fn no_text_below_a_header_makes_it_panic(
        header in "(time|Time \\(ms\\)|timestamp|Date,Time)(,|;|\t)(RPM|value,parameter)( \\(\\P{C}{0,3}\\)?)?",
        body in "([0-9eE+.,:;\" /TZ-]{0,14}[,;\t\n]){0,40}\\PC{0,20}",
    ) {
        let _ = read(format!("{header}\n{body}"));
    }

    #[test]
    fn a_written_number_is_read_back(value in -1e9_f64..1e9) {
        prop_assert_eq!(cell::number(&value.to_string()), Some(value));
        prop_assert_eq!(cell::number(&value.to_string().replace('.', ",")), Some(value));
    }
}
