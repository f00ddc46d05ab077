//! What is repacked is what OpenWrt's tools would have made of that kernel and that root file system.

use std::fs;
use std::process::Command;

use crate::fixture::Fixture;

/// Another root file system, as a folder, squashfs and tar file.
fn with_other_root() -> Fixture {
    let fixture = Fixture::new();
    fixture.sh("cp -a root other; echo more > other/etc/motd; rm other/etc/banner; ln other/etc/motd other/etc/hard; head -c 90000 kernel.raw > other/noise");
    fixture.squashfs("other", "other.squashfs");
    fixture.sh("tar --owner=0 --group=0 --numeric-owner -C other -czf other.tar.gz .");
    fixture.make("other.squashfs", "expected.bin");
    fixture
}

#[test]
fn a_squashfs_goes_in_as_it_is() {
    let fixture = with_other_root();
    fixture.good(&[
        "image",
        "repack",
        "image.bin",
        "--rootfs",
        "other.squashfs",
        "--output",
        "new.bin",
    ]);
    assert!(fixture.read("new.bin") == fixture.read("expected.bin"));
    // Padding behind it does not count, and the way back gives the donor.
    fixture.sh("cp other.squashfs padded; head -c 5000 /dev/zero >> padded");
    fixture.good(&[
        "image",
        "repack",
        "image.bin",
        "--rootfs",
        "padded",
        "--output",
        "new.bin",
    ]);
    assert!(fixture.read("new.bin") == fixture.read("expected.bin"));
    fixture.good(&[
        "image",
        "repack",
        "new.bin",
        "--rootfs",
        "root.squashfs",
        "--output",
        "back.bin",
    ]);
    assert!(fixture.read("back.bin") == fixture.read("image.bin"));
    let piped = fixture.piped(
        "image.bin",
        &[
            "image",
            "repack",
            "-",
            "--rootfs",
            "other.squashfs",
            "-o",
            "piped.bin",
        ],
    );
    assert!(piped.status.success());
    assert!(fixture.read("piped.bin") == fixture.read("expected.bin"));
}

#[test]
fn folders_and_tar_files_are_written_with_the_donors_options() {
    let fixture = with_other_root();
    let list = |image: &str| {
        fixture.good(&[
            "image",
            "extract",
            image,
            "--output",
            &format!("{image}.parts"),
        ]);
        let squashfs = format!("{image}.parts/rootfs.squashfs");
        let stat = fixture.sh(&format!(
            "unsquashfs -s {squashfs} | grep -E 'Compression|Block size|Creation|Xattrs|owner|Duplicate|export'"
        ));
        let files = fixture.sh(&format!(
            "rm -rf x; unsquashfs -q -n -d x {squashfs} >/dev/null; cd x; find . -printf '%p %m %l\\n' | sort; find . -type f -exec sha256sum {{}} + | sort"
        ));
        let owners = fixture.sh(&format!(
            "unsquashfs -lln {squashfs} | awk 'NF > 5 {{print $2}}' | sort -u"
        ));
        assert_eq!(owners, "0/0\n");
        (stat, files)
    };
    let expected = list("expected.bin");
    for (source, out) in [("other", "folder.bin"), ("other.tar.gz", "tar.bin")] {
        fixture.good(&[
            "image",
            "repack",
            "image.bin",
            "--rootfs",
            source,
            "--output",
            out,
        ]);
        assert_eq!(list(out), expected, "{source}");
        fixture.good(&["image", "prove", out]);
        // The kernel and all before the root file system are the donor's.
        let at = fixture.json(&["image", "inspect", out])[0]["rootfs"]["at"]
            .as_u64()
            .unwrap() as usize;
        assert!(fixture.read(out)[..at] == fixture.read("image.bin")[..at]);
    }
    assert!(fixture.sh("stat -c %h x/etc/motd") == "2\n");
}

#[test]
fn signatures_are_left_out_and_named() {
    let fixture = with_other_root();
    let told = fixture.told(&[
        "image",
        "repack",
        "signed.bin",
        "--rootfs",
        "other.squashfs",
        "-o",
        "new.bin",
    ]);
    assert!(told.contains("left out 1 signature"), "{told}");
    assert!(fixture.read("new.bin") == fixture.read("expected.bin"));
    let made = &fixture.json(&[
        "image",
        "repack",
        "signed.bin",
        "--rootfs",
        "other.squashfs",
        "-o",
        "new.bin",
    ])[0];
    assert_eq!(made["signatures_removed"], 1);
    assert_eq!(made["size"], fixture.read("expected.bin").len());
}

