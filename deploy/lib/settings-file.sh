# shellcheck shell=bash
# Reads and writes settings files of NAME=value lines by the server's own rules: optional `export`, blanks around the name,
# quotes around the value, comments. The last line counts. To be sourced.

# read_setting FILE NAME: prints the value; nothing if it is not set.
read_setting() {
    [ -r "$1" ] || return 0
    sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$2[[:space:]]*=[[:space:]]*//p" "$1" | tail -n 1 |
        sed -E -e "s/^'([^']*)'.*/\1/; t" -e 's/^"([^"]*)".*/\1/; t' -e 's/(^|[[:space:]]+)#.*$//' -e 's/[[:space:]]+$//'
}

# write_setting FILE NAME VALUE: replaces the line that sets it or shows its default, or appends one. The file is replaced
# atomically, with the same owner and mode; a new file is readable by its owner only.
write_setting() {
    local file=$1 name=$2 value=$3 line written='' replacement
    [ -e "$file" ] || (umask 077 && : >"$file")
    replacement=$(mktemp "$file.XXXXXX")
    {
        chmod --reference="$file" "$replacement" &&
            chown --reference="$file" "$replacement" &&
            while IFS= read -r line || [ -n "$line" ]; do
                if [[ $line =~ ^[[:space:]]*(#[[:space:]]?)?(export[[:space:]]+)?${name}[[:space:]]*= ]]; then
                    [ -z "$written" ] || continue
                    line=$name=$value
                    written=yes
                fi
                printf '%s\n' "$line"
            done <"$file" >"$replacement" &&
            { [ -n "$written" ] || printf '%s=%s\n' "$name" "$value" >>"$replacement"; } &&
            mv "$replacement" "$file"
    } || {
        rm -f "$replacement"
        return 1
    }
}
