//! How the program was installed and who runs it, for the commands that it prints: each can be pasted as it is.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::config;

/// The user of the installed service.
const SERVICE_USER: &str = "eclipse-ai";

/// The name of the program, where it is in `PATH`.
const PROGRAM: &str = "eclipse-ai-server";

/// Where the Debian package puts the script that sets the database up.
const PACKAGED_SETUP: &str = "/usr/share/eclipse-ai-server/setup-mysql.sh";

/// The templates of settings: that of the sources, and that of the package.
const EXAMPLES: [&str; 2] = [".env.example", "/usr/share/eclipse-ai-server/env.example"];

/// What quickstart.sh leaves beside the `.env` of its private database.
const PRIVATE_DATABASE: &str = "data/database/root-password";

/// How the commands of this machine begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    origin: Origin,
    /// Whether root runs it, without `sudo`: that may not even be installed.
    is_plain_root: bool,
    /// How this program was called.
    program: String,
    has_package: bool,
    /// The template of settings, where there is one.
    example: Option<&'static str>,
}

/// Where the settings come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// The settings file of the installed service.
    Service(PathBuf),
    /// The `.env` of quickstart.sh, with its private database.
    Quickstart,
    /// A file of the owner's.
    File(PathBuf),
    /// Variables alone.
    Environment,
}

impl Host {
    /// Finds out.
    pub(super) fn find() -> Self {
        let origin = match config::settings_file() {
            None => Origin::Environment,
            Some(path) if path == Path::new(config::SERVICE_FILE) => {
                Origin::Service(path.to_owned())
            }
            Some(path) if path == Path::new(".env") && Path::new(PRIVATE_DATABASE).exists() => {
                Origin::Quickstart
            }
            Some(path) => Origin::File(path.to_owned()),
        };
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        Self {
            origin,
            is_plain_root: is_root && env::var_os("SUDO_USER").is_none(),
            program: env::args().next().unwrap_or_else(|| PROGRAM.to_owned()),
            has_package: Path::new(PACKAGED_SETUP).exists(),
            example: EXAMPLES.into_iter().find(|path| Path::new(path).exists()),
        }
    }

    /// The same command for the user who runs this: root needs no `sudo`, which may not even be installed.
    pub(super) fn adapt(&self, command: &str) -> String {
        let Some(rest) = command.strip_prefix("sudo ").filter(|_| self.is_plain_root) else {
            return command.to_owned();
        };
        if let Some(file) = rest.strip_prefix("-e ") {
            return format!("editor {file}");
        }
        let as_user = rest
            .strip_prefix("-u ")
            .and_then(|rest| rest.split_once(' '));
        match as_user {
            Some((user, command)) => format!("runuser -u {user} -- {command}"),
            None => rest.to_owned(),
        }
    }

    /// A command of this program, for a user who may read the settings.
    pub(super) fn own(&self, arguments: &str) -> String {
        match &self.origin {
            Origin::Service(_) => {
                self.adapt(&format!("sudo -u {SERVICE_USER} {PROGRAM} {arguments}"))
            }
            _ => format!("{} {arguments}", self.program),
        }
    }

    /// Opens the settings in an editor.
    pub(super) fn edit_settings(&self) -> String {
        match &self.origin {
            Origin::Service(path) => self.adapt(&format!("sudo -e {}", path.display())),
            Origin::Quickstart => "editor .env".to_owned(),
            Origin::File(path) => format!("editor {}", path.display()),
            Origin::Environment => match self.example {
                Some(example) => {
                    format!("install -m 600 {example} .env && editor .env")
                }
                None => "editor .env # lines of the form NAME=value".to_owned(),
            },
        }
    }

    /// Starts the server again, with changed settings for example.
    pub(super) fn restart_server(&self) -> String {
        match &self.origin {
            Origin::Service(_) => self.adapt("sudo systemctl restart eclipse-ai-server"),
            Origin::Quickstart => "deploy/quickstart.sh # after Ctrl-C in its terminal".to_owned(),
            _ => format!("{} # after Ctrl-C in its terminal", self.program),
        }
    }

    /// Sets the database, its account and the rights of the account right.
    pub(super) fn setup_database(&self) -> String {
        match &self.origin {
            Origin::Quickstart => {
                "deploy/quickstart.sh # sets its account up at each start".to_owned()
            }
            _ if self.has_package => self.adapt(&format!("sudo {PACKAGED_SETUP}")),
            _ => self.adapt("sudo deploy/setup-mysql.sh"),
        }
    }

