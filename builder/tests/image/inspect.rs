//! Everything is told, also of what is damaged or unknown.

use serde_json::{Value, json};

use crate::fixture::Fixture;

#[test]
fn tells_all_there_is() {
    let fixture = Fixture::new();
    crate::snapshot!("signed", fixture.good(&["image", "inspect", "signed.bin"]));
    let piped = fixture.piped("signed.bin", &["image", "inspect", "-"]);
    let text = String::from_utf8(piped.stdout).unwrap();
    let file = fixture.good(&["image", "inspect", "signed.bin"]);
    assert_eq!(text, file.replacen("signed.bin", "standard input", 1));
}

#[test]
fn machines_get_the_offsets_that_grep_finds() {
    let fixture = Fixture::new();
    let events = fixture.json(&["image", "inspect", "signed.bin"]);
    assert_eq!(events.len(), 1);
    let report = &events[0];
    let at: u64 = fixture
        .sh("grep -abo hsqs signed.bin | head -n 1 | cut -d: -f1")
        .trim()
        .parse()
        .unwrap();
    let len = |name: &str| fixture.read(name).len();
    assert_eq!(report["event"], "image");
    assert_eq!(report["rootfs"]["at"], at);
    assert_eq!(report["rootfs"]["size"], len("root.squashfs"));
    assert_eq!(report["rootfs"]["compression"], "xz");
    assert_eq!(report["rootfs"]["block_size"], 256 << 10);
    assert_eq!(
        report["rootfs"]["software"]["packages"],
        json!({ "base-files": "1", "busybox": "1.36.1-2" })
    );
    assert_eq!(report["kernels"][0]["size"], len("kernel.uimage"));
    assert_eq!(report["kernels"][0]["linux"], "6.6.73");
    assert_eq!(report["kernels"][0]["load"], 0x8006_0000u32);
    let devices = json!(["acme,r1", "acme,r1-old"]);
    assert_eq!(report["trailer"]["supported_devices"], devices);
    let comment = "signed by key 1035ac73cc4e59e3";
    assert_eq!(report["trailer"]["signatures"][0]["comments"][0], comment);
    assert_eq!(report["remarks"], json!([]));
    // The map covers the file without gaps.
    let mut end = 0;
    for region in report["flash_map"].as_array().unwrap() {
        assert_eq!(region["at"], end);
        end += region["size"].as_u64().unwrap();
    }
    assert_eq!(end, len("signed.bin") as u64);
    let checks = report["container"]["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 2);
    assert!(checks.iter().all(|check| check["ok"] == true));
    let stored = checks[1]["at"].as_u64().unwrap() as usize;
    let hex: String = fixture.read("signed.bin")[stored..stored + 4]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(checks[1]["stored"], hex);
}

/// Of a file that is compressed as a whole, the map shows what is in it.
#[test]
fn what_is_compressed_is_told_from_inside() {
    let fixture = Fixture::new();
    fixture.sh("gzip -9n < image.bin > image.bin.gz");
    let packed = fixture
        .json(&["image", "inspect", "image.bin.gz"])
        .remove(0);
    let plain = fixture.json(&["image", "inspect", "image.bin"]).remove(0);
    assert_eq!(packed["flash_map"], plain["flash_map"]);
    assert_eq!(packed["flash_map_of"], "content");
    assert_eq!(plain["flash_map_of"], Value::Null);
    assert_eq!(packed["rootfs"]["software"], plain["rootfs"]["software"]);
    let text = fixture.good(&["image", "inspect", "image.bin.gz"]);
    assert!(text.contains(" bytes, unpacked from a part"), "{text}");
}

#[test]
fn what_is_damaged_is_shown_and_fails_nothing() {
    let fixture = Fixture::new();
    fixture.damaged("kernel.bin", 100);
    let text = fixture.good(&["image", "inspect", "kernel.bin"]);
    assert!(text.contains("CRC-32 of the data: WRONG, "), "{text}");
    assert!(text.contains("damaged: the "), "{text}");
    let at = fixture.read("image.bin").len() - 30;
    fixture.damaged("trailer.bin", at);
    let text = fixture.good(&["image", "inspect", "trailer.bin"]);
    assert!(text.contains("CRC-32 of all before: WRONG, "), "{text}");
    // Tables of the root file system that do not decompress.
    let rootfs = fixture.json(&["image", "inspect", "image.bin"])[0]["rootfs"].clone();
    let number = |key: &str| rootfs[key].as_u64().unwrap() as usize;
    let (from, end) = (number("at"), number("at") + number("size"));
    let mut bytes = fixture.read("image.bin");
    bytes[end - 600..end - 300].fill(0x55);
    fixture.write("blocks.bin", &bytes);
    let text = fixture.good(&["image", "inspect", "blocks.bin"]);
    assert!(text.contains("cannot be told: squashfs image "), "{text}");
    assert!(text.contains("MIPS OpenWrt Linux-6.6.73"), "{text}");
    // Cut off.
    let whole = fixture.read("image.bin");
    fixture.write("cut.bin", &whole[..from + 7000]);
    let text = fixture.good(&["image", "inspect", "cut.bin"]);
    assert!(text.contains("cut off"), "{text}");
}

#[test]
fn what_is_not_known_is_said_plainly() {
    let fixture = Fixture::new();
    fixture.write("text", b"this is no image\n");
    crate::snapshot!("text", fixture.good(&["image", "inspect", "text"]));
    fixture.sh("printf 'ODD!vendor' > odd; head -c 5000 kernel.raw >> odd; cat root.squashfs >> odd; head -c 3000 /dev/zero >> odd");
    let report = fixture.json(&["image", "inspect", "odd"]).remove(0);
    assert_eq!(report["rootfs"]["at"], 5010);
    assert_eq!(
        report["rootfs"]["software"]["openwrt_release"]["DISTRIB_RELEASE"],
        "24.10.1"
    );
    let regions = report["flash_map"].as_array().unwrap();
    let kinds: Vec<&Value> = regions.iter().map(|region| &region["kind"]).collect();
    assert_eq!(kinds, ["unknown", "rootfs", "part"]);
    let text = fixture.good(&["image", "inspect", "odd"]);
    assert!(
        text.contains("found by searching; what is around it is not known"),
        "{text}"
    );
    assert!(
        text.contains("begins with 4f 44 44 21 76 65 6e 64"),
        "{text}"
    );
    // A terminal obeys nothing that stands in a file.
    fixture.write("escape", b"\x1b]0;title\x07 text and more text\n");
    assert!(
        !fixture
            .good(&["image", "inspect", "escape"])
            .contains('\u{1b}')
    );
}

#[test]
fn files_that_cannot_be_read() {
    let fixture = Fixture::new();
    fixture.write("nothing.bin", b"");
    insta::assert_snapshot!("missing", fixture.told(&["image", "inspect", "none.bin"]));
    insta::assert_snapshot!("empty", fixture.told(&["image", "inspect", "nothing.bin"]));
    insta::assert_snapshot!("folder", fixture.told(&["image", "inspect", "root"]));
}
