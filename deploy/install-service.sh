#!/usr/bin/env bash
# Installs the service, or upgrades it and restores the previous version if the new one does not start.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
. "$here/lib/host.sh"

usage() {
    cat <<HELP
Usage: install-service.sh [OPTION...]

Installs $service as a systemd service, starts it and waits until it answers. Run it again to upgrade: settings and data
are kept, the program is replaced atomically, and the previous version is restored if the new one does not answer.

Options:
  --binary FILE   the program [target/release/$service, built by: cargo build --release]
  --no-start      install and enable only
  --dry-run       print what would be done; change nothing
  --help          this text

Installs:
  $program                  the program; the previous one as $service.previous
  $unit
  $settings_file                         if missing: with a new API key and database password
  $state_folder                        created by systemd; backups, unless BACKUP_DIR names another folder
  user and group $service_user

See also setup-mysql.sh, which creates the database that the settings name, and uninstall-service.sh.
HELP
}

main() {
    read_arguments "$@"
    check_machine
    scratch=$(mktemp -d)
    installing=''
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    keep_what_is_there
    installing=yes
    install_files
    run systemctl daemon-reload
    run systemctl enable --quiet "$service"
    if [ -z "$start" ]; then
        installing=''
        return
    fi
    if ! run systemctl restart "$service" || ! answers; then
        fail "$service $new_version does not answer"
    fi
    installing=''
    report
}

# Also after a signal or an error in the middle: a version that was not seen to answer must not stay.
clean_up() {
    local code=$?
    trap '' HUP INT TERM
    rm -rf "$scratch"
    [ -z "$installing" ] || [ -n "$dry_run" ] || go_back
    exit "$code"
}

read_arguments() {
    binary=$here/../target/release/$service start=yes dry_run=''
    while [ $# -gt 0 ]; do
        case $1 in
            --binary) binary=${2:?--binary needs a file} && shift ;;
            --no-start) start='' ;;
            --dry-run) dry_run=yes ;;
            --help | -h) usage && exit ;;
            *) fail "unknown option $1; see --help" ;;
        esac
        shift
    done
}

check_machine() {
    [ -x "$binary" ] || fail "$binary does not exist: run cargo build --release, or pass --binary FILE"
    new_version=$("$binary" --version) || fail "$binary does not run on this machine"
    new_version=$(version_number "$new_version")
    [ ! -e "/usr/bin/$service" ] || fail "the Debian package is installed: upgrade that, or apt-get remove $service first"
    [ -z "$dry_run" ] || return 0
    [ "$(id -u)" -eq 0 ] || fail "this needs root: sudo $0"
    have curl || fail "curl is missing: apt-get install curl"
    have systemctl || fail "systemd is missing: the service requires it"
}

# The installed version becomes the previous one if it answers. Otherwise an earlier run was interrupted or the version is
# broken, and the previous one is still the one to go back to.
keep_what_is_there() {
    [ -e "$program" ] && [ -e "$unit" ] || return 0
    if [ ! -e "$program.previous" ] || [ ! -e "$program.previous.service" ] || installed_version_answers; then
        install_file 0644 "$unit" "$program.previous.service"
        install_file 0755 "$program" "$program.previous"
    fi
}

installed_version_answers() {
    local installed
    [ -z "$dry_run" ] || return 0
    installed=$("$program" --version) && find_health_url && version_answers "${installed##* }"
}

install_files() {
    run create_service_user
    run create_settings "$(settings_template)"
    install_file 0644 "$here/eclipse-ai-server.8" "$manual"
    install_file 0755 "$binary" "$program"
    if [ -n "$dry_run" ]; then
        echo "would write: $unit"
    else
        sed "s|^ExecStart=/usr/bin/|ExecStart=${program%/*}/|" "$here/$service.service" >"$scratch/unit"
        install_file 0644 "$scratch/unit" "$unit"
    fi
}

settings_template() {
    readlink -f "$here/../.env.example"
}

# install_file MODE SOURCE TARGET: by a rename, so that a running program is not disturbed and no file is half written.
install_file() {
    run install -D -m "$1" "$2" "$3.new"
    run mv "$3.new" "$3"
}

# The new version answers, whatever it reports about database and model: those may be installed later.
answers() {
    [ -z "$dry_run" ] || return 0
    find_health_url
    wait_until 30 version_answers "$new_version"
}

find_health_url() {
    local address
    address=$(read_setting "$settings_file" HOST)
    case $address in
        '' | 0.0.0.0 | ::) address=127.0.0.1 ;;
        *:*) address="[$address]" ;;
    esac
    health_url=http://$address:$(read_setting "$settings_file" PORT | grep . || echo 8000)/api/v1/health
}

# version_answers VERSION
version_answers() {
    systemctl is-active --quiet "$service" || return 1
    health=$(curl --silent --fail --noproxy '*' --max-time 10 "$health_url") || return 1
    grep -q "\"version\": *\"$1\"" <<<"$health"
}

report() {
    [ -z "$dry_run" ] || return 0
    systemctl --no-pager --lines=0 status "$service" || true
    say "$service $new_version answers at $health_url: $health"
    case $health in
        *'"mysql":"down"'*) say "its database is not reachable yet: run sudo $here/setup-mysql.sh" ;;
    esac
    say "to print the key for the cars: sudo grep ^API_KEY= $settings_file"
}

go_back() {
    journalctl --no-pager --unit "$service" --lines=20 >&2 || true
    if [ ! -e "$program.previous" ]; then
        say "there is no previous version; the log is above. Repair the cause, and run this again"
        return
    fi
    say "restoring the previous version"
    install_file 0755 "$program.previous" "$program"
    install_file 0644 "$program.previous.service" "$unit"
    new_version=$("$program" --version)
    new_version=$(version_number "$new_version")
    systemctl daemon-reload
    if systemctl restart "$service" && answers; then
        say "upgrade undone: $new_version is running again"
    else
        say "$new_version does not answer either: see journalctl -u $service"
    fi
}

main "$@"
