//! Packages and trees that somebody damaged: installing does all or nothing, and never panics.

use proptest::prelude::*;

use super::*;
use crate::hostile::damaged;

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Installs, and removes again.
fn try_all(tree: &mut Tree, manager: Manager, recipe: &Recipe) {
    let file = recipe.file_of(manager);
    let Ok(archive) = Archive::open(&file, &Expected::own("x.pkg")) else {
        return;
    };
    let name = archive.name().to_owned();
    let incoming = Incoming {
        archive,
        file_size: file.len() as u64,
        wanted: true,
    };
    let before = picture(tree);
    let change = Change {
        install: vec![incoming],
        ..Change::default()
    };
    match apply(tree, manager, change, &options()) {
        Ok(_) => {
            let _ = remove(tree, manager, &[&name]);
        }
        Err(_) => assert_eq!(picture(tree), before),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

    #[test]
    fn packages_that_say_nonsense(
        users in damaged("a=1000:b=1001:c d:e"),
        alternatives in damaged("100:/usr/bin/x:/usr/bin/one,200:/bin/y:/usr/bin/two"),
        conffiles in damaged("/etc/config/one\n/etc/none\n"),
        script in damaged("#!/bin/sh\n[ \"${IPKG_NO_SCRIPT}\" = \"1\" ] && exit 0\ndefault_postinst $0 $@\n"),
        service in damaged("#!/bin/sh /etc/rc.common\nSTART=50\nSTOP=10\n"),
        overlay in damaged("/overlay\n"),
    ) {
        for manager in BOTH {
            let recipe = recipe("one")
                .program("usr/bin/one", "1")
                .file("etc/config/one", "x\n")
                .program("etc/init.d/one", &lossy(&service))
                .file("etc/uci-defaults/one", &lossy(&script))
                .control("postinst", &lossy(&script))
                .control("post-install", &lossy(&script))
                .control("conffiles", &lossy(&conffiles));
            let recipe = match manager {
                Manager::Opkg => recipe
                    .field("Require-User", &lossy(&users))
                    .field("Alternatives", &lossy(&alternatives)),
                Manager::Apk => recipe
                    .file("lib/apk/packages/one.rusers", &lossy(&users))
                    .file("lib/apk/packages/one.alternatives", &lossy(&alternatives))
                    .file("lib/apk/packages/one.conffiles", &lossy(&conffiles))
                    .file("lib/apk/packages/one.list", &lossy(&overlay)),
            };
            let mut tree = Tree::default();
            install(&mut tree, manager, &[&base()]).unwrap();
            try_all(&mut tree, manager, &recipe);
        }
    }

    #[test]
    fn trees_that_are_damaged(
        database in damaged("Package: base-files\nVersion: 1\nStatus: install user installed\nArchitecture: all\nConffiles:\n /etc/passwd 00\n\n"),
        installed in damaged("P:base-files\nV:1\nA:noarch\nF:etc\nM:0:0:1777\nR:passwd\na:0:0:755\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"),
        list in damaged("/etc/passwd\n/etc/group\n/usr/share/base\n"),
        passwd in damaged("root:x:0:0:root:/root:/bin/ash\nnobody:*:65534:65534:nobody:/var:/bin/false\n"),
    ) {
        for manager in BOTH {
            let mut tree = Tree::default();
            install(&mut tree, manager, &[&base()]).unwrap();
            for (path, text) in [
                ("usr/lib/opkg/status", &database),
                ("usr/lib/opkg/info/base-files.list", &list),
                ("usr/lib/opkg/info/base-files.control", &database),
                ("lib/apk/db/installed", &installed),
                ("lib/apk/db/scripts.tar.gz", &database),
                ("lib/apk/db/triggers", &list),
                ("etc/apk/world", &list),
                ("etc/passwd", &passwd),
                ("etc/group", &passwd),
                ("etc/shadow", &passwd),
            ] {
                if tree.get(path).is_some() {
                    tree.put_file(path, text.to_vec(), Meta::file(0o644)).unwrap();
                }
            }
            let users = recipe("one").program("usr/bin/one", "1").file("etc/config/one", "x\n");
            let users = match manager {
                Manager::Opkg => users.field("Require-User", "a=1000:b=1001"),
                Manager::Apk => users.file("lib/apk/packages/one.rusers", "a=1000:b=1001\n"),
            };
            try_all(&mut tree, manager, &users);
            let before = picture(&tree);
            if remove(&mut tree, manager, &["base-files"]).is_err() {
                prop_assert_eq!(picture(&tree), before);
            }
            let _ = prepare(&mut tree, &options());
        }
    }
}
