//! Clusters of database servers, with one of our servers beside each node. Only in the long form of the tests.

mod load;
mod nodes;
mod proxy;
