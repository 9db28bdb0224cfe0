# shellcheck shell=bash
# The program of a release: a package or a tarball that deploy/package.sh has built. To be sourced.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# unpack_release FILE FOLDER: prints the path of the program, which has been run once. FOLDER/release holds one release; an
# earlier one is replaced once the new one is complete.
unpack_release() {
    local file=$1 folder=$2 program output
    [ -f "$file" ] || fail "$file does not exist"
    verify_release "$file"
    rm -rf "$folder/release.new"
    mkdir -p "$folder/release.new"
    case $file in
        *.tar.gz)
            tar --extract --gzip --file "$file" --directory "$folder/release.new" --strip-components=1 ||
                fail "$file cannot be unpacked"
            program=target/release/eclipse-ai-server
            ;;
        *.deb)
            have dpkg-deb || fail "$file needs dpkg to be unpacked: use the .tar.gz of the same release"
            dpkg-deb --extract "$file" "$folder/release.new" || fail "$file cannot be unpacked"
            program=usr/bin/eclipse-ai-server
            ;;
        *) fail "$file is neither a .tar.gz nor a .deb" ;;
    esac
    [ -x "$folder/release.new/$program" ] || fail "$file contains no $program"
    output=$("$folder/release.new/$program" --version 2>&1) ||
        fail "the program of $file does not run on this machine: $output"
    rm -rf "$folder/release"
    mv "$folder/release.new" "$folder/release"
    say "the release runs on this machine: $output"
    echo "$folder/release/$program"
}

# verify_release FILE: against the .sha256 of the same release, if that lies beside it.
verify_release() {
    local name=${1##*/} sums expected
    sums=${1%.tar.gz}
    sums=${sums%.deb}.sha256
    if [ ! -e "$sums" ]; then
        say "$name is not verified: ${sums##*/} does not lie beside it"
        return
    fi
    expected=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$sums")
    [ -n "$expected" ] || fail "$sums has no checksum of $name"
    [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$expected" ] ||
        fail "$name is damaged: its checksum differs from the one in $sums. Download both again"
    say "$name has the checksum of ${sums##*/}"
}
