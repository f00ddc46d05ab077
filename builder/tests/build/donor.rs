//! A profile on a donor image: what is ours, what is the donor's, and that all of it is where it should be.

use std::fs;

use crate::fixture::{Fixture, image};

/// Checks an image with Python and unsquashfs: kernel and padding, trailer, root file system, which is unpacked to `new/`.
fn examine(fixture: &Fixture, image: &str) -> String {
    fixture.write(
        "examine.py",
        r#"
import struct, sys, zlib
donor, image = (open(name, "rb").read() for name in sys.argv[1:3])
magic, crc, kind, size = struct.unpack(">4sIB3xI", image[-16:])
assert magic == b"FWx0" and kind == 1
assert crc == zlib.crc32(image[:-16]) ^ 0xffffffff, "trailer checksum"
assert image[-size:] [8:-16] == donor[-size:][8:-16], "metadata"
body = image[:-size]
at = donor.find(b"hsqs")
assert body[:at] == donor[:at], "kernel and header"
used = struct.unpack("<Q", body[at+40:at+48])[0]
pad = body[at+used:]
assert pad[-4:] == b"\xde\xad\xc0\xde" and set(pad[:-4]) <= {0xff} and (len(body) - 4) % 65536 == 0, "padding"
open("new.squashfs", "wb").write(body[at:at+used])
"#,
    );
    fixture.sh(&format!(
        "python3 examine.py donor.bin '{image}'; rm -rf new; unsquashfs -no-progress -d new new.squashfs >/dev/null; \
         unsquashfs -lln new.squashfs | awk '{{print $1, $2, $6, $7, $8}}' | sed 's/ *$//' | LC_ALL=C sort -k3"
    ))
}

#[test]
fn the_kernel_stays_and_the_root_has_the_donors_files_and_ours() {
    let fixture = Fixture::new();
    let result = fixture.build(&["-o", "out"]);
    let list = examine(&fixture, &image(&result).to_string_lossy());
    insta::assert_snapshot!("files", list);
    let read = |name: &str| String::from_utf8(fixture.read(name)).unwrap();
    assert_eq!(
        fixture.read("new/bin/busybox"),
        fixture.read("root/bin/busybox")
    );
    assert_eq!(read("new/etc/motd"), "hello\n");
    // Raw UCI is laid over the donor's own file.
    insta::assert_snapshot!("uhttpd", read("new/etc/config/uhttpd"));
    let facts: serde_json::Value =
        serde_json::from_str(&read("new/etc/clommunity/image.json")).unwrap();
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(result.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(facts["plan"], manifest["plan"]);
    assert_eq!(facts["site"], "here");
    assert_eq!(manifest["packages"]["busybox"], "1.36.1-1");
    fixture.sh(&format!(
        "cd '{}' && sha256sum --check --strict --quiet sha256sums",
        result.display()
    ));
}

#[test]
fn the_plan_is_the_same_before_and_beside_the_image() {
    let fixture = Fixture::new();
    let planned = fixture.clom(&["build", "here", "-d", "acme_r1", "--dry-run", "-o", "none"]);
    assert!(!fixture.path("none").exists());
    let result = fixture.build(&["-o", "out"]);
    assert_eq!(planned.stdout, fs::read(result.join("plan.json")).unwrap());
}

#[test]
fn nothing_is_written_again_when_nothing_changed() {
    let fixture = Fixture::new();
    let result = fixture.build(&[]);
    let file = image(&result);
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    fixture.build(&[]);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
    fixture.write("profiles/extra/etc/new", "changed");
    let list = examine(&fixture, &image(&fixture.build(&[])).to_string_lossy());
    assert!(list.contains("/etc/new"), "{list}");
    // A result that was tampered with is made again.
    fs::write(&file, "tampered").unwrap();
    examine(&fixture, &image(&fixture.build(&[])).to_string_lossy());
}

#[test]
fn each_node_has_an_image_of_its_own() {
    let fixture = Fixture::new();
    let output = fixture.clom(&["--json", "build", "here", "-d", "acme_r1", "-n", "1-3"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let built: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "built")
        .collect();
    assert_eq!(built.len(), 3);
    for (number, event) in (1..).zip(built) {
        let dir = event["dir"].as_str().unwrap();
        let image = event["images"][0]["name"].as_str().unwrap();
        examine(&fixture, &format!("{dir}/{image}"));
        let system = String::from_utf8(fixture.read("new/etc/config/system")).unwrap();
        assert!(
            system.contains(&format!("option hostname 'v-{number:02}'")),
            "{system}"
        );
    }
}
