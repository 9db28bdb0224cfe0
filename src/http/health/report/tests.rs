use super::*;

#[test]
fn uptime_is_written_in_days_hours_and_minutes() {
    for (seconds, text) in [
        (0, "0d 0h 0m"),
        (59, "0d 0h 0m"),
        (60, "0d 0h 1m"),
        (3_600 * 23 + 60 * 59 + 59, "0d 23h 59m"),
        (86_400 * 2 + 3_600 * 4 + 60 * 30, "2d 4h 30m"),
        (86_400 * 400, "400d 0h 0m"),
    ] {
        assert_eq!(uptime(Duration::from_secs(seconds)), text);
    }
}
