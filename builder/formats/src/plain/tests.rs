use std::path::Path;
use std::process::Command;

use super::*;
use crate::pad_rootfs::{DEFAULT_KIB, MARKER, Rule};
use crate::rootfs;
use crate::rootfs::tests::mksquashfs;

/// A uImage by mkimage.
fn uimage(len: usize) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    let data: Vec<u8> = (0..len).map(|i| ((i * 13) >> 3) as u8).collect();
    std::fs::write(&input, data).unwrap();
    let result = Command::new("mkimage")
        .args(["-A", "mips", "-O", "linux", "-T", "kernel", "-C", "lzma"])
        .args([
            "-a",
            "0x80060000",
            "-e",
            "0x80060000",
            "-n",
            "MIPS OpenWrt Linux-6.12.1",
            "-d",
        ])
        .args([&input, &output])
        .output()
        .expect("mkimage runs (scripts/test installs u-boot-tools)");
    assert!(result.status.success());
    std::fs::read(output).unwrap()
}

/// `append-kernel | pad-to 64k | append-rootfs | pad-rootfs | pad-to 256k`, with cat, dd and a shell loop.
fn recipe(kernel: &[u8], rootfs: &[u8], steps: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("kernel"), kernel).unwrap();
    std::fs::write(dir.path().join("rootfs"), rootfs).unwrap();
    let functions = r#"
        set -eu
        append() { cat "$1" >> image; }
        pad_to() { dd if=image of=image.new bs="$1" conv=sync 2>/dev/null; mv image.new image; }
        pad_extra() { head -c "$1" /dev/zero >> image; }
        pad_rootfs() {
            left="$*"; l=$(stat -c %s image)
            while [ -n "$left" ]; do
                smallest=$(printf '%s\n' $left | sort -n | head -1)
                l=$(( (l + smallest * 1024 - 1) / (smallest * 1024) * smallest * 1024 ))
                next=
                for size in $left; do
                    [ $(( l % (size * 1024) )) -eq 0 ] || next="$next $size"
                done
                left="$next"
                fill=$(( l - $(stat -c %s image) ))
                if [ "$fill" -gt 0 ]; then head -c "$fill" /dev/zero | tr '\0' '\377' >> image; fi
                printf '\336\255\300\336' >> image
            done
        }
        : > image
    "#;
    let status = Command::new("bash")
        .args(["-c", &format!("{functions}\n{steps}")])
        .current_dir(dir.path())
        .status()
        .expect("bash runs");
    assert!(status.success());
    std::fs::read(dir.path().join("image")).unwrap()
}

const RECIPES: [&str; 6] = [
    "append kernel; pad_to 64k; append rootfs; pad_rootfs 64",
    "append kernel; append rootfs; pad_rootfs 4 8 16 64 128 256",
    "append kernel; pad_to 128k; append rootfs; pad_rootfs 128; pad_to 256k",
    "append kernel; append rootfs",
    "append kernel; pad_to 64k; append rootfs; pad_to 64k",
    "append kernel; append rootfs; pad_rootfs 4 8 16 64 128 256; pad_extra 4096",
];

#[test]
fn closing_gives_what_the_recipe_gives() {
    let (one, other) = (mksquashfs(6), mksquashfs(31));
    for kernel_len in [100_000, 1_500_001] {
        let kernel = uimage(kernel_len);
        for steps in RECIPES {
            let donor = recipe(&kernel, &one, steps);
            let opened = open(&donor).unwrap_or_else(|error| panic!("{steps}: {error}"));
            assert_eq!(opened.kernel, 0..kernel.len(), "{steps}");
            assert_eq!(donor[opened.rootfs.clone()], one, "{steps}");
            assert!(
                opened.layout.put_together(&kernel, &one).unwrap() == donor,
                "{steps}"
            );
            let theirs = recipe(&kernel, &other, steps);
            assert!(
                opened.layout.put_together(&kernel, &other).unwrap() == theirs,
                "{steps}"
            );
        }
    }
}

#[test]
fn a_stated_layout_is_the_recipe() {
    let (kernel, rootfs) = (uimage(77_777), mksquashfs(9));
    let layout = Layout::usual(64 << 10).unwrap();
    assert!(layout.put_together(&kernel, &rootfs).unwrap() == recipe(&kernel, &rootfs, RECIPES[0]));
    let layout = Layout::unaligned();
    assert!(layout.put_together(&kernel, &rootfs).unwrap() == recipe(&kernel, &rootfs, RECIPES[1]));
    assert_eq!(Layout::usual(1000), None);
    assert_eq!(Layout::usual(0), None);
}

