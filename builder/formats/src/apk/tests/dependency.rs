use crate::apk::adb::{Database, Encoder};
use crate::apk::{Condition, Dependency, Error};

fn dependency(text: &str) -> Dependency {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn texts_are_the_same_again() {
    for text in [
        "libc",
        "!busybox",
        "zlib=1.3.1-r1",
        "a<1",
        "a<=1",
        "a<~1",
        "a~1.2",
        "a>=1",
        "a>~1",
        "a>1",
        "!a=1",
        "so:libc.so.6",
        "/bin/sh",
        "kernel=6.12.94~0123456789abcdef-r1",
        "a><Q1w6cYzPtVo6cP4aOtbVtSYXuTxVs=",
    ] {
        assert_eq!(dependency(text).to_string(), text);
    }
    assert_eq!(dependency("a==1"), dependency("a=1"));
}

#[test]
fn nonsense_is_refused() {
    for text in [
        "",
        "!",
        "=1",
        "a=",
        "a=invalid",
        "a b",
        "a@testing",
        "a>=<1",
        "a~",
        "\n",
        "a\n",
    ] {
        let refused = text.parse::<Dependency>();
        assert_eq!(refused, Err(Error::Dependency(text.into())), "{text:?}");
    }
}

#[test]
fn relations_hold_as_they_say() {
    let holds = |text: &str, version: &str| dependency(text).means(&version.parse().unwrap());
    assert!(holds("a", "1"));
    assert!(holds("a<2", "1") && !holds("a<1", "1"));
    assert!(holds("a<=1", "1") && !holds("a<=1", "1-r1"));
    assert!(holds("a=1-r1", "1-r1") && !holds("a=1", "1-r1"));
    assert!(holds("a~1", "1.5-r1") && !holds("a~1", "2"));
    assert!(holds("a>=1", "1") && holds("a>1", "1.0") && !holds("a>1", "1"));
    assert!(!holds("a><Q1", "1"));
}

/// Worked out by hand from the layout: `libc` any, `a>=1` by match 5, `!b` by match 23 and no version.
#[test]
fn lists_are_sorted_objects() {
    let list = [
        dependency("libc"),
        dependency("a>=1"),
        dependency("!b"),
        dependency("libc"),
    ];
    let mut encoder = Encoder::default();
    let root = Dependency::write_all(&mut encoder, &list).unwrap();
    let bytes = encoder.finish(root);
    let word = |word: u32| word.to_le_bytes();
    let expected = [
        &b"\0\0\0\0"[..],
        &word(0xe000_0040),
        b"\x04libc\0\0\0",
        &[word(2), word(0x8000_0008)].concat(), // at 0x10
        b"\x01a\x011",
        &[
            word(4),
            word(0x8000_0018),
            word(0x8000_001a),
            word(0x1000_0005),
        ]
        .concat(), // at 0x1c
        b"\x01b\0\0",
        &[word(4), word(0x8000_002c), word(0), word(0x1000_0017)].concat(), // at 0x30
        &[
            word(4),
            word(0xe000_001c),
            word(0xe000_0030),
            word(0xe000_0010),
        ]
        .concat(), // at 0x40
    ];
    assert_eq!(bytes, expected.concat());
    let database = Database::new(&bytes).unwrap();
    let again = Dependency::read_all(&database, database.root()).unwrap();
    assert_eq!(
        again,
        [dependency("a>=1"), dependency("!b"), dependency("libc")]
    );
    assert_eq!(again[0].condition, dependency("x>=1").condition);
    assert_ne!(again[0].condition, Condition::Any);
}
