//! What holds for both managers.

use super::*;

#[test]
fn files_folders_modes_and_links_arrive_behind_linked_folders() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let thing = recipe("thing")
            .program("usr/bin/thing", "#!")
            .file("var/lib/thing/state", "s")
            .folder("usr/share/thing", 0o750)
            .link("usr/bin/alias", "thing");
        let report = install(&mut tree, manager, &[&base(), &thing]).unwrap();
        assert_eq!(
            report.installed,
            [
                ("base-files".into(), "1".into()),
                ("thing".into(), "1".into())
            ]
        );
        assert_eq!(target(&tree, "var"), "tmp");
        assert_eq!(text(&tree, "tmp/lib/thing/state"), "s");
        assert_eq!(tree.get("usr/share/thing").unwrap().meta.mode, 0o750);
        assert_eq!(tree.get("usr/bin/thing").unwrap().meta.mode, 0o755);
        assert_eq!(target(&tree, "usr/bin/alias"), "thing");
        // Everything has the same time.
        let old = tree
            .walk()
            .filter(|entry| !entry.path.is_empty() && entry.inode.meta.mtime != EPOCH);
        assert_eq!(
            old.map(|entry| entry.path).collect::<Vec<_>>(),
            Vec::<Vec<u8>>::new()
        );
        // In the other order, the folder goes behind the link.
        let mut other = Tree::default();
        let early = recipe("early").folder("var/lib", 0o700);
        install(&mut other, manager, &[&early, &base(), &thing]).unwrap();
        assert_eq!(target(&other, "var"), "tmp");
        assert_eq!(
            other.get("tmp/lib").unwrap().meta.mode,
            if manager == Manager::Opkg {
                0o755
            } else {
                0o700
            }
        );
    }
}

#[test]
fn services_are_enabled_and_disabled_with_their_packages() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let script = "#!/bin/sh /etc/rc.common\nSTART=50\nSTOP=10\n";
        let one = recipe("one").program("etc/init.d/one", script);
        let two = recipe("two")
            .program("etc/init.d/two", script)
            .program("etc/init.d/odd", "#!/bin/sh\n");
        install(&mut tree, manager, &[&base(), &one]).unwrap();
        crate::build::services::disable(&mut tree, "one").unwrap();
        install(&mut tree, manager, &[&two]).unwrap();
        // What somebody has disabled stays so, also when a newer version comes.
        install(&mut tree, manager, &[&one.clone().version("2")]).unwrap();
        install(&mut tree, manager, &[&two.clone().version("2")]).unwrap();
        let links = tree::names(&tree, "etc/rc.d");
        assert_eq!(links, [b"K10two".to_vec(), b"S50two".to_vec()]);
        assert_eq!(target(&tree, "etc/rc.d/S50two"), "../init.d/two");
        prepare(&mut tree, &options()).unwrap();
        assert_eq!(tree::names(&tree, "etc/rc.d").len(), 4);
        remove(&mut tree, manager, &["two"]).unwrap();
        let links = tree::names(&tree, "etc/rc.d");
        assert_eq!(links, [b"K10one".to_vec(), b"S50one".to_vec()]);
    }
}

#[test]
fn overlays_of_packages_are_laid_over_the_root() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let over = recipe("over")
            .file("rootfs-overlay/etc/group", "other\n")
            .file("rootfs-overlay/var/x", "x");
        install(&mut tree, manager, &[&base(), &over]).unwrap();
        assert_eq!(text(&tree, "etc/group"), "other\n");
        assert_eq!(text(&tree, "tmp/x"), "x");
        assert!(tree.get("rootfs-overlay").is_none());
    }
}

