use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Ran, repository, run};
use crate::support::{Binary, TestDatabase};

/// Characters that are special in a URL, in SQL, in the shell and in a settings file.
const PASSWORD: &str = r#"Aa1@:/%'"\ $#;"#;

/// Runs the script with names that no other test uses.
struct Setup {
    database: TestDatabase,
    name: String,
    folder: TempDir,
}

impl Setup {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        Self {
            name: database.row("SELECT DATABASE()").await,
            database,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("env")
    }

    /// Writes the settings that the script reads.
    fn set(&self, user_and_password: &str) {
        let (host, port) = TestDatabase::server_address();
        let name = &self.name;
        let url = format!("mysql://{user_and_password}@{host}:{port}/{name}");
        fs::write(self.settings(), format!("DATABASE_URL={url}\n")).unwrap();
    }

    /// The present `DATABASE_URL`.
    fn url(&self) -> String {
        let settings = fs::read_to_string(self.settings()).unwrap();
        let (_, url) = settings.trim().split_once('=').unwrap();
        url.to_owned()
    }

    fn script(&self) -> Command {
        let mut script = Command::new(repository("deploy/setup-mysql.sh"));
        script.env_remove("DATABASE_URL").env("DB_PASSWORD", "");
        script.arg("--settings").arg(self.settings());
        script
    }

    /// All grants of the account, for each of its hosts.
    async fn grants(&self) -> Vec<String> {
        let name = &self.name;
        let mut grants = Vec::new();
        for host in ["localhost", "127.0.0.1", "::1"] {
            let of_host: Vec<String> = self
                .database
                .rows(&format!("SHOW GRANTS FOR {name}@'{host}'"))
                .await;
            // MariaDB shows the password's hash here.
            grants.extend(
                of_host
                    .into_iter()
                    .map(|grant| match grant.split_once(" IDENTIFIED") {
                        Some((grant, _)) => grant.to_owned(),
                        None => grant,
                    }),
            );
        }
        grants
    }

    async fn clean_up(self) {
        let statement = format!("DROP DATABASE IF EXISTS {}_test", self.name);
        self.database.execute(&statement).await.unwrap();
    }
}

/// Runs the script as the administrator of the tests' database server.
fn run_as_administrator(script: &mut Command) -> Ran {
    let server = TestDatabase::server_url();
    let (_, account) = server.trim_end_matches('/').split_once("://").unwrap();
    let (account, _) = account.rsplit_once('@').unwrap();
    let (user, password) = account.split_once(':').unwrap_or((account, ""));
    let (host, port) = TestDatabase::server_address();
    script.env("ADMIN_PASSWORD", password).args([
        "--",
        "--protocol=tcp",
        &format!("--host={host}"),
        &format!("--port={port}"),
        &format!("--user={user}"),
    ]);
    run(script)
}

