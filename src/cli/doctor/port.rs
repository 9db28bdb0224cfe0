//! Whether the server can listen, or does so already.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::Host;
use super::finding::Finding;
use crate::config::Settings;

const SUBJECT: &str = "port";

/// More than the 5 s in which the server says how it is, whatever hangs.
const HEALTH_LIMIT: Duration = Duration::from_secs(8);

#[derive(Debug)]
pub(super) enum Found {
    Free,
    /// The server itself listens there.
    Ours {
        version: String,
        /// What it says of its health.
        health: Value,
    },
    Unusable(io::Error),
}

pub(super) async fn probe(settings: &Settings) -> Found {
    let address = SocketAddr::new(settings.host, settings.port);
    match TcpListener::bind(address) {
        Ok(_) => Found::Free,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            server_at(address).await.unwrap_or(Found::Unusable(error))
        }
        Err(error) => Found::Unusable(error),
    }
}

/// The server that answers there, if it is one of ours.
async fn server_at(mut address: SocketAddr) -> Option<Found> {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let http = Client::builder()
        .no_proxy()
        .timeout(HEALTH_LIMIT)
        .build()
        .ok()?;
    let health = http.get(format!("http://{address}/api/v1/health"));
    let health = health.send().await.ok()?.bytes().await.ok()?;
    let health: Value = serde_json::from_slice(&health).ok()?;
    health["components"]["mysql"].as_str()?;
    Some(Found::Ours {
        version: health["version"].as_str()?.to_owned(),
        health,
    })
}

pub(super) fn judge(settings: &Settings, found: &Found, machine: &Host) -> Finding {
    let (host, port) = (settings.host, settings.port);
    match found {
        Found::Free => Finding::ok(SUBJECT, format!("{port} is free; the server does not run")),
        Found::Ours { version, .. } => Finding::ok(
            SUBJECT,
            format!("{port} is where the server listens, version {version}"),
        ),
        Found::Unusable(error) => match error.kind() {
            io::ErrorKind::AddrInUse => Finding::error(
                SUBJECT,
                format!("{port} is taken by another program"),
                format!("sudo ss -ltnp 'sport = :{port}'"),
            ),
            io::ErrorKind::AddrNotAvailable => Finding::error(
                SUBJECT,
                format!("HOST is {host}, which is not an address of this machine"),
                "ip -brief address",
            ),
            io::ErrorKind::PermissionDenied => Finding::error(
                SUBJECT,
                format!("{port} is for root alone: choose a PORT from 1024 up"),
                machine.edit_settings(),
            ),
            _ => Finding::error(
                SUBJECT,
                format!("{host}:{port}: {error}"),
                "ip -brief address",
            ),
        },
    }
}
