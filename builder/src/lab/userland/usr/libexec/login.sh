#!/bin/sh
# The console's shell: with a password when `ttylogin` is set, as OpenWrt does it.
[ "$(uci -q get system.@system[0].ttylogin)" = 1 ] && exec login
exec /bin/ash --login