#[test]
fn finishing_a_tree_cleans_it() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let dirty = recipe("dirty")
            .file("boot/vmlinuz", "k")
            .file("tmp/x/y", "t")
            .file("usr/share/.git/config", "g")
            .file("usr/share/.#file", "e")
            .file("usr/share/file", "f");
        install(&mut tree, manager, &[&base(), &dirty]).unwrap();
        tree.put_file("usr/lib/opkg/info/dirty.postinst", "x", Meta::file(0o755))
            .unwrap();
        tree.put_file("usr/lib/opkg/lists/base", "x", Meta::file(0o644))
            .unwrap();
        prepare(&mut tree, &options()).unwrap();
        for gone in [
            "boot",
            "tmp/x",
            "tmp/lock",
            "usr/share/.git",
            "usr/share/.#file",
            "usr/lib/opkg/info/dirty.postinst",
            "usr/lib/opkg/lists/base",
        ] {
            assert!(tree.get(gone).is_none(), "{gone}");
        }
        for there in ["tmp", "etc/rc.d", "usr/share/file"] {
            assert!(tree.get(there).is_some(), "{there}");
        }
        assert!(tree.walk().all(|entry| entry.inode.meta.mtime == EPOCH));
    }
}

#[test]
fn removing_takes_what_is_nobody_elses() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let one = recipe("one")
            .file("usr/share/common/one", "1")
            .file("usr/share/own/deep/one", "1");
        let two = recipe("two").file("usr/share/common/two", "2");
        install(&mut tree, manager, &[&base(), &two]).unwrap();
        let before = picture(&tree);
        install(&mut tree, manager, &[&one]).unwrap();
        assert_ne!(picture(&tree), before);
        let report = remove(&mut tree, manager, &["one"]).unwrap();
        assert_eq!(report.removed, [("one".into(), "1".into())]);
        assert_eq!(picture(&tree), before);
    }
}

