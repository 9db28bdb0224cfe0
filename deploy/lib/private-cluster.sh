# shellcheck shell=bash
# A private cluster of three database servers on 127.0.0.1, for tests: MariaDB with Galera, or MySQL with Group Replication and
# one primary. To be sourced.
#
#   start_private_cluster galera|group FOLDER   with an empty database eclipse_ai; node N listens on cluster_port + N
#   start_node N, stop_node N, kill_node N      a node that starts is waited for until it takes part in the cluster
#   isolate_node N, reconnect_node N            a partition of the network; waits until the others exclude the node, or accept it
#   stop_private_cluster
#
# The nodes are in FOLDER/1 to FOLDER/3. root may log in without a password.

. "$(dirname "${BASH_SOURCE[0]}")/private-database.sh"

cluster_kind='' cluster_folder='' cluster_port=''
cluster_pids=('' '' '' '')

start_private_cluster() {
    cluster_kind=$1 cluster_folder=$2
    check_private_database_path "$cluster_folder/1"
    cluster_port=$(free_port)
    case $cluster_kind in
        galera) start_galera ;;
        group) start_group ;;
    esac
}

start_node() {
    case $cluster_kind in
        galera) start_galera_node "$1" --wsrep-start-position="$(galera_position "$1")" ;;
        group)
            start_group_node "$1"
            cluster_sql "$1" "START GROUP_REPLICATION"
            wait_for_node "$1"
            ;;
    esac
}

stop_node() {
    end_session "${cluster_pids[$1]}" 60
}

kill_node() {
    kill -KILL "${cluster_pids[$1]}"
    wait_until 20 has_ended "${cluster_pids[$1]}"
}

# Galera has an option for it. A member of a group is frozen, which the others cannot tell from a broken network.
isolate_node() {
    case $cluster_kind in
        galera) cluster_sql "$1" "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'" ;;
        group) kill -STOP "${cluster_pids[$1]}" ;;
    esac
    wait_until 60 is_excluded "$1" || fail "node $1 is still part of the cluster after 60 s"
}

is_excluded() {
    local other=$(($1 % 3 + 1))
    case $cluster_kind in
        galera) cluster_sql "$other" "SHOW STATUS LIKE 'wsrep_cluster_size'" | grep -qw 2 ;;
        group)
            cluster_sql "$other" "SELECT COUNT(*) FROM performance_schema.replication_group_members
                WHERE member_state = 'ONLINE'" | grep -qw 2
            ;;
    esac
}

reconnect_node() {
    case $cluster_kind in
        galera) cluster_sql "$1" "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'" ;;
        group) kill -CONT "${cluster_pids[$1]}" ;;
    esac
    wait_until 120 is_included "$1" || fail "node $1 is not part of the cluster after 120 s"
    wait_for_node "$1"
}

is_included() {
    ! is_excluded "$1"
}

stop_private_cluster() {
    local node
    for node in 3 2 1; do
        [ -z "${cluster_pids[node]}" ] || stop_node "$node"
    done
}

cluster_sql() {
    private_database_sql "$cluster_folder/$1" "" --execute="$2"
}

run_node() {
    local flavour=$1 node=$2
    shift 2
    run_database_server "$flavour" "$cluster_folder/$node" $((cluster_port + node)) "$@"
    cluster_pids[node]=$private_database_pid
    wait_for_database_server "$cluster_folder/$node" ""
}

wait_for_node() {
    wait_until 120 node_takes_part "$1" || fail_with_log "$cluster_folder/$1" "node $1 is not part of the cluster after 120 s"
}

node_takes_part() {
    case $cluster_kind in
        galera) cluster_sql "$1" "SHOW STATUS LIKE 'wsrep_ready'" 2>/dev/null | grep -q ON ;;
        group)
            cluster_sql "$1" "SELECT member_state FROM performance_schema.replication_group_members
                WHERE member_id = @@server_uuid" 2>/dev/null | grep -q ONLINE
            ;;
    esac
}

# All nodes begin with a copy of the same data, so that none needs a state transfer.
start_galera() {
    local node
    find_database_programs mariadb || fail "no mariadb server is installed"
    get_galera
    create_private_database mariadb "$cluster_folder/1"
    start_galera_node 1 --wsrep-new-cluster
    allow_root "" | private_database_sql "$cluster_folder/1" ""
    cluster_sql 1 "CREATE DATABASE eclipse_ai"
    stop_node 1
    rm "$cluster_folder/1/incomplete"
    for node in 2 3; do
        cp -a "$cluster_folder/1" "$cluster_folder/$node"
    done
    start_galera_node 1 --wsrep-new-cluster
    start_galera_node 2
    start_galera_node 3
}

