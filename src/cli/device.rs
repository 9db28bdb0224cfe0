//! `device`: who may send, and with which key.
//!
//! A key is printed once, alone on standard output; what is said about it goes to standard error.

use actors::database::Database;
use actors::device_id::DeviceId;
use actors::sync::devices;
use clap::Subcommand;

use super::Failure;
use super::stored::{self, LIMIT};
use crate::config::Settings;

mod key;
mod list;

use key::NewKey;

/// The longest name, in characters.
const NAME_CHARACTERS: usize = 255;

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Registers a device and prints a key of its own, once: only its hash is kept.
    Add {
        /// What the device sends as its deviceId.
        #[arg(value_parser = str::parse::<DeviceId>)]
        id: DeviceId,
        /// What people call it.
        #[arg(long, value_parser = name)]
        name: Option<String>,
    },
    /// Lists the devices, and when each was last seen.
    List,
    /// Prints a new key for a device; the one before is refused from then on.
    RotateKey {
        /// What the device sends as its deviceId.
        #[arg(value_parser = str::parse::<DeviceId>)]
        id: DeviceId,
    },
    /// Takes a device's registration and key away; what it has sent stays.
    Remove {
        /// What the device sends as its deviceId.
        #[arg(value_parser = str::parse::<DeviceId>)]
        id: DeviceId,
    },
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().count() > NAME_CHARACTERS {
        return Err(format!("a name has 1 to {NAME_CHARACTERS} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("a name has no control characters".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn run(command: DeviceCommand, settings: &Settings) -> Result<(), Failure> {
    stored::write(settings, async |database| match command {
        DeviceCommand::Add { id, name } => add(database, id.as_str(), name.as_deref()).await,
        DeviceCommand::List => list(database).await,
        DeviceCommand::RotateKey { id } => rotate_key(database, id.as_str()).await,
        DeviceCommand::Remove { id } => remove(database, id.as_str()).await,
    })
}

async fn add(database: &Database, id: &str, name: Option<&str>) -> Result<(), Failure> {
    let key = NewKey::generate()?;
    let sha256 = key.sha256();
    let registered = database
        .transaction(LIMIT, async |transaction| {
            devices::register_device(transaction, id, name, &sha256).await
        })
        .await?;
    if !registered {
        return Err(format!("{id} has a key already; a new one: device rotate-key {id}").into());
    }
    eprintln!("{id} is registered. Its key, shown only now, is good for this device alone:");
    say!("{}", key.text())?;
    Ok(())
}

async fn list(database: &Database) -> Result<(), Failure> {
    let devices = database
        .run(LIMIT, async |connection| {
            devices::all_devices(connection).await
        })
        .await?;
    say!("{}", list::render(&devices).trim_end())?;
    Ok(())
}

async fn rotate_key(database: &Database, id: &str) -> Result<(), Failure> {
    let key = NewKey::generate()?;
    let sha256 = key.sha256();
    let found = database
        .run(LIMIT, async |connection| {
            devices::replace_key(connection, id, &sha256).await
        })
        .await?;
    if !found {
        return Err(unknown(id));
    }
    eprintln!("The new key of {id}, shown only now; the one before is refused from now on:");
    say!("{}", key.text())?;
    Ok(())
}

async fn remove(database: &Database, id: &str) -> Result<(), Failure> {
    let found = database
        .run(LIMIT, async |connection| {
            devices::remove_device(connection, id).await
        })
        .await?;
    if !found {
        return Err(unknown(id));
    }
    say!(
        "{id} is removed, and its key is refused from now on. Its rows and backups are kept. \
         A client with the shared API_KEY can still send as {id}, which registers it again."
    )?;
    Ok(())
}

fn unknown(id: &str) -> Failure {
    format!("there is no device {id}; see: device list").into()
}
