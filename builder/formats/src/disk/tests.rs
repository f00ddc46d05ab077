use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::*;
use crate::container::{self, Error, Parts};
use crate::fwtool::{Chunk, append};
use crate::layer::testing::{assert_exact, random, sample_kernel, sample_rootfs};

fn run(program: &str, args: &[&str], dir: &Path, input: &str) -> Vec<u8> {
    // The tools for disks are no commands for everybody.
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    let mut child = Command::new(program)
        .env("PATH", path)
        .current_dir(dir)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e} (scripts/setup installs it)"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    output.stdout
}

/// A disk of this length with a table by sfdisk.
fn sfdisk(len: usize, script: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk");
    fs::write(&path, vec![0; len]).unwrap();
    run("sfdisk", &["-q", "disk"], dir.path(), script);
    fs::read(path).unwrap()
}

/// A FAT of 512 KiB with a kernel in it.
fn fat() -> &'static [u8] {
    static FAT: OnceLock<Vec<u8>> = OnceLock::new();
    FAT.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("uImage"), sample_kernel(50_000)).unwrap();
        run(
            "mkfs.fat",
            &[
                "--invariant",
                "-n",
                "kernel",
                "-C",
                "fat",
                "-S",
                "512",
                "512",
            ],
            dir.path(),
            "",
        );
        run(
            "mcopy",
            &["-i", "fat", "uImage", "::uImage"],
            dir.path(),
            "",
        );
        fs::read(dir.path().join("fat")).unwrap()
    })
}

/// An ext4 of 512 KiB with a kernel in it.
fn ext4() -> &'static [u8] {
    static EXT4: OnceLock<Vec<u8>> = OnceLock::new();
    EXT4.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("boot")).unwrap();
        fs::write(dir.path().join("boot/Image"), sample_kernel(50_000)).unwrap();
        run(
            "mkfs.ext4",
            &["-q", "-O", "^has_journal", "-d", "boot", "ext4", "512k"],
            dir.path(),
            "",
        );
        fs::read(dir.path().join("ext4")).unwrap()
    })
}

fn put(disk: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if disk.len() < end {
        disk.resize(end, 0);
    }
    disk[at..end].copy_from_slice(bytes);
}

const MIB: usize = 1 << 20;
/// A boot partition from sector 256 on, the root file system's of 1 MiB from sector 1280 on.
const MBR: &str = "label: dos\nlabel-id: 0x5452574f\n\
    start=256, size=1024, type=c, bootable\nstart=1280, size=2048, type=83\n";
const GPT: &str = "label: gpt\nlabel-id: 5452574F-2211-4433-5566-778899AABB00\n\
    start=256, size=1024, name=kernel\nstart=1280, size=2048, name=rootfs\n";
const ROOT: usize = 1280 * 512;

/// A disk with boot loader and boot partition, up to the root file system.
fn start(table: &str, boot: &[u8]) -> Vec<u8> {
    let mut disk = sfdisk(4 * MIB, table);
    disk.truncate(ROOT);
    put(&mut disk, 64 * 512, &random(3000, 5));
    put(&mut disk, 256 * 512, boot);
    disk
}

/// sunxi and bcm27xx: the file ends behind the root file system; and mvebu with 128 KiB more.
#[test]
fn files_that_end_in_the_last_partition_are_exact() {
    for (extra, boot) in [(0, fat()), (128 << 10, ext4())] {
        let disk = start(MBR, boot);
        let opened = assert_exact(|_, rootfs| {
            let mut disk = disk.clone();
            put(&mut disk, ROOT, rootfs);
            disk.resize(disk.len() + extra, 0);
            disk
        });
        assert_eq!(opened.container.kind(), "disk (MBR)");
        let layer = &opened.container.layers()[0];
        let facts: Vec<_> = layer.facts.iter().map(|f| f.value.as_str()).collect();
        assert_eq!(
            facts,
            [
                "5452574f",
                "1: type 0c, at 131072, 524288 bytes",
                "2: type 83, at 655360, 1048576 bytes"
            ]
        );
        let names: Vec<_> = layer.slots.iter().map(|slot| &slot.name[..]).collect();
        assert_eq!(
            names,
            [
                "partition table and boot loader",
                "partition 1",
                "partition 2"
            ]
        );
    }
}

/// armsr: the partition is filled, and a second GPT may lie behind it.
#[test]
fn filled_partitions_are_exact() {
    let whole = sfdisk(4 * MIB, GPT);
    let disk = start(GPT, fat());
    for backup in [true, false] {
        let opened = assert_exact(|_, rootfs| {
            let mut disk = disk.clone();
            put(&mut disk, ROOT, rootfs);
            disk.resize(ROOT + MIB, 0);
            if backup {
                put(&mut disk, ROOT + MIB, &whole[ROOT + MIB..]);
            }
            disk
        });
        assert_eq!(opened.container.kind(), "disk (GPT)");
        let layer = &opened.container.layers()[0];
        assert_eq!(layer.checks.len(), 2);
        let facts: Vec<_> = layer.facts.iter().map(|f| f.value.as_str()).collect();
        assert_eq!(facts[0], "5452574f-2211-4433-5566-778899aabb00");
        assert_eq!(
            facts[2],
            "2 “rootfs”: type 0fc63daf-8483-4772-8e79-3d69d8477de4, at 655360, 1048576 bytes"
        );
    }
    // With overlay markers, as for images that were padded first.
    let rule = crate::pad_rootfs::Rule::padjffs2(&[64]).unwrap();
    assert_exact(|_, rootfs| {
        let mut disk = disk.clone();
        let padded = [rootfs, &rule.padding(rootfs.len() as u64)].concat();
        put(&mut disk, ROOT, &padded);
        disk.resize(ROOT + MIB, 0);
        disk
    });
}

