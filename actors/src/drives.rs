//! The drives of all devices, found in what is stored, and the durable queue of those to be analysed.
//!
//! A drive is a row of the table `drives`, found in the events and numbered readings of its device ([`pairing`]). Storing
//! a batch discovers drives (`reconcile.rs`) and notes which of them have new readings ([`Arrivals`]); the analysis works
//! the queue off (`queue.rs`). The two share nothing but the table, so any number of servers can share the queue. A row is
//! changed under its lock, and all times in it are the database's.
//!
//! ```text
//!         ended, without readings                       quiet, with readings that
//!         in the same batch                             were not analysed yet               claim
//!  open ────────────────────────────► waiting ──────────────────────────────► queued ◄──────────────► running
//!   │                                 ▲  │  ▲                                 ▲    ▲    give_back,      │ │ │
//!   │                                 │  │  └── new readings, events ─────────┘    │    expired claim    │ │ │
//!   │   ended, with readings          │  ├── nothing new ──────► analysed ◄───────│────── finish ───────┘ │ │
//!   └─────────────────────────────────│──│────────────────────────│───────────────┘   fail, with a pause  │ │
//!                                     │  └── a week, none ─► abandoned            (back to queued) ◄─────┘ │
//!                                     │                         │                                          │
//!                                     └── new readings, events ─┴────────── failed ◄── fail, third time ───┘
//! ```
//!
//! - **open**: it has begun, and nothing says that it has ended. A `drive_end`, a later drive or a silence does.
//! - **waiting**: it has ended. It is checked once no reading of it has arrived for a while.
//! - **queued**: it is to be analysed, at `next_look_at` at the earliest.
//! - **running**: a server analyses it under a claim, which it renews. An expired claim puts the drive back into the
//!   queue. What arrives in the meantime makes the drive stale: it then waits again instead of being analysed.
//!   A drive whose readings retention has removed becomes analysed if it was so before, and else abandoned.
//! - **analysed**, **failed**, **abandoned**: nothing to do until new readings arrive, its events change, or the owner
//!   asks for another analysis (`reanalyse`), which queues it.
//!
//! How it fails: every transition is one statement (`transitions.rs`), so a server that ends in the middle leaves a row
//! unchanged, or `running` until its claim expires.

use std::time::Duration;

use chrono::TimeDelta;

mod arrivals;
mod backfill;
mod blocks;
pub mod check;
mod checking;
mod claim;
mod claim_watch;
mod clock_watch;
mod continued;
mod count;
mod counted;
mod find;
mod known;
mod list;
mod log;
mod messages;
pub mod pairing;
mod queue;
mod readings;
mod reconcile;
mod rotation;
mod state;
mod statements;
mod sweep;
mod transitions;

pub use arrivals::{Arrival, Arrivals};
pub(crate) use backfill::backfill;
pub use checking::{Checked, StuckDrive, check, close_silent, restore_due, stuck};
pub use claim::Claim;
pub use claim_watch::{ClaimWatch, Held};
pub use clock_watch::ClockWatch;
pub(crate) use continued::Candidates;
pub use count::profile;
pub use counted::Counted;
pub use find::{latest_with_number, readings_of};
pub use list::{COUNTING, KnownDrive, StateCount, count_by_state, find, in_state, list, overlaps};
pub use messages::DrivesChanged;
pub use pairing::DriveEventKind;
pub use queue::{
    claim, database_now, devices_with_due, end_without_readings, expire_claim, fail, finish,
    give_back, held_claims, next_due, note_readings_gone, postpone, queue_length, reanalyse, renew,
};
pub use readings::{DriveReadings, Part};
pub(crate) use reconcile::{Arrived, reconcile};
pub use rotation::Rotation;
pub use state::DriveState;
pub use sweep::LARGEST_SWEEP;

/// A waiting drive is checked again after this time at the latest.
const RECHECK: Duration = Duration::from_secs(30);

/// The longest pause of the queue, after errors and failed attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// No drive is longer. Bounds the drives that readings without a number, or other drives, are compared with.
const LONGEST_DRIVE: TimeDelta = TimeDelta::days(7);

/// The usual longest pause within a drive.
pub const DEFAULT_SILENCE: Duration = Duration::from_hours(1);

/// What batches need to know to find drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveTiming {
    /// A drive is analysed once none of its readings has arrived for this long.
    pub quiet: Duration,
    /// The longest pause within a drive.
    pub silence: Duration,
}

impl DriveTiming {
    /// With the usual silence.
    pub const fn with_quiet(quiet: Duration) -> Self {
        Self {
            quiet,
            silence: DEFAULT_SILENCE,
        }
    }

    /// For differences of the device's clock.
    fn silence(self) -> TimeDelta {
        TimeDelta::from_std(self.silence).unwrap_or(TimeDelta::MAX)
    }
}

/// The intervals of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTiming {
    /// A drive is analysed once none of its readings has arrived for this long.
    pub quiet: Duration,
    /// A drive is over once none of its readings has arrived for this long; the longest pause within a drive.
    pub silence: Duration,
    /// A drive that waits for anything else is checked again after this long.
    pub recheck: Duration,
    /// A claim is renewed this often, and checked by other servers as often.
    pub renewal: Duration,
    /// A claim that is not renewed expires after this long.
    pub claim_expiry: Duration,
    /// A drive without readings is given up after this long.
    pub give_up_after: Duration,
}

impl QueueTiming {
    /// The production values.
    pub const fn with_quiet(quiet: Duration) -> Self {
        Self {
            quiet,
            silence: DEFAULT_SILENCE,
            recheck: RECHECK,
            renewal: Duration::from_secs(5),
            // Noticed at most two renewals later: within 30 s.
            claim_expiry: Duration::from_secs(20),
            give_up_after: Duration::from_hours(7 * 24),
        }
    }

    fn drives(&self) -> DriveTiming {
        DriveTiming {
            quiet: self.quiet,
            silence: self.silence,
        }
    }
}
