//! Answers as people see them.

use insta::assert_snapshot;

use super::{Reason, list, search, sizes, tree, why};
use crate::packages::solve::notation::Case;

fn case() -> Case {
    let universe = "luci 23; D uhttpd, rpcd; S 3000; L 9000\nuhttpd 1; D libx, libz; S 20000; L 60000\nrpcd 1; D libx; S 30000\nlibx 1; D libc; S 2000000\nlibz 2; S 5\ntcpdump 4; D libpcap; S 400000\nlibpcap 1; D libc; S 1000";
    Case::opkg(universe)
        .installed("*libc 1\n*ppp 2; D chat\nchat 1\n*dnsmasq 2\nlibz 1\n*old 1; D libz")
        .want("luci")
        .want("tcpdump")
        .want("libz >= 2")
        .unwanted("ppp")
}

#[test]
fn packages() {
    let case = case();
    assert_snapshot!(list(&case.universe, &case.solve().unwrap()));
}

#[test]
fn found() {
    let mut case = Case::apk("luci 1\nluci-app-a 1; A arm\nluci-app-b 2; S 99\nmy-luci 1\nother 1");
    let crate::packages::universe::Description::Apk(other) =
        &mut case.universe.feeds[0].packages[4]
    else {
        panic!("not of apk");
    };
    other.description = "Works without LuCI.\nReally.".into();
    assert_snapshot!(search(&case.universe, &case.architectures, "Luci"));
    assert!(
        search(&case.universe, &case.architectures, "nowhere")
            .0
            .is_empty()
    );
}

#[test]
fn reasons() {
    let solution = case().solve().unwrap();
    assert_snapshot!(why(&solution, "libx"));
    assert_snapshot!(why(&solution, "libz"));
    assert_snapshot!(why(&solution, "chat"));
    assert_eq!(why(&solution, "nowhere"), Reason::Absent);
}

#[test]
fn trees() {
    let solution = case().solve().unwrap();
    assert_snapshot!(tree(&solution, None).unwrap());
    assert_snapshot!(tree(&solution, Some("uhttpd")).unwrap());
    assert_eq!(tree(&solution, Some("nowhere")), None);
    let cycle = Case::apk("a 1; D b\nb 1; D a c\nc 1")
        .want("a")
        .solve()
        .unwrap();
    assert_snapshot!(tree(&cycle, None).unwrap());
}

#[test]
fn how_big() {
    let solution = case().solve().unwrap();
    assert_snapshot!(sizes(&solution));
    let total: u64 = sizes(&solution)
        .packages
        .iter()
        .filter_map(|size| size.file)
        .sum();
    assert_eq!(total, solution.file_size());
}
