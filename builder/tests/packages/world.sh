# Makes what OpenWrt's download server, its images and its feeds have: with signify, openssl, tar, gzip, sha256sum, mkimage and
# mksquashfs; packages and indexes of apk with clom, as Debian has no tool for them. The tests source it, in a folder of their own, with
# $manager (opkg or apk), $version (the release) and $clom (the program) set.
# shellcheck shell=bash
: "${manager:?}" "${version:?}" "${clom:?}"
export LC_ALL=C SOURCE_DATE_EPOCH=1700000000
arch=aarch64_generic
target=releases/$version/targets/acme/r1
base=releases/$version/packages/$arch/base
donor=openwrt-$version-acme-r1-acme_r1-squashfs-sysupgrade.bin

# usign_key NAME, apk_key NAME: a pair of keys, keys/NAME.pub and keys/NAME.sec.
usign_key() {
    mkdir -p keys
    signify-openbsd -G -n -c "$1" -p "keys/$1.pub" -s "keys/$1.sec"
}
apk_key() {
    mkdir -p keys
    openssl ecparam -genkey -name prime256v1 -out "keys/$1.sec" 2>/dev/null
    openssl ec -in "keys/$1.sec" -pubout -out "keys/$1.pub" 2>/dev/null
}
# feed_key NAME: of the kind that feeds are signed with.
feed_key() {
    case $manager in opkg) usign_key "$1" ;; apk) apk_key "$1" ;; esac
}

# put FILE MODE TEXT: a file with its folders.
put() {
    mkdir -p "$(dirname "$1")"
    printf '%b' "$3" >"$1"
    chmod "$2" "$1"
}

# packed DIR: its content as OpenWrt packs it.
packed() {
    tar --format=gnu --numeric-owner --owner=0 --group=0 --sort=name --mtime=@$SOURCE_DATE_EPOCH -C "$1" -c . | gzip -n
}

# package FOLDER NAME VERSION DEPENDS [MORE]: packs pkg/NAME/files, with the scripts beside it, into FOLDER. MORE are lines of control
# (opkg) or package.toml (apk). ARCH is the architecture.
package() {
    mkdir -p "$1" "pkg/$2/files"
    "${manager}_package" "$1" "$2" "$3" "$4" "${5:-}" "${ARCH:-$arch}"
}
opkg_package() {
    local box=box.$2 script
    rm -rf "$box"
    mkdir -p "$box/control"
    {
        printf 'Package: %s\nVersion: %s\n' "$2" "$3"
        [ -z "$4" ] || printf 'Depends: %s\n' "$4"
        printf 'Section: test\nArchitecture: %s\nInstalled-Size: 1024\n%b' "$6" "$5"
        printf 'Description:  Package %s of the tests\n' "$2"
    } >"$box/control/control"
    for script in preinst postinst postinst-pkg prerm conffiles; do
        [ ! -f "pkg/$2/$script" ] || cp -p "pkg/$2/$script" "$box/control/"
    done
    printf '2.0\n' >"$box/debian-binary"
    if [ -f "pkg/$2/data.tar.gz" ]; then cp "pkg/$2/data.tar.gz" "$box/"; else packed "pkg/$2/files" >"$box/data.tar.gz"; fi
    packed "$box/control" >"$box/control.tar.gz"
    rm -r "$box/control"
    packed "$box" >"$1/$2_$3_$6.ipk"
    rm -r "$box"
}
apk_package() {
    local words
    words=$(printf '%s' "$4" | sed 's/ *, */","/g')
    {
        printf 'name = "%s"\nversion = "%s"\ndescription = "Package %s of the tests"\narchitecture = "%s"\n' "$2" "${3%-r*}" "$2" "$6"
        printf 'release = %s\n' "${3##*-r}"
        [ -z "$4" ] || printf 'depends = ["%s"]\n' "$words"
        [ ! -f "pkg/$2/conffiles" ] || printf 'conffiles = ["%s"]\n' "$(cat "pkg/$2/conffiles")"
        printf '%b' "$5"
        [ ! -f "pkg/$2/postinst-pkg" ] || printf '[scripts]\npostinst = "postinst-pkg"\n'
    } >"pkg/$2/package.toml"
    "$clom" package build "pkg/$2" --format apk --key keys/release-apk.sec -o "$1" >/dev/null
}

# service NAME START STOP: an init script in the package, and what the build adds to packages.
service() {
    put "pkg/$1/files/etc/init.d/$1" 755 "#!/bin/sh /etc/rc.common\nSTART=$2\nSTOP=$3\n"
    [ "$manager" = opkg ] || return 0
    local step
    for step in postinst prerm; do
        put "pkg/$1/$step" 755 "#!/bin/sh\n[ \"\${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0\n[ -s \${IPKG_INSTROOT}/lib/functions.sh ] || exit 0\n. \${IPKG_INSTROOT}/lib/functions.sh\ndefault_$step \$0 \$@\n"
    done
}

