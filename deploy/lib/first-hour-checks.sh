#!/usr/bin/env bash
# Runs `quickstart.sh --check --release FILE` in a bare Debian 12 without Rust and without a database: as root, who gets
# packages, and as a user without rights, who gets them unpacked. Called by test-boot.sh --long: first-hour-checks.sh FILE WORK
# Exits with 77 if there is no such system here.
set -euo pipefail

release=$(realpath "$1") work=$(realpath "$2")
. "$(dirname "$(readlink -f "$0")")/packages.sh"

give_up() {
    say "SKIPPED, the first hour on a bare system: $*"
    exit 77
}

clean_up() {
    local root
    for root in "$work"/*/proc; do
        ! mountpoint --quiet "$root" || umount "$root"
    done
}
trap clean_up EXIT

# check USER: in a system of its own
check() {
    local user=$1 root=$work/$1
    cp -a "$work/base" "$root"
    chroot "$root" useradd --create-home visitor
    # The names of the archive are resolved as outside.
    cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
    mount -t proc proc "$root/proc"
    mkdir "$root/home/visitor/release"
    tar --extract --gzip --file "$release" --directory "$root/home/visitor/release" --strip-components=1
    cp "$release" "${release%.tar.gz}.sha256" "$root/home/visitor/"
    chroot "$root" chown -R visitor: /home/visitor
    if chroot "$root" su "$user" -c "cd ~visitor && release/deploy/quickstart.sh --check --release ${release##*/}" \
        >"$work/log" 2>&1 && grep -q 'both rows are in the database' "$work/log"; then
        echo "ok the first hour as $user"
    else
        echo "not ok the first hour as $user"
        sed 's/^/# /' "$work/log"
        exit 1
    fi
    umount "$root/proc"
    rm -rf --one-file-system "$root"
}

debootstrap --variant=minbase --include=curl,ca-certificates bookworm "$work/base" >"$work/log" 2>&1 ||
    give_up "Debian cannot be downloaded: $(tail -n 1 "$work/log")"
check root
check visitor
