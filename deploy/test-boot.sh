#!/usr/bin/env bash
# Installs, upgrades, breaks, reboots and removes the service in a virtual machine with a systemd of its own.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
. "$here/lib/common.sh"

usage() {
    cat <<'HELP'
Usage: deploy/test-boot.sh [--deb FILE] [--binary FILE]

Boots Debian 12 with MariaDB twice in a virtual machine, runs deploy/lib/boot-checks.sh inside, and fails if one of its checks
does. Takes about five minutes; needs root, and debootstrap, qemu-system-x86 and e2fsprogs. Nothing of this machine is
changed but the folder ~/.cache/eclipse-ai-server/boot, which saves the download next time.

  --deb FILE      the package under test [the newest in target/debian, made by: cargo deb]
  --binary FILE   the program under test [target/release/eclipse-ai-server]
HELP
}

main() {
    read_arguments "$@"
    cache=${XDG_CACHE_HOME:-~/.cache}/eclipse-ai-server/boot
    work=$(mktemp -d)
    machine=''
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    [ -e "$cache/complete" ] || build_system
    prepare_disk
    boot_and_report install
    boot_and_report "after the reboot"
    say "all checks have passed in a booted system"
}

read_arguments() {
    binary=$here/../target/release/eclipse-ai-server deb=''
    while [ $# -gt 0 ]; do
        case $1 in
            --deb) deb=${2:?--deb needs a file} && shift ;;
            --binary) binary=${2:?--binary needs a file} && shift ;;
            --help | -h) usage && exit ;;
            *) fail "unknown option $1; see --help" ;;
        esac
        shift
    done
    [ -n "$deb" ] || deb=$(find "$here/../target/debian" -name '*.deb' -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 | cut -d' ' -f2-)
    [ -f "$deb" ] || fail "there is no package: cargo deb, or --deb FILE"
    [ -x "$binary" ] || fail "there is no program $binary: cargo build --release, or --binary FILE"
    [ "$(id -u)" -eq 0 ] || fail "debootstrap needs root: sudo $0"
    local program
    for program in debootstrap qemu-system-x86_64 mke2fs; do
        have "$program" || fail "$program is missing: apt-get install debootstrap qemu-system-x86 e2fsprogs"
    done
}

clean_up() {
    [ -z "$machine" ] || end_session "$machine" 5
    rm -rf --one-file-system "$work"
}

# Debian with kernel, systemd and MariaDB, as a folder.
build_system() {
    local root=$cache/root
    say "building a Debian system in $cache"
    rm -rf --one-file-system "$cache"
    mkdir -p "$cache"
    debootstrap --variant=minbase \
        --include=systemd-sysv,dbus,udev,kmod,iproute2,procps,curl,sudo,initramfs-tools,linux-image-cloud-amd64,mariadb-server \
        bookworm "$root" >"$cache/log" 2>&1 || { tail -n 20 "$cache/log" >&2 && fail "debootstrap has failed"; }
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
    echo boot-test >"$root/etc/hostname"
    printf '127.0.0.1 localhost boot-test\n::1 localhost\n' >"$root/etc/hosts"
    cat >"$root/etc/systemd/system/boot-checks.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /srv/project/deploy/lib/boot-checks.sh
ExecStopPost=/bin/sync
ExecStopPost=/bin/systemctl poweroff
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/ttyS0
TimeoutStartSec=600
UNIT
    # Nobody else is to write to the console.
    ln -s /dev/null "$root/etc/systemd/system/serial-getty@ttyS0.service"
    mkdir -p "$root/etc/systemd/system/graphical.target.wants"
    ln -s ../boot-checks.service "$root/etc/systemd/system/graphical.target.wants/"
    touch "$cache/complete"
}

# A copy of the system with the project in /srv/project.
prepare_disk() {
    local project=$work/root/srv/project
    cp -a "$cache/root" "$work/root"
    mkdir -p "$project/target/release"
    cp -a "$here" "$here/../.env.example" "$project"
    cp "$binary" "$project/target/release/eclipse-ai-server"
    cp "$deb" "$project/eclipse-ai-server.deb"
    truncate -s 3G "$work/disk"
    mke2fs -q -t ext4 -d "$work/root" "$work/disk"
}

# Without KVM, which is not to be had on every machine, all takes some minutes longer.
boot_and_report() {
    local log=$work/console
    say "booting: $1"
    start_session timeout 900 qemu-system-x86_64 -accel kvm -accel tcg,thread=multi -cpu max -smp 2 -m 1536 -no-reboot -nographic -nic none \
        -kernel "$cache"/root/boot/vmlinuz-* -initrd "$cache"/root/boot/initrd.img-* \
        -append 'root=/dev/vda rw console=ttyS0 quiet loglevel=1 systemd.show_status=0 mitigations=off' \
        -drive "file=$work/disk,if=virtio,format=raw" >"$log" 2>&1
    machine=$!
    wait "$machine" || true
    machine=''
    grep -a -o -e '^ok .*' -e '^not ok .*' -e '^# .*' "$log" | tr -d '\r' || true
    grep -a -q '^done' "$log" || { tail -n 40 "$log" >&2 && fail "the checks did not run to their end"; }
    ! grep -a -q '^not ok' "$log" || fail "checks have failed"
}

main "$@"
