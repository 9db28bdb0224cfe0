use crate::admission::Admission;
use crate::fair_admission::FairAdmission;

/// The admission queues of the other actors. The health actor reads their lengths and never waits in them.
#[derive(Clone, Debug)]
pub struct Queues {
    /// Batches for the sync actor.
    pub batches: FairAdmission,
    /// Requests for the model.
    pub analyses: Admission,
    /// Uploads for the backup actor.
    pub uploads: Admission,
}
