//! Reports of trees with the databases of both package managers; bills checked against CycloneDX's own schema.
#![allow(clippy::unwrap_used)]

use jsonschema::Registry;
use openwrt_formats::tree::{Meta, Tree};
use serde_json::Value;

use super::*;

const STATUS: &str = "Package: libubox20240329\nVersion: 2024.03.29-r1\nDepends: libc\nStatus: install ok installed\nArchitecture: mipsel_24kc\n\nPackage: busybox\nVersion: 1.36.1-r2\nStatus: install ok installed\nArchitecture: mipsel_24kc\n\nPackage: gone\nVersion: 1\nStatus: deinstall ok not-installed\n\nPackage: kmod-x\nVersion: 6.6.73-r1\nStatus: install hold installed\nArchitecture: mipsel_24kc\n";
const LIBUBOX: &str = "Package: libubox20240329\nVersion: 2024.03.29-r1\nSource: package/libs/libubox\nLicense: ISC\nSection: libs\nURL: https://example.org/libubox\nABIVersion: 20240329\nCPE-ID: cpe:/a:openwrt:libubox\nArchitecture: mipsel_24kc\nDescription:  Basic\n utility library\n";
const BUSYBOX: &str = "Package: busybox\nVersion: 1.36.1-r2\nSource: package/utils/busybox\nLicense: GPL-2.0 BSD-3-Clause\nSection: base\nURL: not an address\nCPE-ID: cpe:/a:busybox:busybox\nArchitecture: mipsel_24kc\nDescription:  x\n";

fn opkg() -> Tree {
    let mut tree = Tree::default();
    let mut put = |path: &str, text: &str| {
        tree.put_file(format!("usr/lib/opkg/{path}"), text, Meta::file(0o644))
            .unwrap();
    };
    put("status", STATUS);
    put("info/libubox20240329.control", LIBUBOX);
    put("info/busybox.control", BUSYBOX);
    tree
}

fn apk() -> Tree {
    let text = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:kernel\nV:6.12.94~0f1e2d3c4b5a69788796a5b4c3d2e1f0-r1\nA:aarch64_cortex-a53\nS:1\nI:1\nT:Linux\nU:\nL:GPL-2.0\n\nC:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:libnl-tiny1\nV:2025.12.1-r1\nA:aarch64_cortex-a53\nS:1\nI:1\nT:Netlink library\nU:\nL:MIT OR (GPL-2.0 AND BSD-3-Clause)\no:package/libs/libnl-tiny\ng:openwrt:abiversion=1 openwrt:cpe=cpe:/a:x:libnl\n\n";
    let mut tree = Tree::default();
    tree.put_file("lib/apk/db/installed", text, Meta::file(0o644))
        .unwrap();
    tree
}

fn agent() -> Component {
    Component {
        name: "clomd".to_owned(),
        base: "clomd".to_owned(),
        version: "0.1.0".to_owned(),
        license: Some("MIT OR Apache-2.0".to_owned()),
        sha256: Some("0f".repeat(32)),
        ..Component::default()
    }
}

fn bom(components: &[Component]) -> String {
    let bom = Bom {
        image: "greenvale-chapel-acme_r1",
        plan: "abc",
        clom: "0.1.0",
        epoch: 1_700_000_000,
    };
    let text = cyclonedx(&bom, components);
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let registry = Registry::new()
        .add(
            "http://cyclonedx.org/schema/spdx.schema.json",
            json(include_str!("schema/spdx.schema.json")),
        )
        .unwrap()
        .add(
            "http://cyclonedx.org/schema/jsf-0.82.schema.json",
            json(include_str!("schema/jsf-0.82.schema.json")),
        )
        .unwrap()
        .prepare()
        .unwrap();
    let validator = jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&json(include_str!("schema/bom-1.5.schema.json")))
        .unwrap();
    let document = json(&text);
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    // The schema does find what is wrong.
    let wrong = json(&text.replace("\"type\": \"firmware\"", "\"type\": \"thing\""));
    assert!(!validator.is_valid(&wrong));
    text
}

#[test]
fn reports_tell_what_opkg_has_installed() {
    let mut components = installed(&opkg()).unwrap();
    components.push(agent());
    let all = [
        manifest(&components),
        licenses(&components),
        bom(&components),
    ];
    insta::assert_snapshot!(all.join("----\n"));
}

#[test]
fn reports_tell_what_apk_has_installed() {
    let mut components = installed(&apk()).unwrap();
    for component in &mut components {
        component.feed = Some("base".to_owned());
        component.sha256 = Some("ab".repeat(32));
    }
    let all = [
        manifest(&components),
        licenses(&components),
        bom(&components),
    ];
    insta::assert_snapshot!(all.join("----\n"));
}

#[test]
fn trees_without_lists_have_empty_reports_and_damaged_ones_none() {
    assert_eq!(installed(&Tree::default()).unwrap(), []);
    let mut tree = Tree::default();
    tree.put_file("usr/lib/opkg/status", "nonsense", Meta::file(0o644))
        .unwrap();
    assert!(
        installed(&tree)
            .unwrap_err()
            .to_string()
            .starts_with("/usr/lib/opkg/status: line 1")
    );
    let mut tree = Tree::default();
    tree.put_file("lib/apk/db/installed", "\u{1}", Meta::file(0o644))
        .unwrap();
    assert!(installed(&tree).is_err());
    bom(&[]);
}
