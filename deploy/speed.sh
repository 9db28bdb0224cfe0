#!/usr/bin/env bash
# Compares the server's throughput with prepared statements, on a database server that it starts for this.
set -euo pipefail
. "$(dirname "$0")/lib/private-database.sh"
cd "$(dirname "$0")/.."

measured=()
case ${1:-} in
    --growth | --backups)
        measured=(-- "${1#--}")
        shift
        ;;
esac
case ${1:-} in
    --help | -h)
        cat <<'TEXT'
Usage: deploy/speed.sh [--growth|--backups] [mariadb|mysql]

Starts a private database server, measures the release build and prepared multi-row upserts on it alternately, in
several rounds, prints the ratios, and removes the database. Takes a few minutes. No result makes it fail.

  --growth   instead, the time of each answer at 1× and 100× of the data, while cars drive
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
run_session cargo bench --locked --bench speed "${measured[@]}"
