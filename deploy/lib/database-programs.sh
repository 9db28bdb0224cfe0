# shellcheck shell=bash
# Finds the programs of MariaDB and MySQL, and gets missing ones. To be sourced.
#
#   find_database_programs FLAVOUR   fails if there are none
#   get_database_programs FLAVOUR    installs or unpacks them if there are none; fails if that is not possible
#   get_any_database_programs        MariaDB's or MySQL's: those that are present, otherwise the first available
#
# Each sets database_flavour, database_server and database_client.
#
# FLAVOUR is mariadb (10.11 or newer) or mysql (Oracle's, 8.0 or newer). Programs are installed only on a machine without any
# database server, because the packages of the two conflict. Otherwise, or without root, they are unpacked into a cache
# folder and run from there; remove that to get a newer version.

. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

find_database_programs() {
    local flavour=$1 base
    # shellcheck disable=SC2034 # for the caller
    database_flavour=$flavour
    for base in /usr "$(unpacked_database "$flavour")/usr"; do
        case $flavour in
            mariadb)
                database_server=$base/sbin/mariadbd
                database_client=$base/bin/mariadb
                ;;
            mysql)
                database_server=$base/sbin/mysqld
                database_client=$base/bin/mysql
                ;;
        esac
        if [ -x "$database_server" ] && [ -x "$database_client" ] && database_server_is_usable "$flavour"; then
            return
        fi
    done
    return 1
}

get_database_programs() {
    local flavour=$1
    ! find_database_programs "$flavour" || return 0
    have apt-get || fail "no $flavour server is installed, and apt-get is missing"
    say "no $flavour server is installed: getting one"
    install_database_server "$flavour" || unpack_database_server "$flavour" ||
        say "apt's sources have no $flavour server of version $(minimum_version "$flavour") or newer"
    find_database_programs "$flavour"
}

get_any_database_programs() {
    find_database_programs mariadb || find_database_programs mysql ||
        get_database_programs mariadb || get_database_programs mysql
}

minimum_version() {
    case $1 in
        mariadb) echo 10.11 ;;
        mysql) echo 8.0 ;;
    esac
}

unpacked_database() {
    local cache=${XDG_CACHE_HOME:-~/.cache}
    echo "$cache/eclipse-ai-server/$1"
}

database_server_is_usable() {
    local flavour=$1 version
    version=$("$database_server" --no-defaults --version 2>/dev/null) || return 1
    case $flavour in
        # MariaDB also answers to the name mysqld.
        mysql)
            case $version in *MariaDB*) return 1 ;; esac
            ! is_confined_by_apparmor "$database_server" || return 1
            ;;
    esac
    version=${version#*Ver }
    version_is_at_least "$(minimum_version "$flavour")" "${version%%[!0-9.]*}"
}

# Ubuntu's profile keeps /usr/sbin/mysqld out of every folder but the system's own database.
is_confined_by_apparmor() {
    local profile=${1#/}
    profile=${profile//\//.}
    [ -e "/etc/apparmor.d/$profile" ] && [ ! -e "/etc/apparmor.d/disable/$profile" ] &&
        grep -qs Y /sys/module/apparmor/parameters/enabled
}

# Prints the names of the packages with server and client.
database_packages() {
    local flavour=$1 server
    shift
    server=$(find_package "$flavour-server-core(-[0-9.]+)?" "$(minimum_version "$flavour")" "$@") || return 1
    echo "$server" "${server/-server-/-client-}"
}

install_database_server() {
    local flavour=$1 packages
    can_become_root || return 1
    [ ! -e /usr/sbin/mysqld ] && [ ! -e /usr/sbin/mariadbd ] || return 1
    refresh_package_lists
    packages=$(database_packages "$flavour") || return 1
    # shellcheck disable=SC2086 # two names
    install_packages $packages >&2
}

# From the distribution's own suite or, on Debian, from unstable: stable has no MySQL.
unpack_database_server() (
    local flavour=$1 suite suites packages private_apt partial
    partial=$(unpacked_database "$flavour").$$
    private_apt=$(mktemp -d)
    trap 'rm -rf "$private_apt" "$partial"' EXIT
    suites=('')
    ! grep -qx 'ID=debian' /etc/os-release || suites+=(unstable)

    for suite in "${suites[@]}"; do
        prepare_private_apt "$private_apt" "$suite"
        if packages=$(database_packages "$flavour" -c "$private_apt/apt.conf"); then
            say "unpacking $packages into ${partial%.*}"
            # shellcheck disable=SC2086 # two names
            unpack_packages "$private_apt" "$partial" $packages || return 1
            # Complete or not at all; of two runs at once, one wins.
            rm -rf "${partial%.*}"
            mv --no-target-directory "$partial" "${partial%.*}"
            return
        fi
    done
    return 1
)
