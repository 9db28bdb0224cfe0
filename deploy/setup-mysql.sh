#!/usr/bin/env bash
# Creates the databases and the account that the server's settings name, with no more grants than needed.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
. "$here/lib/host.sh"
. "$here/lib/url.sh"

usage() {
    cat <<'HELP'
Usage: setup-mysql.sh [OPTION...] [-- CLIENT OPTION...]

Creates the databases eclipse_ai and eclipse_ai_test, and the account that the server uses, on MySQL 8.0 or newer or on
MariaDB 10.11 or newer. It can be run again: nothing is ever dropped, and an existing account gets the password of the
settings and the grants it needs.

Names and password come from DATABASE_URL in the environment or else in the settings file. If there is none, the account
is eclipse_ai with a generated password, and DATABASE_URL is written to the settings file or, without one, printed.

Options:
  --settings FILE      the settings file [/etc/eclipse-ai-server/env, if it exists]
  --client-host HOST   an address that the server may connect from, such as 10.27.27.5 or 10.27.27.%; may be repeated
                       [this machine]; needed when the database runs on another machine than the server
  --no-test-database   omit eclipse_ai_test, which only the project's own tests use
  --dry-run            print what would be done, without the password; change nothing
  --help               this text

Environment:
  DB_PASSWORD          the account's password: replaces the one in DATABASE_URL
  DATABASE_URL         mysql://USER:PASSWORD@HOST:PORT/DATABASE; of several hosts, the first gets the statements
  ADMIN_PASSWORD       password of the administrator's account, if it needs one
  MYSQL_CLIENT         the client program [mariadb or mysql]

Everything after -- is passed to the client. Without it, the client connects as the present user: as root (sudo) through
the local socket, or as ~/.my.cnf configures. For another machine: setup-mysql.sh --client-host 10.27.27.5 -- --host=db --user=admin

Examples:
  sudo deploy/setup-mysql.sh
  read -rsp 'Password: ' DB_PASSWORD && export DB_PASSWORD && sudo --preserve-env=DB_PASSWORD deploy/setup-mysql.sh
HELP
}

main() {
    read_arguments "$@"
    client=${MYSQL_CLIENT:-$(command -v mariadb || command -v mysql)} ||
        fail "no mysql client is installed: apt-get install default-mysql-client"
    decide_names_and_password
    private_files=$(mktemp -d)
    trap 'rm -rf "$private_files"' EXIT

    if [ -n "$dry_run" ]; then
        say "would run $client as ${admin_options[*]:-the present user, through the local socket} with:"
        statements | without_password
        [ -z "$url_is_new" ] || say "would write DATABASE_URL to ${settings:-standard output}"
        return
    fi
    statements | as_admin || fail "the database server refused a statement; nothing is lost: repair the cause and run this again"
    hand_over_url
    check_login
    say "ready: account $user with ${databases[*]}"
}

read_arguments() {
    settings='' dry_run='' with_test_database=yes client_hosts=() admin_options=()
    [ ! -e "$settings_file" ] || settings=$settings_file
    while [ $# -gt 0 ]; do
        case $1 in
            --settings) settings=${2:?--settings needs a file} && shift ;;
            --client-host) client_hosts+=("${2:?--client-host needs a host}") && shift ;;
            --no-test-database) with_test_database='' ;;
            --dry-run) dry_run=yes ;;
            --help | -h) usage && exit ;;
            --) shift && admin_options=("$@") && break ;;
            *) fail "unknown option $1; see --help" ;;
        esac
        shift
    done
    [ -z "$settings" ] || [ -r "$settings" ] || fail "$settings is not readable: run this with sudo"
}

