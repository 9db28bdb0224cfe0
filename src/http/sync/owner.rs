//! Whose turn a batch takes, before it is parsed.

use std::net::SocketAddr;

use actors::sync::KeyHolder;

/// The device id is among the first bytes of a batch; only these are searched.
const SEARCHED_BYTES: usize = 1024;

/// The device of a batch, else the address of its client. A guess that decides about nothing but the order of batches.
pub(super) fn of(body: &[u8], sender: &KeyHolder, client: Option<SocketAddr>) -> String {
    if let KeyHolder::Device(device_id) = sender {
        return device_id.to_string();
    }
    let head = &body[..body.len().min(SEARCHED_BYTES)];
    device_id(&String::from_utf8_lossy(head))
        .map(str::to_owned)
        .or_else(|| Some(client?.ip().to_string()))
        .unwrap_or_default()
}

/// The text behind the first `"deviceId":`, as it is spelled there.
fn device_id(head: &str) -> Option<&str> {
    let (_, rest) = head.split_once("\"deviceId\"")?;
    let rest = rest.trim_start().strip_prefix(':')?;
    let (id, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first(r#"{"deviceId": "car-1", "batchId": "b"}"#, "car-1")]
    #[case::later(r#"{"batchId":"b","deviceId":"car-1"}"#, "car-1")]
    #[case::spread("{\n\t\"deviceId\"\n:\n\"car-1\"}", "car-1")]
    #[case::missing(r#"{"batchId": "b"}"#, "10.27.27.28")]
    #[case::number(r#"{"deviceId": 7}"#, "10.27.27.28")]
    #[case::cut(r#"{"deviceId": "car"#, "10.27.27.28")]
    #[case::nothing("", "10.27.27.28")]
    fn a_batch_takes_the_turn_of_its_device_else_of_its_client(
        #[case] body: &str,
        #[case] owner: &str,
    ) {
        let client = Some("10.27.27.28:5000".parse().unwrap());
        assert_eq!(of(body.as_bytes(), &KeyHolder::Owner, client), owner);
    }

    #[test]
    fn the_key_of_a_device_names_it_whatever_the_batch_says() {
        let key = KeyHolder::Device("car-2".parse().unwrap());
        assert_eq!(of(br#"{"deviceId": "car-1"}"#, &key, None), "car-2");
    }

    #[test]
    fn a_device_id_far_behind_the_beginning_is_not_searched() {
        let body = format!("{{{}\"deviceId\": \"car-1\"}}", " ".repeat(SEARCHED_BYTES));
        assert_eq!(of(body.as_bytes(), &KeyHolder::Owner, None), "");
    }
}
