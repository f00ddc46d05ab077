# What OpenWrt's scripts expect of /lib/functions.sh: reading UCI from the shell, and small helpers.

N='
'
_C=0

append() {
	local var="$1" value="$2" sep="${3:- }"
	eval "$var=\"\${$var:+\${$var}\${value:+\$sep}}\$value\""
}

list_contains() {
	local var="$1" str="$2" val
	eval "val=\" \${$var} \""
	[ "${val%% $str *}" != "$val" ]
}

reset_cb() {
	config_cb() { return 0; }
	option_cb() { return 0; }
	list_cb() { return 0; }
}
reset_cb

package() { return 0; }

# The three words of `uci export`: sections, options and list items become variables named
# CONFIG_<section>_<option>, lists with their items at _ITEM1, _ITEM2, ... and their count at _LENGTH.
config() {
	local kind="$1" name="$2"
	_C=$((_C + 1))
	if [ -z "$name" ]; then
		name="$(printf 'cfg%02x%s' "$_C" "$(echo "$kind" | md5sum | cut -c 1-4)")"
	fi
	append CONFIG_SECTIONS "$name"
	CONFIG_SECTION="$name"
	eval "CONFIG_${name}_TYPE=\"\$kind\""
	[ -n "$NO_CALLBACK" ] || config_cb "$kind" "$name"
}

option() {
	local name="$1"
	shift
	eval "CONFIG_${CONFIG_SECTION}_${name}=\"\$*\""
	[ -n "$NO_CALLBACK" ] || option_cb "$name" "$*"
}

list() {
	local name="$1" length
	shift
	config_get length "$CONFIG_SECTION" "${name}_LENGTH" 0
	length=$((length + 1))
	eval "CONFIG_${CONFIG_SECTION}_${name}_ITEM${length}=\"\$*\""
	eval "CONFIG_${CONFIG_SECTION}_${name}_LENGTH=\$length"
	append "CONFIG_${CONFIG_SECTION}_${name}" "$*" "${LIST_SEP:- }"
	[ -n "$NO_CALLBACK" ] || list_cb "$name" "$*"
}

config_unset() { config_set "$1" "$2" ""; }

# config_load PACKAGE: forgets what was loaded before.
config_load() {
	local _name _rest
	for _name in $CONFIG_SECTIONS; do
		for _rest in $(set | sed -n "s/^\(CONFIG_${_name}_[A-Za-z0-9_]*\)=.*/\1/p"); do
			unset "$_rest"
		done
	done
	CONFIG_SECTIONS=
	CONFIG_SECTION=
	_C=0
	uci_load "$@"
}

uci_load() {
	local _text
	_text="$(/sbin/uci -q ${UCI_CONFIG_DIR:+-c "$UCI_CONFIG_DIR"} export "$1")" || return 1
	eval "$_text"
	[ -z "$CONFIG_SECTION" ] || config_cb
	return 0
}

# config_get VAR SECTION OPTION [DEFAULT], or config_get SECTION OPTION to print it.
config_get() {
	case "$3" in
		"") eval "echo \"\${CONFIG_${1}_${2}:-\${4}}\"" ;;
		*) eval "$1=\"\${CONFIG_${2}_${3}:-\${4}}\"" ;;
	esac
}

get_bool() {
	case "$1" in
		1 | on | true | yes | enabled) echo 1 ;;
		0 | off | false | no | disabled) echo 0 ;;
		*) echo "$2" ;;
	esac
}

config_get_bool() {
	local _value
	config_get _value "$2" "$3"
	_value="$(get_bool "$_value" "$4")"
	eval "$1=\$_value"
}

config_set() {
	eval "CONFIG_${1}_${2}=\"\$3\""
}

# config_foreach FUNCTION [TYPE [ARGUMENTS...]]
config_foreach() {
	local _function="$1" _type="$2" _section _kind
	shift
	[ "$#" -gt 0 ] && shift
	for _section in $CONFIG_SECTIONS; do
		config_get _kind "$_section" TYPE
		[ -z "$_type" ] || [ "$_kind" = "$_type" ] || continue
		eval "$_function \"\$_section\" \"\$@\""
	done
}

# config_list_foreach SECTION OPTION FUNCTION [ARGUMENTS...]
config_list_foreach() {
	local _section="$1" _option="$2" _function="$3" _length _at=1 _item
	shift 3
	config_get _length "$_section" "${_option}_LENGTH" 0
	while [ "$_at" -le "$_length" ]; do
		config_get _item "$_section" "${_option}_ITEM$_at"
		eval "$_function \"\$_item\" \"\$@\""
		_at=$((_at + 1))
	done
}

board_name() { cat /tmp/sysinfo/board_name 2> /dev/null || echo generic; }

# include FOLDER: reads all its shell files.
include() {
	local _file
	for _file in "$1"/*.sh; do
		[ -f "$_file" ] && . "$_file"
	done
}

# Runs /etc/uci-defaults: a script that succeeds is done with and deleted; one that fails runs again at the next boot.
uci_apply_defaults() {
	local _file
	cd /etc/uci-defaults 2> /dev/null || return 0
	for _file in *; do
		[ -f "$_file" ] || continue
		if ( . "./$_file" ); then
			rm -f "$_file"
		else
			logger -t uci-defaults "$_file failed; it stays and runs again at the next boot"
			echo "<4>uci-defaults: $_file failed; it stays and runs again at the next boot" > /dev/kmsg
		fi
	done
	uci commit
	cd /
}
