//! apk's rules.

use crate::packages::solve::notation::Case;

#[test]
fn dependencies_come_first_by_name_of_the_world() {
    let case = Case::apk("b 1; D d\na 1; D c\nc 1\nd 1");
    assert_eq!(case.want("b").want("a").installs(), "c 1, a 1, d 1, b 1");
}

#[test]
fn cycles_are_cut() {
    let case = Case::apk("a 1; D b\nb 1; D c\nc 1; D a");
    assert_eq!(case.want("b").installs(), "a 1, c 1, b 1");
}

#[test]
fn operators() {
    let universe = "a 1-r1\na 2-r1\na 3-r1";
    let installs = |want| Case::apk(universe).want(want).installs();
    assert_eq!(installs("a < 2-r1"), "a 1-r1");
    assert_eq!(installs("a <= 2-r1"), "a 2-r1");
    assert_eq!(installs("a ~ 2"), "a 2-r1");
    assert_eq!(installs("a > 2-r1"), "a 3-r1");
}

#[test]
fn provided_with_version_owns_the_name() {
    let universe = "dnsmasq 2.90-r4\ndnsmasq-full 2.90-r4; P dnsmasq=2.90-r4";
    let both = Case::apk(universe).want("dnsmasq").want("dnsmasq-full");
    assert_eq!(both.installs(), "dnsmasq-full 2.90-r4");
    let installed = Case::apk(universe)
        .installed("*dnsmasq 2.90-r4")
        .want("dnsmasq-full");
    assert_eq!(installed.installs(), "dnsmasq-full 2.90-r4");
    assert_eq!(installed.removes(), "dnsmasq: dnsmasq-full instead");
    let needs = Case::apk("a 1; D x>=2\ny 9; P x=1\nz 1; P x=3").want("a");
    assert_eq!(needs.installs(), "z 1, a 1");
}

#[test]
fn provided_without_version_meets_all_and_is_shared() {
    let universe = "a 1; D x>=2\ny 1; P x; K 10\nz 1; P x; K 100\nb 1; D y";
    assert_eq!(Case::apk(universe).want("a").installs(), "z 1, a 1");
    assert_eq!(
        Case::apk(universe).want("b").want("z").installs(),
        "y 1, b 1, z 1"
    );
    // Something names y, so that it may be taken for x.
    assert_eq!(
        Case::apk("a 1; D x\ny 1; P x\nz 1; P x\nb 1; D y")
            .want("a")
            .want("b")
            .installs(),
        "y 1, a 1, b 1"
    );
}

#[test]
fn a_single_provider_needs_no_priority() {
    assert_eq!(
        Case::apk("a 1; D x\ny 1; P x").want("a").installs(),
        "y 1, a 1"
    );
}

#[test]
fn not_is_about_all_that_go_by_the_name() {
    let universe = "a 1; D v\ny 1; P v=2\nz 1; P v=1\nb 1; D !y\nc 1; D !v>1 v";
    assert_eq!(Case::apk(universe).want("a").installs(), "y 1, a 1");
    assert_eq!(
        Case::apk(universe).want("a").want("b").installs(),
        "z 1, a 1, b 1"
    );
    assert_eq!(Case::apk(universe).want("c").installs(), "z 1, c 1");
    // It does not exclude itself.
    assert_eq!(Case::apk("a 1; D !x; P x=1").want("a").installs(), "a 1");
}

#[test]
fn install_if() {
    let universe = "luci 1\nfirewall 1\nluci-app-firewall 1; I luci firewall; D more\nmore 1\nx 1; I luci !firewall\ny 1; I more; D nowhere";
    let both = Case::apk(universe).want("luci").want("firewall");
    assert_eq!(
        both.installs(),
        "firewall 1, luci 1, more 1, luci-app-firewall 1"
    );
    assert_eq!(Case::apk(universe).want("luci").installs(), "luci 1, x 1");
    assert_eq!(
        both.unwanted("luci-app-firewall").installs(),
        "firewall 1, luci 1"
    );
}

#[test]
fn abi_versions() {
    let universe = "libx20240101 1; B 20240101; P libx; K 10\nlibsqlite3-0 1; B 0; K 10\nlibz20230101 1; B 20230101; P libz; K 10\nlibz20240101 1; B 20240101; P libz; K 10";
    assert_eq!(
        Case::apk(universe).want("libx").installs(),
        "libx20240101 1"
    );
    assert_eq!(
        Case::apk(universe).want("libsqlite3").installs(),
        "libsqlite3-0 1"
    );
    let named = Case::apk(universe).want("libx").solve().unwrap();
    assert!(named.packages[0].named);
    assert_eq!(named.packages[0].wants, [0]);
}

#[test]
fn the_kernel_is_the_images() {
    let universe = "kernel 6.12.94~abc-r1\nkernel 6.12.95~def-r1\nkmod-a 6.12.94-r1; D kernel=6.12.94~abc-r1\nkmod-a 6.12.95-r1; D kernel=6.12.95~def-r1";
    let case = Case::apk(universe).kernel("6.12.94~abc-r1").want("kmod-a");
    assert_eq!(case.installs(), "kernel 6.12.94~abc-r1, kmod-a 6.12.94-r1");
    let installed = Case::apk(universe)
        .installed("*kernel 6.12.95~def-r1")
        .want("kmod-a");
    assert_eq!(installed.installs(), "kmod-a 6.12.95-r1");
    let not_described = Case::apk("kmod-a 6.12.94-r1; D kernel=6.12.94~abc-r1")
        .kernel("6.12.94~abc-r1")
        .want("kmod-a");
    assert_eq!(not_described.installs(), "kmod-a 6.12.94-r1");
}
