//! `DATABASE_URL`: the addresses, the account and the options of a connection.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use mysql_async::OptsBuilder;
use percent_encoding::percent_decode_str;

use super::tls::{Tls, TlsMode};

/// The port of MySQL.
const DEFAULT_PORT: u16 = 3306;

/// Addresses and account of the database. Its text is a secret and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    addresses: Vec<Address>,
    user: String,
    password: String,
    database: String,
    /// `None` if the URL does not say how to use TLS.
    tls: Option<Tls>,
}

/// Where a database server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A host name or an IP address without brackets, and a port.
    Tcp(String, u16),
    /// The path of a Unix socket.
    Socket(String),
}

/// Why a text is not a database URL. Contains no value of the text except names of hosts and options.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidDatabaseUrl {
    /// A scheme other than MySQL's.
    #[error("must begin with mysql:// (or SQLAlchemy's mysql+aiomysql://)")]
    Scheme,
    /// No database name follows the host.
    #[error("must name a database: mysql://user:password@host:3306/eclipse_ai")]
    NoDatabase,
    /// An option that this server does not have.
    #[error("has the unknown option {0}: known are ssl-mode, ssl-ca and socket")]
    UnknownOption(String),
    /// An option with an invalid value.
    #[error("has an invalid option {name}: {problem}")]
    Option {
        /// The option.
        name: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
    /// Anything else.
    #[error("is not a URL such as mysql://user:password@host:3306/eclipse_ai")]
    Malformed,
}

impl DatabaseUrl {
    /// Reads `mysql://user:password@host:port/database`, also in SQLAlchemy's spelling with a driver behind `mysql+`.
    ///
    /// Several hosts are separated by commas. An IPv6 address stands in brackets. Reads the file that `ssl-ca` names.
    pub fn parse(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidDatabaseUrl::Scheme)?;
        if scheme != "mysql" && !scheme.starts_with("mysql+") && scheme != "mariadb" {
            return Err(InvalidDatabaseUrl::Scheme);
        }
        let (authority, rest) = rest.split_once('/').ok_or(InvalidDatabaseUrl::NoDatabase)?;
        let (database, options) = rest.split_once('?').unwrap_or((rest, ""));
        let database = decoded(database.trim_end_matches('/'))?;
        if database.is_empty() {
            return Err(InvalidDatabaseUrl::NoDatabase);
        }
        let (account, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let addresses: Result<Vec<Address>, _> = hosts.split(',').map(address).collect();
        let options = Options::read(options)?;
        Ok(Self {
            addresses: match options.socket {
                Some(socket) => vec![Address::Socket(socket)],
                None => addresses?,
            },
            user: decoded(user)?,
            password: decoded(password)?,
            database,
            tls: options.tls,
        })
    }

    /// In the order in which they are preferred.
    pub(super) fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// How connections to an address use TLS. Without `ssl-mode` they use it where the server offers it, unless they do
    /// not leave the machine.
    pub(super) fn tls(&self, address: &Address) -> Tls {
        match (&self.tls, address) {
            (_, Address::Socket(_)) => Tls::disabled(),
            (Some(tls), _) => tls.clone(),
            (None, Address::Tcp(host, _)) if is_this_machine(host) => Tls::disabled(),
            (None, _) => Tls::preferred(),
        }
    }

    /// The driver's options for an address, without TLS.
    pub(super) fn options(&self, address: &Address) -> OptsBuilder {
        let options = OptsBuilder::default()
            .user(Some(self.user.as_str()).filter(|user| !user.is_empty()))
            .pass(Some(self.password.as_str()).filter(|password| !password.is_empty()))
            .db_name(Some(self.database.as_str()))
            .prefer_socket(false)
            .tcp_nodelay(true);
        match address {
            Address::Tcp(host, port) => options.ip_or_hostname(host).tcp_port(*port),
            Address::Socket(path) => options.socket(Some(path.as_str())),
        }
    }

    /// Hosts, ports and database, for the log.
    pub fn place(&self) -> String {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        format!("{}/{}", addresses.join(","), self.database)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.place())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Socket(path) => f.write_str(path),
        }
    }
}

