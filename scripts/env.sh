# shellcheck shell=bash
# Sourced by the scripts beside it: where things are, and the tools that scripts/setup keeps out of the system.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# The same folder as clom's own cache (builder/src/dirs.rs).
CLOM_CACHE=${CLOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/clom}
export CLOM_CACHE
tools=$CLOM_CACHE/tools
export PATH="$tools/bin:$PATH:/usr/sbin:/sbin"

# Debian's rustc-web is the one compiler on a fresh machine; a rustup in its usual place counts as well.
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    export PATH="$HOME/.cargo/bin:$PATH"
fi

# The oldest compiler that builds this: rust-version of Cargo.toml.
# shellcheck disable=SC2034 # used by scripts/setup
oldest_rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

say() { printf '\n== %s\n' "$*" >&2; }

# fail MESSAGE [CURE]: exit code 6 is clom's for "this machine lacks something".
fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'help: %s\n' "$2" >&2
    exit 6
}

# at_least OLDEST VERSION
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
