//! Images made by mtd-utils' `ubinize`.

use std::fmt::Write as _;
use std::process::Command;

use super::Layout;
use crate::container::{self, Error, prove};
use crate::layer::testing::{assert_exact, random, sample_kernel, sample_rootfs};
use crate::layer::{Format, Role};

/// A volume: name, data, and what else its section says.
pub(crate) type Volume<'a> = (&'a str, Option<&'a [u8]>, &'a str);

const ONE_MIB: &str = "vol_size=1MiB\nvol_flags=autoresize\n";

/// What `ubinize` makes of these volumes.
pub(crate) fn ubinize(options: &[&str], volumes: &[Volume<'_>]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let mut ini = String::new();
    for (id, (name, data, more)) in volumes.iter().enumerate() {
        let kind = if more.contains("vol_type") {
            ""
        } else {
            "vol_type=dynamic\n"
        };
        write!(
            ini,
            "[{name}]\nmode=ubi\nvol_id={id}\nvol_name={name}\n{kind}{more}"
        )
        .unwrap();
        if let Some(data) = data {
            let file = dir.path().join(name);
            std::fs::write(&file, data).unwrap();
            writeln!(ini, "image={}", file.display()).unwrap();
            if !more.contains("vol_size") {
                let size = data.len().next_multiple_of(1024);
                writeln!(ini, "vol_size={size}").unwrap();
            }
        }
    }
    let (config, out) = (dir.path().join("ini"), dir.path().join("out"));
    std::fs::write(&config, ini).unwrap();
    let result = Command::new("/usr/sbin/ubinize")
        .args(["-Q", "1700000000", "-o"])
        .args([&out, &config])
        .args(options)
        .output()
        .expect("ubinize runs (scripts/test installs mtd-utils)");
    assert!(result.status.success(), "{result:?}");
    std::fs::read(out).unwrap()
}

/// A flash with small blocks, for tests that need small images.
const SMALL: &[&str] = &["-p", "16KiB", "-m", "512"];
/// The usual NAND flash.
pub(crate) const NAND: &[&str] = &["-p", "128KiB", "-m", "2048"];

fn usual(options: &[&str], kernel: &[u8], rootfs: &[u8]) -> Vec<u8> {
    let volumes = [
        ("kernel", Some(kernel), ""),
        ("rootfs", Some(rootfs), ""),
        ("rootfs_data", None, ONE_MIB),
    ];
    ubinize(options, &volumes)
}

#[test]
fn images_of_every_geometry_are_exact() {
    let geometries: [&[&str]; 5] = [
        NAND,
        &["-p", "128KiB", "-m", "2048", "-s", "512"],
        &["-p", "16KiB", "-m", "512"],
        &["-p", "256KiB", "-m", "4096"],
        &["-p", "64KiB", "-m", "1"],
    ];
    for options in geometries {
        let opened = assert_exact(|kernel, rootfs| usual(options, kernel, rootfs));
        assert!(opened.kernel.is_some(), "{options:?}");
        assert_eq!(opened.container.kind(), "ubi");
    }
}

#[test]
fn static_and_empty_volumes_are_exact() {
    let loader = random(300_000, 3);
    let opened = assert_exact(|kernel, rootfs| {
        let volumes = [
            ("ubootenv", None, "vol_size=1MiB\n"),
            ("fip", Some(&loader[..]), "vol_type=static\n"),
            ("mark", Some(&[0xFF; 5000][..]), "vol_size=2MiB\n"),
            ("kernel", Some(kernel), "vol_type=static\n"),
            ("rootfs", Some(rootfs), ""),
            ("rootfs_data", None, ONE_MIB),
        ];
        ubinize(NAND, &volumes)
    });
    let facts = &opened.container.layers()[0].facts;
    let volumes = facts.iter().find(|fact| fact.name == "volumes").unwrap();
    assert_eq!(
        volumes.value,
        "ubootenv, fip (static), mark, kernel (static), rootfs, rootfs_data"
    );
}

/// A sysupgrade image in a volume of its own.
#[test]
fn images_in_volumes_are_opened() {
    assert_exact(|kernel, rootfs| {
        let mut inner = [kernel, rootfs].concat();
        inner.resize(inner.len().next_multiple_of(0x1_0000), 0);
        ubinize(NAND, &[("fit", Some(&inner), "vol_type=static\n")])
    });
}

#[test]
fn end_marks_and_padding_are_exact() {
    for (marks, total) in [(0, 0x18_0000), (4, 0), (1, 0x18_0000)] {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = usual(SMALL, kernel, rootfs);
            // What OpenWrt's `ubinize -E` appends: the erase counter header, "EOF" where it has zeros.
            let mut mark = image[..64].to_vec();
            mark[5..8].copy_from_slice(b"EOF");
            let crc = !crc32fast::hash(&mark[..60]);
            mark[60..].copy_from_slice(&crc.to_be_bytes());
            mark.resize(16 << 10, 0xFF);
            image.extend(mark.repeat(marks));
            image.resize(image.len().max(total), 0);
            image
        });
        assert!(opened.kernel.is_some());
    }
}

