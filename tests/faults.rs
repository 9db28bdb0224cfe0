//! Failures of the database, the network, the actors, the clients and the system, and shutdown.

mod cancelled_query;
mod connection;
mod crash;
mod cut_database;
mod cut_model;
mod descriptors;
mod load;
mod log_pipe;
mod packets;
mod panics;
mod resources;
mod sessions;
mod several_databases;
mod shutdown;
mod soak;
mod stops;
mod survival;
mod time;
mod tls;
