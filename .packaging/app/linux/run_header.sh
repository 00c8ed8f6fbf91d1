#!/bin/sh
# Latent Plane @VERSION@ in one file: it unpacks itself once, into this user's data folder, and starts.
#     sh @FILE@ [MODEL]       starts; takes what latent-plane takes
#     sh @FILE@ --install     starts from the menu and by a double click on models, too
#     sh @FILE@ --uninstall   removes it from the menu, and what was unpacked
set -eu

fail() {
    echo "@FILE@: $1" >&2
    exit 2
}

[ -n "${XDG_DATA_HOME:-}${HOME:-}" ] || fail "found no home folder, expected HOME to name one"
home=${XDG_DATA_HOME:-$HOME/.local/share}/latent-plane-app
folder=$home/@VERSION@-@HASH@

if [ "${1:-}" = --uninstall ]; then
    [ ! -x "$folder/install" ] || "$folder/install" --remove
    rm -rf "$home"
    exit
fi
if [ ! -x "$folder/latent-plane" ]; then
    mkdir -p "$home" 2>/dev/null || fail "found no folder that can be written, expected $home; or set XDG_DATA_HOME to one"
    new=$(mktemp -d "$home/unpacking.XXXXXX" 2>/dev/null) || fail "$home cannot be written; free some space, or set XDG_DATA_HOME"
    trap 'rm -rf "$new"' EXIT
    trap 'exit 130' HUP INT TERM
    echo "unpacking into $folder, once" >&2
    tail -n +@LINES@ "$0" | tar -x@COMPRESSION@f - -C "$new" ||
        fail "it could not be unpacked into $home; fetch the file again, or free @SIZE_MB@ MB"
    # Another start may have been faster.
    mv -T "$new" "$folder" 2>/dev/null || [ -x "$folder/latent-plane" ] || fail "found $folder, expected nothing there"
    rm -rf "$new"
    trap - EXIT HUP INT TERM
fi
if [ "${1:-}" = --install ]; then
    exec "$folder/install"
fi
exec "$folder/latent-plane" "$@"
exit