/// The nests of sunxi and rockchip: metadata inside the gzip, and outside.
#[test]
fn compressed_disks_are_exact() {
    let metadata = Chunk::metadata(r#"{"supported_devices":["acme,board"]}"#);
    let gzip = |disk: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("disk"), disk).unwrap();
        run("gzip", &["-9n", "-c", "disk"], dir.path(), "")
    };
    // Small, for these are tried many times.
    let table = sfdisk(
        4 * MIB,
        "label: dos\nstart=64, size=64, type=c\nstart=128, size=700, type=83\n",
    );
    for inside in [true, false] {
        let opened = assert_exact(|_, rootfs| {
            let mut disk = table[..512].to_vec();
            put(&mut disk, 16 * 512, &random(3000, 5));
            put(&mut disk, 64 * 512, &random(9000, 6));
            put(&mut disk, 128 * 512, rootfs);
            if inside {
                append(&mut disk, &metadata).unwrap();
                return gzip(&disk);
            }
            disk.resize((128 + 700) * 512, 0);
            let mut file = gzip(&disk);
            append(&mut file, &metadata).unwrap();
            file
        });
        assert_eq!(opened.metadata.unwrap().device_ids(), ["acme,board"]);
        assert_eq!(opened.container.to_string(), "gzip › disk (MBR)");
    }
}

/// An image of a real size, with 104 MiB for the root file system.
#[test]
fn large_disks_prove() {
    let table =
        "label: dos\nstart=2048, size=40960, type=c, bootable\nstart=43008, size=212992, type=83\n";
    let mut disk = sfdisk(125 * MIB, table);
    put(&mut disk, 8 << 10, &random(400_000, 5));
    put(&mut disk, MIB, fat());
    put(&mut disk, 21 * MIB, &sample_rootfs(3));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("disk"), disk).unwrap();
    let file = run("gzip", &["-9n", "-c", "disk"], dir.path(), "");
    let opened = container::prove(file).unwrap();
    assert_eq!(opened.rootfs, sample_rootfs(3));
}

#[test]
fn too_long_a_root_file_system_is_an_error() {
    let table = sfdisk(
        MIB,
        "label: dos\nstart=64, size=64, type=c\nstart=128, size=400, type=83\n",
    );
    for fill in [true, false] {
        let mut disk = table[..128 * 512].to_vec();
        put(&mut disk, 128 * 512, &sample_rootfs(1));
        if fill {
            disk.resize(528 * 512, 0);
        }
        let opened = container::prove(disk).unwrap();
        let rootfs = &sample_rootfs(3)[..];
        let error = opened
            .container
            .close(&Parts {
                kernel: None,
                rootfs,
            })
            .unwrap_err();
        assert!(error.to_string().contains("room for 204800"), "{error}");
    }
}

#[test]
fn damage_is_named() {
    let mut disk = start(GPT, fat());
    put(&mut disk, ROOT, &sample_rootfs(1));
    let mut bad = disk.clone();
    bad[1024 + 60] ^= 1;
    let error = container::open(bad).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    let mut bad = disk.clone();
    let error = container::open(bad[..ROOT + 500].to_vec()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
    // The number of entries.
    bad[512 + 0x52] = 1;
    let error = container::open(bad).unwrap_err();
    assert!(error.to_string().contains("no tool makes"), "{error}");
    // A disk without a squashfs.
    let error = container::open(disk[..ROOT].to_vec()).unwrap_err();
    assert!(error.to_string().contains("disk (GPT)"), "{error}");
    let mut bad = start(MBR, fat());
    put(&mut bad, ROOT, &sample_rootfs(1));
    // Sector 1280 in the second entry becomes 1024.
    assert_eq!(bad[446 + 16 + 8..][..4], [0, 5, 0, 0]);
    bad[446 + 16 + 9] = 4;
    let error = container::open(bad).unwrap_err();
    assert!(
        error.to_string().contains("reach into each other"),
        "{error}"
    );
}

/// A FAT alone, or code that ends with the same two bytes.
#[test]
fn what_has_no_table_is_no_disk() {
    assert!(Table::parse(fat()).is_none());
    let mut sector = random(4096, 9);
    sector[510..512].copy_from_slice(&[0x55, 0xAA]);
    assert!(Table::parse(&sector).is_none());
    assert!(Table::parse(&sector[..511]).is_none());
}
