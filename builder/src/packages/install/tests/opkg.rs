//! opkg's database and configuration files.

use super::*;

#[test]
fn the_database_is_as_opkg_and_the_build_leave_it() {
    let mut tree = Tree::default();
    let one = recipe("one")
        .version("1.2-3")
        .field("Depends", "libc, two (>= 1)")
        .field("Alternatives", "100:/bin/x:/usr/bin/one")
        .field("Section", "net")
        .file("etc/config/one", "config\n")
        .program("usr/bin/one", "1")
        .control("conffiles", "/etc/config/one\n/etc/config/none\n")
        .control("postinst", "#!/bin/sh\nexit 0\n")
        .control("postinst-pkg", "#!/bin/sh\nexit 0\n")
        .control("prerm", "#!/bin/sh\nrm\n");
    let two = recipe("two")
        .field("ABIVersion", "2")
        .field("Essential", "yes")
        .file("usr/lib/two", "2");
    let change = Change {
        install: vec![
            Incoming {
                wanted: false,
                ..two.incoming(Manager::Opkg)
            },
            one.incoming(Manager::Opkg),
        ],
        world: vec!["ignored".into()],
        ..Change::default()
    };
    apply(&mut tree, Manager::Opkg, change, &options()).unwrap();
    // `two` comes first in opkg's hash table.
    let status = "Package: two
ABIVersion: 2
Version: 1
Status: install ok installed
Essential: yes
Architecture: mipsel_24kc
Installed-Time: 1700000000
Auto-Installed: yes

Package: one
Version: 1.2-3
Depends: libc, two (>= 1)
Status: install user installed
Architecture: mipsel_24kc
Conffiles:
 /etc/config/one 5325a9d1ed3a7d4d1a95a9e20e72a5dfa50a6b8a7de01b4a1e7b4a9b6f0e8c11
Installed-Time: 1700000000
Alternatives: 100:/bin/x:/usr/bin/one

";
    let sum = hex::encode(Sha256::digest(b"config\n"));
    let status = status.replace(
        "5325a9d1ed3a7d4d1a95a9e20e72a5dfa50a6b8a7de01b4a1e7b4a9b6f0e8c11",
        &sum,
    );
    assert_eq!(text(&tree, "usr/lib/opkg/status"), status);
    let info = tree::names(&tree, "usr/lib/opkg/info");
    let info: Vec<String> = info
        .into_iter()
        .map(|name| String::from_utf8(name).unwrap())
        .collect();
    assert_eq!(
        info,
        [
            "one.conffiles",
            "one.control",
            "one.list",
            "one.prerm",
            "two.control",
            "two.list"
        ]
    );
    assert_eq!(
        text(&tree, "usr/lib/opkg/info/one.list"),
        "/usr/bin/one\n/etc/config/one\n"
    );
    assert_eq!(
        tree.get("usr/lib/opkg/info/one.prerm").unwrap().meta.mode,
        0o755
    );
    assert_eq!(target(&tree, "bin/x"), "/usr/bin/one");
}

#[test]
fn packages_that_ask_to_be_held_are() {
    let mut tree = Tree::default();
    let held = recipe("held")
        .file("a", "")
        .field("Status", "unknown hold not-installed");
    let other = recipe("other")
        .file("b", "")
        .field("Status", "unknown ok not-installed");
    let auto = Incoming {
        wanted: false,
        ..recipe("auto")
            .file("c", "")
            .field("Status", "unknown hold not-installed")
            .incoming(Manager::Opkg)
    };
    let install = vec![
        held.incoming(Manager::Opkg),
        other.incoming(Manager::Opkg),
        auto,
    ];
    apply(
        &mut tree,
        Manager::Opkg,
        Change {
            install,
            ..Change::default()
        },
        &options(),
    )
    .unwrap();
    let status = text(&tree, "usr/lib/opkg/status");
    let mut lines: Vec<&str> = status
        .lines()
        .filter(|line| line.starts_with("Status"))
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "Status: install hold installed",
            "Status: install hold,user installed",
            "Status: install user installed"
        ]
    );
}

#[test]
fn names_that_begin_alike_are_told_apart() {
    let mut tree = Tree::default();
    let one = recipe("py").file("a", "");
    let two = recipe("py.x").file("b", "");
    install(&mut tree, Manager::Opkg, &[&one, &two]).unwrap();
    remove(&mut tree, Manager::Opkg, &["py"]).unwrap();
    assert_eq!(text(&tree, "usr/lib/opkg/info/py.x.list"), "/b\n");
    assert!(tree.get("usr/lib/opkg/info/py.list").is_none());
}

