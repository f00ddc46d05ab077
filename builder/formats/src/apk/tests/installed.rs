use proptest::prelude::*;

use crate::apk::package::{Owners, Trust};
use crate::apk::{Error, Installed, InstalledPackage, Package};

/// What apk-tools 3.0.6 left in a root after `apk add probe` from an index of `probe-deflate.apk`.
const REAL: &str = include_str!("probe-installed.txt");

#[test]
fn a_real_database_is_the_same_again() {
    let installed = Installed::read(REAL.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(installed.write()).unwrap(), REAL);
    let probe = installed.get("probe").unwrap();
    assert_eq!(probe.field(b'V'), Some(&b"1.2.3~abcdef-r4"[..]));
    assert_eq!(probe.folders.len(), 6);
    let two = [REAL, REAL].concat();
    assert_eq!(
        Installed::read(two.as_bytes()).unwrap().write(),
        two.as_bytes()
    );
    assert_eq!(Installed::read(b"").unwrap(), Installed::default());
}

#[test]
fn a_package_is_entered_as_apk_does() {
    let file = include_bytes!("probe-deflate.apk");
    let package = Package::read(file, Trust::Unverified).unwrap();
    let entry = InstalledPackage::of(&package, file.len() as u64, &Owners::default()).unwrap();
    let ours = Installed {
        packages: vec![entry],
    }
    .write();
    assert_eq!(String::from_utf8(ours).unwrap(), REAL);
}

#[test]
fn what_was_known_of_a_package_is_read_back() {
    let package = Package::read(include_bytes!("probe-deflate.apk"), Trust::Unverified).unwrap();
    let entry = Installed::read(REAL.as_bytes()).unwrap();
    let info = entry.get("probe").unwrap().info().unwrap();
    let mut known = package.info.clone();
    known.hashes = package.identity[..20].to_vec();
    known.file_size = info.file_size;
    assert!(info.file_size > 0);
    // The list has no place for these.
    known.recommends.clear();
    known.layer = info.layer;
    assert_eq!(info, known);
}

#[test]
fn a_text_with_a_line_feed_is_refused() {
    let mut package =
        Package::read(include_bytes!("probe-deflate.apk"), Trust::Unverified).unwrap();
    package.info.description = "x\nF:etc".into();
    let refused = InstalledPackage::of(&package, 1, &Owners::default()).unwrap_err();
    assert!(matches!(refused, Error::Field { .. }), "{refused}");
}

#[test]
fn disorder_is_refused_with_its_line() {
    for (text, line) in [
        ("P:a\nV:1\n", 3),
        ("P:a\nV:1", 2),
        ("P:a\n\n", 2),
        ("\n", 1),
        ("P:a\nV:1\nR:x\n\n", 3),
        ("P:a\nV:1\nF:x\nZ:Q1AAAA\n\n", 4),
        ("P:a\nV:1\nF:x\nR:y\nZ:Q1AAAA\n\n", 5),
        ("P:a\nV:1\nF:x\nM:0:0:0755\n\n", 4),
        ("P:a\nV:1\nF:x\nM:0:0\n\n", 4),
        ("P:a\nV:1\nF:x\nP:b\n\n", 4),
        ("P:a\nV\n\n", 2),
        ("P:a\n1:1\n\n", 2),
    ] {
        match Installed::read(text.as_bytes()) {
            Err(Error::Installed { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text = REAL.as_bytes().to_vec();
        for (at, value) in changes {
            let at = at.index(text.len());
            text[at] = value;
        }
        for text in [&text[..], &text[..cut.index(text.len())]] {
            if let Ok(installed) = Installed::read(text) {
                prop_assert_eq!(installed.write(), text);
            }
        }
    }
}
