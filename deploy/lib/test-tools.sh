# shellcheck shell=bash
# Programs that tests need beside a database: found on this machine, or downloaded.
# To be sourced.
#
#   get_test_tools     puts promtool, schemathesis, chromium and chromedriver into PATH; fails if one is unavailable
#   get_mutation_tool  puts cargo-mutants at the end of PATH; fails if it is unavailable
#   get_api_tools      puts linters and generators of clients for the API at the end of PATH; fails if they are unavailable
#
# All but the browser are kept in a cache folder; remove that to download them again.

. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

get_test_tools() {
    PATH=$(unpacked_tools)/bin:$PATH
    export PATH
    have promtool || unpack_promtool || fail "promtool is missing: install Debian's or Ubuntu's package prometheus"
    install_schemathesis || fail "schemathesis cannot be installed: see above (it needs python3, with venv, and pip's index)"
    { have chromium && have chromedriver; } || install_browser ||
        fail "chromium or chromedriver is missing: install Debian's packages chromium and chromium-driver"
}

unpacked_tools() {
    local cache=${XDG_CACHE_HOME:-~/.cache}
    echo "$cache/eclipse-ai-server/tools"
}

# Unpacked, because the package would start a server; promtool itself needs only the C library.
unpack_promtool() (
    have apt-get || return 1
    say "promtool is missing: getting one"
    private_apt=$(mktemp -d)
    trap 'rm -rf "$private_apt"' EXIT
    prepare_private_apt "$private_apt"
    cd "$private_apt" || return 1
    apt-get -c apt.conf download prometheus >&2 || return 1
    dpkg --fsys-tarfile prometheus_*.deb | tar --extract ./usr/bin/promtool || return 1
    mkdir -p "$(unpacked_tools)/bin"
    mv usr/bin/promtool "$(unpacked_tools)/bin/promtool"
)

# Each version of the list has a folder of its own, which is complete once the link exists.
install_schemathesis() {
    local list folder program
    list=$(dirname "${BASH_SOURCE[0]}")/schemathesis.txt
    folder=$(unpacked_tools)/schemathesis-$(sha256sum "$list" | cut -c1-16)
    program=$(unpacked_tools)/bin/schemathesis
    if [ "$(readlink "$program")" = "$folder/bin/schemathesis" ] && "$program" --version >/dev/null 2>&1; then
        return
    fi
    say "installing schemathesis into $folder"
    create_python_environment "$folder" || return 1
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" >&2 || return 1
    mkdir -p "${program%/*}"
    ln -sfn "$folder/bin/schemathesis" "$program"
}

# In the versions of deploy/lib/api-tools, each set of versions in a folder of its own; Node.js comes from PyPI.
get_api_tools() {
    local lists folder file
    lists=$(realpath "$(dirname "${BASH_SOURCE[0]}")/api-tools")
    folder=$(unpacked_tools)/api-tools-$(cat "$lists/requirements.txt" "$lists/package-lock.json" | sha256sum | cut -c1-16)
    if [ ! -e "$folder/complete" ]; then
        say "installing linters and generators into $folder"
        rm -rf "$folder"
        create_python_environment "$folder" || fail "python3 with venv is missing"
        "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$lists/requirements.txt" >&2 ||
            fail "the tools cannot be installed from PyPI: see above"
        for file in package.json package-lock.json; do
            cp "$lists/$file" "$folder/"
        done
        (cd "$folder" && PATH=$folder/bin:$PATH npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 ||
            fail "the tools cannot be installed from npm: see above"
        touch "$folder/complete"
    fi
    # Behind the system's own programs, but for Node.js, whose version the tools require.
    mkdir -p "$folder/first"
    ln -sfn ../bin/node "$folder/first/node"
    PATH=$folder/first:$PATH:$folder/bin:$folder/node_modules/.bin
    export PATH API_TOOLS="$folder"
}

get_mutation_tool() {
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    export PATH
    have cargo-mutants && return
    say "cargo-mutants is missing: installing it"
    cargo install --quiet --locked cargo-mutants >&2 || fail "cargo-mutants cannot be installed: see above"
}

create_python_environment() {
    python3 -m venv --clear "$1" >/dev/null 2>&1 && return
    have apt-get && can_become_root || return 1
    refresh_package_lists
    install_packages python3 python3-venv >&2 && python3 -m venv --clear "$1" >&2
}

install_browser() {
    have apt-get && can_become_root || return 1
    say "chromium is missing: installing it"
    refresh_package_lists
    install_packages chromium chromium-driver >&2 && have chromium && have chromedriver
}
