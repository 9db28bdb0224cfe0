//! `install-service.sh`, interrupted at every step, with the system's commands replaced by fakes.

use std::fs;
use std::process::Command;

use super::{repository, run};

/// Runs in a namespace where the folders of the installation are empty. Every fake counts its call, and the call with the
/// number `INTERRUPT_AT` sends a signal to the script.
const HARNESS: &str = r#"
set -eu
script=$1 fakes=$2 interrupt_at=$3
for folder in /usr/local/bin /usr/local/share /etc/systemd/system /var/lib; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p /tmp/etc-copy && cp -a /etc/passwd /etc/group /tmp/etc-copy/ 2>/dev/null || true
mount -t tmpfs tmpfs /etc && mkdir -p /etc/systemd/system && cp /tmp/etc-copy/* /etc/
export PATH=$fakes:$PATH STATE=$fakes/state
mkdir -p "$STATE"
version() { printf '#!/bin/sh\necho eclipse-ai-server %s\n' "$1" >"$STATE/$1"; chmod +x "$STATE/$1"; }
version 1.0.0; version 1.1.0; version 1.2.0
install_version() {
    echo 0 >"$STATE/calls"
    bash "$script" --binary "$STATE/$1" >"$STATE/log" 2>&1 &
    echo $! >"$STATE/script"
    wait $!
}
echo 0 >"$STATE/interrupt_at"
install_version 1.0.0 || { cat "$STATE/log"; exit 1; }
echo "$interrupt_at" >"$STATE/interrupt_at"
if install_version 1.1.0; then interrupted=no; else interrupted=yes; fi
echo 0 >"$STATE/interrupt_at"
echo "interrupted=$interrupted installed=$(/usr/local/bin/eclipse-ai-server --version) running=$(cat "$STATE/running")"
# A version that never answers, after the interruption: the last good one must come back.
touch "$STATE/broken"
! install_version 1.2.0
rm -f "$STATE/broken"
echo "afterwards=$(/usr/local/bin/eclipse-ai-server --version) running=$(cat "$STATE/running")"
"#;

const COUNT: &str = r#"
calls=$(($(cat "$STATE/calls") + 1))
echo "$calls" >"$STATE/calls"
[ "$calls" != "$(cat "$STATE/interrupt_at")" ] || kill -TERM "$(cat "$STATE/script")"
"#;

/// A command that counts its calls and then does what `body` says.
fn fake(folder: &std::path::Path, name: &str, body: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/bash\n{COUNT}\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_upgrade_interrupted_at_any_step_leaves_a_version_that_answers() {
    let mut interrupted = 0;
    for interrupt_at in 1..=14 {
        let fakes = tempfile::tempdir().unwrap();
        let folder = fakes.path();
        fake(folder, "install", r#"exec /usr/bin/install "$@""#);
        fake(folder, "mv", r#"exec /usr/bin/mv "$@""#);
        fake(folder, "useradd", "");
        fake(folder, "chown", "");
        fake(folder, "journalctl", "");
        fake(
            folder,
            "systemctl",
            r#"case $1 in
    restart)
        version=$(/usr/local/bin/eclipse-ai-server --version)
        if [ -e "$STATE/broken" ] && [ "${version##* }" = 1.2.0 ]; then echo none >"$STATE/running"; exit 1; fi
        echo "${version##* }" >"$STATE/running" ;;
    is-active) [ "$(cat "$STATE/running" 2>/dev/null)" != none ] ;;
esac"#,
        );
        fake(
            folder,
            "curl",
            r#"echo "{\"version\":\"$(cat "$STATE/running")\"}""#,
        );
        let ran = run(Command::new("unshare")
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "bash",
                "-c",
                HARNESS,
                "harness",
            ])
            .arg(repository("deploy/install-service.sh"))
            .arg(folder)
            .arg(interrupt_at.to_string()));
        let output = format!("{interrupt_at}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.succeeded, "{output}");
        let version = if ran.stdout.contains("interrupted=yes") {
            interrupted += 1;
            "1.0.0"
        } else {
            "1.1.0"
        };
        let installed = format!("installed=eclipse-ai-server {version} running={version}");
        assert!(ran.stdout.contains(&installed), "{output}");
        let afterwards = format!("afterwards=eclipse-ai-server {version} running={version}");
        assert!(ran.stdout.contains(&afterwards), "{output}");
    }
    assert!(interrupted >= 10, "{interrupted} interruptions");
}
