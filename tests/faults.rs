//! Failures of the database, the network, the actors and the clients, and shutdown.

mod cancelled_query;
mod connection;
mod log_pipe;
mod packets;
mod panics;
mod sessions;
mod several_databases;
mod shutdown;
mod survival;
mod tls;
