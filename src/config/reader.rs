use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Reads variables one by one and collects their problems.
pub(super) struct Reader<'a> {
    variables: &'a HashMap<String, String>,
    problems: Vec<String>,
    names: Vec<String>,
}

/// The settings of the installed service, for commands run by hand.
pub const SERVICE_FILE: &str = "/etc/eclipse-ai-server/env";

/// The file that the command line names.
static CHOSEN: OnceLock<PathBuf> = OnceLock::new();

/// Makes this file the settings file. Only the first call has an effect.
pub fn choose_settings_file(path: PathBuf) {
    let _ = CHOSEN.set(path);
}

/// The settings file: the chosen one, else `.env` in the working directory, else that of the installed service.
pub fn settings_file() -> Option<&'static Path> {
    if let Some(chosen) = CHOSEN.get() {
        return Some(chosen);
    }
    // A file in a folder that this user cannot read counts as missing.
    [".env", SERVICE_FILE]
        .map(Path::new)
        .into_iter()
        .find(|path| path.exists())
}

/// The variables of a file. A malformed line is reported by the variable before it, since the line may hold a secret.
pub(super) fn read(path: &Path) -> Result<HashMap<String, String>, String> {
    let lines = dotenvy::from_path_iter(path).map_err(|error| unreadable(path, &error))?;
    let path = path.display();
    let mut variables = HashMap::new();
    let mut last = None;
    for line in lines {
        let Ok((name, value)) = line else {
            return Err(match last {
                Some(name) => format!("{path}: the line after {name} is not NAME=value"),
                None => format!("{path}: the first line is not NAME=value"),
            });
        };
        last = Some(name.clone());
        variables.insert(name, value);
    }
    Ok(variables)
}

fn unreadable(path: &Path, error: &dotenvy::Error) -> String {
    let is_service = path == Path::new(SERVICE_FILE);
    let path = path.display();
    match error {
        dotenvy::Error::Io(error) if error.kind() == ErrorKind::PermissionDenied && is_service => {
            format!(
                "{path}: only root and the user of the service can read it; call: sudo -u eclipse-ai eclipse-ai-server …"
            )
        }
        dotenvy::Error::Io(error) => format!("{path}: this user cannot read the file: {error}"),
        _ => format!("{path}: this user cannot read the file"),
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a HashMap<String, String>) -> Self {
        Self {
            variables,
            problems: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The names of the variables that were read.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    pub(super) fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(text) = self.text(name) else {
            self.problems.push(format!("{name}: is required"));
            return None;
        };
        self.parsed(name, text, parse)
    }

    /// The value of the variable; `default` if it is missing or has a problem.
    pub(super) fn or<T>(
        &mut self,
        name: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let value = self
            .text(name)
            .and_then(|text| self.parsed(name, text, parse));
        value.unwrap_or(default)
    }

    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    /// An empty variable counts as not set.
    fn text(&mut self, name: &str) -> Option<&'a str> {
        self.names.push(name.to_owned());
        let text = self.variables.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(text)
            .map_err(|problem| self.problems.push(format!("{name}: {problem}")))
            .ok()
    }
}
