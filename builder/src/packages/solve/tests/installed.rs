//! On top of what is installed.

use crate::packages::solve::Because;
use crate::packages::solve::notation::Case;

#[test]
fn what_is_installed_stays() {
    for case in [Case::opkg("a 2\nb 1"), Case::apk("a 2\nb 1")] {
        let case = case.installed("*a 1").want("a").want("b");
        assert_eq!(case.installs(), "b 1");
        assert_eq!(case.solve().unwrap().keep, ["a"]);
    }
}

#[test]
fn upgraded_where_it_must_be() {
    for case in [
        Case::opkg("a 2; D b (>= 2)\nb 2\nb 3\nc 2"),
        Case::apk("a 2; D b>=2\nb 2\nb 3\nc 2"),
    ] {
        let case = case.installed("*b 1\n*c 1").want("a");
        assert_eq!(case.installs(), "b 3, a 2");
        let solution = case.solve().unwrap();
        assert_eq!(solution.keep, ["c"]);
        assert_eq!(solution.replaced.len(), 1);
        assert_eq!(
            (
                solution.replaced[0].name.as_str(),
                solution.replaced[0].version.as_str()
            ),
            ("b", "1")
        );
        assert!(solution.remove.is_empty());
    }
}

#[test]
fn never_downgraded() {
    assert!(
        Case::opkg("a 1")
            .installed("*a 2")
            .want("a = 1")
            .solve()
            .is_err()
    );
    assert!(
        Case::apk("a 1")
            .installed("*a 2")
            .want("a = 1")
            .solve()
            .is_err()
    );
}

#[test]
fn what_nothing_needs_any_more_goes() {
    let apk = Case::apk("")
        .installed("*a 1; D b\nb 1; D c\nc 1\n*d 1; D c")
        .unwanted("a");
    assert_eq!(apk.removes(), "a: unwanted, b: no longer needed");
    let opkg = Case::opkg("")
        .installed("*a 1; D b\nb 1; D c\nc 1\n*d 1")
        .unwanted("a");
    assert_eq!(
        opkg.removes(),
        "a: unwanted, b: no longer needed, c: no longer needed"
    );
    // A cycle needs itself only.
    let cycle = Case::apk("")
        .installed("*a 1; D b\nb 1; D c\nc 1; D b")
        .unwanted("a")
        .solve()
        .unwrap();
    assert_eq!(cycle.remove.len(), 3);
}

#[test]
fn opkg_keeps_what_nothing_needed_before() {
    let text = "*a 1\nb 1; D c\nc 1\ne 1; E yes; D c";
    assert_eq!(Case::opkg("").installed(text).removes(), "");
    assert_eq!(
        Case::apk("").installed("*a 1\nb 1; D c\nc 1").removes(),
        "b: no longer needed, c: no longer needed"
    );
}

#[test]
fn removal_of_what_is_needed() {
    let text = "*a 1; D x\n*b 1; P x";
    assert!(
        Case::opkg("")
            .installed(text)
            .unwanted("b")
            .solve()
            .is_err()
    );
    let both = Case::opkg("").installed(text).unwanted("b").unwanted("a");
    assert_eq!(both.removes(), "a: unwanted, b: unwanted");
    let other = Case::opkg("c 1; P x").installed(text).unwanted("b");
    assert_eq!(other.installs(), "c 1");
    assert_eq!(other.removes(), "b: unwanted");
    assert_eq!(other.solve().unwrap().replaced[0].name, "b");
}

#[test]
fn broken_donors_are_left_alone() {
    let text = "*a 1; D nowhere\n*b 1; D c (>= 2); C a\n*c 1";
    let case = Case::opkg("d 1").installed(text).want("d");
    assert_eq!(
        (case.installs(), case.removes()),
        ("d 1".into(), String::new())
    );
}

#[test]
fn a_wanted_package_that_was_a_dependency_is_named() {
    let solution = Case::apk("")
        .installed("*a 1; D b\nb 1")
        .want("b")
        .solve()
        .unwrap();
    let b = solution.get("b").unwrap();
    assert!(b.named);
    assert!(matches!(&b.because, Because::Wanted(why) if why.contains("lone-village")));
    assert_eq!(solution.get("a").unwrap().because, Because::Before);
}

#[test]
fn sizes_and_reasons() {
    let case = Case::opkg("a 1; D b; S 100; L 300\nb 1; S 10; L 30\nc 1; S 1")
        .want("a")
        .want("c");
    let solution = case.solve().unwrap();
    assert_eq!(
        (solution.file_size(), solution.installed_size()),
        (111, 330)
    );
    assert_eq!(
        solution.get("b").unwrap().because,
        Because::NeededBy("a".into())
    );
    assert_eq!(solution.get("a").unwrap().needs, [0]);
}

#[test]
fn the_least_change() {
    // Trying a's newest first leads to an upgrade of x that its older version does without.
    let case = Case::apk("a 2; D x>=2\na 1; D x\nx 2")
        .installed("*x 1")
        .want("a");
    assert_eq!(case.installs(), "a 1");
}
