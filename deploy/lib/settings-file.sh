# shellcheck shell=bash
# One settings file, wherever it is: NAME=value lines, with a # before what is left at its default. systemd, dotenv and these
# scripts read it alike as long as values have no blanks, quotes or $ in them.
# To be sourced.

# read_setting FILE NAME: prints the value, without quotes around it; nothing when it is not set.
read_setting() {
    [ -r "$1" ] || return 0
    sed -n "s/^$2=//p" "$1" | tail -n 1 | sed "s/^\([\"']\)\(.*\)\1[[:space:]]*\$/\2/"
}

# write_setting FILE NAME VALUE: in place of the line that sets it, or that shows its default, or else at the end. The file
# is replaced whole, with the same owner and mode.
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
