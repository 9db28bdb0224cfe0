#!/usr/bin/env bash
# Compares the server's throughput with statements by hand, on a database server that it starts for this.
set -euo pipefail
. "$(dirname "$0")/lib/private-database.sh"
cd "$(dirname "$0")/.."

measured=()
case ${1:-} in
    --growth | --large | --year | --backups)
        measured=(-- "${1#--}")
        shift
        ;;
esac
case ${1:-} in
    --help | -h)
        cat <<'TEXT'
Usage: deploy/speed.sh [--growth|--large|--year|--backups] [mariadb|mysql]

Starts a private database server and measures the release build on it: start, memory, and for 1 to 8 clients the
throughput, in rounds that alternate with multi-row upserts by hand, prepared and as text; then the diagnosis of a
million readings. Prints tables and removes the database. Takes ten minutes or more. No result makes it fail.

  --growth   instead, the time of each answer at 1× and 100× of the data, while cars drive
  --large    instead, the throughput and the answers with ten million readings and 100,000 drives, also with a small buffer
             pool; needs 6 GB in the folder for temporary files
  --year     instead, a year of one car, sent to the server: ten million readings, 1,000 drives and 365 backups, with the
             time of each answer after 1, 3, 6 and 12 months; takes half an hour, and 6 GB in the folder for temporary files.
             YEAR_DRIVES=20 makes a shorter one
  --backups  instead, uploads compared with a copy and fsync of the same file, and the syncs during an upload of 1 GB;
             needs 5 GB in the folder for temporary files
TEXT
        exit
        ;;
    '') get_any_database_programs || fail "no database server to measure with" ;;
    mariadb | mysql) get_database_programs "$1" || fail "no $1 server to measure with" ;;
    *) fail "unknown database $1 (see --help)" ;;
esac
require_cargo

folder=$(mktemp -d)
clean_up() {
    [ -z "${!:-}" ] || end_session "$!" 10
    stop_private_database
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(random_hex 16)
port=$(free_port)
start_private_database "${1:-$database_flavour}" "$folder" "$port" "$password" \
    --max-connections=200 --innodb-buffer-pool-size=1G
export TEST_DATABASE_URL="mysql://root:$password@127.0.0.1:$port/"
export DATABASE_PID=$private_database_pid
run_session cargo bench --locked --bench speed "${measured[@]}"
[ -n "${measured[*]}" ] || run_session cargo run --locked --profile bench --example diagnosis -- --speed
