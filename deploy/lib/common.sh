# shellcheck shell=bash
# Shared by all scripts: messages, waiting, running programs so that they can be stopped. To be sourced.

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

# Prints the number of a text like "eclipse-ai-server 1.0.0 (1b5e4585d2a4)".
version_number() {
    cut -d' ' -f2 <<<"$1"
}

version_is_at_least() {
    printf '%s\n' "$1" "$2" | sort -V -C
}

# Rust's installer leaves it to the user to have cargo in PATH.
require_cargo() {
    have cargo || PATH=$PATH:~/.cargo/bin
    have cargo || fail "Rust is missing. Install it: $(rust_installation)"
}

# require_rust: the version that Cargo.toml names, and a C compiler for what it builds on.
require_rust() {
    local minimum version
    require_cargo
    minimum=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    version=$(cargo --version | cut -d' ' -f2)
    version_is_at_least "$minimum" "${version%%-*}" ||
        fail "Rust $minimum or newer is required, and this is $version. Install it: $(rust_installation)"
    have cc || fail "a C compiler is missing. Install it: sudo apt-get install gcc libc6-dev"
}

# Prints the command that installs a new Rust: from the distribution if it has rustup, which bookworm does not.
rust_installation() {
    if have apt-cache && apt-cache show rustup >/dev/null 2>&1; then
        echo "sudo apt-get install rustup && rustup default stable"
    else
        echo "curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y && . ~/.cargo/env"
    fi
}

# wait_until SECONDS COMMAND...: until the command succeeds; fails after SECONDS.
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

# start_session COMMAND...: in the background, in a session of its own. Ctrl-C thus reaches only the script, which ends what it
# started in the right order. The pid is in $!.
start_session() {
    setsid "$@" </dev/null &
}

# The same, and waits for its end. Traps run without delay.
run_session() {
    start_session "$@"
    wait "$!"
}

# end_session PID SECONDS: terminates a session that this shell started; kills it after SECONDS.
end_session() {
    local pid=$1
    ! has_ended "$pid" || return 0
    # Shortly after its start it is not a process group of its own yet.
    kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null || true
    if ! wait_until "$2" has_ended "$pid"; then
        say "process $pid has not ended after $2 s: killing it"
        kill -KILL -- "-$pid" 2>/dev/null || true
    fi
}

# Reads /proc instead of calling `wait`, which may hang in a trap. A child is a zombie from its end until the shell exits or
# waits; a process that is no child of this shell has merely reused the pid.
has_ended() {
    local status
    status=$(cat "/proc/$1/status" 2>/dev/null) || return 0
    [[ $status == *State:?Z* || $status != *PPid:?$$[^0-9]* ]]
}
