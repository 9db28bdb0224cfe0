#!/usr/bin/env bash
# Builds the Debian package, and checks its contents without installing it.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$(dirname "$0")/.."

# Changed by hand, after reading its changelog.
cargo_deb_version=3.8.0

case ${1:-} in
    '') ;;
    --help | -h)
        cat <<TEXT
Usage: deploy/package.sh

Builds target/debian/eclipse-ai-server_VERSION_ARCHITECTURE.deb, unpacks it into a temporary folder, checks its files,
and runs the program from there. Beside it: the same as a .tar.gz, for deploy/install-service.sh, and a .sha256 of both. cargo-deb $cargo_deb_version is installed for this user if it is missing.
deploy/test-boot.sh tests installing, upgrading and removing the package.
TEXT
        exit
        ;;
    *) fail "unknown option $1 (see --help)" ;;
esac
require_cargo
have dpkg-deb || fail "dpkg is missing: build packages on Debian or Ubuntu"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! have cargo-deb; then
    say "installing cargo-deb $cargo_deb_version (some minutes)"
    # Unoptimised: it runs for seconds.
    cargo install cargo-deb --version "$cargo_deb_version" --locked --debug
fi
say "building the program"
cargo build --release --locked
completions=target/completions
mkdir -p "$completions"
target/release/eclipse-ai-server completions bash >"$completions/eclipse-ai-server"
target/release/eclipse-ai-server completions zsh >"$completions/_eclipse-ai-server"
target/release/eclipse-ai-server completions fish >"$completions/eclipse-ai-server.fish"
say "building the package"
cargo deb --locked --no-build >"$folder/output"
package=$(tail -n 1 "$folder/output")

root=$folder/root
dpkg-deb --raw-extract "$package" "$root"

# has MODE PATH
has() {
    [ "$(stat -c %a "$root/$2" 2>&1)" = "$1" ] || fail "the package lacks $2 with mode $1"
}

has 755 usr/bin/eclipse-ai-server
has 644 usr/lib/systemd/system/eclipse-ai-server.service
has 644 usr/share/man/man8/eclipse-ai-server.8.gz
has 755 usr/share/eclipse-ai-server/setup-mysql.sh
has 644 usr/share/eclipse-ai-server/env.example
has 644 usr/share/eclipse-ai-server/monitoring/alerts.yml
has 644 usr/share/bash-completion/completions/eclipse-ai-server
has 644 usr/share/zsh/vendor-completions/_eclipse-ai-server
has 644 usr/share/fish/vendor_completions.d/eclipse-ai-server.fish
has 644 usr/share/doc/eclipse-ai-server/setup-guide.md
for script in preinst postinst prerm postrm; do
    has 755 "DEBIAN/$script"
    ! grep -q '#DEBHELPER#' "$root/DEBIAN/$script" || fail "$script lacks the commands that start and stop the service"
done
version=$("$root/usr/bin/eclipse-ai-server" --version)
[[ "$version " == "eclipse-ai-server $(dpkg-deb --field "$package" Version | sed 's/-[^-]*$//') "* ]] ||
    fail "the program in the package reports version $version"
# With all the files that it sources.
"$root/usr/share/eclipse-ai-server/setup-mysql.sh" --help >/dev/null
say "$package is complete, and its program runs"

# For machines without dpkg: program, scripts, guides and completions, to be installed with deploy/install-service.sh.
name=$(basename "$package" .deb)
archive=target/debian/$name.tar.gz
mkdir -p "$folder/$name/target/release"
cp target/release/eclipse-ai-server "$folder/$name/target/release/"
cp -R .env.example README.md CHANGELOG.md LICENSE deploy docs "$completions" "$folder/$name/"
tar --create --gzip --owner=0 --group=0 --file "$archive" --directory "$folder" "$name"
"$folder/$name/deploy/install-service.sh" --help >/dev/null
(cd target/debian && sha256sum "$name.deb" "$name.tar.gz" >"$name.sha256")
say "$archive is complete; target/debian/$name.sha256 has the checksums of both"
