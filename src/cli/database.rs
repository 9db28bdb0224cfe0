//! `init-db` and `seed-db`.

use actors::database::Database;
use actors::schema;

use super::Failure;
use crate::config::Settings;

pub(super) fn init(settings: &Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let applied = runtime.block_on(async {
        let database = Database::open(&settings.database_url, 2);
        schema::migrate(&database).await
    })?;
    println!(
        "The schema is at version {} ({applied} migrations applied).",
        schema::latest_version()
    );
    Ok(())
}

pub(super) fn seed(_settings: &Settings) -> Result<(), Failure> {
    Ok(())
}
