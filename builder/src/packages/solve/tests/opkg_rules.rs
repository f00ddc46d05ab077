//! opkg's rules.

use crate::packages::solve::notation::Case;

#[test]
fn dependencies_come_first() {
    let case = Case::opkg("a 1; D b, c\nb 1; D c\nc 1");
    assert_eq!(case.want("a").installs(), "c 1, b 1, a 1");
}

#[test]
fn cycles_are_cut() {
    let case = Case::opkg("a 1; D b\nb 1; D c\nc 1; D a");
    assert_eq!(case.want("b").installs(), "a 1, c 1, b 1");
}

#[test]
fn newest_version() {
    let case = Case::opkg("a 1.9\na 1.10\n== other\na 1.2");
    assert_eq!(case.want("a").installs(), "a 1.10");
}

#[test]
fn operators_take_equal_versions() {
    let universe = "a 1\na 2\na 3";
    let installs = |want| Case::opkg(universe).want(want).installs();
    assert_eq!(installs("a << 2"), "a 2");
    assert_eq!(installs("a = 1"), "a 1");
    assert_eq!(installs("a >= 2"), "a 3");
}

#[test]
fn of_the_same_version_the_first_feed() {
    let solution = Case::opkg("a 1.0\n== b\na 1.0").want("a").solve().unwrap();
    let crate::packages::solve::Origin::Feed(id) = solution.packages[0].origin else {
        panic!("not from a feed");
    };
    assert_eq!((id.feed, id.package), (0, 0));
    // 1.0 and 1.00 are the same version.
    assert_eq!(
        Case::opkg("a 1.0\n== b\na 1.00").want("a").installs(),
        "a 1.0"
    );
}

#[test]
fn very_name_before_providers_and_the_last_of_these() {
    let own = "x 1\nz 1; P x\nneeds 1; D x";
    assert_eq!(Case::opkg(own).want("needs").installs(), "x 1, needs 1");
    let virtual_only = "y 1; P x\nz 1; P x\nneeds 1; D x";
    assert_eq!(
        Case::opkg(virtual_only).want("needs").installs(),
        "z 1, needs 1"
    );
    assert_eq!(Case::opkg(virtual_only).want("x").installs(), "y 1");
    let made_for = "y 1; P x; A all\nz 1; P x; A mipsel_24kc";
    assert_eq!(Case::opkg(made_for).want("x").installs(), "z 1");
}

#[test]
fn versions_of_provided_names_are_the_packages_own() {
    let case = Case::opkg("y 1; P x (= 9)\nz 5; P x\nneeds 1; D x (>= 4)");
    assert_eq!(case.want("needs").installs(), "z 5, needs 1");
}

#[test]
fn alternatives_in_order_but_installed_ones_first() {
    let universe = "a 1; D b | c\nb 1\nc 1";
    assert_eq!(Case::opkg(universe).want("a").installs(), "b 1, a 1");
    let installed = Case::opkg(universe).installed("*c 1").want("a");
    assert_eq!(installed.installs(), "a 1");
    let broken = Case::opkg("a 1; D b | c\nb 1; D nowhere\nc 1").want("a");
    assert_eq!(broken.installs(), "c 1, a 1");
}

#[test]
fn conflicts_are_about_own_names() {
    let case = Case::opkg("a 1; C x\nb 1; P x").want("a").want("b");
    assert_eq!(case.installs(), "a 1, b 1");
    let other = Case::opkg("a 1; D v\ny 1; P v\nz 1; P v; C b\nb 1")
        .want("a")
        .want("b");
    assert_eq!(other.installs(), "y 1, a 1, b 1");
}

#[test]
fn replaces_lets_an_installed_package_go() {
    let universe = "full 1; C small; R small; P small";
    let case = Case::opkg(universe).installed("*small 1").want("full");
    assert_eq!(
        (case.installs(), case.removes()),
        ("full 1".into(), "small: full instead".into())
    );
    assert_eq!(case.solve().unwrap().replaced.len(), 1);
}

#[test]
fn recommends_and_greedy_come_if_they_can() {
    let case = Case::opkg("a 1; M b, nowhere\nb 1; D c\nc 1").want("a");
    assert_eq!(case.installs(), "a 1, c 1, b 1");
    let case = Case::opkg("a 1; D x *\nb 1; P x\nc 1; P x\nd 1; P x; D nowhere").want("a");
    assert_eq!(case.installs(), "c 1, b 1, a 1");
    let unwanted = Case::opkg("a 1; M b\nb 1").want("a").unwanted("b");
    assert_eq!(unwanted.installs(), "a 1");
}

#[test]
fn abi_versions() {
    let universe = "libx20240101 1; B 20240101; P libx\nliby7 1; B 7\na 1; D libx20240101";
    assert_eq!(
        Case::opkg(universe).want("libx").installs(),
        "libx20240101 1"
    );
    assert_eq!(Case::opkg(universe).want("liby").installs(), "liby7 1");
    assert_eq!(Case::opkg(universe).want("liby >= 1").installs(), "liby7 1");
    assert!(
        Case::opkg(universe)
            .want("a")
            .unwanted("libx")
            .solve()
            .is_err()
    );
}

#[test]
fn the_kernel_is_the_images() {
    let universe =
        "kmod-a 6.6-1; D kernel (= 6.6.73~abc-r1)\nkmod-a 6.6-2; D kernel (= 6.6.74~def-r1)";
    let case = Case::opkg(universe).kernel("6.6.73~abc-r1").want("kmod-a");
    assert_eq!(case.installs(), "kmod-a 6.6-1");
    let installed = Case::opkg(universe)
        .installed("*kernel 6.6.74~def-r1")
        .want("kmod-a");
    assert_eq!(installed.installs(), "kmod-a 6.6-2");
}

#[test]
fn default_lists_yield_to_removals() {
    let universe = "ppp 1\nfirewall4 1\ndnsmasq 1";
    let case = Case::opkg(universe)
        .default("ppp")
        .default("dnsmasq")
        .want("firewall4")
        .unwanted("ppp");
    assert_eq!(case.installs(), "dnsmasq 1, firewall4 1");
    assert!(case.solve().unwrap().without_effect.is_empty());
    let typo = Case::opkg(universe)
        .default("dnsmasq")
        .unwanted("dnsmaq")
        .solve()
        .unwrap();
    assert_eq!(
        typo.without_effect,
        [("dnsmaq".to_owned(), vec!["dnsmasq".to_owned()])]
    );
}
