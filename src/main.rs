//! The command line of eclipse-ai-server.

fn main() {}
