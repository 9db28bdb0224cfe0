//! The drives of all devices, found in what is stored, and the durable queue of those that are to be analysed.
//!
//! A drive is a row of the table `drives`, one for each start that the connection log tells of ([`pair`]). Taking batches
//! in finds drives ([`reconcile`]) and notes which of them have got new readings ([`Arrivals`]); the analysis works
//! them off (`queue.rs`). Neither knows the other: they meet in the table, where every server on the database finds the
//! same rows. Who changes a row holds its lock, and all times are the database's, so servers need not agree on one.
//!
//! ```text
//!         over, and nothing of it                          quiet, with readings that
//!         came in the same batch                           were not analysed yet              claim
//!  open ────────────────────────────► waiting ──────────────────────────────► queued ◄──────────────► running
//!   │                                 ▲  │  ▲                                 ▲    ▲    give_back,      │ │ │
//!   │                                 │  │  └── new readings, events ─────────┘    │    lease ran out   │ │ │
//!   │   over, with readings of it     │  ├── nothing new ──────► analysed ◄───────│────── finish ───────┘ │ │
//!   └─────────────────────────────────│──│────────────────────────│───────────────┘   fail, with a pause  │ │
//!                                     │  └── a week, none ─► abandoned            (back to queued) ◄─────┘ │
//!                                     │                         │                                          │
//!                                     └── new readings, events ─┴────────── failed ◄── fail, third time ───┘
//! ```
//!
//! - **open**: it has begun, and nothing says that it is over. A `drive_end` or the next `drive_start` does.
//! - **waiting**: it is over. It is looked at when no reading of it has come for a while.
//! - **queued**: it is to be analysed, at `next_look_at` at the earliest.
//! - **running**: a server analyses it, under a lease that it renews. When the lease runs out, it is queued again. What
//!   comes meanwhile makes it stale, so that it will be waiting instead of analysed in the end.
//! - **analysed**, **failed**, **abandoned**: nothing is to be done, until new readings come or its events change.
//!
//! How it fails: every step is one transaction, so a server that ends in the middle leaves a row as it was before, or
//! `running` until its lease ends.

use std::time::Duration;

mod arrivals;
pub mod judgement;
mod list;
mod messages;
pub mod pairing;
mod queue;
mod readings;
mod reconcile;
mod state;
mod statements;

pub use arrivals::Arrivals;
pub use list::{KnownDrive, list};
pub use messages::DrivesChanged;
pub use pairing::{Drive, DriveEvent, DriveEventKind, pair};
pub use queue::{
    Claim, Counted, claim, count, expire_leases, fail, finish, give_back, look, next_look,
    queue_length, renew,
};
pub use readings::{DriveReadings, Part};
pub(crate) use reconcile::reconcile;
pub use state::DriveState;

/// How long things take; what a drive is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long no reading of a drive has come before it is analysed.
    pub quiet: Duration,
    /// A drive that waits for anything else is looked at again after this time.
    pub look_again: Duration,
    /// How long a claim holds that is not renewed.
    pub lease: Duration,
    /// How long a drive may be without readings before it is given up.
    pub give_up: Duration,
}

impl Pace {
    /// The usual pace.
    pub const fn with_quiet(quiet: Duration) -> Self {
        Self {
            quiet,
            look_again: Duration::from_secs(30),
            lease: Duration::from_secs(30),
            give_up: Duration::from_hours(7 * 24),
        }
    }
}
