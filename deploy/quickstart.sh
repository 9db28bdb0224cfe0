#!/usr/bin/env bash
# From a fresh machine with Rust, or with a release, to a running server that accepts the first batch.
set -euo pipefail
. "$(dirname "$0")/lib/private-database.sh"
. "$(dirname "$0")/lib/release.sh"
. "$(dirname "$0")/lib/settings-file.sh"
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
Usage: deploy/quickstart.sh [--release FILE] [--check] | --api-key

Builds the server and runs it until Ctrl-C, with everything that it needs. In the folder of an unpacked tarball there is
nothing to build, and Rust is not needed. Below the folder of the project:
  .env             gets an API_KEY and a DATABASE_URL, unless it or the environment has them
  data/database/   a private MariaDB or MySQL server, stopped together with the server. If this machine has no such
                   programs, they are installed (as root) or unpacked into a cache folder. Not used with a DATABASE_URL of
                   your own. A database server that runs on this machine is never changed.
Then it prints a request that sends the first batch. The next run continues with the same data.

  --release FILE   runs the program of this .tar.gz or .deb, unpacked into data/, instead of building one. It is verified
                   with the .sha256 of the same name, if that lies beside it
  --check          does this in a temporary folder and on a free port, without your settings: sends the first batch,
                   checks its rows in the database, and stops
  --api-key        prints the API key of .env
  --help           this text
TEXT
}

check=false
release=
while [ $# -gt 0 ]; do
    case $1 in
        --check) check=true ;;
        --release)
            [ $# -gt 1 ] || fail "--release requires a file (see --help)"
            release=$(cd "$OLDPWD" && realpath "$2")
            shift
            ;;
        --api-key)
            read_setting .env API_KEY
            exit
            ;;
        --help | -h)
            usage
            exit
            ;;
        *) fail "unknown option $1 (see --help)" ;;
    esac
    shift
done

repository=$PWD
# The program, if it needs no build.
server=
[ -e Cargo.toml ] || server=$PWD/target/release/eclipse-ai-server
database_folder=
server_pid=
# A trap sees the local variables of the function that it interrupts, so this name must not be used for a local one.
temporary_folder=
clean_up() {
    # A second Ctrl-C must not leave a database behind.
    trap '' HUP INT TERM
    # Also what was started just before the signal.
    [ -z "${!:-}" ] || [ "$!" = "$private_database_pid" ] || end_session "$!" 20
    [ -z "$server_pid" ] || end_session "$server_pid" 20
    stop_private_database
    [ -z "$temporary_folder" ] || rm -rf "$temporary_folder"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints a setting from the environment or .env, or else a default.
setting() {
    local value=${!1:-}
    [ -n "$value" ] || value=$(read_setting .env "$1")
    printf '%s\n' "${value:-${2:-}}"
}

# Everything that can be known before the build, which takes minutes.
require_tools() {
    [ -n "$release$server" ] || require_rust
    [ -w . ] || fail "$PWD is not writable for $(id -un)"
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
    ! port_is_taken "$port" || fail "port $port is in use: stop the program that listens there (another run of this script?), or set another PORT in .env"
    address=http://$host:$port
}

complete_settings() {
    if [ -z "$(setting API_KEY)" ]; then
        write_setting .env API_KEY "$(random_hex 32)"
    fi
    database_url=$(setting DATABASE_URL)
    if [ -z "$database_url" ]; then
        database_url=mysql://quickstart:$(random_hex 16)@127.0.0.1:$(free_port)/eclipse_ai
        write_setting .env DATABASE_URL "$database_url"
    fi
}

# The private database is the one whose user is quickstart; password and port are in the settings.
prepare_own_database() {
    local url='^mysql://quickstart:([0-9a-f]+)@127\.0\.0\.1:([0-9]+)/eclipse_ai$' flavour
    if ! [[ $database_url =~ $url ]]; then
        say "using the database of DATABASE_URL"
        return
    fi
    check_private_database_path "$PWD/data/database"
    database_password=${BASH_REMATCH[1]}
    database_port=${BASH_REMATCH[2]}
    database_folder=$PWD/data/database
    if flavour=$(private_database_flavour "$database_folder"); then
        get_database_programs "$flavour"
    else
        get_any_database_programs
    fi || fail "no database server is available"
    if ! private_database_runs "$database_folder" && port_is_taken "$database_port"; then
        fail "port $database_port of the private database is in use: set another port in DATABASE_URL in .env"
    fi
}

get_server() {
    if [ -n "$release" ]; then
        say "step 1 of 3: unpacking $release"
        server=$(unpack_release "$release" "$PWD/data")
    elif [ -n "$server" ]; then
        say "step 1 of 3: nothing to build, $server is used"
        "$server" --version >&2 || fail "$server does not run on this machine"
    else
        build_server
    fi
}

build_server() {
    local began=$SECONDS
    cd "$repository"
    if [ -e "${CARGO_TARGET_DIR:-target}/release/eclipse-ai-server" ]; then
        say "step 1 of 3: building what has changed"
    else
        say "step 1 of 3: building the server, for the first time (3 to 10 minutes; cargo reports its progress)"
    fi
    run_session cargo build --release --locked --bin eclipse-ai-server
    server=$(realpath "${CARGO_TARGET_DIR:-target}")/release/eclipse-ai-server
    say "built in $((SECONDS - began)) s"
    cd "$OLDPWD"
}

start_own_database() {
    [ -n "$database_folder" ] || return 0
    (
        umask 077
        mkdir -p "$database_folder"
        [ -s "$database_folder/root-password" ] || random_hex 16 >"$database_folder/root-password"
    )
    say "step 2 of 3: starting $database_flavour in data/database"
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
    say "step 3 of 3: starting the server"
    start_session "$server"
    server_pid=$!
    wait_until 60 server_is_ready || say "the server cannot store batches yet; it keeps trying: $address/api/v1/health says why"
    ! has_ended "$server_pid" || fail "the server exited during its start"
}

# Unhealthy means that no batch can be stored: the database is not reachable, or its schema is not there yet.
server_is_ready() {
    has_ended "$server_pid" || curl --silent --max-time 6 "$address/api/v1/health" | grep -qE '"status": *"(healthy|degraded)"'
}

# The device is no car's: its rows cannot meet real ones.
first_batch() {
    local now
    now=$(date --utc +%Y-%m-%dT%H:%M:%S)
    cat <<JSON
{"deviceId": "quickstart", "batchId": "sync-$now", "tables": {"realtime_data": {"lastSyncedId": 0, "rows": [
  {"id": 1, "timestamp": "$now", "parameter_name": "RPM", "value": 2500.0, "unit": "rpm", "data_source": "simulated"},
  {"id": 2, "timestamp": "$now", "parameter_name": "SPEED", "value": 63.0, "unit": "kph", "data_source": "simulated"}]}}}
JSON
}

# The address on the local network, if the server listens there.
address_for_devices() {
    local host
    host=$(setting HOST 0.0.0.0)
    case $host in
        0.0.0.0 | ::) host=$(hostname -I 2>/dev/null | cut -d' ' -f1) ;;
        127.* | localhost | ::1) host='' ;;
    esac
    if [ -n "$host" ]; then
        echo "http://$host:$port"
    else
        echo "not reachable: HOST=$(setting HOST) in the settings"
    fi
}

