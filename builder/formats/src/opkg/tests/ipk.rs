//! Packages made by tar and gzip as OpenWrt's ipkg-build does, and by Python such as nobody should make.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::tree::{Kind, Meta, Tree};

fn sh(dir: &TempDir, script: &str) {
    let output = Command::new("bash")
        .args(["-eu", "-c", script])
        .current_dir(dir)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// `ipkg-build`: tar's and gzip's options are OpenWrt's.
const BUILD: &str = r#"
T="tar --numeric-owner --owner=0 --group=0 --sort=name --format=gnu --mtime=@1700000000 -cf -"
mkdir -p root/etc/config root/usr/bin control
echo hello > root/usr/bin/hello; chmod 4755 root/usr/bin/hello; ln -s hello root/usr/bin/hi
ln root/usr/bin/hello root/usr/bin/hey
echo "config x" > root/etc/config/hello; chmod 600 root/etc/config/hello
mkdir -p root/$(printf 'long-%.0s' {1..30})
printf 'Package: hello\nVersion: 1.0-1\nDepends: libc\nArchitecture: all\nInstalled-Size: 30\nDescription:  x\n' > control/control
printf '/etc/config/hello\n\n' > control/conffiles
printf '#!/bin/sh\n' > control/postinst; chmod 755 control/postinst
(cd root && $T .) | gzip -n > data.tar.gz
(cd control && $T .) | gzip -n > control.tar.gz
echo 2.0 > debian-binary
$T ./debian-binary ./data.tar.gz ./control.tar.gz | gzip -n > hello.ipk
"#;

fn built() -> (TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    sh(&dir, BUILD);
    let package = fs::read(dir.path().join("hello.ipk")).unwrap();
    (dir, package)
}

#[test]
fn a_package_is_opened() {
    let (_dir, file) = built();
    let ipk = Ipk::open(&file, Limits::default()).unwrap();
    assert_eq!(
        (ipk.package.name.as_str(), ipk.package.version.as_str()),
        ("hello", "1.0-1")
    );
    assert_eq!(ipk.conffiles(), ["/etc/config/hello"]);
    let names: Vec<&str> = ipk.control.keys().map(String::as_str).collect();
    assert_eq!(names, ["conffiles", "control", "postinst"]);
    assert_eq!(ipk.control["postinst"], (0o755, b"#!/bin/sh\n".to_vec()));
    let hello = ipk.data.get("usr/bin/hello").unwrap();
    assert_eq!(
        (hello.meta.mode, hello.meta.uid, hello.meta.mtime),
        (0o4755, 0, 1_700_000_000)
    );
    assert_eq!(ipk.data.read("usr/bin/hey").unwrap(), b"hello\n");
    assert!(
        matches!(&ipk.data.get("usr/bin/hi").unwrap().kind, Kind::Symlink(target) if target == b"hello")
    );
    assert!(ipk.data.get("long-".repeat(30)).is_some());
}

#[test]
fn cut_or_damaged_it_is_refused_or_read() {
    let (_dir, file) = built();
    for end in 0..file.len() {
        assert!(Ipk::open(&file[..end], Limits::default()).is_err(), "{end}");
    }
    for at in 0..file.len() {
        let mut bad = file.clone();
        bad[at] ^= 0x10;
        let _ = Ipk::open(&bad, Limits::default());
    }
}

/// `make.py CASE`: writes `CASE.ipk`.
const PYTHON: &str = r#"
import gzip, io, sys, tarfile
case = sys.argv[1]
def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            else:
                info.linkname = data
                archive.addfile(info)
    return gzip.compress(out.getvalue(), mtime=0)
R, L, H, C, B, F, D = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
CONTROL = ("./control", R, b"Package: a\nVersion: 1\n")
data = {
    "absolute": [("/etc/passwd", R, b"x")],
    "dots": [("./a/../../b", R, b"x")],
    "link_dots": [("./a", R, b"x"), ("./b", H, "../x")],
    "link_absolute": [("./b", H, "/etc/passwd")],
    "link_nowhere": [("./b", H, "a")],
    "char": [("./dev/null", C, "")],
    "block": [("./dev/sda", B, "")],
    "pipe": [("./pipe", F, "")],
    "through_link": [("./etc", L, "/tmp"), ("./etc/passwd", R, b"x")],
    "control_characters": [("./a\x1b[2J", R, b"x")],
    "bomb": [("./zeros", R, bytes(3 << 20))],
    "many": [("./%d" % n, R, b"") for n in range(300)],
}.get(case, [])
control = {
    "no_control": [],
    "two_controls": [CONTROL, CONTROL],
    "control_folder": [CONTROL, ("./a/b", R, b"")],
    "control_link": [CONTROL, ("./postinst", L, "/etc/passwd")],
    "control_bad": [("./control", R, b"nothing\n")],
    "control_two_packages": [("./control", R, b"Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n")],
}.get(case, [CONTROL])
outer = [("./debian-binary", R, b"2.0\n"), ("./data.tar.gz", R, tar(data)), ("./control.tar.gz", R, tar(control))]
if case == "no_data": del outer[1]
if case == "no_version": del outer[0]
if case == "version_3": outer[0] = ("./debian-binary", R, b"3.0\n")
if case == "two_datas": outer.append(outer[1])
if case == "stranger": outer.append(("./evil", R, b""))
if case == "data_not_gzip": outer[1] = ("./data.tar.gz", R, b"\xfd7zXZ\0")
open(case + ".ipk", "wb").write(tar(outer))
"#;

#[test]
fn hostile_packages_are_refused_by_entry() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("make.py"), PYTHON).unwrap();
    let cases = [
        "absolute",
        "dots",
        "link_dots",
        "link_absolute",
        "link_nowhere",
        "char",
        "block",
        "pipe",
        "through_link",
        "control_characters",
        "bomb",
        "many",
        "no_control",
        "two_controls",
        "control_folder",
        "control_link",
        "control_bad",
        "control_two_packages",
        "no_data",
        "no_version",
        "version_3",
        "two_datas",
        "stranger",
        "data_not_gzip",
    ];
    sh(
        &dir,
        &format!(
            "for case in good {}; do python3 make.py $case; done",
            cases.join(" ")
        ),
    );
    let limits = Limits {
        bytes: 1 << 20,
        entries: 200,
    };
    let open = |case: &str| {
        Ipk::open(
            &fs::read(dir.path().join(format!("{case}.ipk"))).unwrap(),
            limits,
        )
    };
    // A package without files, as some of OpenWrt's are.
    assert_eq!(
        open("good").unwrap().data.walk().count(),
        Tree::default().walk().count()
    );
    let mut told = String::new();
    for case in cases {
        told += &format!("{case}: {}\n", open(case).unwrap_err());
    }
    for (what, bytes) in [
        ("empty", &b""[..]),
        ("Debian's", b"!<arch>\ndebian-binary"),
        ("apk's", b"ADBd...."),
        ("a page", b"<html>"),
    ] {
        told += &format!("{what}: {}\n", Ipk::open(bytes, limits).unwrap_err());
    }
    insta::assert_snapshot!(told);
}

/// The package that tar and gzip make of [`BUILD`]'s folders, and ours.
#[test]
fn written_packages_are_those_of_ipkg_build() {
    let dir = tempfile::tempdir().unwrap();
    // ipkg-build counts the archive, and has no empty line in conffiles.
    let build = BUILD
        .replace("Installed-Size: 30", "Installed-Size: 10240")
        .replace(r"hello\n\n", r"hello\n")
        .replace("mkdir -p root/etc", "umask 022; mkdir -p root/etc");
    sh(&dir, &build);
    let theirs = fs::read(dir.path().join("hello.ipk")).unwrap();
    let ipk = Ipk::open(&theirs, Limits::default()).unwrap();
    let mut control = ipk.control.clone();
    control.remove("control");
    let mut tree: Tree = ipk.data.clone();
    tree.get_mut("etc").unwrap().meta = Meta::dir(0o755);
    let ours = write_ipk(&ipk.package.stanza, &control, &tree, 1_700_000_000).unwrap();
    assert_eq!(
        Ipk::open(&ours, Limits::default())
            .unwrap()
            .package
            .installed_size,
        Some(10240)
    );
    assert!(ours == theirs, "{} bytes, not {}", ours.len(), theirs.len());
}
