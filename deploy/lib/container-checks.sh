#!/usr/bin/env bash
# Builds the image of the Containerfile and runs it beside a MariaDB, with podman and on a base that is no download.
# Called by test-boot.sh: container-checks.sh ROOT BINARY WORK
#   ROOT     a Debian system with MariaDB, as a folder
#   BINARY   the program under test: compiling it in the image would need crates.io
#   WORK     an empty folder for images and containers
# Exits with 77 if containers do not run here.
set -euo pipefail

root=$(realpath "$1") binary=$(realpath "$2") work=$(realpath "$3")
project=$(dirname "$(readlink -f "$0")")/../..
. "$project/deploy/lib/packages.sh"
. "$project/deploy/lib/url.sh"

runtime=()
readonly key=key-of-the-container-test password=password-of-the-container-test
server=""
# Low enough for a machine that allows no more.
limits=(--ulimit nofile=4096:4096 --ulimit nproc=4096:4096)

# Images and containers of their own, removed with the folder.
pod() {
    podman --root "$work/images" --runroot "$work/running" "${runtime[@]}" "$@"
}

give_up() {
    say "SKIPPED, the server in a container: $*"
    exit 77
}

clean_up() {
    pod rm --force --all >/dev/null 2>&1 || true
    ! mountpoint --quiet "$work/images/overlay" || umount "$work/images/overlay"
}

check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok $name"
    else
        echo "not ok $name"
        printf '# %s\n' "${output//$'\n'/$'\n'# }"
        [ -z "$server" ] || pod logs "$server" 2>&1 | tail -n 20 | sed 's/^/# /'
        exit 1
    fi
}

get_podman() {
    if ! have podman || ! have runc; then
        refresh_package_lists
        install_packages podman runc >&2 || give_up "podman cannot be installed"
    fi
    tar --create --directory "$root" --exclude ./var/cache --exclude ./var/lib/apt . |
        pod import - base >/dev/null 2>"$work/log" || give_up "no image can be imported: $(tail -n 1 "$work/log")"
    # Not each runtime can do with the cgroups of each machine.
    for runtime in crun runc; do
        runtime=(--runtime "$runtime")
        ! pod run --rm --network=host "${limits[@]}" base true 2>"$work/log" || return 0
    done
    give_up "no container runs: $(tail -n 1 "$work/log")"
}

# The image of a builder whose cargo hands over the program under test.
build_image() {
    mkdir "$work/builder"
    cp "$binary" "$work/builder/program"
    cat >"$work/builder/Containerfile" <<'TEXT'
FROM base
COPY program /program
RUN printf '#!/bin/sh\nexec install -D /program target/release/eclipse-ai-server\n' >/usr/local/bin/cargo \
    && chmod +x /usr/local/bin/cargo
TEXT
    pod build --isolation=chroot --pull=never --tag builder "$work/builder" &&
        pod build --isolation=chroot --pull=never --build-arg BUILD_IMAGE=builder --build-arg RUN_IMAGE=base \
            --file "$project/Containerfile" --tag eclipse-ai-server "$project"
}

start_database() {
    cat >"$work/accounts.sql" <<SQL
CREATE DATABASE eclipse_ai CHARACTER SET utf8mb4;
CREATE USER eclipse_ai IDENTIFIED BY '$password';
GRANT ALL ON eclipse_ai.* TO eclipse_ai;
SQL
    chmod 644 "$work/accounts.sql"
    database_port=$(free_port)
    pod run --detach --network=host "${limits[@]}" --volume "$work/accounts.sql:/accounts.sql:ro" base \
        sh -c "install -d -o mysql /run/mysqld && exec mariadbd --user=mysql --bind-address=127.0.0.1 \
            --port=$database_port --init-file=/accounts.sql" >/dev/null
}

start_server() {
    server=$(pod run --detach --network=host "${limits[@]}" --volume state:/var/lib/eclipse-ai-server \
        --env HOST=127.0.0.1 --env "PORT=$port" --env "API_KEY=$key" --env OLLAMA_BASE_URL=http://127.0.0.1:9 \
        --env "DATABASE_URL=mysql://eclipse_ai:$(url_encode "$password")@127.0.0.1:$database_port/eclipse_ai" \
        eclipse-ai-server)
}

request() {
    local path=$1
    shift
    curl --silent --show-error --fail-with-body --max-time 10 -H "X-API-Key: $key" "$@" "http://127.0.0.1:$port$path"
}

says() {
    request "$1" | grep -F "$2"
}

stops_with_0() {
    pod stop --time 15 "$server" && [ "$(pod wait "$server")" = 0 ]
}

trap clean_up EXIT
get_podman
check "the image builds" build_image
start_database
port=$(free_port)
start_server
check "the server in the container finds its database" wait_until 90 says /api/v1/health '"mysql":"up"'
check "it does not run as root" test "$(pod exec "$server" id -u)" = 10001
check "it stores a batch" request /api/v1/sync -H 'Content-Type: application/json' \
    --data '{"deviceId": "car", "batchId": "b", "tables": {"profiles": {"rows": [{"id": "daily", "name": "Daily"}]}}}'
check "it stores a backup in its volume" request /api/v1/backup -F type=logs -F deviceId=car -F "file=@$work/accounts.sql;filename=car.log"
check "it stops with exit code 0" stops_with_0
start_server
check "a new container has the backups of the old one" wait_until 60 says /api/v1/backups car-
echo "done"
