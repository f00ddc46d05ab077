# The UCI helpers of OpenWrt's scripts, on top of the `uci` command.

uci_get() { local value; value="$(uci -q get "$1.$2${3:+.$3}")" && echo "$value" || echo "$4"; }
uci_get_state() { uci_get "$@"; }
uci_set() { uci -q set "$1.$2.$3=$4"; }
uci_add() { if [ -n "$3" ]; then uci -q set "$1.$3=$2" && CONFIG_SECTION="$3"; else CONFIG_SECTION="$(uci -q add "$1" "$2")"; fi; }
uci_add_list() { uci -q add_list "$1.$2.$3=$4"; }
uci_remove() { uci -q delete "$1.$2${3:+.$3}"; }
uci_remove_list() { uci -q del_list "$1.$2.$3=$4"; }
uci_rename() { uci -q rename "$1.$2${4:+.$3}=${4:-$3}"; }
uci_commit() { uci -q commit "$1"; }
uci_revert() { uci -q revert "$1"; }
