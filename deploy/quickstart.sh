#!/usr/bin/env bash
# From a fresh machine with Rust to a running server that takes the first batch.
set -euo pipefail
. "$(dirname "$0")/lib/private-database.sh"
. "$(dirname "$0")/lib/settings.sh"
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
Usage: deploy/quickstart.sh [--check]

Builds the server and runs it until Ctrl-C, with all that it needs:
  .env             gets an API_KEY and a DATABASE_URL, unless it or the environment has them already
  data/database/   a private MariaDB or MySQL server, stopped together with the server; programs for it are installed
                   or unpacked when there are none. Not used when you give a DATABASE_URL of your own. A database
                   server that runs on this machine is never touched.
Then it prints a request that sends the first batch. Run it again, and it goes on with the same data.

  --check   does all this in a temporary folder and on a free port, without any settings of yours: sends the first batch
            itself, looks for its rows in the database, and stops
  --help    this text
TEXT
}

check=false
case ${1:-} in
    '') ;;
    --check) check=true ;;
    --help | -h)
        usage
        exit
        ;;
    *) fail "unknown option $1 (see --help)" ;;
esac

repository=$PWD
database_folder=
server_pid=
# A trap sees the local variables of the function that it interrupts: what it removes needs a name that none of them has.
temporary_folder=
clean_up() {
    # Also what was started just before a signal came.
    [ -z "${!:-}" ] || [ "$!" = "$private_database_pid" ] || end_session "$!" 20
    [ -z "$server_pid" ] || end_session "$server_pid" 20
    stop_private_database
    [ -z "$temporary_folder" ] || rm -rf "$temporary_folder"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

require_tools() {
    require_cargo
    have cc || fail "Rust needs a C compiler: apt-get install gcc"
    if ! have curl; then
        refresh_package_lists
        install_packages curl
    fi
}

choose_address() {
    local host
    host=$(setting HOST)
    case $host in
        '' | 0.0.0.0 | :: | localhost) host=127.0.0.1 ;;
        *:*) host="[$host]" ;;
    esac
    port=$(setting PORT 8000)
    ! port_is_taken "$port" || fail "port $port is in use: stop what listens there (another run of this?), or choose another PORT in .env"
    address=http://$host:$port
}

complete_settings() {
    if [ -z "$(setting API_KEY)" ]; then
        add_setting API_KEY "$(random_hex 32)" "What devices send as X-API-Key."
    fi
    database_url=$(setting DATABASE_URL)
    if [ -z "$database_url" ]; then
        database_url=mysql://quickstart:$(random_hex 16)@127.0.0.1:$(free_port)/eclipse_ai
        add_setting DATABASE_URL "$database_url" "The private database server of deploy/quickstart.sh, in data/database."
    fi
}

# The private database is the one whose user is called quickstart; its password and port are what the settings say.
prepare_own_database() {
    local url='^mysql://quickstart:([0-9a-f]+)@127\.0\.0\.1:([0-9]+)/eclipse_ai$' flavour
    if ! [[ $database_url =~ $url ]]; then
        say "using the database of your DATABASE_URL"
        return
    fi
    database_password=${BASH_REMATCH[1]}
    database_port=${BASH_REMATCH[2]}
    database_folder=$PWD/data/database
    if flavour=$(private_database_flavour "$database_folder"); then
        get_database_programs "$flavour"
    else
        get_any_database_programs
    fi || fail "no database server to be had"
}

build_server() {
    say "building the server, which takes some minutes the first time"
    cd "$repository"
    run_session cargo build --release --locked --bin eclipse-ai-server
    server=$(realpath "${CARGO_TARGET_DIR:-target}")/release/eclipse-ai-server
    cd "$OLDPWD"
}

start_own_database() {
    [ -n "$database_folder" ] || return 0
    (
        umask 077
        mkdir -p "$database_folder"
        [ -s "$database_folder/root-password" ] || random_hex 16 >"$database_folder/root-password"
    )
    say "starting $database_flavour in data/database"
    start_private_database "$database_flavour" "$database_folder" "$database_port" "$(root_password)" --performance-schema=OFF
    private_database_sql "$database_folder" "$(root_password)" <<SQL
CREATE DATABASE IF NOT EXISTS eclipse_ai CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS quickstart@'127.0.0.1';
ALTER USER quickstart@'127.0.0.1' IDENTIFIED BY '$database_password';
GRANT ALL PRIVILEGES ON eclipse_ai.* TO quickstart@'127.0.0.1';
SQL
}

