use actors::sync::devices::Device;

use crate::cli::table;

const HEADINGS: [&str; 4] = ["DEVICE", "KEY", "LAST SEEN (UTC)", "NAME"];

/// The devices, one a line, in columns.
pub(super) fn render(devices: &[Device]) -> String {
    if devices.is_empty() {
        return "There is no device yet.\n".to_owned();
    }
    table::table(HEADINGS, devices.iter().map(cells))
}

fn cells(device: &Device) -> [String; 4] {
    [
        device.id.clone(),
        if device.has_key { "own" } else { "shared" }.to_owned(),
        device.last_seen.map_or_else(
            || "never".to_owned(),
            |at| at.format("%Y-%m-%dT%H:%M:%S").to_string(),
        ),
        device.name.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn the_columns_of_all_devices_stand_below_each_other() {
        let seen = NaiveDate::from_ymd_opt(2026, 2, 1).and_then(|date| date.and_hms_opt(14, 30, 5));
        let devices = [
            Device {
                id: "chi-eclipse-01".to_owned(),
                name: Some("Eclipse".to_owned()),
                has_key: true,
                last_seen: seen,
            },
            Device {
                id: "b".to_owned(),
                name: None,
                has_key: false,
                last_seen: None,
            },
        ];
        let table = render(&devices);
        let expected = "DEVICE          KEY     LAST SEEN (UTC)      NAME\n\
                        chi-eclipse-01  own     2026-02-01T14:30:05  Eclipse\n\
                        b               shared  never\n";
        assert_eq!(table, expected);
    }
}
