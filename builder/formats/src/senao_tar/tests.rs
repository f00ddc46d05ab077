use std::process::Command;

use crate::container;
use crate::layer::testing::{assert_exact, random, sample_kernel, sample_rootfs};
use crate::plain;

/// The recipe's own commands.
const SCRIPT: &str = r#"
set -e
mkdir new
touch new/failsafe.bin new/FWINFO-senao-ap1-r1
printf '#!/bin/sh\n: > /tmp/sysupgrade.tgz\n' > new/before-upgrade.sh
len=$(($(wc -c < image) / 4096 * 4096))
{
    echo '#!/bin/sh'
    printf 'fw_setenv rootfs_size 0x%08x\n' $len
    printf 'fw_setenv rootfs_checksum %s\n' "$(head -c $len image | md5sum | cut -d ' ' -f 1)"
} > new/after-upgrade.sh
cp loader new/openwrt-senao-ap1-uImage-lzma.bin
cp image new/openwrt-senao-ap1-root.squashfs
tar -cp --numeric-owner --owner=0 --group=0 --mode=a-s --sort=name --mtime=@1700000000 -C new . | gzip -9n
"#;

fn archive(image: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("image"), image).unwrap();
    std::fs::write(dir.path().join("loader"), random(5000, 3)).unwrap();
    let output = Command::new("sh")
        .current_dir(&dir)
        .args(["-c", SCRIPT])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn archives_are_exact() {
    let layout = plain::Layout::usual(64 << 10).unwrap();
    let opened =
        assert_exact(|kernel, rootfs| archive(&layout.put_together(kernel, rootfs).unwrap()));
    assert_eq!(
        opened.container.to_string(),
        "gzip › senao-tar › plain, overlay markers at 64 KiB"
    );
}

#[test]
fn a_wrong_checksum_is_named() {
    let layout = plain::Layout::usual(64 << 10).unwrap();
    let image = layout
        .put_together(&sample_kernel(9000), &sample_rootfs(1))
        .unwrap();
    let file = archive(&image);
    let (mut tar, _) = crate::gzip::inflate(&file[10..], 0, 1 << 30).unwrap();
    container::prove(tar.clone()).unwrap();
    let at = tar.windows(9).position(|w| w == b"checksum ").unwrap() + 9;
    tar[at] = if tar[at] == b'0' { b'1' } else { b'0' };
    let error = container::open(tar).unwrap_err();
    assert!(error.to_string().contains("MD5"), "{error}");
}
