#!/usr/bin/env bash
# Removes what install-service.sh has installed.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
. "$here/lib/host.sh"

usage() {
    cat <<HELP
Usage: uninstall-service.sh [OPTION...]

Stops and removes the service and its program. Settings and data are kept by default.

Options:
  --purge     also remove $settings_file, the user $service_user and $state_folder.
              Backups in it are kept even then; remove them by hand
  --dry-run   print what would be done; change nothing
  --help      this text

The databases are never changed. To drop them: DROP DATABASE eclipse_ai; DROP DATABASE eclipse_ai_test;
HELP
}

main() {
    local purge=''
    dry_run=''
    while [ $# -gt 0 ]; do
        case $1 in
            --purge) purge=yes ;;
            --dry-run) dry_run=yes ;;
            --help | -h) usage && exit ;;
            *) fail "unknown option $1; see --help" ;;
        esac
        shift
    done
    [ -n "$dry_run" ] || [ "$(id -u)" -eq 0 ] || fail "this needs root: sudo $0"

    [ ! -e "$unit" ] || run systemctl disable --now --quiet "$service"
    run rm -f "$unit" "$program" "$program.previous" "$program.previous.service" "$manual"
    run systemctl daemon-reload
    [ -z "$purge" ] || purge_data
}

purge_data() {
    run rm -rf "${settings_file%/*}"
    if backups_exist; then
        run find "$state_folder" -mindepth 1 -maxdepth 1 ! -name backups -exec rm -rf {} +
        say "kept: $state_folder/backups and the user $service_user, which owns it"
    else
        run rm -rf "$state_folder"
        ! getent passwd "$service_user" >/dev/null || run userdel "$service_user"
    fi
}

main "$@"
