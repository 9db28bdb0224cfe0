# shellcheck shell=bash
# What every script here needs: messages, waiting, running a program so that it can be stopped. To be sourced.

say() {
    printf '==> %s\n' "$*" >&2
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# wait_until SECONDS COMMAND...: until the command succeeds; fails when the time is over.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# Does anything listen on this port of 127.0.0.1?
port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Prints a port of 127.0.0.1 that nothing listens on, below the range that the kernel gives to clients.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! port_is_taken "$port"; then
            echo "$port"
            return
        fi
    done
    fail "no free port found between 20000 and 32000"
}

# random_hex BYTES
random_hex() {
    od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# start_session COMMAND...: in the background, and out of reach of Ctrl-C, which so only reaches the script: it ends what it
# started in the right order. Sets session_pid.
start_session() {
    setsid "$@" </dev/null &
    # shellcheck disable=SC2034 # for the caller
    session_pid=$!
}

# end_session PID SECONDS: asks a session to end, insists after so many seconds, and waits for it.
end_session() {
    local pid=$1
    has_ended "$pid" || kill -TERM -- "-$pid" 2>/dev/null || true
    if ! wait_until "$2" has_ended "$pid"; then
        say "process $pid has not ended after $2 s: killing it"
        kill -KILL -- "-$pid" 2>/dev/null || true
    fi
    wait "$pid" 2>/dev/null || true
}

# A child that has ended is a zombie until the shell waits for it.
has_ended() {
    ! kill -0 "$1" 2>/dev/null || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}
