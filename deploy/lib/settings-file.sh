# shellcheck shell=bash
# Reads and writes a settings file of NAME=value lines. systemd, dotenv and these scripts agree on values without blanks,
# quotes and $.
# To be sourced.

# read_setting FILE NAME: prints the value, without quotes around it; nothing if it is not set.
read_setting() {
    [ -r "$1" ] || return 0
    sed -n "s/^$2=//p" "$1" | tail -n 1 | sed "s/^\([\"']\)\(.*\)\1[[:space:]]*\$/\2/"
}

# write_setting FILE NAME VALUE: replaces the line that sets it or shows its default, or appends one. The file is replaced
# atomically, with the same owner and mode.
write_setting() {
    local file=$1 name=$2 value=$3 line written='' replacement
    replacement=$(mktemp "$file.XXXXXX")
    {
        chmod --reference="$file" "$replacement" &&
            chown --reference="$file" "$replacement" &&
            while IFS= read -r line || [ -n "$line" ]; do
                if [[ $line =~ ^(#[[:space:]]?)?$name= ]]; then
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