#[test]
fn replaces_gives_the_file_to_the_new_package() {
    let mut tree = Tree::default();
    let old = recipe("old")
        .field("Provides", "thing")
        .file("usr/x", "old")
        .file("usr/y", "old");
    let new = recipe("new")
        .field("Replaces", "thing")
        .file("usr/x", "new");
    install(&mut tree, Manager::Opkg, &[&old]).unwrap();
    let report = install(&mut tree, Manager::Opkg, &[&new]).unwrap();
    assert_eq!(report.taken, [("old".into(), "usr/x".into())]);
    assert_eq!(text(&tree, "usr/x"), "new");
    assert_eq!(text(&tree, "usr/lib/opkg/info/old.list"), "/usr/y\n");
    remove(&mut tree, Manager::Opkg, &["old"]).unwrap();
    assert_eq!(text(&tree, "usr/x"), "new");
}

#[test]
fn changed_configuration_files_stay_when_a_new_version_comes() {
    let mut tree = Tree::default();
    let version = |version: &str| {
        recipe("one")
            .version(version)
            .file("etc/config/a", &format!("a{version}"))
            .file("etc/config/b", &format!("b{version}"))
            .file(&format!("usr/lib/one.{version}"), "")
            .control("conffiles", "/etc/config/a\n/etc/config/b\n")
    };
    let first = Incoming {
        wanted: false,
        ..version("1").incoming(Manager::Opkg)
    };
    apply(
        &mut tree,
        Manager::Opkg,
        Change {
            install: vec![first],
            ..Change::default()
        },
        &options(),
    )
    .unwrap();
    tree.put_file("etc/config/a", "mine", Meta::file(0o600))
        .unwrap();
    let second = Incoming {
        wanted: false,
        ..version("2").incoming(Manager::Opkg)
    };
    let report = apply(
        &mut tree,
        Manager::Opkg,
        Change {
            install: vec![second],
            ..Change::default()
        },
        &options(),
    )
    .unwrap();
    assert_eq!(report.replaced, [("one".into(), "1".into(), "2".into())]);
    assert_eq!(report.beside, ["etc/config/a-opkg"]);
    assert_eq!(text(&tree, "etc/config/a"), "mine");
    assert_eq!(text(&tree, "etc/config/a-opkg"), "a2");
    assert_eq!(text(&tree, "etc/config/b"), "b2");
    assert!(tree.get("usr/lib/one.1").is_none() && tree.get("usr/lib/one.2").is_some());
    assert!(text(&tree, "usr/lib/opkg/status").contains("Status: install ok installed"));
    let report = remove(&mut tree, Manager::Opkg, &["one"]).unwrap();
    assert_eq!(report.modified, [("one".into(), "etc/config/a".into())]);
    assert!(tree.get("etc/config/a").is_none());
}

#[test]
fn files_of_no_package_are_not_overwritten() {
    let mut tree = Tree::default();
    tree.put_file("usr/x", "mine", Meta::file(0o644)).unwrap();
    tree.put_file("etc/config/x", "mine", Meta::file(0o644))
        .unwrap();
    let one = recipe("one").file("usr/x", "theirs");
    let error = install(&mut tree, Manager::Opkg, &[&one])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "package one brings /usr/x, where the root file system has a file of no package: opkg does not overwrite such files"
    );
    install(
        &mut tree,
        Manager::Opkg,
        &[&recipe("same").file("usr/x", "mine")],
    )
    .unwrap();
    let two = recipe("two")
        .file("etc/config/x", "theirs")
        .control("conffiles", "/etc/config/x\n");
    install(&mut tree, Manager::Opkg, &[&two]).unwrap();
    assert_eq!(text(&tree, "etc/config/x"), "mine");
    assert_eq!(text(&tree, "etc/config/x-opkg"), "theirs");
}

#[test]
fn preinst_runs_before_the_files_are_there() {
    let mut tree = Tree::default();
    let one = recipe("one")
        .file("usr/x", "")
        .control("preinst", "touch $IPKG_INSTROOT/y\n");
    let report = install(&mut tree, Manager::Opkg, &[&one]).unwrap();
    assert_eq!(report.scripts, ["one"]);
    assert!(tree.get("ran/one.preinst").is_some());
}
