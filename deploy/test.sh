#!/usr/bin/env bash
# Runs every test against a real database server, which it starts and removes afterwards.
set -euo pipefail
. "$(dirname "$0")/lib/private-database.sh"
. "$(dirname "$0")/lib/test-tools.sh"
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
Usage: deploy/test.sh [--database mariadb|mysql|all] [--long | --soak MINUTES] [-- ARGUMENTS OF cargo test]

Runs every test of the workspace against a private database server, in a temporary folder and on a free port, which it stops
and removes at the end. A missing database server is installed or unpacked first; a running one is never used. So are other
programs that tests need: promtool, schemathesis, chromium; for --long, generators of clients, from PyPI and npm.

  --database mariadb   MariaDB 10.11 or newer
  --database mysql     Oracle MySQL 8.0 or newer
  --database all       every test on MariaDB, then those that use a database on Oracle MySQL
                       (default: the one that is installed or available)
  --long               the longer proofs too: sets TEST_LONG=1, which lengthens some tests and adds others, and runs
                       deploy/fuzz.sh and parts of the three forms of deploy/mutants.sh first, other parts each day. For a
                       release or after a change of what they prove, not for every run. Takes hours: TEST_CRASH_MINUTES (30)
                       and TEST_SOAK_MINUTES (60) set the length of the longest.
  --soak MINUTES       only the weeks of cars that are a thousand times as fast, for this time
  --help               this text

Tests get TEST_DATABASE_URL=mysql://root:PASSWORD@127.0.0.1:PORT/ and may create databases; MYSQL_CLIENT is its client. Tests
of the service unit and the scripts use systemd-analyze and shellcheck, which are installed if they are missing.
Example: deploy/test.sh --database mysql -- --test integration sync
TEXT
}

databases=any
is_long=
only=()
while [ $# -gt 0 ]; do
    case $1 in
        --database)
            [ $# -gt 1 ] || fail "--database requires a name (see --help)"
            databases=$2
            shift
            ;;
        --database=*) databases=${1#*=} ;;
        --long)
            export TEST_LONG=1
            is_long=1
            ;;
        --soak)
            [ $# -gt 1 ] || fail "--soak requires a number of minutes (see --help)"
            export TEST_LONG=1 TEST_SOAK_MINUTES=$2
            only=(--test integration faults::soak -- --nocapture)
            shift
            ;;
        --help | -h)
            usage
            exit
            ;;
        --)
            shift
            break
            ;;
        *) fail "unknown option $1 (see --help)" ;;
    esac
    shift
done
require_cargo

# A trap sees the local variables of the function that it interrupts, so this name must not be used for a local one.
temporary_folder=
clean_up() {
    # The last that was started: the tests, otherwise the database.
    [ -z "${!:-}" ] || end_session "$!" 10
    stop_private_database
    [ -z "$temporary_folder" ] || rm -rf "$temporary_folder"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

case $databases in
    any)
        get_any_database_programs || fail "no database server to test with"
        databases=$database_flavour
        ;;
    all) databases="mariadb mysql" ;;
    mariadb | mysql) ;;
    *) fail "--database must be mariadb, mysql or all, not '$databases'" ;;
esac
# All of them first: a missing one should be reported before the tests.
for flavour in $databases; do
    get_database_programs "$flavour" || fail "no $flavour server to test with"
done
get_test_tools
[ "${TEST_LONG:-}" != 1 ] || get_api_tools
[ -z "$is_long" ] || get_mutation_tool

# require_tool PROGRAM PACKAGE: for single tests. Without it, only the tests that use it fail.
require_tool() {
    ! have "$1" || return 0
    if have apt-get && can_become_root && refresh_package_lists && install_packages "$2" >&2; then
        return
    fi
    say "$1 is missing and cannot be installed (package $2): the tests that use it will fail"
}
require_tool shellcheck shellcheck
require_tool systemd-analyze systemd
require_tool strace strace
[ "${TEST_LONG:-}" != 1 ] || require_tool faketime faketime
if ! have valgrind && ! { have apt-get && can_become_root && refresh_package_lists && install_packages valgrind >&2; }; then
    say "valgrind is missing and cannot be installed: how many instructions a reading costs is NOT checked"
fi

results=()
exit_code=0
if [ -n "$is_long" ]; then
    day=$((10#$(date +%j)))
    for proof in "fuzz.sh" "mutants.sh --shard $((day % 8))/8" "mutants.sh --diagnosis --shard $((day % 50))/50" \
        "mutants.sh --integration --shard $((day % 200))/200"; do
        # shellcheck disable=SC2086 # a script and its arguments
        if run_session deploy/$proof; then
            results+=("deploy/$proof: passed")
        else
            results+=("deploy/$proof: FAILED")
            exit_code=1
        fi
    done
fi
# Most tests wait: for servers, for silence, for a clock.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$(($(nproc) * 3 / 2))}"
for flavour in $databases; do
    tests=("$@" "${only[@]}")
    # Once is enough for what uses no database.
    [ "$flavour" = "${databases%% *}" ] || [ ${#tests[@]} -gt 0 ] || tests=(--test integration)
    temporary_folder=$(mktemp -d)
    start_test_database "$flavour" "$temporary_folder"
    # shellcheck disable=SC2154 # set by start_test_database
    version=$test_database_version
    say "testing on $flavour $version"
    if run_session cargo test --workspace --locked "${tests[@]}"; then
        results+=("$flavour $version: passed")
    else
        results+=("$flavour $version: FAILED")
        exit_code=1
        ! has_ended "$private_database_pid" || tail -n 20 "$temporary_folder/server.log" >&2
    fi
    stop_private_database
    rm -rf "$temporary_folder"
done
for result in "${results[@]}"; do
    say "$result"
done
exit "$exit_code"
