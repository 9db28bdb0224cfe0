use std::fmt;

use mysql_async::Opts;

/// Address and account of the database. Its text is a secret and is never shown.
#[derive(Clone)]
pub struct DatabaseUrl {
    opts: Opts,
}

/// Why a text is not a database URL. Never contains the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidDatabaseUrl {
    /// A scheme other than MySQL's.
    #[error("must begin with mysql:// (or SQLAlchemy's mysql+aiomysql://)")]
    Scheme,
    /// No database name follows the host.
    #[error("must name a database: mysql://user:password@host:3306/eclipse_ai")]
    NoDatabase,
    /// Anything else.
    #[error("is not a URL such as mysql://user:password@host:3306/eclipse_ai")]
    Malformed,
}

impl DatabaseUrl {
    /// Reads `mysql://user:password@host:port/database`, also in SQLAlchemy's spelling with a driver behind `mysql+`.
    pub fn parse(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidDatabaseUrl::Scheme)?;
        if scheme != "mysql" && !scheme.starts_with("mysql+") && scheme != "mariadb" {
            return Err(InvalidDatabaseUrl::Scheme);
        }
        let url = without_sqlalchemy_options(rest);
        let opts =
            Opts::from_url(&format!("mysql://{url}")).map_err(|_| InvalidDatabaseUrl::Malformed)?;
        if opts.db_name().is_none_or(str::is_empty) {
            return Err(InvalidDatabaseUrl::NoDatabase);
        }
        Ok(Self { opts })
    }

    pub(crate) fn opts(&self) -> &Opts {
        &self.opts
    }

    /// Host, port and database, for the log.
    pub fn place(&self) -> String {
        let database = self.opts.db_name().unwrap_or_default();
        match self.opts.socket() {
            Some(socket) => format!("{socket}/{database}"),
            None => format!(
                "{}:{}/{database}",
                self.opts.ip_or_hostname(),
                self.opts.tcp_port()
            ),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.place())
    }
}

/// Drops options of Python's drivers such as `charset`: this server always uses utf8mb4.
fn without_sqlalchemy_options(url: &str) -> String {
    let Some((address, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|option| !option.starts_with("charset=") && !option.starts_with("use_unicode="))
        .map(|option| match option.strip_prefix("unix_socket=") {
            Some(_) => option.trim_start_matches("unix_"),
            None => option,
        })
        .collect();
    if kept.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlalchemys_spelling_means_the_same_database() {
        let plain = DatabaseUrl::parse("mysql://car:pw@db.lan:3307/eclipse_ai").unwrap();
        let python =
            DatabaseUrl::parse("mysql+aiomysql://car:pw@db.lan:3307/eclipse_ai?charset=utf8mb4")
                .unwrap();
        assert_eq!(python.opts, plain.opts);
        assert_eq!(python.place(), "db.lan:3307/eclipse_ai");
    }

    #[test]
    fn debug_output_never_shows_the_password() {
        let url = DatabaseUrl::parse("mysql://car:hunter2@localhost/eclipse_ai").unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn each_kind_of_invalid_url_has_its_own_error() {
        let refusal = |text| DatabaseUrl::parse(text).unwrap_err();
        assert_eq!(
            refusal("postgres://localhost/x"),
            InvalidDatabaseUrl::Scheme
        );
        assert_eq!(refusal("eclipse_ai"), InvalidDatabaseUrl::Scheme);
        assert_eq!(refusal("mysql://localhost"), InvalidDatabaseUrl::NoDatabase);
        assert_eq!(
            refusal("mysql://localhost:port/x"),
            InvalidDatabaseUrl::Malformed
        );
    }
}
