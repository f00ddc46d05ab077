#!/bin/sh
# Loads the modules in the order of their names, mounts the squashfs on the first disk, hands over to its init.
export PATH=/bin
bb=/bin/busybox

$bb mount -t devtmpfs -o nosuid devtmpfs /dev
$bb mount -t proc -o nosuid,nodev,noexec proc /proc
$bb mount -t sysfs -o nosuid,nodev,noexec sysfs /sys

for module in /modules/*.ko; do
	$bb insmod "$module" || echo "initramfs: ${module##*/} can't be loaded"
done

tries=0
until [ -b /dev/vda ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 300 ] || { echo "initramfs: no disk /dev/vda"; exec $bb sh; }
	$bb usleep 100000
done
$bb mount -t squashfs -o ro /dev/vda /root || { echo "initramfs: /dev/vda holds no squashfs this kernel can read"; exec $bb sh; }

for dir in proc sys dev; do
	$bb mount --move "/$dir" "/root/$dir"
done
exec $bb switch_root /root /sbin/init
