use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::pad_rootfs::{DEFAULT_KIB, End, Rule, Tail};
use crate::rootfs;
use crate::rootfs::tests::mksquashfs;

/// The tarball that GNU tar makes of these files, called as OpenWrt's script calls it.
fn gnu_tar(board: &str, mtime: u32, files: &[(&str, &[u8])]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("sysupgrade-{board}");
    let folder = dir.path().join(&name);
    std::fs::create_dir(&folder).unwrap();
    for (file, data) in files {
        std::fs::write(folder.join(file), data).unwrap();
    }
    let modes = Command::new("chmod")
        .args(["-R", "u=rwX,go=rX"])
        .arg(&folder)
        .status()
        .unwrap();
    assert!(modes.success());
    run_tar(dir.path(), &name, mtime)
}

fn run_tar(dir: &Path, name: &str, mtime: u32) -> Vec<u8> {
    let output = Command::new("tar")
        .args([
            "--format=gnu",
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
        ])
        .arg(format!("--mtime=@{mtime}"))
        .args(["-c", "-f", "-", "-C"])
        .arg(dir)
        .arg(name)
        .output()
        .expect("tar runs");
    assert!(output.status.success());
    output.stdout
}

fn padded(squashfs: &[u8], to: usize) -> Vec<u8> {
    let mut root = squashfs.to_vec();
    root.resize(root.len().next_multiple_of(to), 0);
    root
}

const MTIME: u32 = 1_721_081_658;

#[test]
fn writes_what_gnu_tar_writes() {
    let squashfs = mksquashfs(7);
    let kernel = vec![0x5A; 12_345];
    let dtb = vec![0xD0; 999];
    let root = padded(&squashfs, 1024);
    let control = b"BOARD=xiaomi_mi-router-3g\n";
    let mut files: Vec<(&str, &[u8])> =
        vec![("CONTROL", control), ("kernel", &kernel), ("root", &root)];
    let layout = Layout::new("xiaomi_mi-router-3g", MTIME, None).unwrap();
    let ours = layout.put_together(&kernel, &squashfs).unwrap();
    assert!(ours == gnu_tar("xiaomi_mi-router-3g", MTIME, &files));

    files.push(("dtb", &dtb));
    let layout = Layout::new("xiaomi_mi-router-3g", MTIME, Some(dtb.clone())).unwrap();
    let ours = layout.put_together(&kernel, &squashfs).unwrap();
    assert!(ours == gnu_tar("xiaomi_mi-router-3g", MTIME, &files));
    assert_eq!(Layout::new("a/b", 0, None), None);
    assert_eq!(Layout::new("", 0, None), None);
}

#[test]
fn opens_what_gnu_tar_wrote_and_takes_another_root() {
    let (one, other) = (mksquashfs(7), mksquashfs(21));
    let kernel = vec![3; 70_000];
    let control = b"BOARD=ubnt_edgerouter-x\n".as_slice();
    let tarball = |root: &[u8]| {
        let files = [("CONTROL", control), ("kernel", &kernel), ("root", root)];
        gnu_tar("ubnt_edgerouter-x", MTIME, &files)
    };
    // As `rootfs=@` behind `pad-rootfs` gives it: markers, no zeros.
    let marked = |squashfs: &[u8]| {
        let mut root = squashfs.to_vec();
        let marks = Rule::padjffs2(&DEFAULT_KIB);
        Tail {
            marks,
            end: End::Exact,
        }
        .append(&mut root)
        .unwrap();
        root
    };
    for (a, b) in [
        (padded(&one, 1024), padded(&other, 1024)),
        (marked(&one), marked(&other)),
        (one.clone(), other.clone()),
    ] {
        let donor = tarball(&a);
        assert!(looks_like(&donor));
        let opened = open(&donor).unwrap();
        assert_eq!(opened.layout.board.as_deref(), Some("ubnt_edgerouter-x"));
        assert_eq!(opened.layout.mtime(), Some(u64::from(MTIME)));
        assert_eq!(donor[opened.kernel.clone()], kernel);
        assert_eq!(donor[opened.rootfs.clone()], one);
        assert!(opened.layout.put_together(&kernel, &one).unwrap() == donor);
        assert!(opened.layout.put_together(&kernel, &other).unwrap() == tarball(&b));
    }
}

#[test]
fn damage_is_named() {
    let root = padded(&mksquashfs(7), 1024);
    let files = [
        ("CONTROL", b"BOARD=x\n".as_slice()),
        ("kernel", &[1; 4000]),
        ("root", &root),
    ];
    let good = gnu_tar("x", MTIME, &files);
    let change = |at: usize, value: u8| {
        let mut bad = good.clone();
        bad[at] = value;
        open(&bad)
    };
    assert_eq!(change(512, b'y'), Err(Error::Header { at: 512 }));
    assert_eq!(change(512 + 512 + 100, 1), Err(Error::Padding { at: 1124 }));
    assert_eq!(
        change(good.len() - 1, 1),
        Err(Error::Padding { at: good.len() - 1 })
    );
    assert!(matches!(
        open(&good[..3000]),
        Err(Error::Truncated { at: 3000, inside }) if inside.contains("kernel")
    ));
    let unknown = gnu_tar(
        "x",
        MTIME,
        &[("CONTROL", b"BOARD=x\n"), ("script.sh", b"x")],
    );
    assert!(matches!(open(&unknown), Err(Error::Entry { at: 1536, .. })));
    let rootless = gnu_tar("x", MTIME, &[("CONTROL", b"BOARD=x\n"), ("kernel", b"x")]);
    assert_eq!(open(&rootless), Err(Error::NoRoot));
    let ubifs = gnu_tar(
        "x",
        MTIME,
        &[("CONTROL", b"BOARD=x\n"), ("root", b"\x31\x18\x10\x06....")],
    );
    assert!(matches!(
        open(&ubifs),
        Err(Error::RootKind { what: "UBIFS", .. })
    ));
    let cut = gnu_tar("x", MTIME, &[("root", &root[..root.len() - 1024])]);
    assert!(matches!(
        open(&cut),
        Err(Error::Rootfs(rootfs::Error::Truncated { offset: 1024, .. }))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn flipped_bytes_do_not_panic(flips in prop::collection::vec((0usize..5000, any::<u8>()), 1..6)) {
        let layout = Layout::new("board", MTIME, None).unwrap();
        let mut bytes = layout.put_together(&[1; 100], &[2; 100]).unwrap();
        for (at, value) in flips {
            bytes[at] = value;
        }
        let _ = open(&bytes);
    }
}
