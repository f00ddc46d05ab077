use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// The trailer as an independent implementation (Python's zlib) writes it.
fn python_trailer(image: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let script = "import sys,zlib,struct\n\
        d=sys.stdin.buffer.read(); kind=int(sys.argv[1]); n=int(sys.argv[2])\n\
        crc=zlib.crc32(d)^0xffffffff\n\
        sys.stdout.buffer.write(d+struct.pack('>4sIB3xI',b'FWx0',crc,kind,n+16))";
    let mut child = Command::new("python3")
        .args(["-c", script, &kind.to_string(), &data.len().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs (scripts/test installs it)");
    let input = [image, data].concat();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

const TEXT: &str = "{  \"metadata_version\": \"1.1\", \"compat_version\": \"1.0\",   \
    \"supported_devices\":[\"tplink,archer-c7-v2\",\"archer-c7\"], \"version\": { \"dist\": \"OpenWrt\", \
    \"version\": \"25.12.5\", \"revision\": \"r33051-f5dae5ece4\", \"target\": \"ath79/generic\", \
    \"board\": \"tplink_archer-c7-v2\" } }\n";

fn c7() -> NewMetadata {
    NewMetadata {
        devices: vec!["tplink,archer-c7-v2".into(), "archer-c7".into()],
        compat_version: "1.0".into(),
        compat_message: None,
        version: Version {
            dist: "OpenWrt".into(),
            version: "25.12.5".into(),
            revision: "r33051-f5dae5ece4".into(),
            target: "ath79/generic".into(),
            board: "tplink_archer-c7-v2".into(),
        },
    }
}

#[test]
fn writes_what_python_computes() {
    let image = b"kernel and root".repeat(1000);
    let mut file = image.clone();
    append(&mut file, &Chunk::metadata(TEXT)).unwrap();
    let expected = python_trailer(&image, 1, &[&[0; 8], TEXT.as_bytes()].concat());
    assert_eq!(file, expected);
    let mut signed = file.clone();
    append(&mut signed, &Chunk::Signature(vec![7; 300])).unwrap();
    assert_eq!(signed, python_trailer(&file, 0, &[7; 300]));

    let parts = split(&signed).unwrap();
    assert_eq!(parts.image, image);
    assert_eq!(
        parts.chunks,
        [Chunk::metadata(TEXT), Chunk::Signature(vec![7; 300])]
    );
}

#[test]
fn makes_openwrts_text() {
    assert_eq!(c7().to_text(), TEXT);
    let mut changed = c7();
    changed.compat_version = "2.0".into();
    changed.compat_message = Some("It's the \"new\" layout".into());
    assert_eq!(
        changed.to_text(),
        "{  \"metadata_version\": \"1.1\", \"compat_version\": \"2.0\", \
         \"compat_message\": \"It's the \\\"new\\\" layout\", \
         \"new_supported_devices\": [\"tplink,archer-c7-v2\",\"archer-c7\"], \
         \"supported_devices\": [\"tplink,archer-c7-v2 archer-c7 - Image version mismatch: image 2.0, device 1.0. \
         Please wipe config during upgrade (force required) or reinstall. Reason: It's the \\\"new\\\" layout\"],  \
         \"version\": { \"dist\": \"OpenWrt\", \"version\": \"25.12.5\", \"revision\": \"r33051-f5dae5ece4\", \
         \"target\": \"ath79/generic\", \"board\": \"tplink_archer-c7-v2\" } }\n"
    );
    let parsed = Metadata::parse(&changed.to_text()).unwrap();
    assert_eq!(parsed.device_ids(), c7().devices);
    assert_eq!(parsed.compat_version, "2.0");
}

#[test]
fn reads_metadata_of_releases_old_and_new() {
    let new = Metadata::parse(TEXT).unwrap();
    assert_eq!(new.device_ids(), c7().devices);
    assert_eq!(new.version, c7().version);
    let old = Metadata::parse(
        r#"{ "metadata_version": "1.0", "supported_devices":["tl-wr841n-v9"], "version": { "dist": "LEDE", "version": "17.01.7", "revision": "r4030-6028f00df0", "board": "ar71xx\/tiny" } }"#,
    )
    .unwrap();
    assert_eq!(old.compat_version, "1.0");
    assert_eq!(old.device_ids(), ["tl-wr841n-v9"]);
    assert_eq!(old.version.board, "ar71xx/tiny");
    for bad in ["", "[]", "{\"supported_devices\":3}", "{} x"] {
        assert!(Metadata::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn damaged_trailers_are_named() {
    let mut file = vec![1; 4000];
    append(&mut file, &Chunk::metadata(TEXT)).unwrap();
    let end = file.len();

    let mut flipped = file.clone();
    flipped[10] ^= 1;
    let error = split(&flipped).unwrap_err();
    assert!(matches!(error, Error::Crc { offset, .. } if offset == end - 16));
    assert!(error.to_string().contains("damaged"), "{error}");

    let mut huge = file.clone();
    huge[end - 4..].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(split(&huge), Err(Error::Size { .. })));
    let mut tiny = file.clone();
    tiny[end - 4..].copy_from_slice(&15u32.to_be_bytes());
    assert!(matches!(split(&tiny), Err(Error::Size { .. })));
    let mut typed = file.clone();
    typed[end - 8] = 9;
    assert!(matches!(split(&typed), Err(Error::Kind { kind: 9, .. })));
    let mut reserved = file;
    reserved[end - 6] = 9;
    assert!(matches!(split(&reserved), Err(Error::Reserved { .. })));

    let long = Chunk::metadata("x".repeat(MAX_METADATA));
    assert!(matches!(
        append(&mut Vec::new(), &long),
        Err(Error::TooLong {
            what: "metadata",
            ..
        })
    ));
}

proptest! {
    #[test]
    fn round_trips(image in prop::collection::vec(any::<u8>(), 0..2000), text in ".{0,300}", signature in prop::collection::vec(any::<u8>(), 0..MAX_SIGNATURE)) {
        let chunks = [Chunk::metadata(text), Chunk::Signature(signature)];
        prop_assume!(split(&image).is_ok_and(|parts| parts.chunks.is_empty()));
        let mut file = image.clone();
        for chunk in &chunks {
            append(&mut file, chunk).unwrap();
        }
        let parts = split(&file).unwrap();
        prop_assert_eq!(parts.image, &image[..]);
        prop_assert_eq!(parts.chunks, chunks);
    }

    #[test]
    fn any_bytes_do_not_panic(mut file in prop::collection::vec(any::<u8>(), 0..400), kind in 0u8..3, size in 0u32..500) {
        let crc = !crc32fast::hash(&file);
        file.extend_from_slice(b"FWx0");
        file.extend_from_slice(&crc.to_be_bytes());
        file.extend_from_slice(&[kind, 0, 0, 0]);
        file.extend_from_slice(&size.to_be_bytes());
        let _ = split(&file);
    }
}
