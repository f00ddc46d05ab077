//! UCI files.

use openwrt_formats::uci;
use proptest::prelude::*;

use super::memory::{alone, measure};

const FILES: [&str; 5] = [
    include_str!("../fixtures/uci/network"),
    include_str!("../fixtures/uci/dhcp"),
    include_str!("../fixtures/uci/system"),
    include_str!("../fixtures/uci/wireless"),
    include_str!("../fixtures/uci/uhttpd"),
];

fn check(text: &[u8]) -> Result<(), TestCaseError> {
    let (result, peak) = measure(|| uci::parse_bytes(text));
    prop_assert!(
        peak <= 200 * text.len() + (64 << 10),
        "{peak} bytes for {}",
        text.len()
    );
    match result {
        Ok(config) => prop_assert_eq!(uci::parse(&config.to_string()), Ok(config)),
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

#[test]
fn cut_anywhere() {
    let _alone = alone();
    for text in FILES {
        for end in 0..text.len() {
            check(&text.as_bytes()[..end]).unwrap();
        }
    }
}

#[test]
fn many_of_everything() {
    let _alone = alone();
    for piece in [
        "'",
        "\"",
        "\\",
        "\n",
        "config a\n",
        "config a b\n",
        "a ",
        "\t",
        "#",
        ";",
        "option a b\n",
        "\"\\",
        "''",
    ] {
        for start in ["", "config x\n", "config x y\noption o "] {
            let text = start.to_owned() + &piece.repeat(3000);
            check(text.as_bytes()).unwrap();
        }
    }
}

/// Many inputs, none kept: what is found becomes a test of its own.
fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn flipped_bytes() {
    let _alone = alone();
    proptest!(cases(), |(which in 0usize..5, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6))| {
        let mut text = FILES[which].as_bytes().to_vec();
        for (index, value) in flips {
            let len = text.len();
            text[index.index(len)] = value;
        }
        check(&text)?;
    });
}