#[test]
fn what_stays_must_keep_what_it_needs() {
    for (manager, field) in [(Manager::Opkg, "Depends"), (Manager::Apk, "depends")] {
        let mut tree = Tree::default();
        let library = recipe("library").file("usr/lib/library.so", "l");
        let user = recipe("user")
            .file("usr/bin/user", "u")
            .field(field, "library");
        install(&mut tree, manager, &[&base(), &library, &user]).unwrap();
        let before = picture(&tree);
        let error = remove(&mut tree, manager, &["library"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "package user needs library, which only library brings, and library is to be removed"
        );
        assert_eq!(picture(&tree), before);
        remove(&mut tree, manager, &["library", "user"]).unwrap();
    }
}

#[test]
fn a_packages_own_script_runs_only_when_it_does_something() {
    let opkg = "#!/bin/sh\n[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0\n[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0\n. ${IPKG_INSTROOT}/lib/functions.sh\ndefault_postinst $0 $@\n";
    let apk = "#!/bin/sh\n[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0\n[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0\n. ${IPKG_INSTROOT}/lib/functions.sh\nexport root=\"${IPKG_INSTROOT}\"\nexport pkgname=\"x\"\nadd_group_and_user\ndefault_postinst\n";
    for manager in BOTH {
        let with = |name: &str, own: &str| {
            let recipe = recipe(name).file(&format!("usr/share/{name}"), "");
            match manager {
                Manager::Opkg => recipe
                    .control("postinst", opkg)
                    .control("postinst-pkg", own),
                Manager::Apk => recipe.control("post-install", &format!("{apk}{own}")),
            }
        };
        let mut tree = Tree::default();
        let idle = with(
            "idle",
            "[ -n \"${IPKG_INSTROOT}\" ] || /etc/init.d/x restart\nexit 0\n",
        );
        let busy = with("busy", "touch ${IPKG_INSTROOT}/x\n");
        let report = install(&mut tree, manager, &[&base(), &idle, &busy]).unwrap();
        assert_eq!(report.scripts, ["busy"]);
        assert_eq!(
            text(&tree, "ran/busy.post-install"),
            "touch ${IPKG_INSTROOT}/x\n"
        );
        let before = picture(&tree);
        let error = install(&mut tree, manager, &[&with("bad", "fail\n")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "package bad: its post-install script ended with status 3; its last output:\n  first\n  last"
        );
        assert_eq!(picture(&tree), before);
        // Without a runner only what does something fails.
        let options = Options {
            scripts: &NoScripts,
            ..options()
        };
        let change = |recipe: &Recipe| Change {
            install: vec![recipe.incoming(manager)],
            ..Change::default()
        };
        apply(
            &mut tree,
            manager,
            change(&with("idle2", "exit 0\n")),
            &options,
        )
        .unwrap();
        let error = apply(&mut tree, manager, change(&with("busy2", "a\n")), &options).unwrap_err();
        assert!(matches!(error, InstallError::Host { .. }), "{error}");
    }
}

#[test]
fn links_go_to_the_highest_priority_and_fall_back() {
    for manager in BOTH {
        let with = |name: &str, list: &str| {
            let recipe = recipe(name).program(&format!("usr/bin/{name}"), name);
            match manager {
                Manager::Opkg => recipe.field("Alternatives", list),
                Manager::Apk => recipe.file(
                    &format!("lib/apk/packages/{name}.alternatives"),
                    &format!("{}\n", list.replace(',', "")),
                ),
            }
        };
        let busybox = recipe("busybox")
            .program("bin/busybox", "b")
            .link("bin/ping", "busybox");
        let small = with(
            "small",
            "100:/bin/ping:/usr/bin/small, 100:/usr/sbin/new:/usr/bin/small",
        );
        let large = with("large", "200:/bin/ping:/usr/bin/large");
        let mut tree = Tree::default();
        install(&mut tree, manager, &[&base(), &busybox]).unwrap();
        assert_eq!(target(&tree, "bin/ping"), "busybox");
        install(&mut tree, manager, &[&small]).unwrap();
        assert_eq!(target(&tree, "bin/ping"), "/usr/bin/small");
        assert_eq!(target(&tree, "usr/sbin/new"), "/usr/bin/small");
        install(&mut tree, manager, &[&large]).unwrap();
        assert_eq!(target(&tree, "bin/ping"), "/usr/bin/large");
        // Another busybox does not take the link.
        install(&mut tree, manager, &[&busybox.clone().version("2")]).unwrap();
        assert_eq!(target(&tree, "bin/ping"), "/usr/bin/large");
        remove(&mut tree, manager, &["large"]).unwrap();
        assert_eq!(target(&tree, "bin/ping"), "/usr/bin/small");
        remove(&mut tree, manager, &["small"]).unwrap();
        assert_eq!(target(&tree, "bin/ping"), "/bin/busybox");
        assert!(tree.get("usr/sbin/new").is_none());
    }
}

#[test]
fn users_and_groups_come_and_go_with_their_packages() {
    for manager in BOTH {
        let with = |name: &str, list: &str| {
            let recipe = recipe(name).file(&format!("usr/share/{name}"), "");
            match manager {
                Manager::Opkg => recipe.field("Require-User", list),
                Manager::Apk => recipe.file(
                    &format!("lib/apk/packages/{name}.rusers"),
                    &format!("{list}\n"),
                ),
            }
        };
        let mut tree = Tree::default();
        install(&mut tree, manager, &[&base()]).unwrap();
        let before = picture(&tree);
        let packages = [
            with("b", "second:second"),
            with("a", "first=453:first=454:extra=500,more third:first"),
            with("c", "second:second"),
        ];
        install(&mut tree, manager, &packages.iter().collect::<Vec<_>>()).unwrap();
        // In the order of post-install scripts, whatever the order of unpacking.
        let passwd = "root:x:0:0:root:/root:/bin/ash
first:x:453:454:first:/var/run/first:/bin/false
third:x:32768:454:third:/var/run/third:/bin/false
second:x:32769:32769:second:/var/run/second:/bin/false
";
        assert_eq!(text(&tree, "etc/passwd"), passwd);
        let group = "root:x:0:\nfirst:x:454:first,third\nextra:x:500:first\nmore:x:32768:first\nsecond:x:32769:second\n";
        assert_eq!(text(&tree, "etc/group"), group);
        let shadow = "root:::0:99999:7:::\nfirst:x:0:0:99999:7:::\nthird:x:0:0:99999:7:::\nsecond:x:0:0:99999:7:::\n";
        assert_eq!(text(&tree, "etc/shadow"), shadow);
        remove(&mut tree, manager, &["b", "a"]).unwrap();
        assert!(text(&tree, "etc/passwd").contains("second:"));
        assert!(!text(&tree, "etc/group").contains("first"));
        remove(&mut tree, manager, &["c"]).unwrap();
        assert_eq!(picture(&tree), before);
    }
}
