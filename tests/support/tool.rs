use std::env;
use std::path::PathBuf;

/// A program that a test needs beside the server and its database.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut candidates = env::split_paths(&path).map(|folder| folder.join(name));
    candidates
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is not in PATH: ./deploy/test.sh gets whatever the tests need")
        })
}
