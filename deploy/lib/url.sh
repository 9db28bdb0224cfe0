# shellcheck shell=bash
# Percent-encoding, for passwords in DATABASE_URL. To be sourced.

# All but unreserved characters are encoded.
url_encode() {
    local LC_ALL=C text=$1 byte
    while [ -n "$text" ]; do
        byte=${text:0:1}
        text=${text:1}
        case $byte in
            [A-Za-z0-9._~-]) printf '%s' "$byte" ;;
            *) printf '%%%02X' "'$byte" ;;
        esac
    done
}

url_decode() {
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
}