ollama_state() {
    local url model models
    url=$(setting OLLAMA_BASE_URL http://localhost:11434)
    model=$(setting OLLAMA_MODEL gemma2:2b)
    if ! models=$(curl --silent --fail --max-time 3 "$url/api/tags"); then
        echo "does not answer at $url. To analyse drives: curl -fsSL https://ollama.com/install.sh | sh && ollama pull $model"
    elif ! grep -qF "\"$model" <<<"$models"; then
        echo "runs, without the model: ollama pull $model"
    else
        echo "runs, with the model $model"
    fi
}

print_what_to_do() {
    local key rows_query="SELECT source_device, source_id, timestamp, parameter_name, value, unit FROM realtime_data WHERE source_device = 'quickstart'"
    # shellcheck disable=SC2016 # for the shell that it is pasted into
    key='$API_KEY'
    [ -n "${API_KEY:-}" ] || key="\$('$PWD/deploy/quickstart.sh' --api-key)"
    cat <<TEXT

The server runs; Ctrl-C stops it.
  this machine       $address
  the API            $address/docs
  for the Pi         $(address_for_devices)
  Ollama             $(ollama_state)

In another terminal, fill the database with a few realistic drives and look at them (or send a first batch, below; not both:
the drives need an empty database):

cd '$PWD' && '$server' seed-db && '$server' drives

Or send the first batch:

curl -sS $address/api/v1/sync -H 'Content-Type: application/json' \\
  -H "X-API-Key: $key" --data-binary '$(first_batch)'

and show its rows:

TEXT
    if [ -n "$database_folder" ]; then
        cat <<TEXT
MYSQL_PWD=\$(cat '$database_folder/root-password') '$database_client' --no-defaults --user=root \\
  --socket='$database_folder/server.sock' eclipse_ai --execute="$rows_query"

TEXT
    else
        printf '%s;\n\n' "$rows_query"
    fi
}

send_first_batch() {
    local receipt stored
    receipt=$(first_batch | curl --silent --show-error --fail-with-body --max-time 30 --retry 5 \
        "$address/api/v1/sync" -H 'Content-Type: application/json' -H "X-API-Key: $(setting API_KEY)" --data-binary @-) ||
        fail "the first batch was refused: $receipt"
    say "the receipt: $receipt"
    stored=$(private_database_sql "$database_folder" "$(root_password)" eclipse_ai \
        --execute="SELECT COUNT(*) FROM realtime_data WHERE source_device = 'quickstart'")
    [ "$stored" -eq 2 ] || fail "the database has $stored rows instead of 2"
    say "both rows are in the database"
}

# Until a signal arrives or one of the two exits.
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

# Returns the server's exit code, or 1 if the database has failed.
stop_both() {
    local exit_code=0
    ! has_ended "$server_pid" || say "the server exited unexpectedly"
    end_session "$server_pid" 20
    wait "$server_pid" || exit_code=$?
    if own_database_has_ended; then
        say "the private database exited unexpectedly: see data/database/server.log"
        exit_code=1
    else
        stop_private_database
    fi
    say "stopped"
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
get_server
start_own_database
start_server
if "$check"; then
    send_first_batch
else
    print_what_to_do
    wait_for_the_end
fi
stop_both
