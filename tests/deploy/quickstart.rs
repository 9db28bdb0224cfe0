//! The parts of `quickstart.sh` that can be tested without a build.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Ran, repository, run};

/// Runs lines of bash that use a library of `deploy/lib`, in a folder.
fn bash(folder: &Path, library: &str, script: &str) -> Ran {
    let library = repository("deploy/lib").join(library);
    let script = format!("set -euo pipefail\n. '{}'\n{script}", library.display());
    run(Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder))
}

#[test]
fn scripts_read_settings_as_the_server_does() {
    let folder = tempfile::tempdir().unwrap();
    let text = "\
PLAIN=abc
 BLANKS = abc
export EXPORTED=abc
SINGLE='a b # c'
DOUBLE=\"a b # c\"
COMMENTED=abc # a comment
EMPTY=
ONLY_A_COMMENT= # a comment
TWICE=first
TWICE=second
# COMMENTED_OUT=abc
URL=mysql://user:a%23b@127.0.0.1:3306/eclipse_ai?ssl-mode=required
";
    fs::write(folder.path().join(".env"), text).unwrap();
    let expected: HashMap<String, String> = dotenvy::from_path_iter(folder.path().join(".env"))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(expected.len(), 10);
    for (name, value) in expected {
        let ran = bash(
            folder.path(),
            "settings-file.sh",
            &format!("read_setting .env {name}"),
        );
        assert_eq!(
            ran.stdout.trim_end_matches('\n'),
            value,
            "{name}: {}",
            ran.stderr
        );
    }
    let ran = bash(
        folder.path(),
        "settings-file.sh",
        "read_setting .env COMMENTED_OUT",
    );
    assert_eq!((ran.succeeded, ran.stdout.as_str()), (true, ""));
}

#[test]
fn a_setting_is_written_over_its_empty_line_and_the_file_stays_private() {
    let folder = tempfile::tempdir().unwrap();
    let env = folder.path().join(".env");
    fs::copy(repository(".env.example"), &env).unwrap();
    fs::set_permissions(&env, Permissions::from_mode(0o600)).unwrap();
    let ran = bash(
        folder.path(),
        "settings-file.sh",
        "write_setting .env API_KEY secret",
    );
    assert!(ran.succeeded, "{}", ran.stderr);
    let lines = fs::read_to_string(&env).unwrap();
    let keys: Vec<&str> = lines
        .lines()
        .filter(|line| line.starts_with("API_KEY"))
        .collect();
    assert_eq!(keys, ["API_KEY=secret"]);
    assert_eq!(
        fs::metadata(&env).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let new = folder.path().join("new");
    let ran = bash(
        folder.path(),
        "settings-file.sh",
        "umask 022; write_setting new API_KEY secret",
    );
    assert!(ran.succeeded, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&new).unwrap(), "API_KEY=secret\n");
    assert_eq!(
        fs::metadata(&new).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn an_old_rust_is_refused_with_the_command_that_installs_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\necho 'cargo 1.65.0'\n").unwrap();
    fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
    let script = format!("PATH='{}':$PATH; require_rust", folder.path().display());
    let ran = bash(&repository(""), "common.sh", &script);
    assert!(!ran.succeeded);
    for part in ["Rust 1.95 or newer", "this is 1.65.0", "rustup"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

#[test]
fn a_path_with_a_blank_is_refused_before_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let ran = bash(
        folder.path(),
        "private-database.sh",
        "check_private_database_path '/home/a b/data'",
    );
    assert!(
        !ran.succeeded && ran.stderr.contains("contains blanks"),
        "{}",
        ran.stderr
    );
}

/// A database server ignores the signal until it is ready.
#[test]
fn a_database_that_has_not_finished_its_start_is_stopped_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        start_session bash -c 'trap "" TERM; echo $$ >pid; while :; do sleep 1; done'
        private_database_pid=$!
        wait_until 10 test -s pid
        stop_private_database
        wait_until 5 has_ended "$(cat pid)"
    "#;
    let began = Instant::now();
    let ran = bash(folder.path(), "private-database.sh", script);
    assert!(ran.succeeded, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("has not finished its start"),
        "{}",
        ran.stderr
    );
    assert!(began.elapsed() < Duration::from_secs(30));
}

/// A release with a program that prints its version, in both forms and with a checksum.
fn make_release(folder: &Path, program: &str) {
    let script = format!(
        r"
        mkdir -p r/target/release d/usr/bin d/DEBIAN
        printf '%s\n' '#!/bin/sh' '{program}' | tee r/target/release/eclipse-ai-server >d/usr/bin/eclipse-ai-server
        chmod +x r/target/release/eclipse-ai-server d/usr/bin/eclipse-ai-server
        printf '%s\n' 'Package: r' 'Version: 1' 'Architecture: all' 'Maintainer: a <a@example.com>' \
            'Description: a' >d/DEBIAN/control
        tar --create --gzip --file r.tar.gz r
        dpkg-deb --build --root-owner-group d r.deb >/dev/null
        sha256sum r.deb r.tar.gz >r.sha256
        "
    );
    let ran = bash(folder, "common.sh", &script);
    assert!(ran.succeeded, "{}", ran.stderr);
}

#[test]
fn a_release_is_verified_and_its_program_runs_without_a_build() {
    let folder = tempfile::tempdir().unwrap();
    make_release(folder.path(), "echo eclipse-ai-server 1.0.0");
    for (file, program) in [
        ("r.tar.gz", "out/release/target/release/eclipse-ai-server"),
        ("r.deb", "out/release/usr/bin/eclipse-ai-server"),
    ] {
        let script = format!("unpack_release {file} out");
        let ran = bash(folder.path(), "release.sh", &script);
        assert!(ran.succeeded, "{file}: {}", ran.stderr);
        assert_eq!(ran.stdout.trim_end(), program);
        assert!(folder.path().join(program).is_file(), "{file}");
        let verified = format!("{file} has the checksum of r.sha256");
        assert!(ran.stderr.contains(&verified), "{}", ran.stderr);
    }
}

#[test]
fn a_damaged_release_is_refused_and_the_earlier_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    make_release(folder.path(), "echo eclipse-ai-server 1.0.0");
    let unpack = |script: &str| bash(folder.path(), "release.sh", script);
    assert!(unpack("unpack_release r.tar.gz out").succeeded);
    let refused = unpack("echo >>r.tar.gz; unpack_release r.tar.gz out");
    assert!(!refused.succeeded && refused.stderr.contains("r.tar.gz is damaged"));
    let unlisted = unpack(": >r.sha256; unpack_release r.deb out");
    assert!(!unlisted.succeeded && unlisted.stderr.contains("has no checksum of r.deb"));
    let program = "out/release/target/release/eclipse-ai-server";
    assert!(folder.path().join(program).is_file());
}

#[test]
fn a_release_for_another_machine_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    make_release(folder.path(), "echo no such library >&2; exit 127");
    let ran = bash(
        folder.path(),
        "release.sh",
        "rm r.sha256; unpack_release r.tar.gz out",
    );
    assert!(!ran.succeeded);
    for part in [
        "r.tar.gz is not verified: r.sha256 does not lie beside it",
        "does not run on this machine: no such library",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}
