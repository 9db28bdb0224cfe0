# shellcheck shell=bash
# Debian and Ubuntu packages: installed as usual, or unpacked into a folder without changing the system.
# Mirror, proxy and keys are those of the machine's own apt; signatures are always checked.
# To be sourced.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

can_become_root() {
    [ "$(id -u)" -eq 0 ] || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        say "this needs root: sudo $*"
        sudo "$@"
    fi
}

refresh_package_lists() {
    as_root apt-get update -qq >&2 || say "apt-get update failed in part: continuing with the lists it got"
}

# Removes nothing: a package that conflicts with an installed one is refused.
install_packages() {
    say "installing packages on this system: $*"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 "$@"
}

# find_package PATTERN MINIMUM [APT OPTION...]: prints the newest package whose whole name matches the extended regular
# expression and whose version is at least MINIMUM; fails if there is none.
find_package() {
    local pattern=$1 minimum=$2 package version
    shift 2
    package=$(apt-cache "$@" --names-only search "^($pattern)\$" | cut -d' ' -f1 | sort -V | tail -n 1)
    [ -n "$package" ] || return 1
    version=$(apt-cache "$@" policy "$package" | sed -n 's/^ *Candidate: //p')
    version_is_at_least "$minimum" "${version#*:}" && echo "$package"
}

# prepare_private_apt STATE [SUITE]: a private apt in the folder STATE, used as `apt-get -c STATE/apt.conf`, with no package
# installed. It has the machine's own sources, or only SUITE of the distribution's archive.
prepare_private_apt() {
    local state=$1 suite=${2:-}
    # Readable for the user without rights under which apt downloads.
    chmod 755 "$state"
    mkdir -p "$state/lists/partial" "$state/archives/partial"
    : >"$state/status"
    cat >"$state/apt.conf" <<CONF
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::AllowInsecureRepositories "false";
APT::Get::AllowUnauthenticated "false";
Acquire::Retries "3";
APT::Install-Recommends "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg;
CONF
    if [ -n "$suite" ]; then
        suite_source "$suite" >"$state/sources.list"
        cat >>"$state/apt.conf" <<CONF
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
CONF
    fi
    # An unreadable source does no harm if the package is found.
    apt-get -c "$state/apt.conf" update -qq >&2 || say "apt-get update failed in part: continuing with the lists it got"
}

# Prints the apt source of another SUITE on the mirror that the machine uses.
suite_source() {
    local suite=$1 id codename archive keyring
    # shellcheck source=/dev/null
    read -r id codename < <(. /etc/os-release && echo "$ID" "${VERSION_CODENAME:-$1}")
    archive=$(apt-get update --print-uris | sed -n "s|^'\(.*\)/dists/$codename/main/binary-.*|\1|p" | head -n 1)
    [ -n "$archive" ] || fail "apt's sources name no archive with $codename, so $suite cannot be located"
    keyring=/usr/share/keyrings/$id-archive-keyring.gpg
    if [ -e "$keyring" ]; then
        echo "deb [signed-by=$keyring target=Packages] $archive $suite main"
    else
        echo "deb [target=Packages] $archive $suite main"
    fi
}

# unpack_packages STATE FOLDER PACKAGE...: the packages and their dependencies, including the C library, from the private apt
# in STATE. Programs in FOLDER/usr/bin and FOLDER/usr/sbin run from there with their own libraries.
unpack_packages() {
    local state=$1 folder=$2 archive program
    shift 2
    apt-get -c "$state/apt.conf" install --yes -qq --download-only "$@" >&2 || return 1
    mkdir -p "$folder"
    for archive in "$state"/archives/*.deb; do
        dpkg --extract "$archive" "$folder" || return 1
    done
    for program in "$folder"/usr/bin/* "$folder"/usr/sbin/*; do
        if [ -f "$program" ] && [ ! -L "$program" ] && head -c 4 "$program" | grep -q ELF; then
            run_with_own_libraries "$program"
        fi
    done
}

# Replaces a program by a script that starts it through its own dynamic loader, with the libraries beside it.
# Debian 12 has the loader in /lib, newer releases in /usr/lib.
run_with_own_libraries() {
    mv "$1" "$1.elf"
    cat >"$1" <<'SCRIPT'
#!/bin/sh
program=$(readlink -f "$0")
usr=$(dirname "$(dirname "$program")")
root=$(dirname "$usr")
libraries=$(printf '%s:' "$usr"/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*)
for loader in "$usr"/lib/*-linux-gnu*/ld-linux*.so.* "$root"/lib/*-linux-gnu*/ld-linux*.so.*; do
    [ -e "$loader" ] || continue
    exec "$loader" --inhibit-cache --library-path "${libraries%:}" --argv0 "$program" "$program.elf" "$@"
done
echo "$program: no dynamic loader in $usr/lib or $root/lib" >&2
exit 127
SCRIPT
    chmod 755 "$1"
}
