#!/usr/bin/env bash
# Changes the code in one place after the other, and shows the changes that no test notices.
set -euo pipefail
. "$(dirname "$0")/lib/private-database.sh"
. "$(dirname "$0")/lib/test-tools.sh"
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
Usage: deploy/mutants.sh [--integration | --diagnosis] [--shard K/N] [FILE...]

Changes the code of .cargo/mutants.toml, or of the named files below actors/src and actors/diagnosis/src, in one place after the other
(another operator, another value returned), and runs the unit tests of the file's crate each time, with cargo-mutants. A change that no
test notices is listed, and the script fails. The results are in target/mutants/mutants.out. A change takes about as long as a build of
the crate's tests and a run of them.

  --shard K/N    only the part K (from 0) of N parts of the changes
  --integration  the code of sync, drives and backups, or the named files, with the integration tests of these subjects as well, on a
                 database server that the script starts and removes: minutes for each change. Some changes have no effect on what is
                 stored and told, so that what is not noticed is listed, but does not make the script fail
  --diagnosis    all code of the diagnosis, with its unit tests. What is not noticed, most of it < for <= at measured values, is
                 listed, too
TEXT
}

with_integration=
is_list=
files=()
shard=()
while [ $# -gt 0 ]; do
    case $1 in
        --integration)
            with_integration=1
            is_list=1
            ;;
        --diagnosis)
            files+=(--file "actors/diagnosis/src/**")
            is_list=1
            ;;
        --shard)
            [ $# -gt 1 ] || fail "--shard requires a part, such as 0/8 (see --help)"
            shard=(--shard "$2")
            shift
            ;;
        --help | -h)
            usage
            exit
            ;;
        -*) fail "unknown option $1 (see --help)" ;;
        *) break ;;
    esac
    shift
done
require_cargo
get_mutation_tool

subjects=(sync drives backup)
settings=.cargo/mutants.toml
for file in "$@"; do
    [ -f "$file" ] || fail "$file does not exist"
    files+=(--file "$file")
done
if [ -n "$with_integration" ] && [ $# -eq 0 ]; then
    for subject in "${subjects[@]}"; do
        files+=(--file "actors/src/$subject.rs" --file "actors/src/$subject/**")
    done
fi
mkdir -p target/mutants
if [ ${#files[@]} -gt 0 ]; then
    settings=target/mutants/settings.toml
    # The tool adds named files to those of its settings.
    sed '/^examine_globs/,/^]/d' .cargo/mutants.toml >"$settings"
fi
if [ -n "$with_integration" ]; then
    sed -i '/^additional_cargo_test_args/d' "$settings"
    cat >>"$settings" <<TOML
additional_cargo_args = ["--package=eclipse-ai-server", "--lib", "--test=integration"]
additional_cargo_test_args = ["--"$(printf ', "%s::"' "${subjects[@]}")]
TOML
fi

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

if [ -n "$with_integration" ]; then
    get_any_database_programs || fail "no database server to test with"
    temporary_folder=$(mktemp -d)
    # shellcheck disable=SC2154 # set by get_any_database_programs
    start_test_database "$database_flavour" "$temporary_folder"
    shard+=(--timeout-multiplier 3)
fi
say "changing the code in one place after the other"
# A property test that fails need not find its shortest example: that takes a minute.
export PROPTEST_MAX_SHRINK_ITERS=0
exit_code=0
run_session cargo mutants --package eclipse-ai-actors --package eclipse-ai-diagnosis --config "$settings" --no-shuffle --colors never \
    --output target/mutants "${shard[@]}" "${files[@]}" || exit_code=$?
case $exit_code in
    0) ;;
    # Changes that no test noticed, or with which a test did not end. The tool has listed them.
    2 | 3) [ -n "$is_list" ] || fail "not every change was noticed: see target/mutants/mutants.out" ;;
    *) fail "cargo-mutants failed with exit code $exit_code: see above" ;;
esac
