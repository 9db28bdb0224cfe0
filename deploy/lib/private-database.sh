# shellcheck shell=bash
# A private MariaDB or MySQL server: in a folder and on a port that the caller chooses, for 127.0.0.1 only.
# It reads no system-wide settings and shares nothing with other servers of the machine.
# To be sourced.
#
#   start_private_database FLAVOUR FOLDER PORT PASSWORD [SERVER OPTION...]   and wait until it answers
#   private_database_sql FOLDER PASSWORD [CLIENT OPTION...]                  as root, statements on standard input
#   stop_private_database                                                    the one that was started, and wait
#   start_test_database FLAVOUR FOLDER                                       one for tests, which TEST_DATABASE_URL names then
#
# FOLDER holds data/, server.sock, server.pid, server.log and a file that names its flavour. root may log in from 127.0.0.1
# and through the socket, with PASSWORD or, if that is empty, without one. A FOLDER that was started before keeps its data.

. "$(dirname "${BASH_SOURCE[0]}")/database-programs.sh"

private_database_pid=
# Empty until it has answered.
private_database_ready=

# A path that a private database can use.
check_private_database_path() {
    case $1 in
        *[[:space:]]*) fail "the path $1 contains blanks, which the installer of a private database cannot handle: use another folder" ;;
    esac
    # The longest path of a Unix socket has 107 characters.
    [ "${#1}" -le 90 ] || fail "the path $1 is too long for a database socket (at most 90 characters)"
}

start_private_database() {
    local flavour=$1 folder=$2 port=$3 password=$4
    shift 4

    check_private_database_path "$folder"
    ! private_database_runs "$folder" || fail "the database in $folder is already running, as process $(cat "$folder/server.pid")"
    ! port_is_taken "$port" || fail "port $port for the private $flavour server is in use"
    find_database_programs "$flavour" || fail "no $flavour server is installed"

    if [ ! -e "$folder/data" ] || [ -e "$folder/incomplete" ]; then
        create_private_database "$flavour" "$folder"
        run_database_server "$flavour" "$folder" "$port" "$@"
        wait_for_database_server "$folder" ""
        allow_root "$password" | private_database_sql "$folder" ""
        rm "$folder/incomplete"
    else
        [ "$(private_database_flavour "$folder")" = "$flavour" ] || fail "the database in $folder was not created by $flavour"
        run_database_server "$flavour" "$folder" "$port" "$@"
    fi
    wait_for_database_server "$folder" "$password"
    private_database_ready=yes
}

# Prints the flavour of a FOLDER that was started before.
private_database_flavour() {
    cat "$1/flavour" 2>/dev/null
}

# Also one that another run started: it survives a kill -9 of the script.
private_database_runs() {
    local pid
    pid=$(cat "$1/server.pid" 2>/dev/null) && grep -qs -- "--datadir=$1/data" "/proc/$pid/cmdline"
}

private_database_sql() {
    local folder=$1 password=$2
    shift 2
    MYSQL_PWD=$password "$database_client" --no-defaults --user=root --socket="$folder/server.sock" \
        --batch --skip-column-names "$@"
}

# One that has never answered ignores the signal until it is ready, and has nothing to lose.
stop_private_database() {
    [ -n "$private_database_pid" ] || return 0
    if [ -n "$private_database_ready" ]; then
        end_session "$private_database_pid" 60
    else
        say "stopping the database, which has not finished its start"
        end_session "$private_database_pid" 3
    fi
    private_database_pid='' private_database_ready=''
}

# On a free port and with a new password. Its data is discarded, so it need not wait for the disk.
start_test_database() {
    local port password
    port=$(free_port)
    password=$(random_hex 16)
    start_private_database "$1" "$2" "$port" "$password" \
        --max-connections=400 --performance-schema=OFF --innodb-buffer-pool-size=256M \
        --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF
    # shellcheck disable=SC2034 # for the caller
    test_database_version=$(private_database_sql "$2" "$password" --execute='SELECT VERSION()')
    # shellcheck disable=SC2154 # set by get_database_programs
    export MYSQL_CLIENT="$database_client"
    export TEST_DATABASE_URL="mysql://root:$password@127.0.0.1:$port/"
}

# Starts over if an earlier first start did not finish; nothing else removes data.
create_private_database() {
    local flavour=$1 folder=$2
    mkdir -p "$folder/files"
    chmod 700 "$folder"
    touch "$folder/incomplete"
    echo "$flavour" >"$folder/flavour"
    rm -rf "$folder/data"
    create_system_tables "$flavour" "$folder" >>"$folder/server.log" 2>&1 ||
        fail_with_log "$folder" "$flavour could not create its system tables"
}

# A server removes the temporary tables that it finds at its start, also those of another server that uses the same folder.
create_system_tables() {
    local flavour=$1 folder=$2
    mkdir -p "$folder/tmp"
    local -x TMPDIR=$folder/tmp
    case $flavour in
        mariadb)
            # --force: the machine's name need not resolve.
            "${database_client%/*}/mariadb-install-db" --no-defaults --basedir="${database_server%/sbin/*}" \
                --datadir="$folder/data" --user="$(id -un)" --auth-root-authentication-method=normal \
                --skip-test-db --skip-name-resolve --force
            ;;
        mysql)
            "$database_server" --no-defaults --initialize-insecure --datadir="$folder/data" --user="$(id -un)"
            ;;
    esac
}

run_database_server() {
    local flavour=$1 folder=$2 port=$3
    shift 3
    local own_options=()
    # MySQL listens for its X protocol on a second, fixed port otherwise.
    [ "$flavour" = mariadb ] || own_options=(--mysqlx=OFF)

    mkdir -p "$folder/tmp"
    start_session "$database_server" --no-defaults --user="$(id -un)" --tmpdir="$folder/tmp" \
        --datadir="$folder/data" --socket="$folder/server.sock" --pid-file="$folder/server.pid" \
        --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --skip-log-bin \
        --secure-file-priv="$folder/files" --character-set-server=utf8mb4 "${own_options[@]}" "$@" \
        >>"$folder/server.log" 2>&1
    private_database_pid=$!
}

wait_for_database_server() {
    local folder=$1 password=$2
    wait_until 120 database_answers_or_has_ended "$folder" "$password" ||
        fail_with_log "$folder" "the private database does not answer after 120 s"
    ! has_ended "$private_database_pid" || fail_with_log "$folder" "the private database ended while it started"
}

database_answers_or_has_ended() {
    has_ended "$private_database_pid" || private_database_sql "$1" "$2" --execute='SELECT 1' >/dev/null 2>&1
}

fail_with_log() {
    tail -n 20 "$1/server.log" >&2
    fail "$2 (the end of $1/server.log is above)"
}

# The statements that allow root from 127.0.0.1 too, because names are not resolved.
allow_root() {
    cat <<SQL
CREATE USER IF NOT EXISTS root@'127.0.0.1';
ALTER USER root@'127.0.0.1' IDENTIFIED BY '$1';
GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
ALTER USER root@localhost IDENTIFIED BY '$1';
SQL
}
