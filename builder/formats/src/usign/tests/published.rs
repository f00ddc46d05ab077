//! Keys of OpenWrt's and LEDE's keyring packages, and a feed that one of them signed.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::*;

fn fixture(path: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(path),
    )
    .unwrap()
}

fn index() -> Vec<u8> {
    let mut index = Vec::new();
    let packed = fixture("opkg/Packages.gz");
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut index)
        .unwrap();
    index
}

#[test]
fn keys_have_the_numbers_they_are_named_by() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/usign");
    let mut keys = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Ok(number) = name.parse::<KeyNumber>() else {
            continue;
        };
        let file = fixture(&format!("usign/{name}"));
        let key = PublicKey::parse(&file).unwrap();
        assert_eq!(key.number(), number);
        assert_eq!(key.to_text(), file, "{name}");
        keys += 1;
    }
    assert_eq!(keys, 15);
}

#[test]
fn a_published_feed_verifies() {
    let key = PublicKey::parse(&fixture("usign/792d9d9b39f180dc")).unwrap();
    assert_eq!(
        key.comment(),
        br#"Public usign key for 17.01 "Reboot" release builds"#
    );
    // sha256sum over the 32 bytes.
    assert_eq!(
        key.fingerprint().to_string(),
        "SHA256:caef73209352f301ecc1fa18879e849624b85e4142e02b0005915b392c42cc9a"
    );
    let signature = Signature::parse(&fixture("opkg/Packages.sig")).unwrap();
    assert_eq!(signature.comment(), b"signed by key 792d9d9b39f180dc");
    assert_eq!(signature.to_text(), fixture("opkg/Packages.sig"));
    let index = index();
    key.verify(&index, &signature).unwrap();

    let mismatch = Err(Error::Mismatch { key: key.number() });
    assert_eq!(key.verify(&index[..index.len() - 1], &signature), mismatch);
    for at in [0, index.len() / 2, index.len() - 1] {
        let mut changed = index.clone();
        changed[at] ^= 1;
        assert_eq!(key.verify(&changed, &signature), mismatch);
    }
    let other = PublicKey::parse(&fixture("usign/1035ac73cc4e59e3")).unwrap();
    let error = other.verify(&index, &signature).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is signed by key 792d9d9b39f180dc, not by key 1035ac73cc4e59e3"
    );
}