fn address(text: &str) -> Result<Address, InvalidDatabaseUrl> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(InvalidDatabaseUrl::Malformed)?;
            let without_zone = host.split('%').next().unwrap_or_default();
            if without_zone.parse::<Ipv6Addr>().is_err() {
                return Err(InvalidDatabaseUrl::Malformed);
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(InvalidDatabaseUrl::Malformed),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_name =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%' | '\u{80}'..);
    if !host.chars().all(is_name) {
        return Err(InvalidDatabaseUrl::Malformed);
    }
    let port = match port.map(str::parse) {
        None => DEFAULT_PORT,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err(InvalidDatabaseUrl::Malformed),
    };
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Ok(Address::Tcp(host.to_owned(), port))
}

fn is_this_machine(host: &str) -> bool {
    let is_loopback = |address: IpAddr| address.is_loopback();
    host == "localhost" || host.parse().is_ok_and(is_loopback)
}

fn decoded(text: &str) -> Result<String, InvalidDatabaseUrl> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(Into::into)
        .map_err(|_| InvalidDatabaseUrl::Malformed)
}

/// What stands behind the `?`.
#[derive(Default)]
struct Options {
    tls: Option<Tls>,
    socket: Option<String>,
}

impl Options {
    fn read(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let mut options = Self::default();
        let (mut mode, mut authority) = (None, None);
        for option in text.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = decoded(value)?;
            match name.to_ascii_lowercase().replace('_', "-").as_str() {
                "ssl-mode" => mode = Some(value.parse().map_err(invalid("ssl-mode"))?),
                "ssl-ca" => authority = Some(value),
                "socket" | "unix-socket" => options.socket = Some(value),
                // Of Python's drivers. This server always uses utf8mb4.
                "charset" | "use-unicode" => {}
                _ => return Err(InvalidDatabaseUrl::UnknownOption(shown(name))),
            }
        }
        // As in MySQL's own clients.
        let mode = mode.or_else(|| authority.as_ref().map(|_| TlsMode::VerifyCa));
        let tls = mode.map(|mode| Tls::new(mode, authority.as_deref()));
        options.tls = tls.transpose().map_err(invalid("ssl-ca"))?;
        Ok(options)
    }
}

fn invalid(name: &'static str) -> impl Fn(String) -> InvalidDatabaseUrl {
    move |problem| InvalidDatabaseUrl::Option { name, problem }
}