#[test]
fn kernels_before_it_are_exact() {
    for (lead, behind) in [(0, 0), (0, 0x18_0000), (0x8000, 0)] {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = vec![0; lead];
            image.extend_from_slice(kernel);
            image.resize(lead + 0x2_0000, 0);
            let volumes = [("rootfs", Some(rootfs), ""), ("rootfs_data", None, ONE_MIB)];
            image.extend(ubinize(SMALL, &volumes));
            image.resize(image.len().max(behind), 0);
            image
        });
        assert_eq!(opened.kernel.is_some(), lead == 0);
        assert_eq!(opened.container.kind(), "kernel and ubi");
    }
}

#[test]
fn unknown_bytes_before_it_are_not_accepted() {
    let ubi = usual(NAND, &sample_kernel(300), &sample_rootfs(0));
    let file = [vec![0x42; 0x2_0000], ubi].concat();
    assert!(container::open(file).is_err());
}

/// Worked out by hand from the description: PEB 128 KiB, page 2 KiB.
#[test]
fn golden_headers() {
    let image = usual(NAND, &sample_kernel(300), &sample_rootfs(0));
    let opened = Layout::open(&image).unwrap().unwrap();
    assert!(opened.checks.iter().all(|check| check.holds()));
    assert_eq!(opened.layout.geometry.leb(), 0x1_F000);
    assert_eq!(opened.layout.geometry.records(), 128);
    let roles: Vec<_> = opened.parts.iter().map(|part| part.role).collect();
    assert_eq!(roles, [Role::Kernel, Role::Rootfs]);
    // The last record of the volume table is empty: zeros and their CRC.
    assert_eq!(
        image[0x1000 + 127 * 172 + 168..][..4],
        [0xF1, 0x16, 0xC3, 0x6B]
    );
    // LEB 0 of volume 1 is in the fourth PEB.
    let header = &image[3 * 0x2_0000 + 0x800..][..16];
    assert_eq!(header, b"UBI!\x01\x01\0\0\0\0\0\x01\0\0\0\0");
}

#[test]
fn wrong_checksums_are_told() {
    let image = usual(NAND, &sample_kernel(300), &sample_rootfs(0));
    for at in [40, 0x2_0000 + 50, 0x4_0000 + 0x800 + 44, 0x1000 + 164] {
        let mut image = image.clone();
        image[at] ^= 1;
        let error = prove(image).unwrap_err();
        let told =
            matches!(error, Error::Checksum { .. }) || at == 0x1000 + 164 || at == 0x2_0000 + 50;
        assert!(told, "{at:#x}: {error}");
    }
}

#[test]
fn cut_off_images_are_told() {
    let image = usual(NAND, &sample_kernel(300), &sample_rootfs(3));
    let error = prove(image[..image.len() - 9].to_vec()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
    // Without its last block it looks whole, but its volume is larger than its root file system's length says.
    assert!(prove(image[..image.len() - (128 << 10)].to_vec()).is_err());
}
