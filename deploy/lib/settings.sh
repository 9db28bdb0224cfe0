# shellcheck shell=bash
# The server's settings, as the server itself reads them: from the environment, or else from .env in the working directory.
# To be sourced.

# setting NAME [DEFAULT]: prints its value.
setting() {
    local value=${!1:-}
    [ -n "$value" ] || value=$(value_in_env_file "$1")
    printf '%s\n' "${value:-${2:-}}"
}

# The last line counts; quotes and what follows the value do not.
value_in_env_file() {
    [ -e .env ] || return 0
    sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" .env | tail -n 1 |
        sed -E -e "s/^'([^']*)'.*/\1/; t" -e 's/^"([^"]*)".*/\1/; t' -e 's/[[:space:]]+(#.*)?$//'
}

# add_setting NAME VALUE COMMENT: to .env, which is made for its owner's eyes only.
add_setting() {
    if [ ! -e .env ]; then
        (umask 077 && echo '# The settings of eclipse-ai-server. All there are: .env.example' >.env)
    fi
    # A last line without an end must not swallow ours.
    [ -z "$(tail -c 1 .env)" ] || echo >>.env
    printf '\n# %s\n%s=%s\n' "$3" "$1" "$2" >>.env
}
