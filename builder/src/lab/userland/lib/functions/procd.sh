# procd's functions for init scripts. They collect records (see procctl) and hand them over in one piece.

_procd_dir=/var/run/procd.d

# One record: how many fields, then the fields, each ended by NUL.
_procd_record() {
	printf '%s\0' "$#" "$@" >> "$_procd_file"
}

procd_open_service() {
	mkdir -p "$_procd_dir"
	_procd_file="$_procd_dir/$$"
	: > "$_procd_file"
	_procd_record service "$1" "$2"
}

procd_close_service() {
	/sbin/procctl "${1:-set}" < "$_procd_file"
	local code=$?
	rm -f "$_procd_file"
	return $code
}

procd_open_instance() { _procd_record instance "$1"; }
procd_close_instance() { :; }
procd_set_param() { _procd_record param "$@"; }
procd_append_param() { _procd_record append "$@"; }

procd_open_trigger() { :; }
procd_close_trigger() { :; }
procd_open_validate() { :; }
procd_close_validate() { :; }
procd_open_data() { :; }
procd_close_data() { :; }

# EVENT ABOUT COMMAND...
procd_add_config_trigger() { _procd_record trigger "$@"; }
procd_add_raw_trigger() { local event="$1"; shift 2; _procd_record trigger "$event" "" "$@"; }
procd_add_interface_trigger() { _procd_record trigger "$@"; }
procd_add_reload_trigger() {
	local package
	for package in "$@"; do
		_procd_record trigger config.change "$package" "$initscript" reload
	done
}
procd_add_reload_interface_trigger() { _procd_record trigger interface.update "$1" "$initscript" reload; }
procd_add_validation() { :; }
uci_validate_section() { :; }
uci_load_validate() { local package="$1" kind="$2" section="$3" run="$4"; config_load "$package"; [ -z "$run" ] || "$run" "$section"; }

procd_running() { /sbin/procctl running "$@" > /dev/null; }
procd_kill() { /sbin/procctl delete "$@"; }
procd_send_signal() {
	# SERVICE [INSTANCE [SIGNAL]]; `*` is every instance.
	local instance="$2"
	[ "$instance" = '*' ] && instance=
	/sbin/procctl signal "$1" "${3:-HUP}" "$instance"
}