# index FOLDER [KEY]: makes the folder a feed, signed by keys/KEY.sec.
index() { "${manager}_index" "$@"; }
opkg_index() {
    local file control
    control=$(mktemp)
    for file in "$1"/*.ipk; do
        tar -xzOf "$file" ./control.tar.gz | tar -xzO ./control >"$control"
        grep -v '^Description:' "$control"
        printf 'Filename: %s\nSize: %s\nSHA256sum: %s\n' "${file##*/}" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d ' ' -f 1)"
        grep '^Description:' "$control"
        echo
    done >"$1/Packages"
    rm "$control"
    seal "$1" "${2:-}"
}
# seal FOLDER KEY: what goes with Packages.
seal() {
    gzip -n -9 -c "$1/Packages" >"$1/Packages.gz"
    [ -z "$2" ] || signify-openbsd -S -s "keys/$2.sec" -m "$1/Packages" -x "$1/Packages.sig"
}
apk_index() {
    "$clom" feed index "$1" --arch "$arch" ${2:+--key "keys/$2.sec"} >/dev/null
}

# release [KEY]: the list of the target's files, signed.
# shellcheck disable=SC2120 # tests give the key
release() {
    (cd "www/$target" && find . -maxdepth 1 -type f ! -name 'sha256sums*' -printf '%P\n' | sort | xargs sha256sum --binary >sha256sums)
    signify-openbsd -S -s "keys/${1:-release}.sec" -m "www/$target/sha256sums" -x "www/$target/sha256sums.sig"
}

# root: the root file system of the release's image, with a package that the site does not want.
root() {
    put root/etc/openwrt_release 644 "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='$version'\nDISTRIB_TARGET='acme/r1'\nDISTRIB_ARCH='$arch'\n"
    put root/etc/passwd 644 'root:x:0:0:root:/root:/bin/ash\nnobody:*:65534:65534:nobody:/var:/bin/false\n'
    put root/etc/group 644 'root:x:0:\nnogroup:x:65534:\n'
    put root/etc/shadow 600 'root:::0:99999:7:::\nnobody:*:0:0:99999:7:::\n'
    put root/etc/init.d/cron 755 '#!/bin/sh /etc/rc.common\nSTART=50\n'
    put root/etc/init.d/ppp 755 '#!/bin/sh /etc/rc.common\nSTART=60\nSTOP=1\n'
    put root/usr/sbin/pppd 755 'the program\n'
    put root/bin/busybox 755 'stands for BusyBox\n'
    put root/lib/functions.sh 644 '# Functions of OpenWrt\n'
    mkdir -p root/etc/rc.d root/tmp root/etc/config
    chmod 1777 root/tmp
    ln -s tmp root/var
    ln -s ../init.d/cron root/etc/rc.d/S50cron
    ln -s ../init.d/ppp root/etc/rc.d/S60ppp
    ln -s ../init.d/ppp root/etc/rc.d/K01ppp
    "${manager}_root"
}
opkg_root() {
    local host=https://downloads.openwrt.org name
    put root/etc/opkg/distfeeds.conf 644 "src/gz openwrt_core $host/$target/packages\nsrc/gz openwrt_base $host/$base\n"
    put root/etc/opkg.conf 644 'dest root /\ndest ram /tmp\nlists_dir ext /var/opkg-lists\noption overlay_root /overlay\n'
    put root/usr/lib/opkg/info/ppp.list 644 '/etc/init.d/ppp\n/usr/sbin/pppd\n'
    put root/usr/lib/opkg/info/busybox.list 644 '/bin/busybox\n'
    for name in base-files:1562-r1 libc:1.2.5-r4 busybox:1.36.1-r2 kernel:6.6.110~0123abc-r1 ppp:2.5.1-r1; do
        printf 'Package: %s\nVersion: %s\nDepends: libc\nStatus: install user installed\nArchitecture: %s\nInstalled-Time: %s\n\n' \
            "${name%%:*}" "${name#*:}" $arch $SOURCE_DATE_EPOCH
    done | sed '/^Package: libc$/,/^$/{/^Depends/d}' >root/usr/lib/opkg/status
    for name in base-files libc busybox kernel ppp; do
        printf 'Package: %s\nArchitecture: %s\n' $name $arch >root/usr/lib/opkg/info/$name.control
    done
}
apk_root() {
    local host=https://downloads.openwrt.org name files
    put root/etc/apk/repositories.d/distfeeds.list 644 "$host/$target/packages/packages.adb\n$host/$base/packages.adb\n"
    put root/etc/apk/arch 644 "$arch\n"
    put root/etc/apk/world 644 'base-files\nbusybox\nkernel\nlibc\nppp\n'
    mkdir -p root/lib/apk/db
    for name in base-files:1562-r1 busybox:1.37.0-r6 kernel:6.12.94~0123abc-r1 libc:1.2.5-r5 ppp:2.5.2-r1; do
        files=
        case $name in
            busybox:*) files='F:bin\nR:busybox\na:0:0:755\n' ;;
            ppp:*) files='F:etc\nF:etc/init.d\nR:ppp\na:0:0:755\nF:usr\nF:usr/sbin\nR:pppd\na:0:0:755\n' ;;
        esac
        printf 'C:Q1%s\nP:%s\nV:%s\nA:%s\nS:1000\nI:2000\nT:Of the image\nU:\nL:GPL-2.0\n%b\n' \
            "$(printf '%s' "$name" | openssl sha1 -binary | base64)" "${name%%:*}" "${name#*:}" $arch "$files"
    done >root/lib/apk/db/installed
}

