# shellcheck shell=bash
# Programs that tests need beside a database: found on this machine, or downloaded.
# To be sourced.
#
#   get_test_tools   puts promtool, schemathesis, chromium and chromedriver into PATH; fails if one is unavailable
#
# The first two are kept in a cache folder; remove that to download them again.

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
