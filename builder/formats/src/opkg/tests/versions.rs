//! The order of versions: a table, dpkg, and what any order must be.

use std::cmp::Ordering;
use std::io::Write;
use std::process::Command;

use proptest::prelude::*;

use super::*;

/// Each before the next; from Debian's policy (5.6.12), dpkg's own tests and OpenWrt's feeds.
const ASCENDING: [&str; 32] = [
    "~~",
    "~~a",
    "~",
    "",
    "0.1",
    "1.0~beta1~git1",
    "1.0~beta1",
    "1.0",
    "1.0-1~bpo1",
    "1.0-1",
    "1.0-1a",
    "1.0-2",
    "1.0-10",
    "1.0a",
    "1.0+git1",
    "1.0.1",
    "1.1",
    "1.2",
    "1.10",
    "4.14.167+5.4-rc8-1-1",
    "4.14.167+2020-01-03-38f4c579-1",
    "6.6.73~1-r1",
    "6.6.73-r1",
    "9-2",
    "24-1",
    "213-r12157-a1cfe0d",
    "2020-01-05-bf2c1069-1",
    "2020-01-21-deb745f8-1",
    "20240329",
    "a",
    "1:0",
    "2:0-1",
];

#[test]
fn the_table_is_sorted() {
    for pair in ASCENDING.windows(2) {
        let (a, b) = (Version::new(pair[0]), Version::new(pair[1]));
        assert!(a < b, "{a} should be before {b}");
    }
    for (a, b) in [
        ("1.0", "1.00"),
        ("1.0", "1.0-"),
        ("0:1", "1"),
        ("1.0-0", "1.0"),
        ("x:1", "1"),
        ("007", "7"),
        (" 1 ", "1"),
    ] {
        assert_eq!(Version::new(a), Version::new(b));
    }
}

/// What dpkg says of pairs.
fn dpkg(pairs: &[(String, String)]) -> Vec<Ordering> {
    let mut script = Vec::new();
    for (a, b) in pairs {
        writeln!(
            script,
            "if dpkg --compare-versions '{a}' lt '{b}'; then echo lt; elif dpkg --compare-versions '{a}' eq '{b}'; then echo eq; else echo gt; fi"
        )
        .unwrap();
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&script).unwrap();
    let output = Command::new("sh").arg(file.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let orders: Vec<_> = text
        .lines()
        .map(|line| match line {
            "lt" => Ordering::Less,
            "eq" => Ordering::Equal,
            _ => Ordering::Greater,
        })
        .collect();
    assert_eq!(
        orders.len(),
        pairs.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    orders
}

#[test]
fn dpkg_agrees_on_versions_that_it_takes() {
    // dpkg takes versions that begin with a digit and have an upstream version.
    let fit = ASCENDING
        .iter()
        .filter(|version| version.starts_with(|first: char| first.is_ascii_digit()));
    let fit: Vec<&str> = fit.copied().collect();
    let mut pairs = Vec::new();
    for a in &fit {
        pairs.extend(fit.iter().map(|b| ((*a).to_owned(), (*b).to_owned())));
    }
    // And many that look alike.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..400 {
        let mut version = || {
            let mut text = ["", "0:", "1:"][random(3)].to_owned();
            text += ["1", "01", "10", "2"][random(4)];
            for _ in 0..random(5) {
                text += ["~", "+", ".", "a", "Z", "0", "1", "09", "-"][random(9)];
            }
            text.trim_end_matches('-').to_owned()
        };
        pairs.push((version(), version()));
    }
    for ((a, b), order) in pairs.iter().zip(dpkg(&pairs)) {
        assert_eq!(Version::new(a).cmp(&Version::new(b)), order, "{a} and {b}");
    }
}

proptest! {
    #[test]
    fn it_is_an_order(a in "[ab~.+:0-2-]{0,8}", b in "[ab~.+:0-2-]{0,8}", c in "[ab~.+:0-2-]{0,8}", wild: String) {
        let wild = Version::new(&wild);
        let mut all = [Version::new(&a), Version::new(&b), Version::new(&c), wild];
        all.sort();
        for (n, low) in all.iter().enumerate() {
            prop_assert_eq!(low.cmp(low), Ordering::Equal);
            for high in &all[n..] {
                prop_assert!(low <= high, "{} {}", low, high);
                prop_assert_eq!(low.cmp(high), high.cmp(low).reverse());
            }
        }
    }
}
