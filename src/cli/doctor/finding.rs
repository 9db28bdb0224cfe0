use std::fmt;

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

/// One line, and below it the command.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verdict,
            subject,
            says,
            mend,
        } = self;
        write!(f, "{verdict:8} {subject:9} {says}")?;
        match mend {
            Some(command) => write!(f, "\n{:8} {:9} $ {command}", "", ""),
            None => Ok(()),
        }
    }
}

/// A number of bytes, for people.
pub(super) fn size(bytes: u64) -> String {
    const MB: u64 = 1024 * 1024;
    const GB: u64 = 1024 * MB;
    match bytes {
        GB.. => format!("{}.{} GB", bytes / GB, bytes % GB * 10 / GB),
        _ => format!("{} MB", bytes / MB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_stands_below_what_it_mends() {
        let lines = Finding::error("database", "does not answer", "systemctl status mysql");
        assert_eq!(
            lines.to_string(),
            "error    database  does not answer\n                   $ systemctl status mysql"
        );
        let line = Finding::ok("port", "8000 is free").to_string();
        assert_eq!(line, "ok       port      8000 is free");
    }

    #[test]
    fn sizes_are_told_in_what_people_use() {
        assert_eq!(size(1_629_518_495), "1.5 GB");
        assert_eq!(size(300 * 1024 * 1024), "300 MB");
    }
}
