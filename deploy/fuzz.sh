#!/usr/bin/env bash
# Runs the fuzz targets of fuzz/ one after the other.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$(dirname "$0")/.."

seconds=120
case ${1:-} in
    --help | -h)
        cat <<'TEXT'
Usage: deploy/fuzz.sh [--seconds N] [TARGET...]

Runs each fuzz target, or the named ones, for N seconds (default: 120), beginning with the inputs in fuzz/seeds/. Needs a nightly
Rust and cargo-fuzz (cargo install cargo-fuzz). An input that breaks a target is kept in fuzz/artifacts/, and the script fails.
TEXT
        exit
        ;;
    --seconds)
        [ $# -gt 1 ] || fail "--seconds requires a number (see --help)"
        seconds=$2
        shift 2
        ;;
esac
require_cargo
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
cargo +nightly --version >/dev/null 2>&1 || fail "a nightly Rust is missing. Install it: rustup toolchain install nightly"
cargo fuzz --version >/dev/null 2>&1 || fail "cargo-fuzz is missing. Install it: cargo install cargo-fuzz"

[ $# -gt 0 ] || set -- sync_body timestamp multipart csv_log model_answer thresholds
for target in "$@"; do
    mkdir -p "fuzz/corpus/$target"
    say "fuzzing $target for $seconds s"
    # The code is safe Rust, in which the address sanitizer finds nothing.
    cargo +nightly fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