/// A name of an option as it may be shown: a part of a password could stand there by mistake.
fn shown(name: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= 40 && name.chars().all(is_name) {
        name.to_owned()
    } else {
        "behind the ?".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parsed(text: &str) -> DatabaseUrl {
        DatabaseUrl::parse(text).unwrap()
    }

    #[test]
    fn sqlalchemys_spelling_means_the_same_database() {
        let plain = parsed("mysql://car:pw@db.lan:3307/eclipse_ai");
        let python = parsed("mysql+aiomysql://car:pw@db.lan:3307/eclipse_ai?charset=utf8mb4");
        assert_eq!(python, plain);
        assert_eq!(python.place(), "db.lan:3307/eclipse_ai");
    }

    #[test]
    fn debug_output_never_shows_the_password() {
        let url = parsed("mysql://car:hunter2@localhost/eclipse_ai");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn account_and_database_are_decoded() {
        let url = parsed("mysql://c%40r:p%40ss%2F%3A:w?rd@db/eclipse%5Fai");
        let options = mysql_async::Opts::from(url.options(&url.addresses[0]));
        assert_eq!(options.user(), Some("c@r"));
        assert_eq!(options.pass(), Some("p@ss/::w?rd"));
        assert_eq!(options.db_name(), Some("eclipse_ai"));
    }

    #[rstest]
    #[case("mysql://u@db.lan/x", "db.lan:3306/x")]
    #[case("mysql://u@[::1]/x", "[::1]:3306/x")]
    #[case("mysql://u@[fd00::2]:3307/x", "[fd00::2]:3307/x")]
    #[case("mysql://u@[fe80::1%eth0]:3307/x", "[fe80::1%eth0]:3307/x")]
    #[case("mysql://u:p@a:3306,b:3307,[::1]/x", "a:3306,b:3307,[::1]:3306/x")]
    #[case("mysql:///x", "127.0.0.1:3306/x")]
    #[case("mysql://u@/x?socket=/run/my%20sql.sock", "/run/my sql.sock/x")]
    #[case("mysql://u@localhost/x?unix_socket=/run/s", "/run/s/x")]
    fn addresses_are_those_of_the_url(#[case] url: &str, #[case] place: &str) {
        assert_eq!(parsed(url).place(), place);
    }

    #[test]
    fn the_driver_gets_an_ipv6_address_without_brackets() {
        let url = parsed("mysql://u@[::1]:3307/x");
        let options = mysql_async::Opts::from(url.options(&url.addresses[0]));
        assert_eq!(options.ip_or_hostname(), "::1");
        assert_eq!(options.tcp_port(), 3307);
    }

    #[rstest]
    #[case("mysql://u@db/x", TlsMode::Preferred)]
    #[case("mysql://u@10.0.0.2/x", TlsMode::Preferred)]
    #[case("mysql://u@localhost/x", TlsMode::Disabled)]
    #[case("mysql://u@127.0.0.1/x", TlsMode::Disabled)]
    #[case("mysql://u@[::1]/x", TlsMode::Disabled)]
    #[case("mysql://u@[::1]/x?ssl-mode=required", TlsMode::Required)]
    #[case("mysql://u@db/x?ssl_mode=DISABLED", TlsMode::Disabled)]
    #[case("mysql://u@db/x?ssl-mode=VERIFY_IDENTITY", TlsMode::VerifyIdentity)]
    #[case("mysql://u@db/x?ssl-mode=verify-ca", TlsMode::VerifyCa)]
    #[case("mysql://u@db/x?socket=/s&ssl-mode=required", TlsMode::Disabled)]
    fn tls_is_used_as_the_url_says(#[case] url: &str, #[case] mode: TlsMode) {
        let url = parsed(url);
        assert_eq!(url.tls(&url.addresses[0]).mode(), mode);
    }

    #[rstest]
    #[case("postgres://localhost/x", InvalidDatabaseUrl::Scheme)]
    #[case("eclipse_ai", InvalidDatabaseUrl::Scheme)]
    #[case("mysql://localhost", InvalidDatabaseUrl::NoDatabase)]
    #[case("mysql://localhost/?ssl-mode=required", InvalidDatabaseUrl::NoDatabase)]
    #[case("mysql://localhost:port/x", InvalidDatabaseUrl::Malformed)]
    #[case("mysql://localhost:0/x", InvalidDatabaseUrl::Malformed)]
    #[case("mysql://fd00::2/x", InvalidDatabaseUrl::Malformed)]
    #[case("mysql://[db]/x", InvalidDatabaseUrl::Malformed)]
    #[case("mysql://a b/x", InvalidDatabaseUrl::Malformed)]
    #[case(
        "mysql://db/x?require_ssl=true",
        InvalidDatabaseUrl::UnknownOption("require_ssl".to_owned())
    )]
    #[case(
        "mysql://db/x?p%40ss=1",
        InvalidDatabaseUrl::UnknownOption("behind the ?".to_owned())
    )]
    fn each_kind_of_invalid_url_has_its_own_error(
        #[case] url: &str,
        #[case] error: InvalidDatabaseUrl,
    ) {
        assert_eq!(DatabaseUrl::parse(url).unwrap_err(), error);
    }

    #[rstest]
    #[case("ssl-mode=always", "ssl-mode", "disabled, preferred, required")]
    #[case("ssl-ca=/nowhere/ca.pem", "ssl-ca", "/nowhere/ca.pem")]
    #[case("ssl-mode=required&ssl-ca=/etc/hostname", "ssl-ca", "verify-ca")]
    #[case("ssl-ca=/proc/self/status", "ssl-ca", "no certificate")]
    fn an_invalid_option_is_named_with_its_problem(
        #[case] options: &str,
        #[case] name: &str,
        #[case] problem: &str,
    ) {
        let error = DatabaseUrl::parse(&format!("mysql://u:hunter2@db/x?{options}")).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(name) && error.contains(problem), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