    /// Shows why the database does not answer, or starts it.
    pub(super) fn start_database(&self) -> String {
        match &self.origin {
            Origin::Quickstart => {
                "deploy/quickstart.sh # runs the private database; its log is data/database/server.log"
                    .to_owned()
            }
            _ => "systemctl status mysql mariadb".to_owned(),
        }
    }

    /// Makes a folder that the server can write to.
    pub(super) fn create_folder(&self, path: &Path) -> String {
        let path = path.display();
        let user = match &self.origin {
            Origin::Service(_) => format!("-o {SERVICE_USER} -g {SERVICE_USER}"),
            _ => "-o \"$(id -un)\"".to_owned(),
        };
        self.adapt(&format!("sudo install -d {user} -m 0750 {path}"))
    }

    /// Mounts the disk of the backup folder; or marks the folder, which may be empty on purpose.
    pub(super) fn mount(&self, path: &Path, marker: &str) -> String {
        let mark = format!("touch {}/{marker}", path.display());
        let mark = match &self.origin {
            Origin::Service(_) => self.adapt(&format!("sudo -u {SERVICE_USER} {mark}")),
            _ => mark,
        };
        let mount = self.adapt("sudo mount -a");
        format!("{mount} # or, if the folder is empty on purpose: {mark}")
    }

    /// Shows the log, with these options of `journalctl`.
    pub(super) fn log(&self, options: &str) -> String {
        match &self.origin {
            Origin::Service(_) => {
                self.adapt(&format!("sudo journalctl -u eclipse-ai-server {options}"))
            }
            _ => "# the log is in the terminal of the server".to_owned(),
        }
    }

    /// Where the settings come from.
    pub(super) fn settings_source(&self) -> String {
        match &self.origin {
            Origin::Service(path) | Origin::File(path) => path.display().to_string(),
            Origin::Quickstart => ".env, with the private database of quickstart.sh".to_owned(),
            Origin::Environment => "the environment".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(origin: Origin, is_plain_root: bool) -> Host {
        Host {
            origin,
            is_plain_root,
            program: "target/release/eclipse-ai-server".to_owned(),
            has_package: false,
            example: None,
        }
    }

    #[test]
    fn a_command_begins_as_its_user_and_its_installation_require() {
        let service = || Origin::Service(config::SERVICE_FILE.into());
        for (host, expected) in [
            (
                host(service(), false),
                "sudo -u eclipse-ai eclipse-ai-server doctor",
            ),
            (
                host(service(), true),
                "runuser -u eclipse-ai -- eclipse-ai-server doctor",
            ),
            (
                host(Origin::Environment, true),
                "target/release/eclipse-ai-server doctor",
            ),
            (
                host(Origin::Quickstart, false),
                "target/release/eclipse-ai-server doctor",
            ),
        ] {
            assert_eq!(host.own("doctor"), expected);
        }
    }

    #[test]
    fn the_private_database_has_its_own_repair() {
        for command in [
            host(Origin::Quickstart, false).start_database(),
            host(Origin::Quickstart, false).setup_database(),
            host(Origin::Quickstart, true).restart_server(),
        ] {
            assert!(command.starts_with("deploy/quickstart.sh "), "{command}");
        }
        let other = host(Origin::File(".env".into()), false);
        assert_eq!(other.start_database(), "systemctl status mysql mariadb");
        assert_eq!(other.setup_database(), "sudo deploy/setup-mysql.sh");
    }

    #[test]
    fn a_template_of_settings_is_named_only_where_it_exists() {
        let mut host = host(Origin::Environment, false);
        assert!(host.edit_settings().starts_with("editor .env #"));
        host.example = Some(EXAMPLES[0]);
        assert!(
            host.edit_settings()
                .contains("install -m 600 .env.example .env")
        );
    }

    #[test]
    fn root_needs_no_sudo() {
        let root = host(Origin::Service(config::SERVICE_FILE.into()), true);
        assert_eq!(root.restart_server(), "systemctl restart eclipse-ai-server");
        assert_eq!(root.edit_settings(), "editor /etc/eclipse-ai-server/env");
    }
}
