//! Indexes: a published one, and bad ones.

use std::io::Read;

use proptest::prelude::*;

use super::*;

fn published() -> Vec<u8> {
    let packed = include_bytes!("../../../tests/fixtures/opkg/Packages.gz");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut text)
        .unwrap();
    text
}

#[test]
fn a_published_index_is_read_whole() {
    let text = published();
    let lines = String::from_utf8(text.clone()).unwrap();
    let index = Index::parse(&text).unwrap();
    // Counted by lines, without our reader.
    let count = |start: &str| lines.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(index.packages.len(), count("Package: "));
    assert_eq!(
        index
            .packages
            .iter()
            .filter(|p| !p.provides.is_empty())
            .count(),
        count("Provides: ")
    );
    assert_eq!(
        index
            .packages
            .iter()
            .filter(|p| !p.conflicts.is_empty())
            .count(),
        count("Conflicts: ")
    );
    assert!(
        index
            .packages
            .iter()
            .all(|p| p.sha256.is_some() && p.size.is_some() && p.filename.is_some())
    );
    assert_eq!(Stanzas::parse(&text).unwrap().to_bytes(), text);

    let batctl = index
        .packages
        .iter()
        .find(|package| package.name == "batctl")
        .unwrap();
    let fields = batctl.stanza.fields.iter();
    let fields: String = fields
        .map(|field| format!("{}:{}\n", field.name, String::from_utf8_lossy(&field.raw)))
        .collect();
    insta::assert_snapshot!(fields);
    assert_eq!(batctl.base_name(), "batctl");
}

const FULL: &str = "Package: libubox20240329
ABIVersion: 20240329
Version: 2024.03.29~eb9bcb64-r1
Depends: libc
Provides: libubox, libubox20240329, libubox-any
Conflicts: libubox2019 | x (<< 2), y
Replaces: libubox2019
Essential: yes
Alternatives: 200:/bin/x:/usr/bin/x, -5:/bin/y:/bin/busybox
Architecture: mipsel_24kc
Installed-Size: 0
Filename: sub/libubox.ipk
Size: 18446744073709551615
SHA256sum: 26CDF432eccd8d5bb2334adb2f480a811b17cbdca8b6f237a278e4fd0367c3f2
Some-Thing: new
Description:  a
 b
";

#[test]
fn every_field_is_read() {
    let package = Package::from_control(FULL.as_bytes()).unwrap();
    assert_eq!(
        (package.base_name(), package.abi_version.as_deref()),
        ("libubox", Some("20240329"))
    );
    assert_eq!(package.provides, ["libubox", "libubox-any"]);
    assert_eq!(package.replaces, ["libubox2019"]);
    assert_eq!(package.conflicts.len(), 2);
    assert!(package.essential);
    let alternatives: Vec<_> = package
        .alternatives
        .iter()
        .map(|a| (a.priority, a.path.as_str(), a.target.as_str()))
        .collect();
    assert_eq!(
        alternatives,
        [
            (200, "/bin/x", "/usr/bin/x"),
            (-5, "/bin/y", "/bin/busybox")
        ]
    );
    assert_eq!(
        (package.size, package.installed_size),
        (Some(u64::MAX), Some(0))
    );
    assert_eq!(package.sha256.unwrap()[..4], [0x26, 0xCD, 0xF4, 0x32]);
    assert_eq!(package.stanza.value("Some-Thing").as_deref(), Some("new"));
    assert_eq!(
        package.stanza.value("Description").as_deref(),
        Some("a\n b")
    );
}

#[test]
fn bad_ones_are_refused_in_words() {
    let base = "Package: a\nVersion: 1\n";
    let mut told = String::new();
    let texts = [
        "Package: a\n".to_owned(),
        "Version: 1\n".to_owned(),
        "\n\nPackage: ../../etc/passwd\nVersion: 1\n".to_owned(),
        "Package: a b\nVersion: 1\n".to_owned(),
        " indented\n".to_owned(),
        format!("{base}no field\n"),
        format!("{base}\u{0}: 1\n"),
        format!("{base}Version: 2\n"),
        format!("{base}Depends: b (>= \n"),
        format!("{base}Filename: ../x.ipk\n"),
        format!("{base}Filename: /x.ipk\n"),
        format!("{base}Size: -1\n"),
        format!("{base}Size: 99999999999999999999\n"),
        format!("{base}SHA256sum: 1234\n"),
        format!("{base}Alternatives: x:/a:/b\n"),
        format!("{base}Alternatives: 1:a:/b\n"),
        format!("{base}Alternatives: 1:/a\n"),
        "<html>\n<body>Not found\n".to_owned(),
    ];
    for text in texts {
        told += &format!("{}\n", Index::parse(text.as_bytes()).unwrap_err());
    }
    for text in ["", "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n"] {
        told += &format!("{}\n", Package::from_control(text.as_bytes()).unwrap_err());
    }
    insta::assert_snapshot!(told);
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let text = b"\n \nPackage: a\nVersion: 1\nMaintainer: J\xf6rg\nDescription:\n x\n\ty\n  \n \n\n\n\nPackage: b\r\nVersion: 2";
    let stanzas = Stanzas::parse(text).unwrap();
    assert_eq!(stanzas.to_bytes(), text);
    assert_eq!(stanzas.stanzas.len(), 2);
    let index = Index::parse(text).unwrap();
    assert_eq!(index.packages[1].name, "b");
    assert_eq!(
        index.packages[0].stanza.value("Maintainer").unwrap(),
        "J\u{fffd}rg"
    );
}

#[test]
fn cut_anywhere_it_is_read_or_refused() {
    let text = published();
    for end in (0..text.len().min(6000)).chain([text.len() - 1]) {
        if let Ok(stanzas) = Stanzas::parse(&text[..end]) {
            assert_eq!(stanzas.to_bytes(), &text[..end]);
        }
        let _ = Index::parse(&text[..end]);
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_as_it_was(text in "(([A-Z][a-z]?:? ?[a-z,()<>=|]{0,3}|[ \t][a-z ]{0,2}|[ \t\r]{0,2})\n){0,12}[A-Z]?:?") {
        if let Ok(stanzas) = Stanzas::parse(text.as_bytes()) {
            prop_assert_eq!(stanzas.to_bytes(), text.as_bytes());
        }
    }
}
