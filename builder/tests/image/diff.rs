//! What differs is named, and nothing else.

use crate::fixture::Fixture;

fn with_other() -> Fixture {
    let fixture = Fixture::new();
    fixture.sh(
        r#"cp -a root other
        sed -i 's/192.168.1.1/10.1.2.3/; s/9.9.9.9/1.1.1.1/' other/etc/config/network
        printf "config system\n\toption hostname 'new'\n" > other/etc/config/system
        sed -i 's/1.36.1-2/1.37.0-1/' other/usr/lib/opkg/status
        printf 'Package: tcpdump\nVersion: 4.99\nStatus: install user installed\n\n' >> other/usr/lib/opkg/status
        chmod 644 other/etc/shadow; rm other/etc/banner; ln -sf /bin/none other/bin/sh; touch other/tmp"#,
    );
    fixture.squashfs("other", "other.squashfs");
    fixture.make("other.squashfs", "other.bin");
    fixture
}

#[test]
fn differences_are_named() {
    let fixture = with_other();
    crate::snapshot!(
        "different",
        fixture.told(&["image", "diff", "image.bin", "other.bin"])
    );
    let report = fixture
        .json(&["image", "diff", "image.bin", "other.bin"])
        .remove(0);
    let change = &report["packages"][0];
    assert_eq!(
        (&change["key"], &change["a"], &change["b"]),
        (&"busybox".into(), &"1.36.1-2".into(), &"1.37.0-1".into())
    );
    assert_eq!(report["packages"][1]["a"], serde_json::Value::Null);
    let offset: usize = fixture
        .sh("cmp -l image.bin other.bin | awk 'NR == 1 {print $1}'")
        .trim()
        .parse()
        .unwrap();
    // cmp counts from 1.
    assert_eq!(report["offset"], offset - 1);
}

#[test]
fn the_same_is_the_same_and_metadata_counts() {
    let fixture = with_other();
    fixture.sh("cp image.bin copy.bin");
    insta::assert_snapshot!(
        "same",
        fixture.told(&["image", "diff", "image.bin", "copy.bin"])
    );
    assert!(
        fixture
            .piped("image.bin", &["image", "diff", "-", "copy.bin"])
            .status
            .success()
    );
    // A signature more: no file differs, but the images do.
    let signed = fixture.told(&["image", "diff", "image.bin", "signed.bin"]);
    assert!(signed.starts_with("exit code 1\n"), "{signed}");
    assert!(!signed.contains("Files"), "{signed}");
    assert_eq!(
        fixture.told(&["-q", "image", "diff", "image.bin", "signed.bin"]),
        "exit code 1\n"
    );
    insta::assert_snapshot!(
        "missing",
        fixture.told(&["image", "diff", "image.bin", "none.bin"])
    );
    insta::assert_snapshot!("two_inputs", fixture.told(&["image", "diff", "-", "-"]));
}