/// A TP-Link factory image fills its partition: there is room for so much and no more.
#[test]
fn what_does_not_fit_is_refused() {
    let fixture = with_other_root();
    fixture.sh(
        r#"python3 - <<'P'
import hashlib, struct
kernel, root = b"\x5d\0\0\x80\0" + bytes(1000), open("root.squashfs", "rb").read()
total = 0x60000
h = bytearray(0x200)
h[0:4] = struct.pack(">I", 0x01000000); h[4:28] = b"TP-LINK Technologies".ljust(24, b"\0"); h[0x1c:0x40] = b"ver. 1.0".ljust(36, b"\0")
h[0x40:0x48] = struct.pack(">II", 0x07030101, 1); h[0x74:0x7c] = struct.pack(">II", 0x80060000, 0x80060000)
h[0x7c:0x90] = struct.pack(">IIIII", total, 0x200, len(kernel), 0x200 + len(kernel) + (-len(kernel) % 4), len(root))
h[0x4c:0x5c] = bytes.fromhex("dcd73aa5c39598fbddf9e7f40eae4738")
body = kernel + b"\xff" * (-len(kernel) % 4) + root
image = bytearray(bytes(h) + body)
image += b"\xff" * (-len(image) % 65536) + b"\xde\xad\xc0\xde"
image += b"\xff" * (total - len(image))
image[0x4c:0x5c] = hashlib.md5(image).digest()
open("factory.bin", "wb").write(image)
P"#,
    );
    fixture.good(&["image", "prove", "factory.bin"]);
    let text = fixture.good(&["image", "inspect", "factory.bin"]);
    for fact in [
        "maker: TP-LINK Technologies",
        "hardware id: 07030101",
        "load address: 0x80060000",
        "MD5: ",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    fixture.sh("mkdir big; head -c 500000 /dev/zero | openssl enc -aes-128-ctr -nosalt -pass pass:b -out big/noise 2>/dev/null");
    crate::snapshot!(
        "too_big",
        fixture
            .told(&[
                "image",
                "repack",
                "factory.bin",
                "--rootfs",
                "big",
                "-o",
                "new.bin"
            ])
            .lines()
            .filter(|line| !line.contains("Compressing"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(!fixture.path("new.bin").exists());
}

/// Whatever is wrong, the output is what it was and nothing else is left behind.
#[test]
fn what_fails_leaves_the_output_as_it_was() {
    let fixture = with_other_root();
    fixture.write("new.bin", b"precious");
    fixture.write("text", b"this is no root file system\n");
    fixture.damaged("damaged.bin", 100);
    let whole = fixture.read("other.squashfs");
    fixture.write("cut.squashfs", &whole[..whole.len() - 5000]);
    let mut flipped = whole.clone();
    flipped[200] ^= 1;
    fixture.write("flipped.squashfs", &flipped);
    fixture.write("more.squashfs", &[&whole[..], b"\0\0more"].concat());
    let before = fixture.sh("ls -a; sha256sum *.bin");
    let repack = |donor: &str, rootfs: &str, out: &str| {
        fixture.told(&[
            "image", "repack", donor, "--rootfs", rootfs, "--output", out,
        ])
    };
    crate::snapshot!(
        "damaged_donor",
        repack("damaged.bin", "other.squashfs", "new.bin")
    );
    insta::assert_snapshot!("no_rootfs", repack("image.bin", "none", "new.bin"));
    insta::assert_snapshot!("text_as_rootfs", repack("image.bin", "text", "new.bin"));
    crate::snapshot!("cut_rootfs", repack("image.bin", "cut.squashfs", "new.bin"));
    let flipped = repack("image.bin", "flipped.squashfs", "new.bin");
    assert!(
        flipped.starts_with("exit code 4\nerror: root file system flipped.squashfs: "),
        "{flipped}"
    );
    crate::snapshot!(
        "more_than_a_squashfs",
        repack("image.bin", "more.squashfs", "new.bin")
    );
    insta::assert_snapshot!(
        "the_donor_itself",
        repack("image.bin", "other.squashfs", "./image.bin")
    );
    insta::assert_snapshot!(
        "no_such_folder",
        repack("image.bin", "other.squashfs", "none/new.bin")
    );
    assert_eq!(fixture.sh("ls -a; sha256sum *.bin"), before);
    // No file may grow beyond 64 KiB; as on a full disk, writing fails in the middle.
    let clom = env!("CARGO_BIN_EXE_clom");
    let output = Command::new("bash")
        .args(["-c", &format!("trap '' XFSZ; ulimit -f 64; exec {clom} image repack image.bin --rootfs other.squashfs -o new.bin")])
        .current_dir(fixture.dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(8));
    assert_eq!(fixture.sh("ls -a; sha256sum *.bin"), before);
    assert_eq!(fs::read(fixture.path("new.bin")).unwrap(), b"precious");
}
