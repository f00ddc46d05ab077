//! Against apk-tools' own table (`test/unit/version.data`), of which this is every line that is about something of its own.

use std::cmp::Ordering;

use proptest::prelude::*;

use crate::apk::{Dependency, Version};

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Compared in both directions.
const ORDERED: &str = "
2.34 > 0.1.0_alpha
0.1.0_alpha = 0.1.0_alpha
0.1.0_alpha < 0.1.3_alpha
0.1.0_alpha2 > 0.1.0_alpha
0.1.0_alpha < 2.2.39-r1
1.0.4-r3 < 1.0.4-r4
1.6 > 1.0.2
0.7-r1 < 1.0.0
1.1 > 1.1_alpha1
1.2.1 > 1.2
1.2 < 1.3_alpha
1.3_alpha2 < 1.3_alpha3
0.7.0 < 0.8_beta1
4.8-r1 > 3.10.18-r1
2.3.0b-r1 < 2.3.0b-r2
0.12.3 > 0.12
0.13_beta4 < 0.13_beta5
3.1_p16 < 3.1_p17
1.06-r6 < 006
006 > 1.0.0
9.3.4-r2 > 9.3.4
20050718-r1 < 20050718-r2
2.01.01_alpha10 > 0.94
1.0 > 0.99.3.20040818
1.39 > 1.00_beta2
1.02.07 < 1.02.10-r1
4.2.52_p2-r1 < 4.2.52_p4-r2
3.9_pre20060124 > 0.01
2.0.0_rc3-r1 > 1.5
021109-r3 < 20060512
6b-r7 > 1.12-r7
2.5.1-r8 < 2.5.1a-r1
0.10.0 < 0.10.1_rc1
1.1a < 1.3a
0.15.1b-r2 > 0.15.1b
02.08.01b < 4.77
1.6d > 1.2.07.8
1.2.12.04 < 1.2.12.05
1.07-r1 < 1.07.5
1.07.5 > 1.07
0.1_pre20060810 < 0.1_pre20060817
0.59s-r11 < 0.65
0.20070118 < 0.20070207_rc1
4.5_p1-r1 > 4.5_p1
0.9.8c-r1 < 0.9.8d
2.4.7 > 2.0.6
013 < 014-r1
1.7 < 1.7b
1.8.5 < 1.8.5_p2
0.98 < 1.00
2.9.11_pre20051101-r3 > 2.9.11_pre20051101
1.6.8_p12-r1 > 1.6.8_p9-r2
2.25b-r5 < 2.25b-r6
0.9.28-r2 < 0.9.28.1
087-r1 < 103
2.12r-r4 < 2.12r-r5
7.0.17 < 7.0.174
1.3-r0 < 1.3.1-r0
1.3_pre1-r1 < 1.3.2
1.0_p10-r0 > 1.0_p9-r0
0.1.0_alpha_pre2 < 0.1.0_alpha
1.0.0_pre20191002222144-r0 < 1.0.0_pre20210530193627-r0
6.0_pre1 < 6.0
6.1_pre1 < 6.1
6.0_p1 > 6.0
6.1_p1 > 6.1
8.2.0 < 8.2.001
8.2.0015 < 8.2.002
1.0~1234 < 1.0~2345
1.0~1234-r1 < 1.0~2345-r0
1.0~1234-r1 > 1.0~1234-r0
";

#[test]
fn the_order_is_apks() {
    for line in ORDERED.trim().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let order = match words[1] {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            _ => Ordering::Greater,
        };
        let (a, b) = (version(words[0]), version(words[2]));
        assert_eq!(a.cmp(&b), order, "{line}");
        assert_eq!(b.cmp(&a), order.reverse(), "{line}, the other way round");
    }
}

/// The table's lines with `~`; `!` in front of the operator for what must not hold. Versions apk-tools does not take itself
/// (`3.6.9_post1`) are left out: ours cannot be made of them.
#[test]
fn within_is_apks() {
    let table = "
        3.6.0 ~ 3.6,3.6.9 ~ 3.6,3.6_pre1 ~ 3.6,3.6.0_pre1 ~ 3.6,3.6.0 ~ 3.6.0,3.5 <~ 3.6,3.7 >~ 3.6,
        3.6.0 !~ 3.8,3.6.9 !~ 3.8,3.8 !~ 3.8.1,3.8.0 !~ 3.8.1,3.8.0.1 !~ 3.8.1,3.6_pre1 !~ 3.8,3.6.0_pre1 !~ 3.8,
        3.6.9-r1 <~ 3.6,3.6.9-r1 >~ 3.6,3.7 !<~ 3.6,3.5 !>~ 3.6";
    for line in table
        .split(',')
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let words: Vec<&str> = line.split(' ').collect();
        let (wanted, operator) = match words[1].strip_prefix('!') {
            Some(operator) => (false, operator),
            None => (true, words[1]),
        };
        let dependency: Dependency = format!("x{operator}{}", words[2]).parse().unwrap();
        assert_eq!(dependency.means(&version(words[0])), wanted, "{line}");
    }
}

#[test]
fn what_is_a_version_is_what_apk_takes() {
    for good in [
        "1.2",
        "0.1_pre2",
        "0.1_pre2~1234abcd",
        "0.1_p1_pre2",
        "0.1_alpha1_pre2",
        "0.1_git20240101_pre1",
        "2025.10.23~9fc2bc3e",
        "6.12.94~0123456789abcdef-r1",
        "1.37.0-r6",
    ] {
        assert!(good.parse::<Version>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "0.1bc",
        "0.1bc1",
        "0.1a1",
        "0.1a.1",
        "0.1_pre2~",
        "0.1_pre2~1234xbcd",
        "0.1_pre2~1234abcd_pre1",
        "0.1_pre2-r1~1234xbcd",
        "0.1_foobar",
        "0.1_foobar1",
        "0.1-pre1.1",
        "0.1-r",
        "0.1-r2_pre1",
        "0.1-r2_p3_pre1",
        "0.1-r2-r3",
        "0.1-r2.1",
        ".1",
        "a",
        "_pre1",
        "-r1",
        "0.1_",
        "0.1_-r0",
        "0.1__alpha",
        "0.1_1_alpha",
        "1é",
        "é",
    ] {
        assert!(bad.parse::<Version>().is_err(), "{bad}");
    }
}

#[test]
fn numbers_may_be_longer_than_machine_words() {
    assert!(version("1.99999999999999999999") < version("1.100000000000000000000"));
    assert!(version("99999999999999999999") < version("100000000000000000000"));
}

proptest! {
    #[test]
    fn the_order_is_one(
        a in "[0-2]{1,2}(\\.[0-2]{1,2}){0,2}[ab]?(_(alpha|rc|p)[0-2]?){0,2}(~[0a])?(-r[0-2])?",
        b in "[0-2]{1,2}(\\.[0-2]{1,2}){0,2}[ab]?(_(alpha|rc|p)[0-2]?){0,2}(~[0a])?(-r[0-2])?",
        c in "[0-2]{1,2}(\\.[0-2]{1,2}){0,2}[ab]?(_(alpha|rc|p)[0-2]?){0,2}(~[0a])?(-r[0-2])?",
    ) {
        let mut versions = [version(&a), version(&b), version(&c)];
        prop_assert_eq!(versions[0].cmp(&versions[1]), versions[1].cmp(&versions[0]).reverse());
        versions.sort();
        prop_assert!(versions[0] <= versions[2]);
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,20}", other in "[0-9a-z._~r-]{0,20}") {
        let _ = text.parse::<Version>();
        let _ = other.parse::<Version>();
        let _ = text.parse::<Dependency>();
    }
}
