//! What people read when it cannot be done.

use insta::assert_snapshot;

use crate::packages::solve::notation::Case;

#[test]
fn unknown_name() {
    let case = Case::opkg("batctl-default 1\nluci 1")
        .want("batctl-defualt")
        .want("zzz");
    assert_snapshot!(case.error());
}

#[test]
fn other_architecture() {
    assert_snapshot!(Case::opkg("a 1; A mips_24kc\na 1; A arm").want("a").error());
}

#[test]
fn no_version() {
    assert_snapshot!(Case::opkg("a 1\na 2").want("a >= 3").error());
    assert_snapshot!(Case::apk("a 1; D b>=3\nb 1\nb 2").want("a").error());
}

#[test]
fn unreadable() {
    assert_snapshot!(Case::apk("a 1").want("a >= x.y").error());
    assert_snapshot!(Case::opkg("a 1").want("a => 1").error());
}

#[test]
fn missing_dependency() {
    let case = Case::opkg("a 1; D b\nb 1; D c\nc 1; D nowhere").want("a");
    assert_snapshot!(case.error());
}

#[test]
fn kernel() {
    let universe = "x 1; D kmod-y\nkmod-y 6.12.94-r1; D kernel=6.12.94~abc-r1";
    assert_snapshot!(
        Case::apk(universe)
            .kernel("6.12.87~def-r1")
            .want("x")
            .error()
    );
    let opkg = "kmod-y 5.15.167-1; D kernel (= 5.15.167-1-aaa)";
    assert_snapshot!(
        Case::opkg(opkg)
            .installed("*kernel 5.15.150-1-bbb")
            .want("kmod-y")
            .error()
    );
}

#[test]
fn wants_that_conflict() {
    let universe = "a 1; D b\nb 1; C c\nc 1\nd 1; D c\ne 1";
    assert_snapshot!(Case::opkg(universe).want("e").want("a").want("d").error());
}

#[test]
fn installed_that_conflicts() {
    let case = Case::opkg("dnsmasq-full 1; C dnsmasq; P dnsmasq")
        .installed("*dnsmasq 1\n*other 1")
        .want("dnsmasq-full");
    assert_snapshot!(case.error());
}

#[test]
fn same_name_provided() {
    let universe = "wpad-mesh 1; P hostapd=1\nwpad-basic 1; P hostapd=1";
    assert_snapshot!(
        Case::apk(universe)
            .want("wpad-mesh")
            .want("wpad-basic")
            .error()
    );
}

#[test]
fn two_versions() {
    let universe = "a 1; D x<2\nb 1; D x>=2\nx 1\nx 2";
    assert_snapshot!(Case::apk(universe).want("a").want("b").error());
}

#[test]
fn unwanted_but_needed() {
    let universe = "luci 1; D uhttpd\nuhttpd 1; D libx\nlibx 1";
    assert_snapshot!(Case::opkg(universe).want("luci").unwanted("libx").error());
    let installed = "*luci 1; D uhttpd\nuhttpd 1; D libx\nlibx 1";
    assert_snapshot!(Case::opkg("").installed(installed).unwanted("libx").error());
    assert_snapshot!(Case::opkg(universe).want("luci").unwanted("luci").error());
}

#[test]
fn downgrade() {
    assert_snapshot!(Case::apk("a 1").installed("*a 2").want("a = 1").error());
    assert_snapshot!(
        Case::apk("a 1; D b=1\nb 1")
            .installed("*b 2")
            .want("a")
            .error()
    );
}

#[test]
fn several_would_do() {
    let universe = "a 1; D dhcp-client\nudhcpc 1; P dhcp-client\ndhcpcd 1; P dhcp-client";
    assert_snapshot!(Case::apk(universe).want("a").error());
}
