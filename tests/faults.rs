//! Failures of the database, the network, the actors and the clients, and shutdown.

mod cancelled_query;
mod connection;
mod panics;
mod sessions;
mod shutdown;
mod survival;
