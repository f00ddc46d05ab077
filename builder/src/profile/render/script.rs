//! Scripts for the first boot, for BusyBox ash. They are sourced: `exit 1` keeps one for the next boot.

use crate::profile::resolve::{Hostname, Piece, Profile};

/// Text as one word of the shell.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Sets a host name that holds the MAC address: the label's, or else that of the first cable port.
pub(super) fn hostname(profile: &Profile) -> Option<String> {
    let Hostname::AtFirstBoot(pieces) = &profile.identity.hostname else {
        return None;
    };
    let name: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Mac => "${mac}",
            Piece::Mac6 => "${mac#??????}",
        })
        .collect();
    let device = &profile.device;
    let mut ports: Vec<&str> = Vec::new();
    for port in device
        .lan_ports
        .iter()
        .chain(&device.wan_ports)
        .map(String::as_str)
        .chain(["eth0"])
    {
        let port = port.split('.').next().unwrap_or(port);
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    Some(format!(
        r#"#!/bin/sh
# Made by clom: names the node after its MAC address.
[ -r /lib/functions.sh ] && . /lib/functions.sh
[ -r /lib/functions/system.sh ] && . /lib/functions/system.sh
mac="$(get_mac_label 2>/dev/null)"
for port in {ports}; do
	[ -n "$mac" ] || mac="$(cat "/sys/class/net/$port/address" 2>/dev/null)"
done
mac="$(echo "$mac" | tr -d : | tr A-F a-f)"
[ "${{#mac}}" -eq 12 ] || exit 1
name="{name}"
uci set "system.@system[0].hostname=$name"
uci commit system
echo "$name" > /proc/sys/kernel/hostname
exit 0
"#,
        ports = ports.join(" ")
    ))
}

/// Brings back what OpenWrt knows of the board's LEDs and switches: it writes them only while `/etc/config/system` is missing.
pub(super) const BOARD: &str = r#"#!/bin/sh
# Made by clom: adds the LEDs and switches that OpenWrt knows of this board to /etc/config/system.
[ -x /bin/config_generate ] && [ -s /etc/board.json ] || exit 0
grep -q '^config led' /etc/config/system && exit 0
mv /etc/config/system /tmp/clom-system || exit 1
/bin/config_generate
awk '/^config / { keep = ($2 == "led" || $2 == "rssid" || $2 == "gpio_switch") } keep' /etc/config/system > /tmp/clom-board
cat /tmp/clom-board >> /tmp/clom-system
cat /tmp/clom-system > /etc/config/system
chmod 600 /etc/config/system
rm -f /tmp/clom-system /tmp/clom-board
exit 0
"#;

/// Sets up radios by band; `cases` are the shell's, one per band and number. `radios` are waited for: a driver that loads its
/// firmware from flash shows its radio some seconds late.
pub(super) fn wifi(radios: usize, cases: &str) -> String {
    format!(
        r#"#!/bin/sh
# Made by clom: sets up the radios that this node finds.
. /lib/functions.sh
for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	[ "$(grep -c '^config wifi-device' /etc/config/wireless 2>/dev/null)" -ge {radios} ] 2>/dev/null && break
	sleep 1
	wifi config
done

forget() {{
	uci -q delete "wireless.$1"
}}

setup() {{
	local radio="$1" band hwmode nth
	config_get band "$radio" band
	if [ -z "$band" ]; then
		config_get hwmode "$radio" hwmode
		case "$hwmode" in
		11a*) band=5g ;;
		*) band=2g ;;
		esac
	fi
	eval "nth=\${{n_$band:-0}}"
	eval "n_$band=$((nth + 1))"
	found=1
	case "$band.$nth" in
{cases}	*)
		uci set "wireless.$radio.disabled=1"
		;;
	esac
}}

config_load wireless
found=0
config_foreach forget wifi-iface
config_foreach setup wifi-device
if [ "$found" = 0 ]; then
	uci revert wireless
	exit 1
fi
uci commit wireless
exit 0
"#
    )
}
