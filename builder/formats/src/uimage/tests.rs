use std::process::Command;

use proptest::prelude::*;

use super::*;

/// A uImage made by U-Boot's mkimage.
fn mkimage(data: &[u8], time: u32) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in"), dir.path().join("out"));
    std::fs::write(&input, data).unwrap();
    let status = Command::new("mkimage")
        .env("SOURCE_DATE_EPOCH", time.to_string())
        .args(["-A", "mips", "-O", "linux", "-T", "kernel", "-C", "lzma"])
        .args(["-a", "0x80060000", "-e", "0x80060400"])
        .args(["-n", "MIPS OpenWrt Linux-6.12.1 with a long name"])
        .arg("-d")
        .args([&input, &output])
        .output()
        .expect("mkimage runs (scripts/test installs u-boot-tools)");
    assert!(status.status.success());
    std::fs::read(output).unwrap()
}

#[test]
fn writes_what_mkimage_writes() {
    let data: Vec<u8> = (0..70_001u32).map(|i| ((i * 7) >> 3) as u8).collect();
    let theirs = mkimage(&data, 1_721_081_658);
    let new = NewHeader {
        time: 1_721_081_658,
        load: 0x8006_0000,
        entry: 0x8006_0400,
        arch: 5,
        kind: 2,
        compression: 3,
        name: "MIPS OpenWrt Linux-6.12.1 with a long name",
    };
    let ours = wrap(&new, &data).unwrap();
    // mkimage keeps the last byte of a cut name for a NUL or not, depending on its version: compare the rest.
    let (header, body) = parse(&theirs).unwrap();
    assert_eq!(body, data);
    assert_eq!(ours.len(), theirs.len());
    assert_eq!(header.time, 1_721_081_658);
    assert_eq!((header.load, header.entry), (0x8006_0000, 0x8006_0400));
    assert_eq!(
        (header.os, header.arch, header.kind, header.compression),
        (5, 5, 2, 3)
    );
    assert!("MIPS OpenWrt Linux-6.12.1 with a long name".starts_with(&header.name()));
    assert_eq!(ours[8..32], theirs[8..32]);
    assert!(looks_like(&theirs));
    let short = NewHeader {
        name: "short",
        ..new
    };
    assert!(parse(&wrap(&short, b"").unwrap()).is_ok());
}

#[test]
fn damage_is_named() {
    let good = mkimage(&[9; 5000], 1);
    let mut bad = good.clone();
    bad[20] ^= 1;
    assert!(matches!(parse(&bad), Err(Error::HeaderCrc { .. })));
    let mut bad = good.clone();
    bad[700] ^= 1;
    assert!(matches!(
        parse(&bad),
        Err(Error::DataCrc { size: 5000, .. })
    ));
    assert!(matches!(
        parse(&good[..300]),
        Err(Error::Short {
            need: 5064,
            have: 300
        })
    ));
    assert!(matches!(parse(&good[..10]), Err(Error::Short { .. })));
}

proptest! {
    #[test]
    fn header_bytes_round_trip(bytes in prop::collection::vec(any::<u8>(), HEADER_LEN)) {
        let header = Header::decode(bytes[..].try_into().unwrap());
        prop_assert_eq!(header.to_bytes().to_vec(), bytes.clone());
        let _ = looks_like(&bytes);
        let _ = parse(&bytes);
    }
}
