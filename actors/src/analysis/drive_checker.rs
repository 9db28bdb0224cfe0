//! Checks the drives that wait, in turns of bounded size, and watches the claims of other servers.
//!
//! A turn checks a few drives, one device after the other, so a device with thousands of waiting drives, or one whose
//! drives cannot be checked, delays no other device. Analyses run meanwhile (`drive_queue.rs`).

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::wakeup::Wakeup;
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::drives::check::Decision;
use crate::drives::{
    self, Checked, ClaimWatch, ClockWatch, DriveState, LARGEST_SWEEP, QueueTiming, Rotation,
};
use crate::report::{Report, Reporter};

/// How many drives are checked in one turn.
const CHECKS_PER_TURN: usize = 16;

/// A turn begins no further check after this time.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// The pause after the database has failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);

/// How often stuck drives are reported.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// One server's checker of waiting drives.
pub(super) struct DriveChecker {
    pub database: Database,
    pub timing: QueueTiming,
    pub reporter: Reporter,
    pub wakeup: Wakeup,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}

/// What the checker remembers between turns. All of it can be lost: a restart only begins to watch again.
struct Memory {
    clock: ClockWatch,
    claims: ClaimWatch,
    rotation: Rotation,
    reported_at: Option<Instant>,
}

impl DriveChecker {
    /// Runs until the server stops.
    pub(super) async fn run(self) {
        let mut memory = Memory {
            clock: ClockWatch::new(Instant::now()),
            claims: ClaimWatch::default(),
            rotation: Rotation::default(),
            reported_at: None,
        };
        while !self.stopping.is_cancelled() {
            let pause = match self.turn(&mut memory).await {
                Ok(pause) => pause,
                Err(error) => {
                    // The schema may not exist yet; an unreachable database is reported by its users.
                    log::debug!(error = causes(&error); "check of waiting drives failed");
                    PAUSE_AFTER_ERROR
                }
            };
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = self.wakeup.until_due(pause, self.timing.quiet) => {}
            }
        }
    }

    /// Returns how long to wait until the next turn.
    async fn turn(&self, memory: &mut Memory) -> Result<Duration, DatabaseError> {
        let restored = self.watch_clock(&mut memory.clock).await?;
        let closed = self.close_silent().await?;
        let has_claims = self.expire_claims(&mut memory.claims).await?;
        self.check_some(memory).await?;
        self.report_stuck(memory).await?;
        if restored.max(closed) >= LARGEST_SWEEP {
            return Ok(Duration::ZERO);
        }
        let next = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::next_due(connection, DriveState::Waiting).await
        });
        let longest = if has_claims {
            self.timing.renewal
        } else {
            self.timing.recheck
        };
        Ok(next.await?.map_or(longest, |next| next.min(longest)))
    }

    /// Times that a step of the database's clock has moved into the future are due now. Returns how many those are.
    async fn watch_clock(&self, clock: &mut ClockWatch) -> Result<u64, DatabaseError> {
        let (now, restored) = self
            .database
            .run(STATEMENT_LIMIT, async |connection| {
                let now = drives::database_now(connection).await?;
                Ok((now, drives::restore_due(connection).await?))
            })
            .await?;
        if let Some(step) = now.and_then(|now| clock.observe(now, Instant::now())) {
            log::warn!(step_seconds = step.num_seconds(); "the database's clock was stepped");
        }
        if restored > 0 {
            log::warn!(drives = restored; "drives were due too far in the future: due now");
            self.wakeup.drives_queued();
        }
        Ok(restored)
    }

    /// Drives whose end is not logged are over after a silence. Returns how many those are.
    async fn close_silent(&self) -> Result<u64, DatabaseError> {
        let closed = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::close_silent(connection, &self.timing).await
        });
        let closed = closed.await?;
        if closed > 0 {
            log::info!(drives = closed; "drives are over: no readings arrived for a while");
        }
        Ok(closed)
    }

    /// Queues the drives of dead servers again. Returns whether any server holds a claim.
    async fn expire_claims(&self, claims: &mut ClaimWatch) -> Result<bool, DatabaseError> {
        let held = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::held_claims(connection).await
        });
        let held = held.await?;
        let has_claims = !held.is_empty();
        for claim in claims.observe(held, self.timing.claim_expiry, Instant::now()) {
            let expired = self.database.run(STATEMENT_LIMIT, async |connection| {
                drives::expire_claim(connection, &claim).await
            });
            if expired.await? {
                log::warn!(drive = claim.id; "drive requeued: its server stopped unexpectedly");
                self.wakeup.drives_queued();
            }
        }
        Ok(has_claims)
    }

    /// One drive of each device after the other, until the turn is full.
    async fn check_some(&self, memory: &mut Memory) -> Result<(), DatabaseError> {
        let began = Instant::now();
        let mut rest = CHECKS_PER_TURN;
        let due = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::devices_with_due(connection, DriveState::Waiting).await
        });
        let mut devices = memory.rotation.order(due.await?);
        while !devices.is_empty() {
            let mut with_more = Vec::new();
            for device in devices {
                if rest == 0 || began.elapsed() >= TURN_LIMIT || self.stopping.is_cancelled() {
                    return Ok(());
                }
                rest -= 1;
                memory.rotation.served(&device);
                let checked =
                    drives::check(&self.database, &device, &self.timing, &memory.clock).await?;
                if let Some(checked) = checked {
                    self.follow(&device, &checked);
                    with_more.push(device);
                }
            }
            devices = with_more;
        }
        Ok(())
    }

    fn follow(&self, device: &str, checked: &Checked) {
        let drive = checked.id;
        match &checked.outcome {
            Ok(decision) => {
                log::debug!(device, drive, decision:?; "drive checked");
                if *decision == Some(Decision::Queue) {
                    self.wakeup.drives_queued();
                }
            }
            Err(error) => log::warn!(device, drive, error = causes(error); "drive check failed"),
        }
    }

    async fn report_stuck(&self, memory: &mut Memory) -> Result<(), DatabaseError> {
        let is_recent = |reported_at: Instant| reported_at.elapsed() < REPORT_INTERVAL;
        if memory.reported_at.is_some_and(is_recent) {
            return Ok(());
        }
        memory.reported_at = Some(Instant::now());
        let stuck = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::stuck(connection).await
        });
        self.reporter.send(Report::StuckDrives(stuck.await?));
        Ok(())
    }
}