# Sets user, password, hosts, host and port of the first of them, database and databases, and url if it differs from the settings.
decide_names_and_password() {
    local url=${DATABASE_URL:-}
    url_is_new=''
    [ -n "$url" ] || [ -z "$settings" ] || url=$(read_setting "$settings" DATABASE_URL)
    if [ -z "$url" ]; then
        url=mysql://eclipse_ai@127.0.0.1:3306/eclipse_ai
        url_is_new=yes
    fi
    [[ $url =~ ^(mysql(\+[a-z]+)?)://([^:@/]+)(:([^@/]*))?@([^/@?]+)/([A-Za-z0-9_]+)(\?.*)?$ ]] ||
        fail "DATABASE_URL is not of the form mysql://USER:PASSWORD@HOST:PORT/DATABASE"
    scheme=${BASH_REMATCH[1]}
    user=$(url_decode "${BASH_REMATCH[3]}")
    password=$(url_decode "${BASH_REMATCH[5]}")
    hosts=${BASH_REMATCH[6]}
    database=${BASH_REMATCH[7]}
    url_options=${BASH_REMATCH[8]}
    # Those of a cluster have the same accounts: the statements go to the first.
    [[ ${hosts%%,*} =~ ^([^]:[]+|\[[0-9a-f:.]+\])(:([0-9]+))?$ ]] ||
        fail "DATABASE_URL: its first host is not of the form HOST:PORT"
    host=${BASH_REMATCH[1]}
    port=${BASH_REMATCH[3]:-3306}

    [[ $user =~ ^[A-Za-z0-9_.-]{1,32}$ ]] || fail "DATABASE_URL: a user name has at most 32 letters, digits, '_', '.' and '-'"
    [ "$user" != root ] || fail "DATABASE_URL names root: give the server an account of its own, such as eclipse_ai"
    if [ -n "${DB_PASSWORD:-}" ] && [ "$DB_PASSWORD" != "$password" ]; then
        password=$DB_PASSWORD
        url_is_new=yes
    elif [ -z "$password" ]; then
        password=$(generated_password)
        url_is_new=yes
    fi
    databases=("$database")
    [ -z "$with_test_database" ] || databases+=("${database}_test")

    if [ ${#client_hosts[@]} -eq 0 ]; then
        are_on_this_machine "$hosts" ||
            fail "the database is on $hosts: name each address that the server connects from with --client-host"
        client_hosts=(localhost 127.0.0.1 ::1)
    fi
    are_on_this_machine "$host" || [ ${#admin_options[@]} -gt 0 ] ||
        admin_options=(--host="${host//[][]/}" --port="$port")
}

# Hosts separated by commas, with or without a port.
are_on_this_machine() {
    [[ ,$1 =~ ^(,(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)+$ ]]
}

# The same text for MySQL 8 and 9 and MariaDB: the default authentication plugin of each is secure.
# The grants are those that migrations and the server need. Each test creates a database.
statements() {
    local name account client_host
    echo "SET SESSION sql_mode = '';"
    for name in "${databases[@]}"; do
        echo "CREATE DATABASE IF NOT EXISTS \`$name\` CHARACTER SET utf8mb4;"
    done
    for client_host in "${client_hosts[@]}"; do
        account="$(quoted "$user")@$(quoted "$client_host")"
        cat <<SQL
CREATE USER IF NOT EXISTS $account IDENTIFIED BY $(quoted "$password");
ALTER USER $account IDENTIFIED BY $(quoted "$password");
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON \`${database//_/\\_}\`.* TO $account;
SQL
        [ -z "$with_test_database" ] ||
            echo "GRANT ALL PRIVILEGES ON \`${database//_/\\_}\\_test%\`.* TO $account;"
    done
}

# A string for SQL.
quoted() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

without_password() {
    sed "s/\(IDENTIFIED BY\) .*;\$/\1 '…';/"
}

# Passwords reach the client through a file that only this user can read: command lines are visible to all users.
as_admin() {
    client_file admin "${ADMIN_PASSWORD:-}"
    "$client" --defaults-extra-file="$private_files/admin" "${admin_options[@]}" --batch
}

# client_file NAME PASSWORD [LINE...]
client_file() {
    local name=$1 password=$2
    shift 2
    (
        umask 077
        {
            echo '[client]'
            # Quoted: a # would start a comment. The client itself understands \\ and \".
            [ -z "$password" ] || printf 'password="%s"\n' "$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')"
            [ $# -eq 0 ] || printf '%s\n' "$@"
        } >"$private_files/$name"
    )
}

hand_over_url() {
    [ -n "$url_is_new" ] || return 0
    local url
    url="$scheme://$user:$(url_encode "$password")@$hosts/$database$url_options"
    if [ -n "$settings" ]; then
        write_setting "$settings" DATABASE_URL "$url"
        say "DATABASE_URL has changed in $settings: systemctl restart $service"
    else
        echo "DATABASE_URL=$url"
    fi
}

# Connects as the server does: over TCP, with the account's own password.
check_login() {
    case " ${client_hosts[*]} " in
        *' localhost '* | *' 127.0.0.1 '*) ;;
        *) say "the login from another machine is not checked here: run $service doctor there" && return ;;
    esac
    client_file account "$password" "user=$user" "host=${host//[][]/}" "port=$port" protocol=tcp \
        "$(password_without_tls)"
    "$client" --defaults-file="$private_files/account" --database="$database" --execute='SELECT 1' >/dev/null ||
        fail "the account was created, but cannot log in at $host:$port: check that DATABASE_URL names this server"
}

# MySQL's own client refuses to ask a server without TLS for its key; MariaDB's asks, and does not know the option.
password_without_tls() {
    "$client" --version | grep -q MariaDB || echo get-server-public-key
}

main "$@"
