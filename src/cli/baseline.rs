//! `baseline`: what the drives of a device are compared with.

use std::time::Duration;

use actors::analysis::baselines;
use actors::database::Database;
use actors::device_id::DeviceId;
use actors::schema;
use clap::Subcommand;

use super::{Failure, block_on};
use crate::config::Settings;

const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Subcommand)]
pub(super) enum BaselineCommand {
    /// Makes a diagnosed drive the reference of its device.
    Set {
        /// The server's number of the drive (`drive` in the list of drives).
        drive: i64,
    },
    /// Removes the reference of a device; its drives are compared with the five before.
    Clear {
        /// What the device sends as its deviceId.
        #[arg(value_parser = str::parse::<DeviceId>)]
        device: DeviceId,
    },
    /// Begins a new baseline, after a repair or a change of the car: earlier drives do not count any more.
    Reset {
        /// What the device sends as its deviceId.
        #[arg(value_parser = str::parse::<DeviceId>)]
        device: DeviceId,
    },
}

pub(super) fn run(command: BaselineCommand, settings: &Settings) -> Result<(), Failure> {
    block_on(async {
        let database = Database::open(&settings.database_url, 2);
        schema::migrate(&database).await?;
        match command {
            BaselineCommand::Set { drive } => {
                let set = database
                    .run(LIMIT, async |connection| {
                        baselines::set_anchor(connection, drive).await
                    })
                    .await?;
                if !set {
                    return Err(format!("there is no diagnosed drive {drive}").into());
                }
                say!("Drive {drive} is the reference of its device.")?;
            }
            BaselineCommand::Clear { device } => {
                database
                    .run(LIMIT, async |connection| {
                        baselines::clear_anchor(connection, device.as_str()).await
                    })
                    .await?;
                say!("{device} has no reference drive.")?;
            }
            BaselineCommand::Reset { device } => {
                database
                    .run(LIMIT, async |connection| {
                        baselines::reset_baseline(connection, device.as_str()).await
                    })
                    .await?;
                say!(
                    "A new baseline of {device} begins. Recompute diagnoses with: diagnose --recompute"
                )?;
            }
        }
        Ok(())
    })
}