# image: the release's image: a uImage kernel, a squashfs, padding to erase blocks with the end marker, and fwtool's trailer.
image() {
    head -c 20001 <(openssl enc -aes-128-ctr -nosalt -pass pass:k -in /dev/zero 2>/dev/null) >kernel.raw
    mkimage -A arm64 -O linux -T kernel -C lzma -a 0x48080000 -e 0x48080000 -n Test -d kernel.raw kernel.uimage >/dev/null
    env -u SOURCE_DATE_EPOCH mksquashfs root root.squashfs -nopad -noappend -root-owned -comp xz -b 256k -no-xattrs -mkfs-time $SOURCE_DATE_EPOCH \
        -all-time $SOURCE_DATE_EPOCH -quiet -no-progress >/dev/null
    mkdir -p "www/$target"
    python3 - "$version" "www/$target/$donor" <<'PYTHON'
import struct, sys, zlib
version, out = sys.argv[1:]
kernel, root = open("kernel.uimage", "rb").read(), open("root.squashfs", "rb").read()
image = kernel + bytes(-len(kernel) % 65536) + root
image += b"\xff" * (-len(image) % 65536) + b"\xde\xad\xc0\xde"
text = '{  "metadata_version": "1.1", "compat_version": "1.0",   "supported_devices":["acme,r1"], "version": { "dist": "OpenWrt", "version": "%s", "revision": "r1", "target": "acme/r1", "board": "acme_r1" } }\n' % version
image += bytes(8) + text.encode()
crc = zlib.crc32(image) ^ 0xffffffff
image += b"FWx0" + struct.pack(">IB3xI", crc, 1, 8 + len(text) + 16)
open(out, "wb").write(image)
PYTHON
    cat >"www/$target/profiles.json" <<JSON
{"metadata_version":1,"target":"acme/r1","version_number":"$version","version_code":"r1","arch_packages":"$arch",
 "default_packages":["base-files","busybox","libc","ppp"],
 "profiles":{"acme_r1":{"device_packages":[],"supported_devices":["acme,r1"],"file_size_limits":{"image":8388608},
  "images":[{"type":"sysupgrade","filesystem":"squashfs","name":"$donor","sha256":"$(sha256sum "www/$target/$donor" | cut -d ' ' -f 1)","size":$(stat -c %s "www/$target/$donor")}]}}}
JSON
}

# feeds: the packages that most tests want: hello with a library, a service, a file of its own settings and a script.
feeds() {
    put pkg/libhello/files/usr/lib/libhello.so.1 644 'the library\n'
    put pkg/hello/files/usr/bin/hello 755 '#!/bin/sh\necho hello\n'
    put pkg/hello/files/etc/config/hello 600 'config hello\n'
    put pkg/hello/conffiles 644 '/etc/config/hello\n'
    # shellcheck disable=SC2016 # the script expands it
    put pkg/hello/postinst-pkg 755 '#!/bin/sh\necho made by the script >"${IPKG_INSTROOT}/etc/hello.made"\n'
    service hello 42 7
    package "www/$base" libhello 1.0-r1 ''
    package "www/$base" hello 1.0-r1 'libhello'
    package "www/$target/packages" core-thing 1.0-r1 ''
    index "www/$base" "$feed_key"
    index "www/$target/packages" "$feed_key"
}
case $manager in opkg) feed_key=release ;; apk) feed_key=release-apk ;; esac

world() {
    usign_key release
    [ "$manager" = opkg ] || apk_key release-apk
    root
    image
    release
    feeds
}
