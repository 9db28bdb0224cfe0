# shellcheck shell=bash
# Names and paths of the service, its user, its settings file.
# To be sourced.
# shellcheck disable=SC2034 # for the caller

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/settings-file.sh"

readonly service=eclipse-ai-server
readonly service_user=eclipse-ai
readonly settings_file=/etc/eclipse-ai-server/env
readonly state_folder=/var/lib/eclipse-ai-server

# Paths of install-service.sh. The Debian package has its own, under /usr.
readonly program=/usr/local/bin/$service
readonly unit=/etc/systemd/system/$service.service
readonly manual=/usr/local/share/man/man8/$service.8

# run COMMAND...: if dry_run is set, only prints it.
run() {
    if [ -n "$dry_run" ]; then
        echo "would run: $*"
    else
        "$@"
    fi
}

create_service_user() {
    ! getent passwd "$service_user" >/dev/null || return 0
    useradd --system --user-group --home-dir "$state_folder" --no-create-home --shell /usr/sbin/nologin \
        --comment 'Eclipse AI server' "$service_user"
}

# create_settings TEMPLATE: with a new API key and database password. An existing file is kept.
# setup-mysql.sh creates the database account accordingly.
create_settings() {
    local template=$1 new
    [ ! -e "$settings_file" ] || return 0
    install -d -m 0755 "${settings_file%/*}"
    new=$(mktemp "$settings_file.XXXXXX")
    {
        cat "$template" >"$new" &&
            write_setting "$new" API_KEY "$(random_hex 32)" &&
            write_setting "$new" DATABASE_URL "mysql://eclipse_ai:$(generated_password)@127.0.0.1:3306/eclipse_ai" &&
            write_setting "$new" BACKUP_DIR "$state_folder/backups" &&
            # systemd reads it as root; the group is for `sudo -u eclipse-ai eclipse-ai-server …`.
            chown "root:$service_user" "$new" &&
            chmod 0640 "$new" &&
            mv "$new" "$settings_file"
    } || {
        rm -f "$new"
        fail "$settings_file cannot be written"
    }
}

# 128 random bits, and a character of each class for MySQL's validate_password.
generated_password() {
    printf '%s-Aa1' "$(random_hex 16)"
}

# Kept when everything else is removed: they may be the only copy of a car's data.
backups_exist() {
    [ -n "$(find "$state_folder/backups" -type f -print -quit 2>/dev/null)" ]
}