fn assert_succeeded(ran: &Ran) {
    assert!(ran.succeeded, "{}{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_creates_the_database_and_a_second_changes_nothing() {
    let setup = Setup::start().await;
    setup.set(&format!("{}:first-Aa1", setup.name));
    assert_succeeded(&run_as_administrator(&mut setup.script()));
    let grants = setup.grants().await;
    assert_succeeded(&run_as_administrator(&mut setup.script()));
    assert_eq!(setup.grants().await, grants);

    let server = Binary::with_database(&setup.url());
    let init = server.run(&["init-db"]);
    assert_eq!(init.code, Some(0), "{}", init.output);
    let doctor = server.run(&["doctor"]);
    for part in ["database", "grants", "schema"] {
        assert!(
            doctor.output.contains(&format!("ok       {part}")),
            "{}",
            doctor.output
        );
    }
    let databases: Vec<String> = setup
        .database
        .rows(&format!("SHOW DATABASES LIKE '{}\\_test'", setup.name))
        .await;
    assert_eq!(databases.len(), 1, "the database for tests is there");
    setup.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_gets_only_the_grants_that_it_needs() {
    let setup = Setup::start().await;
    setup.set(&format!("{}:first-Aa1", setup.name));
    assert_succeeded(&run_as_administrator(
        setup.script().arg("--no-test-database"),
    ));
    let grants = setup.grants().await;
    for grant in &grants {
        let (rights, _) = grant["GRANT ".len()..].split_once(" ON ").unwrap();
        assert!(
            [
                "USAGE",
                "SELECT, INSERT, UPDATE, DELETE, CREATE, REFERENCES, INDEX, ALTER"
            ]
            .contains(&rights),
            "{grant}"
        );
        let is_everywhere = grant.contains(" ON *.* ");
        assert_eq!(is_everywhere, rights == "USAGE", "{grant}");
        assert!(!grant.contains("GRANT OPTION"), "{grant}");
    }
    assert_eq!(grants.len(), 6, "two for each way in: {grants:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_with_special_characters_reaches_account_and_settings() {
    let setup = Setup::start().await;
    setup.set(&format!("{}:first-Aa1", setup.name));
    let mut script = setup.script();
    let ran = run_as_administrator(
        script
            .arg("--no-test-database")
            .env("DB_PASSWORD", PASSWORD),
    );
    assert_succeeded(&ran);
    assert!(
        !(ran.stdout + &ran.stderr).contains(PASSWORD),
        "it is a secret"
    );
    let init = Binary::with_database(&setup.url()).run(&["init-db"]);
    assert_eq!(init.code, Some(0), "{}", init.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_in_the_settings_one_is_generated() {
    let setup = Setup::start().await;
    setup.set(&setup.name);
    assert_succeeded(&run_as_administrator(
        setup.script().arg("--no-test-database"),
    ));
    let init = Binary::with_database(&setup.url()).run(&["init-db"]);
    assert_eq!(init.code, Some(0), "{}", init.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_creates_no_account_and_prints_no_password() {
    let setup = Setup::start().await;
    setup.set(&format!("{}:hunter2-Aa1", setup.name));
    let ran = run_as_administrator(setup.script().arg("--dry-run"));
    assert_succeeded(&ran);
    let output = ran.stdout + &ran.stderr;
    assert!(output.contains("CREATE USER IF NOT EXISTS"), "{output}");
    assert!(!output.contains("hunter2"), "{output}");
    let accounts = format!("user = '{}'", setup.name);
    assert_eq!(setup.database.count("mysql.user", &accounts).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn root_is_refused_as_the_servers_account() {
    let setup = Setup::start().await;
    setup.set("root:pw");
    let ran = run_as_administrator(&mut setup.script());
    assert!(
        !ran.succeeded && ran.stderr.contains("an account of its own"),
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn several_hosts_stay_in_the_settings() {
    let setup = Setup::start().await;
    let (host, port) = TestDatabase::server_address();
    let hosts = format!("{host}:{port},127.0.0.1:9,[::1]:9");
    let url = |password: &str| format!("mysql://{0}:{password}@{hosts}/{0}", setup.name);
    fs::write(
        setup.settings(),
        format!("DATABASE_URL={}\n", url("first-Aa1")),
    )
    .unwrap();
    let mut script = setup.script();
    script
        .arg("--no-test-database")
        .env("DB_PASSWORD", "second-Aa1");
    assert_succeeded(&run_as_administrator(&mut script));
    assert_eq!(setup.url(), url("second-Aa1"));
    let init = Binary::with_database(&setup.url()).run(&["init-db"]);
    assert_eq!(init.code, Some(0), "{}", init.output);
}

#[test]
fn the_first_of_several_hosts_gets_an_account_for_each_client_host() {
    let folder = tempfile::tempdir().unwrap();
    let dry_run = |client_hosts: &[&str]| {
        let mut script = Command::new(repository("deploy/setup-mysql.sh"));
        script
            .env("MYSQL_CLIENT", "true")
            .env("DB_PASSWORD", "")
            .env(
                "DATABASE_URL",
                "mysql://car:hunter2@db1:3307,127.0.0.1,db3:3306/car",
            )
            .arg("--settings")
            .arg(folder.path())
            .arg("--dry-run");
        for host in client_hosts {
            script.args(["--client-host", host]);
        }
        run(&mut script)
    };
    let ran = dry_run(&["10.0.0.1", "10.0.0.2"]);
    assert_succeeded(&ran);
    assert!(
        ran.stderr.contains("--host=db1 --port=3307"),
        "{}",
        ran.stderr
    );
    for host in ["10.0.0.1", "10.0.0.2"] {
        let account = format!("CREATE USER IF NOT EXISTS 'car'@'{host}'");
        assert!(ran.stdout.contains(&account), "{}", ran.stdout);
    }
    let ran = dry_run(&[]);
    assert!(
        !ran.succeeded && ran.stderr.contains("--client-host"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_invalid_url_is_refused_without_being_printed() {
    let folder = tempfile::tempdir().unwrap();
    let settings: &Path = &folder.path().join("env");
    fs::write(
        settings,
        "DATABASE_URL=postgres://car:hunter2@localhost/x\n",
    )
    .unwrap();
    let mut script = Command::new(repository("deploy/setup-mysql.sh"));
    script
        .env_remove("DATABASE_URL")
        .env("MYSQL_CLIENT", "true");
    let ran = run(script.arg("--settings").arg(settings));
    assert!(
        !ran.succeeded && ran.stderr.contains("not of the form"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
}
