//! Connections to the database with TLS, over IPv6 and through a Unix socket.

use std::path::Path;
use std::time::Duration;

use actors::database::{Database, DatabaseUrl};
use mysql_async::prelude::Queryable as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::support::{Binary, PrivateDatabase, Proxy, TestDatabase};

const LIMIT: Duration = Duration::from_secs(30);

/// Whether a connection by this URL is encrypted, or why there is none.
async fn is_encrypted(url: &str) -> Result<bool, String> {
    let database = Database::open(&DatabaseUrl::parse(url).unwrap(), 1);
    let encrypted = database.run(LIMIT, async |connection| {
        let row: Option<(String, String)> = connection
            .query_first("SHOW STATUS LIKE 'Ssl_cipher'")
            .await?;
        Ok(row.is_some_and(|(_, cipher)| !cipher.is_empty()))
    });
    let outcome = encrypted.await.map_err(|error| error.to_string());
    database.close(LIMIT).await;
    outcome
}

/// Files of a certificate authority of its own, and of a server's certificate from it.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// For a server that is called `localhost`.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let authority = authority("Authority of the test");
        write("ca.pem", &authority.0);
        write("other-ca.pem", &self::authority("Another authority").0);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let server = server.signed_by(&key, &authority.1).unwrap();
        write("server.pem", &server.pem());
        write("server-key.pem", &key.serialize_pem());
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), Issuer::new(params, key))
}

#[tokio::test]
async fn each_mode_encrypts_and_verifies_as_much_as_its_name_says() {
    let certificates = Certificates::new();
    let server = PrivateDatabase::start_with(&[
        &format!("--ssl-ca={}", certificates.path("ca.pem")),
        &format!("--ssl-cert={}", certificates.path("server.pem")),
        &format!("--ssl-key={}", certificates.path("server-key.pem")),
    ])
    .await;
    let by_name = server.url().replacen("127.0.0.1", "localhost", 1);
    let (ours, other) = (
        certificates.path("ca.pem"),
        certificates.path("other-ca.pem"),
    );
    let not_trusted =
        "TLS with the database server failed: invalid peer certificate: UnknownIssuer";
    let not_its_name = "TLS with the database server failed: invalid peer certificate: certificate not valid for name";
    for (url, options, expected) in [
        (&server.url(), String::new(), Ok(false)),
        (&server.url(), "ssl-mode=disabled".to_owned(), Ok(false)),
        (&server.url(), "ssl-mode=preferred".to_owned(), Ok(true)),
        (&server.url(), "ssl-mode=required".to_owned(), Ok(true)),
        // The authority is trusted; the name of the host does not matter.
        (&server.url(), format!("ssl-ca={ours}"), Ok(true)),
        (
            &server.url(),
            format!("ssl-mode=verify-ca&ssl-ca={ours}"),
            Ok(true),
        ),
        (
            &server.url(),
            format!("ssl-mode=verify-ca&ssl-ca={other}"),
            Err(not_trusted),
        ),
        (
            &server.url(),
            "ssl-mode=verify-ca".to_owned(),
            Err(not_trusted),
        ),
        (
            &by_name,
            format!("ssl-mode=verify-identity&ssl-ca={ours}"),
            Ok(true),
        ),
        (
            &server.url(),
            format!("ssl-mode=verify-identity&ssl-ca={ours}"),
            Err(not_its_name),
        ),
        (
            &by_name,
            format!("ssl-mode=verify-identity&ssl-ca={other}"),
            Err(not_trusted),
        ),
    ] {
        let found = is_encrypted(&format!("{url}?{options}")).await;
        match (&found, expected) {
            (Ok(found), Ok(expected)) if *found == expected => {}
            (Err(found), Err(expected)) if found.starts_with(expected) => {}
            (_, expected) => panic!("{options}: {found:?} instead of {expected:?}"),
        }
    }
    // An account that may only use TLS, then a server that allows nothing else.
    server
        .execute(&["CREATE USER car@'127.0.0.1' IDENTIFIED BY 'hunter2' REQUIRE SSL"])
        .await;
    server
        .execute(&["GRANT ALL PRIVILEGES ON *.* TO car@'127.0.0.1'"])
        .await;
    let account = server.url().replacen("root@", "car:hunter2@", 1);
    let refused = is_encrypted(&account).await.unwrap_err();
    assert!(refused.contains("requires TLS (ssl-mode)"), "{refused}");
    assert_eq!(
        is_encrypted(&format!("{account}?ssl-mode=required")).await,
        Ok(true)
    );
    server
        .execute(&["SET GLOBAL require_secure_transport = ON"])
        .await;
    let refused = is_encrypted(&server.url()).await.unwrap_err();
    // MySQL says so. MariaDB refuses the account.
    assert!(refused.contains("requires TLS"), "{refused}");
    let url = format!("{account}?ssl-mode=verify-ca&ssl-ca={ours}");
    let ended = Binary::with_database(&url).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}

#[tokio::test]
async fn a_server_without_tls_is_used_only_where_tls_is_not_required() {
    let server = PrivateDatabase::start_with(&["--loose-skip-ssl", "--tls-version="]).await;
    let outcome =
        async |mode: &str| is_encrypted(&format!("{}?ssl-mode={mode}", server.url())).await;
    assert_eq!(outcome("preferred").await, Ok(false));
    for mode in ["required", "verify-ca", "verify-identity"] {
        let error = outcome(mode).await.unwrap_err();
        assert!(error.contains("offers no TLS"), "{mode}: {error}");
    }
}

#[tokio::test]
async fn a_host_can_be_an_ipv6_address_in_brackets() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server_by_ipv6().await;
    let url = proxy.url_of(&database);
    assert!(url.contains("@[::1]:"), "{}", proxy.address);
    assert_eq!(is_encrypted(&url).await, Ok(false));
}

#[tokio::test]
async fn a_unix_socket_can_be_used() {
    let database = TestDatabase::create().await;
    let socket: String = database.row("SELECT @@socket").await;
    assert!(Path::new(&socket).exists(), "{socket}");
    // The host is not used.
    let (host, port) = TestDatabase::server_address();
    let url = database
        .url()
        .replacen(&format!("{host}:{port}"), "db.invalid", 1);
    assert_eq!(
        is_encrypted(&format!("{url}?socket={socket}")).await,
        Ok(false)
    );
}

#[test]
fn an_unknown_option_is_named_at_the_start() {
    let url = "mysql://car:hunter2@127.0.0.1:9/eclipse_ai?require_ssl=true";
    let ended = Binary::with_database(url).run(&["init-db"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .output
            .contains("DATABASE_URL: has the unknown option require_ssl"),
        "{}",
        ended.output
    );
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}