root_password() {
    cat "$database_folder/root-password"
}

start_server() {
    say "starting the server"
    start_session "$server"
    server_pid=$!
    wait_until 60 server_is_ready || say "the server does not reach its database yet; it goes on trying"
    ! has_ended "$server_pid" || fail "the server has ended while it started"
}

server_is_ready() {
    has_ended "$server_pid" || curl --silent --max-time 6 "$address/api/v1/health" | grep -q '"mysql": *"up"'
}

first_batch() {
    local now
    now=$(date --utc +%Y-%m-%dT%H:%M:%S)
    cat <<JSON
{"deviceId": "chi-eclipse-tuner", "batchId": "sync-$now", "tables": {"realtime_data": {"lastSyncedId": 0, "rows": [
  {"id": 1, "timestamp": "$now", "parameter_name": "RPM", "value": 2500.0, "unit": "rpm", "profile_id": "daily"},
  {"id": 2, "timestamp": "$now", "parameter_name": "SPEED", "value": 63.0, "unit": "kph", "profile_id": "daily"}]}}}
JSON
}

print_what_to_do() {
    local key rows_query='SELECT source_device, source_id, timestamp, parameter_name, value, unit FROM realtime_data'
    # shellcheck disable=SC2016 # for the shell that it is pasted into
    key='$API_KEY'
    [ -n "${API_KEY:-}" ] || key="\$(sed -n 's/^API_KEY=//p' '$PWD/.env')"
    cat <<TEXT

The server runs at $address; Ctrl-C stops it. In another terminal, send the first batch:

curl -sS $address/api/v1/sync -H 'Content-Type: application/json' \\
  -H "X-API-Key: $key" --data-binary '$(first_batch)'

and see its rows:

TEXT
    if [ -n "$database_folder" ]; then
        cat <<TEXT
MYSQL_PWD=\$(cat '$database_folder/root-password') '$database_client' --no-defaults --user=root \\
  --socket='$database_folder/server.sock' eclipse_ai --execute='$rows_query'

TEXT
    else
        printf '%s;\n\n' "$rows_query"
    fi
}

send_first_batch() {
    local receipt stored
    receipt=$(first_batch | curl --silent --show-error --fail-with-body --max-time 30 --retry 5 \
        "$address/api/v1/sync" -H 'Content-Type: application/json' -H "X-API-Key: $(setting API_KEY)" --data-binary @-) ||
        fail "the first batch was not accepted: $receipt"
    say "the server answers: $receipt"
    stored=$(private_database_sql "$database_folder" "$(root_password)" eclipse_ai \
        --execute="SELECT COUNT(*) FROM realtime_data WHERE source_device = 'chi-eclipse-tuner'")
    [ "$stored" -eq 2 ] || fail "there are $stored rows in the database, and not 2"
    say "both rows are in the database"
}

# Until a signal comes or one of the two has ended by itself.
wait_for_the_end() {
    stopping=false
    trap 'stopping=true' HUP INT TERM
    until "$stopping" || has_ended "$server_pid" || own_database_has_ended; do
        sleep 0.5 || true
    done
}

own_database_has_ended() {
    [ -n "$database_folder" ] && has_ended "$private_database_pid"
}

# Returns the server's own exit code, or 1 when the database has failed.
stop_both() {
    local exit_code=0
    ! has_ended "$server_pid" || say "the server has ended by itself"
    end_session "$server_pid" 20
    wait "$server_pid" || exit_code=$?
    if own_database_has_ended; then
        say "the private database has ended by itself: see data/database/server.log"
        exit_code=1
    else
        stop_private_database
    fi
    say "all is stopped"
    return "$exit_code"
}

require_tools
if "$check"; then
    temporary_folder=$(mktemp -d)
    cd "$temporary_folder"
    unset API_KEY DATABASE_URL BACKUP_DIR
    export HOST=127.0.0.1 PORT
    PORT=$(free_port)
fi
choose_address
complete_settings
prepare_own_database
build_server
start_own_database
start_server
if "$check"; then
    send_first_batch
else
    print_what_to_do
    wait_for_the_end
fi
stop_both
