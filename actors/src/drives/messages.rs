//! What stored batches report to the analysis.

use actix::Message;

/// A batch has changed drives: some are ready, or soon will be. Answers, within about two seconds, whether they can be
/// analysed now.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "bool")]
pub struct DrivesChanged {
    /// How many drives the batch has made ready.
    pub ready: usize,
}
