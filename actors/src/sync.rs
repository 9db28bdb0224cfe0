//! Takes the batches of the devices and stores them.

pub mod batch;
pub mod store;
pub mod tables;
pub mod timestamp;