start_galera_node() {
    local node=$1 peer peers=() group=$((cluster_port + 10)) transfer=$((cluster_port + 20)) cache=$((cluster_port + 30))
    shift
    for peer in 1 2 3; do
        peers+=("127.0.0.1:$((group + peer))")
    done
    # MariaDB runs wsrep_sst_step from its data folder.
    PATH=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")"):$PATH run_node mariadb "$node" "${galera_options[@]}" \
        --wsrep-cluster-address="gcomm://$(IFS=, && echo "${peers[*]}")" --wsrep-node-name="node$node" \
        --wsrep-node-address="127.0.0.1:$((group + node))" --wsrep-sst-receive-address="127.0.0.1:$((transfer + node))" \
        --wsrep-provider-options="base_host=127.0.0.1; base_port=$((group + node)); \
gmcast.listen_addr=tcp://127.0.0.1:$((group + node)); ist.recv_addr=127.0.0.1:$((cache + node))" "$@"
    wait_for_node "$node"
}

# What a node that was killed has committed last.
galera_position() {
    local folder=$cluster_folder/$1
    "$database_server" --no-defaults --user="$(id -un)" --tmpdir="$folder/tmp" --datadir="$folder/data" \
        --socket="$folder/recovery.sock" --pid-file="$folder/recovery.pid" --skip-networking "${galera_options[@]}" \
        --wsrep-cluster-address=gcomm:// --wsrep-recover 2>&1 | sed -n 's/.*Recovered position: //p' | tail -n 1
}

# Sets galera_options. The library is unpacked into the cache folder.
get_galera() {
    local folder partial
    folder=$(unpacked_database galera)
    if [ ! -e "$folder/usr/lib/galera/libgalera_smm.so" ]; then
        partial=$folder.$$
        say "unpacking galera-4 into $folder"
        mkdir -p "$partial"
        (cd "$partial" && apt-get download -qq galera-4 >&2 && dpkg --extract galera-4_*.deb .) ||
            fail "apt's sources have no galera-4"
        rm -rf "$folder"
        mv --no-target-directory "$partial" "$folder"
    fi
    galera_options=(--wsrep-on=ON --wsrep-provider="$folder/usr/lib/galera/libgalera_smm.so" --wsrep-cluster-name=eclipse_ai
        --wsrep-sst-method=step --binlog-format=ROW --innodb-autoinc-lock-mode=2)
}

# Sets haproxy: the installed one, or that of the distribution, unpacked into the cache folder.
get_haproxy() {
    local folder partial private_apt
    # shellcheck disable=SC2034 # for the caller
    ! haproxy=$(command -v haproxy) || return 0
    folder=$(unpacked_database haproxy)
    haproxy=$folder/usr/sbin/haproxy
    [ ! -x "$haproxy" ] || return 0
    partial=$folder.$$ private_apt=$(mktemp -d)
    say "unpacking haproxy into $folder"
    prepare_private_apt "$private_apt"
    unpack_packages "$private_apt" "$partial" haproxy || fail "apt's sources have no haproxy"
    rm -rf "$folder" "$private_apt"
    mv --no-target-directory "$partial" "$folder"
}

start_group() {
    local node
    find_database_programs mysql || fail "no mysql server is installed"
    for node in 1 2 3; do
        create_private_database mysql "$cluster_folder/$node"
        start_group_node "$node"
        {
            echo "SET SESSION sql_log_bin = 0;"
            allow_root ""
            cat <<'SQL'
CREATE USER replication@'%' IDENTIFIED BY 'replication';
GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO replication@'%';
SET SESSION sql_log_bin = 1;
CHANGE REPLICATION SOURCE TO SOURCE_USER = 'replication', SOURCE_PASSWORD = 'replication'
    FOR CHANNEL 'group_replication_recovery';
SQL
        } | private_database_sql "$cluster_folder/$node" ""
        rm "$cluster_folder/$node/incomplete"
        if [ "$node" = 1 ]; then
            cluster_sql 1 "SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION;
                SET GLOBAL group_replication_bootstrap_group = OFF"
            wait_for_node 1
            cluster_sql 1 "CREATE DATABASE eclipse_ai"
        else
            cluster_sql "$node" "START GROUP_REPLICATION"
            wait_for_node "$node"
        fi
    done
}

start_group_node() {
    local node=$1 peer peers=() group=$((cluster_port + 10))
    for peer in 1 2 3; do
        peers+=("127.0.0.1:$((group + peer))")
    done
    run_node mysql "$node" --server-id="$node" --log-bin=binlog --gtid-mode=ON --enforce-gtid-consistency=ON \
        --report-host=127.0.0.1 --report-port=$((cluster_port + node)) \
        --plugin-dir="$(dirname "$(dirname "$database_server")")/lib/mysql/plugin" --plugin-load-add=group_replication.so \
        --loose-group-replication-group-name=5c1c0de0-0000-4000-8000-000000000001 \
        --loose-group-replication-local-address="127.0.0.1:$((group + node))" \
        --loose-group-replication-group-seeds="$(IFS=, && echo "${peers[*]}")" \
        --loose-group-replication-start-on-boot=OFF --loose-group-replication-member-expel-timeout=0 \
        --loose-group-replication-recovery-get-public-key=ON
}
