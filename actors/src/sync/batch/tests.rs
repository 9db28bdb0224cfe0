//! Batches are read without I/O, so all of it is tested here.

mod any_body;
mod reading;
