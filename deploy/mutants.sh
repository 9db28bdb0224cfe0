#!/usr/bin/env bash
# Changes the code in one place after the other, and shows the changes that no unit test notices.
set -euo pipefail
. "$(dirname "$0")/lib/test-tools.sh"
cd "$(dirname "$0")/.."

shard=()
case ${1:-} in
    --help | -h)
        cat <<'TEXT'
Usage: deploy/mutants.sh [--shard K/N] [FILE...]

Changes the code of .cargo/mutants.toml, or of the named files below actors/src and actors/diagnosis/src, in one place after the other
(another operator, another value returned), and runs the unit tests of the file's crate each time, with cargo-mutants. A change that no
test notices is listed, and the script fails. The results are in target/mutants/mutants.out. A change takes about as long as a build of
the crate's tests and a run of them.

  --shard K/N  only the part K (from 0) of N parts of the changes
TEXT
        exit
        ;;
    --shard)
        [ $# -gt 1 ] || fail "--shard requires a part, such as 0/8 (see --help)"
        shard=(--shard "$2")
        shift 2
        ;;
esac
require_cargo
get_mutation_tool

mkdir -p target/mutants
files=()
for file in "$@"; do
    [ -f "$file" ] || fail "$file does not exist"
    files+=(--file "$file")
done
if [ $# -gt 0 ]; then
    # The tool adds named files to those of its settings.
    sed '/^examine_globs/,/^]/d' .cargo/mutants.toml >target/mutants/settings.toml
    files+=(--config target/mutants/settings.toml)
fi
say "changing the code in one place after the other"
# A property test that fails need not find its shortest example: that takes a minute.
export PROPTEST_MAX_SHRINK_ITERS=0
cargo mutants --package eclipse-ai-actors --package eclipse-ai-diagnosis --no-shuffle --colors never --output target/mutants \
    "${shard[@]}" "${files[@]}" ||
    fail "not every change was noticed: see target/mutants/mutants.out"
