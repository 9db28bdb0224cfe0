use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempPath;

use super::tool;

/// The system calls of a process, as `strace` sees them.
pub(crate) struct Trace(TempPath);

/// A call that succeeded.
#[derive(Debug)]
pub(crate) struct Call {
    text: String,
    /// Its place among all beginnings and ends of calls.
    pub(crate) began: usize,
    pub(crate) ended: usize,
}

impl Trace {
    /// Fails if this process may not trace others.
    pub(crate) fn new() -> Self {
        let probe = Command::new(tool("strace"))
            .args(["-f", "-o", "/dev/null", "true"])
            .output()
            .unwrap();
        assert!(
            probe.status.success(),
            "strace may not trace processes here (a container needs the capability SYS_PTRACE): {}",
            String::from_utf8_lossy(&probe.stderr)
        );
        Self(tempfile::NamedTempFile::new().unwrap().into_temp_path())
    }

    /// A command that runs the program and writes down these calls. A kill of it is one of the program.
    pub(crate) fn command(&self, program: &str, calls: &[&str]) -> Command {
        let mut command = Command::new(tool("strace"));
        // Not every architecture has all of them.
        let calls: Vec<String> = calls.iter().map(|call| format!("?{call}")).collect();
        let filter = format!("trace={}", calls.join(","));
        command.args(["-D", "-f", "-y", "--seccomp-bpf", "-e", &filter, "-o"]);
        command.arg(&self.0).args(["--", program]);
        command
    }

    /// The calls that have ended, in this order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let text = fs::read_to_string(&self.0).unwrap();
        let lines = text
            .split_inclusive('\n')
            .map_while(|line| line.strip_suffix('\n'));
        let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
        let mut calls = Vec::new();
        for (place, line) in lines.enumerate() {
            let (thread, line) = line.split_once(' ').unwrap();
            let line = line.trim_start();
            if let Some(head) = line.strip_suffix(" <unfinished ...>") {
                unfinished.insert(thread, (place, head));
                continue;
            }
            let (began, text) = match line.split_once(" resumed>") {
                Some((_, rest)) => {
                    let (began, head) = unfinished.remove(thread).unwrap();
                    (began, format!("{head}{rest}"))
                }
                None => (place, line.to_owned()),
            };
            let result = text.rsplit_once(" = ").map(|(_, result)| result);
            if result.is_some_and(|result| !result.starts_with(['-', '?'])) {
                calls.push(Call {
                    text,
                    began,
                    ended: place,
                });
            }
        }
        calls
    }
}

impl Call {
    pub(crate) fn name(&self) -> &str {
        self.text.split('(').next().unwrap()
    }

    /// The file of its first argument, if that is a descriptor.
    pub(crate) fn file(&self) -> Option<&Path> {
        let first = self.text.split(',').next().unwrap();
        Some(Path::new(first.split_once('<')?.1.split_once('>')?.0))
    }

    /// The texts in quotes: paths, and the beginnings of what is written.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.text.split('"').skip(1).step_by(2).collect()
    }

    /// The last path in it, absolute.
    pub(crate) fn path(&self) -> PathBuf {
        let path = *self.texts().last().unwrap();
        self.file()
            .map_or_else(|| path.into(), |folder| folder.join(path))
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}
