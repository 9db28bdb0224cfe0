//! The migrations in `schema/` and the tables that they create.

mod migrations;
mod mysql_syntax;
mod nulls;
mod shape;
mod tables;
mod upgrade;
