use std::fmt;

use crate::cli::host::Host;
use crate::cli::page::painted;

/// What is found about one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    /// The part.
    subject: &'static str,
    /// How it is.
    says: String,
    /// The command that mends it, or that shows more.
    mend: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// The server does its work, but perhaps not well, or not for long.
    Warning,
    /// The server cannot do all of its work.
    Error,
}

impl Finding {
    pub(super) fn ok(subject: &'static str, says: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ok,
            subject,
            says: says.into(),
            mend: None,
        }
    }

    pub(super) fn warning(
        subject: &'static str,
        says: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Warning,
            subject,
            says: says.into(),
            mend: Some(mend.into()),
        }
    }

    pub(super) fn error(
        subject: &'static str,
        says: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Error,
            ..Self::warning(subject, says, mend)
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl Finding {
    /// One line, and below it the command, for the user who runs this.
    pub(super) fn render(&self, host: &Host) -> String {
        let Self {
            verdict,
            subject,
            says,
            mend,
        } = self;
        let verdict = painted(verdict.colour(), &format!("{verdict:8}"));
        let line = format!("{verdict} {subject:9} {says}");
        match mend {
            Some(command) => format!("{line}\n{:8} {:9} $ {}", "", "", host.adapt(command)),
            None => line,
        }
    }
}

impl Verdict {
    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "32",
            Self::Warning => "33",
            Self::Error => "1;31",
        }
    }
}

/// A number of bytes, for people.
pub(in crate::cli) fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = 1024 * KB;
    const GB: u64 = 1024 * MB;
    match bytes {
        GB.. => format!("{}.{} GB", bytes / GB, bytes % GB * 10 / GB),
        MB.. => format!("{} MB", bytes / MB),
        _ => format!("{} kB", bytes.div_ceil(KB)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_stands_below_what_it_mends() {
        let lines = Finding::error("database", "does not answer", "systemctl status mysql");
        assert_eq!(
            lines.render(&Host::find()),
            "error    database  does not answer\n                   $ systemctl status mysql"
        );
        let line = Finding::ok("port", "8000 is free").render(&Host::find());
        assert_eq!(line, "ok       port      8000 is free");
    }

    #[test]
    fn sizes_are_shown_in_readable_units() {
        assert_eq!(size(1_629_518_495), "1.5 GB");
        assert_eq!(size(300 * 1024 * 1024), "300 MB");
        assert_eq!(size(1), "1 kB");
    }
}