/// A kernel without a length of its own, as ath79 and ramips have them: everything up to the root file system is kept.
#[test]
fn raw_kernels_reach_to_the_root_file_system() {
    let rootfs = mksquashfs(6);
    let mut lzma = vec![0x6D, 0, 0, 0x80, 0, 0x00, 0xF4, 0x81, 0x3E >> 3, 0, 0, 0, 0];
    lzma.extend((0..50_000u32).map(|i| (i >> 2) as u8));
    let donor = recipe(&lzma, &rootfs, RECIPES[0]);
    let opened = open(&donor).unwrap();
    assert_eq!((opened.kind, opened.kernel.end), (Kernel::Lzma, 65536));
    let rule = opened.layout.tail.marks.unwrap();
    assert!(
        rule == Rule::padjffs2(&[64]).unwrap() || rule == Rule::padjffs2(&DEFAULT_KIB).unwrap()
    );
}

#[test]
fn what_may_hold_a_checksum_is_refused() {
    let (kernel, rootfs) = (uimage(9000), mksquashfs(6));
    let unknown = recipe(b"VENDORHEADER", &rootfs, "append kernel; append rootfs");
    assert!(matches!(open(&unknown), Err(Error::UnknownKernel { .. })));

    // A uImage over kernel and root file system.
    let whole = recipe(&kernel, &rootfs, "append kernel; append rootfs");
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    std::fs::write(&input, whole).unwrap();
    let made = mkimage(&["-T", "firmware", "-C", "none"], &input, &output);
    assert!(matches!(
        open(&made),
        Err(Error::Covers { what: "uImage", .. })
    ));

    // A uImage header for the root file system.
    std::fs::write(&input, &rootfs).unwrap();
    let wrapped = mkimage(&["-T", "filesystem", "-C", "none"], &input, &output);
    let both = recipe(
        &kernel,
        &wrapped,
        "append kernel; pad_to 64k; append rootfs",
    );
    assert_eq!(open(&both), Err(Error::RootfsHeader { at: 65536 }));
}

fn mkimage(options: &[&str], input: &Path, output: &Path) -> Vec<u8> {
    let status = Command::new("mkimage")
        .args(["-A", "mips", "-O", "linux", "-a", "0", "-e", "0", "-n", "x"])
        .args(options)
        .arg("-d")
        .args([input, output])
        .output()
        .unwrap();
    assert!(status.status.success());
    std::fs::read(output).unwrap()
}

#[test]
fn damage_is_named() {
    let (kernel, rootfs) = (uimage(9000), mksquashfs(6));
    let good = recipe(&kernel, &rootfs, RECIPES[0]);
    let mut bad = good.clone();
    bad[700] ^= 1;
    assert!(matches!(open(&bad), Err(Error::Uimage(_))));
    let cut = &good[..65536 + rootfs.len() - 5];
    assert!(matches!(
        open(cut),
        Err(Error::Rootfs(rootfs::Error::Truncated {
            offset: 65536,
            ..
        }))
    ));
    assert!(matches!(open(&kernel), Err(Error::KernelOnly(name)) if name.contains("6.12.1")));
    let mut dirty = good.clone();
    let end = good.len();
    assert_eq!(good[end - 4..], MARKER);
    dirty[end - 100] = 0;
    assert!(matches!(open(&dirty), Err(Error::Tail(_))));
}

/// The first chunk as yafut writes it: an object header of a file without a size yet.
#[test]
fn mikrotiks_kernel_in_yaffs_is_kept() {
    for (big, name) in [(true, "kernel"), (false, "bootimage")] {
        let word = |value: u32| {
            if big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let mut image = [word(1), word(1)].concat();
        image.extend([0xFF; 2]);
        image.extend(name.as_bytes());
        image.resize(0x10a, 0);
        image.resize(1024, 0xFF);
        image.extend([word(0x1001), word(0x1000_0101), word(0x8000_0001), word(0)].concat());
        image.extend(crate::layer::testing::random(60_000, 1));
        image.resize(128 << 10, 0xFF);
        let rootfs = mksquashfs(9);
        image.extend(&rootfs);
        let opened = crate::container::prove(image.clone()).unwrap();
        let layers = opened.container.layers();
        assert_eq!(
            layers[0].facts[0].value,
            format!("YAFFS with the file “{name}”")
        );
        assert_eq!(opened.kernel.unwrap(), image[..128 << 10]);
    }
}

/// Its volume table would have to follow the root file system, so it is no plain image whatever else it is.
#[test]
fn a_root_file_system_in_ubi_is_refused() {
    let mut image = uimage(70_000);
    image.resize(0x2_0000, 0);
    image.extend(b"UBI#\x01\0\0\0\0\0\0\0\0\0\0\0");
    image.resize(0x2_1000, 0xFF);
    image.extend(mksquashfs(4));
    assert!(matches!(open(&image), Err(Error::Ubi { at: 0x2_0000 })));
}
