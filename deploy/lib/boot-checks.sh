#!/usr/bin/env bash
# Runs inside the container of test-boot.sh, as root, once per boot. Each check prints `ok` or `not ok` and its name.
set -uo pipefail

project=/srv/project
. "$project/deploy/lib/host.sh"

main() {
    cd "$project" || exit 1
    if [ ! -e /var/lib/first-boot-is-over ]; then
        scripts_install_upgrade_and_roll_back
        the_service_survives
        the_scripts_remove_everything
        the_package_installs
        touch /var/lib/first-boot-is-over
    else
        the_service_is_back_after_a_reboot
        the_package_goes_away
    fi
    echo "done"
}

# check NAME COMMAND...
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok $name"
    else
        echo "not ok $name"
        printf '# %s\n' "${output//$'\n'/$'\n'# }"
    fi
}

not() {
    ! "$@"
}

scripts_install_upgrade_and_roll_back() {
    check "a dry run changes nothing" deploy/install-service.sh --dry-run
    check "a dry run leaves no settings" not test -e "$settings_file"
    check "install-service.sh installs a server that answers" deploy/install-service.sh
    check "the settings are for root and the service only" test "$(stat -c %U:%G:%a "$settings_file")" = root:eclipse-ai:640
    check "the service starts at boot" systemctl is-enabled "$service"
    check "it runs as its own user" test "$(ps -o user= -p "$(main_pid)")" = eclipse-ai
    check "without its database it is up and reports it" health_says '"mysql":"down"'
    check "setup-mysql.sh creates the database of the settings" deploy/setup-mysql.sh
    check "the server connects to its database without a restart" wait_until 60 health_says '"mysql":"up"'
    check "setup-mysql.sh may run again" deploy/setup-mysql.sh
    check "the sandbox is strict" exposure_is_at_most 20

    check "journal entries have priorities" journal_has_priorities
    check "doctor reads the settings of the service" doctor_says "ok       database"
    check "doctor finds grants and schema correct" doctor_says "ok       grants" "ok       schema"
    check "a device gets a key" as_service_user device add car-1

    local settings old
    settings=$(sha256sum "$settings_file")
    check "install-service.sh upgrades" deploy/install-service.sh
    check "an upgrade keeps the settings" test "$settings" = "$(sha256sum "$settings_file")"
    old=$(sha256sum <"$program")
    cat >/root/broken <<'SCRIPT'
#!/bin/sh
[ "$1" != --version ] || { echo eclipse-ai-server 9.9.9 && exit; }
exit 1
SCRIPT
    chmod +x /root/broken
    check "an upgrade to a version that does not answer fails" not deploy/install-service.sh --binary /root/broken
    check "that upgrade is undone" test "$old" = "$(sha256sum <"$program")"
    check "the previous version answers" health_says '"version"'
}

the_service_survives() {
    local pid
    pid=$(main_pid)
    kill -KILL "$pid"
    check "it restarts after a kill" wait_until 60 is_back_instead_of "$pid"
    pid=$(main_pid)
    kill -STOP "$pid"
    check "the watchdog restarts it when it hangs" wait_until 120 is_back_instead_of "$pid"
    check "systemctl stop stops it" systemctl stop "$service"
    check "a stop is no failure" test "$(systemctl show --property=Result --value "$service")" = success
    sleep 15
    check "after a stop on purpose it stays stopped" not systemctl is-active "$service"
}

the_scripts_remove_everything() {
    check "uninstall-service.sh removes the service" deploy/uninstall-service.sh
    check "the program is gone" not test -e "$program"
    check "the settings stay" test -e "$settings_file"
    check "--purge removes settings and user" deploy/uninstall-service.sh --purge
    check "nothing is left" nothing_is_left
}

the_package_installs() {
    check "the package installs" apt-get install --yes --no-install-recommends "$project/eclipse-ai-server.deb"
    check "it has created its settings" test "$(stat -c %U:%G:%a "$settings_file")" = root:eclipse-ai:640
    check "setup-mysql.sh of the package works" /usr/share/eclipse-ai-server/setup-mysql.sh
    check "the server finds its database" wait_until 60 health_says '"mysql":"up"'
    check "install-service.sh refuses to run beside the package" not deploy/install-service.sh
    local settings
    settings=$(sha256sum "$settings_file")
    check "the package upgrades" apt-get install --yes --reinstall "$project/eclipse-ai-server.deb"
    check "an upgrade keeps the settings" test "$settings" = "$(sha256sum "$settings_file")"
    check "the server answers after the upgrade" wait_until 30 health_says '"mysql":"up"'
}

the_service_is_back_after_a_reboot() {
    check "the service is running after a reboot" wait_until 60 health_says '"mysql":"up"'
    check "it has not failed" not systemctl is-failed --quiet "$service"
}

the_package_goes_away() {
    install -D -o eclipse-ai -g eclipse-ai /dev/null "$state_folder/backups/car/database/x.db"
    check "the package is removed" apt-get remove --yes "$service"
    check "the service is gone" not systemctl is-active "$service"
    check "settings stay until a purge" test -e "$settings_file"
    check "the package is purged" apt-get purge --yes "$service"
    check "a purge removes the settings" not test -e "$settings_file"
    check "a purge keeps backups" test -e "$state_folder/backups/car/database/x.db"
    rm -r "$state_folder/backups"
    apt-get install --yes --no-install-recommends "$project/eclipse-ai-server.deb" >/dev/null 2>&1
    check "without backups a purge" apt-get purge --yes "$service"
    check "leaves nothing" nothing_is_left
}

nothing_is_left() {
    local path
    for path in "$settings_file" "$state_folder" "$program" "$unit" /usr/bin/$service /usr/share/$service; do
        [ ! -e "$path" ] || { echo "$path is left" && return 1; }
    done
    ! getent passwd "$service_user"
}

main_pid() {
    systemctl show --property=MainPID --value "$service"
}

is_back_instead_of() {
    systemctl is-active --quiet "$service" && [ "$(main_pid)" != "$1" ] && health_says '"version"'
}

health_says() {
    curl --silent --fail --max-time 10 http://127.0.0.1:8000/api/v1/health | grep -F "$1"
}

as_service_user() {
    sudo -u "$service_user" "$service" "$@"
}

# doctor_says LINE...: from a folder that its user may not read.
doctor_says() {
    local line output
    output=$(cd /root && as_service_user doctor)
    echo "$output"
    for line; do
        grep -q "^$line" <<<"$output" || return 1
    done
}

journal_has_priorities() {
    local info warnings
    info=$(journalctl --unit "$service" --priority info..info --output cat)
    warnings=$(journalctl --unit "$service" --priority warning --output cat)
    echo "$info"
    grep -q '^server starts version=' <<<"$info" && grep -q '^schema is not ready' <<<"$warnings"
}

# exposure_is_at_most TENTHS
exposure_is_at_most() {
    local exposure
    exposure=$(systemd-analyze security --no-pager "$service" | sed -n 's/.*exposure level for .*: \([0-9.]*\).*/\1/p')
    echo "exposure: $exposure"
    [ "${exposure/./}" -le "$1" ]
}

main
