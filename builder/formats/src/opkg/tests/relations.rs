//! Dependencies.

use super::*;

#[test]
fn dependencies_are_read_as_opkg_reads_them() {
    let text = "libc, kernel (=4.14.167-1-c6dca51365d5c12bc248d5b39885d802),kmod-sit (>= 4.4) ,, foo(<<2) | bar (> 1) | baz (1.0), all *";
    let all = Dependency::list(text).unwrap();
    let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "libc",
            "kernel (= 4.14.167-1-c6dca51365d5c12bc248d5b39885d802)",
            "kmod-sit (>= 4.4)",
            // `>` is the old spelling of `>=`; a version without operator counts for nothing.
            "foo (<< 2) | bar (>= 1) | baz",
            "all *",
        ]
    );
    assert!(all[4].greedy && !all[3].greedy);
    assert_eq!(Dependency::list(" \n").unwrap(), []);
    for (text, why) in [
        ("foo (>= 1", "`foo (>= 1` has a bracket that does not close"),
        ("foo (>=)", "`foo (>=)` names no version"),
        ("foo bar", "`bar` behind foo is not understood"),
        (
            "../etc",
            "`../etc` begins with a dot, which no package's name does",
        ),
        (
            "a/b",
            "`a/b` is not the name of a package: letters, digits and +-._ only",
        ),
        ("|", "`|` names no package"),
        ("(= 1)", "a name is missing"),
    ] {
        assert_eq!(Dependency::list(text), Err(why.to_owned()));
    }
}

#[test]
fn operators_hold_as_opkg_has_them() {
    use Operator::{Earlier, EarlierEqual, Equal, Later, LaterEqual};
    let (one, two) = (Version::new("1.0-1"), Version::new("1.0-2"));
    // Of 1 with 2, 1 with 1, 2 with 1.
    for (operator, holds) in [
        (Earlier, [true, false, false]),
        (EarlierEqual, [true, true, false]),
        (Equal, [false, true, false]),
        (LaterEqual, [false, true, true]),
        (Later, [false, false, true]),
    ] {
        let pairs = [(&one, &two), (&one, &one), (&two, &one)];
        assert_eq!(pairs.map(|(a, b)| operator.holds(a, b)), holds);
        // In dependencies, equal versions always do.
        assert_eq!(
            pairs.map(|(a, b)| operator.satisfies(a, b)),
            [holds[0], true, holds[2]]
        );
    }
    let relation = &Dependency::list("foo (>> 1.0-1)").unwrap()[0].alternatives[0];
    assert!(relation.takes(&one) && relation.takes(&two) && !relation.takes(&Version::new("0")));
}
