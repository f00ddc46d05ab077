use std::fs;
use std::process::Command;

use super::*;

/// What a shell script leaves in `out`, made in a folder of its own.
fn made_by(script: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
    fs::read(dir.path().join("out")).unwrap()
}

#[test]
fn knows_what_tools_make() {
    let cases = [
        (
            "truncate -s 1M out; mkfs.ext4 -q -L rootfs out",
            "ext2/3/4 file system “rootfs”",
        ),
        (
            "mkdir d; echo x > d/x; mksquashfs d out -quiet -no-progress >/dev/null",
            "squashfs 4.0",
        ),
        ("echo x > x; tar cf out x", "tar archive"),
        ("echo x | gzip > out", "gzip"),
        ("echo x | xz > out", "xz"),
        ("head -c 100000 /dev/zero | xz --format=lzma > out", "LZMA"),
        (
            "head -c 70 /dev/zero > d; mkimage -A mips -T kernel -C none -n Hello -d d out >/dev/null",
            "uImage “Hello”",
        ),
        (
            "openssl genpkey -algorithm ed25519 -out out",
            "PEM key or certificate",
        ),
        (
            "echo x > x; echo x | cpio -o -H newc --quiet > out",
            "cpio archive (initramfs)",
        ),
        ("cp /bin/true out", "ELF"),
    ];
    for (script, expected) in cases {
        assert_eq!(sniff(&made_by(script)).text, expected, "{script}");
    }
    let mut tree = b"\xd0\x0d\xfe\xed".to_vec();
    tree.resize(100, 0);
    assert_eq!(sniff(&tree).kind, "unknown");
}

#[test]
fn knows_padding_and_text() {
    let cases: [(&[u8], &str); 8] = [
        (&[0, 0xFF, 0xFF], "zeros and erased flash (0xFF)"),
        (&[], "empty"),
        (&[0xFF; 100], "erased flash (0xFF)"),
        (&[0; 100], "zeros"),
        (&[7; 100], "nothing but 0x07"),
        (
            b"\xff\xff\xde\xad\xc0\xde\xff\xff",
            "padding with the marker “begin of the overlay” (deadc0de)",
        ),
        (b"bootcmd=run\nbootdelay=1\n\0\0\0\0", "text “bootcmd=run”"),
        (&[1, 2, 3, 4, 5], "unknown; begins with 01 02 03 04 05"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(sniff(bytes).text, expected);
    }
    let noise = crate::layer::testing::random(8192, 3);
    assert!(
        sniff(&noise).text.ends_with("compressed or encrypted"),
        "{}",
        sniff(&noise)
    );
    let jffs2 = [&[0x85, 0x19, 0x03, 0x20, 12, 0, 0, 0][..], &[0xFF; 100]].concat();
    assert_eq!(sniff(&jffs2).text, "JFFS2, little endian");
    let loader = [&[1; 700][..], b"U-Boot 2018.03 (Jan 01 2020)", &[2; 50]].concat();
    assert_eq!(sniff(&loader).text, "U-Boot 2018.03");
}

/// Never panics, whatever the bytes are.
#[test]
fn bears_any_bytes() {
    for seed in 0..200 {
        for len in [1, 5, 30, 100, 600, 2000] {
            let mut bytes = crate::layer::testing::random(len, seed);
            let _ = sniff(&bytes);
            for (at, magic) in [
                (0, &b"\xd0\x0d\xfe\xed"[..]),
                (0, b"hsqs"),
                (0, b"\x27\x05\x19\x56"),
                (0, b"\x7fELF"),
            ] {
                if let Some(place) = bytes.get_mut(at..at + magic.len()) {
                    place.copy_from_slice(magic);
                    let _ = sniff(&bytes);
                }
            }
        }
    }
}
