#!/usr/bin/env bash
# Installs, upgrades, breaks, reboots and removes the service in a container that runs its own systemd.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
. "$here/lib/packages.sh"

# The exit code if nothing could be tested.
readonly not_possible_here=77

usage() {
    cat <<'HELP'
Usage: deploy/test-boot.sh [--deb FILE] [--binary FILE] [--long]

Boots Debian 12 with MariaDB twice under systemd-nspawn, without a network, runs deploy/lib/boot-checks.sh in it, and fails
if a check fails. Then builds the image of the Containerfile with podman, on that system and around the program under test
instead of a compiler, and runs it beside MariaDB (deploy/lib/container-checks.sh).
Takes about three minutes, and one more the first time; requires root. Installs debootstrap, systemd-container, podman and runc
if they are missing, and keeps the download in ~/.cache/eclipse-ai-server/boot. Nothing else on this machine is changed. What
cannot be run here is reported as SKIPPED; if that is the boot, the exit code is 77.

  --deb FILE      the package under test [the newest in target/debian, built by: deploy/package.sh]
  --binary FILE   the program under test [target/release/eclipse-ai-server]
  --long          then also runs quickstart.sh with the tarball beside the package in a bare Debian 12, as root and as a user
                  (deploy/lib/first-hour-checks.sh); takes some minutes more
HELP
}

main() {
    read_arguments "$@"
    get_tools
    cache=${XDG_CACHE_HOME:-~/.cache}/eclipse-ai-server/boot
    work=$(mktemp -d)
    machine=''
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    [ -e "$cache/complete" ] || build_system
    prepare_root
    boot_and_report install
    boot_and_report "after the reboot"
    say "all checks passed in a booted system"
    check_container
    [ -z "$long" ] || check_first_hour
}

check_container() {
    local code=0
    mkdir "$work/containers"
    "$here/lib/container-checks.sh" "$cache/root" "$binary" "$work/containers" || code=$?
    [ "$code" -eq "$not_possible_here" ] && return
    [ "$code" -eq 0 ] || fail "the container fails"
    say "all checks passed in a container"
}

check_first_hour() {
    local code=0
    mkdir "$work/bare"
    "$here/lib/first-hour-checks.sh" "${deb%.deb}.tar.gz" "$work/bare" || code=$?
    [ "$code" -eq "$not_possible_here" ] && return
    [ "$code" -eq 0 ] || fail "the first hour on a bare system fails"
}

read_arguments() {
    binary=$here/../target/release/eclipse-ai-server deb='' long=''
    while [ $# -gt 0 ]; do
        case $1 in
            --deb) deb=${2:?--deb needs a file} && shift ;;
            --binary) binary=${2:?--binary needs a file} && shift ;;
            --long) long=yes ;;
            --help | -h) usage && exit ;;
            *) fail "unknown option $1; see --help" ;;
        esac
        shift
    done
    [ -n "$deb" ] || deb=$(find "$here/../target/debian" -name '*.deb' -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 | cut -d' ' -f2-)
    [ -f "$deb" ] || fail "no package found: run deploy/package.sh, or pass --deb FILE"
    [ -x "$binary" ] || fail "$binary does not exist: run cargo build --release, or pass --binary FILE"
}

give_up() {
    say "SKIPPED, the service in a booted system: $*"
    exit "$not_possible_here"
}

get_tools() {
    [ "$(id -u)" -eq 0 ] || give_up "this needs root: sudo $0"
    ! have debootstrap || ! have systemd-nspawn || return 0
    have apt-get || give_up "debootstrap and systemd-nspawn are missing"
    refresh_package_lists
    install_packages debootstrap systemd-container >&2 || give_up "debootstrap and systemd-container cannot be installed"
}

clean_up() {
    [ -z "$machine" ] || end_session "$machine" 20
    ! mountpoint --quiet "$work/root" || umount "$work/root"
    rm -rf --one-file-system "$work"
}

# Debian with systemd and MariaDB, as a folder.
build_system() {
    local root=$cache/root
    say "building a Debian system in $cache"
    rm -rf --one-file-system "$cache"
    mkdir -p "$cache"
    debootstrap --variant=minbase --include=systemd-sysv,dbus,iproute2,procps,curl,sudo,mariadb-server \
        bookworm "$root" >"$cache/log" 2>&1 || { tail -n 20 "$cache/log" >&2 && give_up "Debian cannot be downloaded"; }
    touch "$cache/complete"
}

# The system with the project in /srv/project. Changes in it are discarded at the end.
prepare_root() {
    local root=$work/root
    mkdir "$root" "$work/changes" "$work/overlay"
    mount -t overlay overlay -o "lowerdir=$cache/root,upperdir=$work/changes,workdir=$work/overlay" "$root" 2>/dev/null ||
        cp -a "$cache/root/." "$root"
    mkdir -p "$root/srv/project/target/release"
    cp -a "$here" "$here/../.env.example" "$root/srv/project"
    cp "$binary" "$root/srv/project/target/release/eclipse-ai-server"
    cp "$deb" "$root/srv/project/eclipse-ai-server.deb"
    cat >"$root/etc/systemd/system/boot-checks.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /srv/project/deploy/lib/boot-checks.sh
ExecStopPost=/bin/systemctl poweroff --no-block
StandardOutput=append:/var/log/boot-checks
StandardError=inherit
TimeoutStartSec=600
UNIT
    mkdir -p "$root/etc/systemd/system/graphical.target.wants"
    ln -s ../boot-checks.service "$root/etc/systemd/system/graphical.target.wants/"
}

boot_and_report() {
    local log=$work/root/var/log/boot-checks console=$work/console
    say "booting: $1"
    rm -f "$log"
    start_session timeout --signal=TERM --kill-after=30 900 \
        systemd-nspawn --quiet --directory="$work/root" --machine="boot-test-$$" --hostname=boot-test --boot \
        --private-network --register=no --keep-unit --console=pipe systemd.unit=graphical.target >"$console" 2>&1
    machine=$!
    wait "$machine" || true
    machine=''
    [ -e "$log" ] || { tail -n 40 "$console" >&2 && give_up "systemd-nspawn does not boot here"; }
    cat "$log"
    grep -q '^done' "$log" || { tail -n 40 "$console" >&2 && fail "the checks did not run to their end"; }
    ! grep -q '^not ok' "$log" || fail "some checks failed"
}

main "$@"
