//! Bad input: each a clear error, and the tree as it was.

use super::*;

fn fails(tree: &mut Tree, manager: Manager, recipes: &[&Recipe]) -> String {
    let before = picture(tree);
    let error = install(tree, manager, recipes).unwrap_err().to_string();
    assert_eq!(picture(tree), before, "{error}");
    error
}

#[test]
fn two_packages_with_one_file() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let one = recipe("one").file("usr/bin/x", "1");
        let two = recipe("two").file("usr/bin/x", "2");
        let want = "packages one and two both bring /usr/bin/x, and neither says that it replaces the other: leave one of them out";
        assert_eq!(fails(&mut tree, manager, &[&one, &two]), want);
        install(&mut tree, manager, &[&one]).unwrap();
        assert_eq!(fails(&mut tree, manager, &[&two]), want);
        // Also when they call it by different names.
        let three = recipe("three").link("sbin", "usr/bin");
        let four = recipe("four").file("sbin/x", "4");
        let error = fails(&mut tree, manager, &[&three, &four]);
        assert!(
            error.contains("packages one and four both bring /sbin/x"),
            "{error}"
        );
        // One that goes does not count.
        let change = Change {
            remove: vec!["one".into()],
            install: vec![two.incoming(manager)],
            ..Change::default()
        };
        apply(&mut tree, manager, change, &options()).unwrap();
        assert_eq!(text(&tree, "usr/bin/x"), "2");
    }
}

#[test]
fn files_in_the_place_of_folders() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let file = recipe("file").file("usr/x", "1");
        let folder = recipe("folder").file("usr/x/y", "2");
        assert_eq!(
            fails(&mut tree, manager, &[&file, &folder]),
            "package folder: /usr/x is a folder, and a file stands there"
        );
        assert_eq!(
            fails(&mut tree, manager, &[&folder, &file]),
            "package file: /usr/x is a file, and a folder stands there"
        );
        let link = recipe("link").link("usr/x", "z");
        assert_eq!(
            fails(&mut tree, manager, &[&folder, &link]),
            "package link: /usr/x is a file, and a folder stands there"
        );
    }
}

#[test]
fn the_wrong_packages() {
    for manager in BOTH {
        let mut tree = Tree::default();
        let other = if manager == Manager::Opkg {
            Manager::Apk
        } else {
            Manager::Opkg
        };
        let one = recipe("one").file("usr/bin/x", "1");
        let change = |manager| Change {
            install: vec![one.incoming(manager)],
            ..Change::default()
        };
        let error = apply(&mut tree, manager, change(other), &options()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("package one is not one of {manager}, which the image has")
        );
        let foreign = recipe("foreign").field("Architecture", "x86_64");
        assert_eq!(
            fails(&mut tree, manager, &[&foreign]),
            "package foreign is built for x86_64, and the device needs mipsel_24kc: take it from a feed for mipsel_24kc"
        );
        let any = if manager == Manager::Opkg {
            "all"
        } else {
            "noarch"
        };
        install(
            &mut tree,
            manager,
            &[&recipe("any").file("a", "").field("Architecture", any)],
        )
        .unwrap();
        assert_eq!(
            fails(&mut tree, manager, &[&one, &one]),
            "package one is named twice in what is to change"
        );
        let error = remove(&mut tree, manager, &["none"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "package none cannot be removed: it is not installed"
        );
    }
}

#[test]
fn files_that_are_not_what_the_index_says() {
    for manager in BOTH {
        let file = recipe("one").file("usr/bin/x", "1").file_of(manager);
        let archive = Archive::open(&file, &Expected::own("one.file")).unwrap();
        let mut description = archive.description();
        let sha: [u8; 32] = Sha256::digest(&file).into();
        match (&mut description, &archive) {
            (crate::packages::universe::Description::Opkg(package), _) => {
                package.sha256 = Some(sha);
                package.size = Some(file.len() as u64);
            }
            (crate::packages::universe::Description::Apk(info), Archive::Apk(package)) => {
                info.hashes = package.identity.to_vec();
                info.file_size = file.len() as u64;
            }
            _ => unreachable!(),
        }
        let expected = Expected::from(&description);
        Archive::open(&file, &expected).unwrap();
        let error = |file: &[u8], expected: &Expected| {
            Archive::open(file, expected).unwrap_err().to_string()
        };
        let again = ": it was cut short, changed or mixed up; fetch it again";
        let len = file.len();
        let short = &file[..len - 1];
        assert_eq!(
            error(short, &expected),
            format!(
                "package one: its file has {} bytes instead of {len}{again}",
                len - 1
            )
        );
        // Without a size, too.
        let no_size = Expected {
            size: None,
            ..expected.clone()
        };
        for cut in [1, 10, len / 2, len - 1] {
            let error = error(&file[..cut], &no_size);
            assert!(error.starts_with("package one: "), "{error}");
            assert!(Archive::open(&file[..cut], &Expected::own("own")).is_err());
        }
        let mut flipped = file.clone();
        flipped[len / 2] ^= 1;
        assert!(Archive::open(&flipped, &expected).is_err());
        let other = Expected {
            version: Some("2".into()),
            ..expected.clone()
        };
        assert_eq!(
            error(&file, &other),
            format!("package one: its file is that of one 1 instead of version 2{again}")
        );
        // The right length and name, another content.
        let evil = recipe("one").file("usr/bin/x", "2").file_of(manager);
        let text = error(&evil, &no_size);
        let want = match manager {
            Manager::Opkg => format!("package one: its file has another SHA-256 than it should have{again}"),
            Manager::Apk => "package one: the content of its file \"(its values)\" have another SHA-256 than the feed's index says: the package is damaged; download it again".into(),
        };
        assert_eq!(text, want);
    }
}

#[test]
fn archives_that_reach_out_of_the_root() {
    let entry = |name: &[u8], kind: u8, link: &[u8]| {
        let mut header = vec![0u8; 512];
        header[..name.len()].copy_from_slice(name);
        header[100..107].copy_from_slice(b"0000644");
        header[108..115].copy_from_slice(b"0000000");
        header[116..123].copy_from_slice(b"0000000");
        header[124..135].copy_from_slice(b"00000000000");
        header[136..147].copy_from_slice(b"00000000000");
        header[156] = kind;
        header[157..157 + link.len()].copy_from_slice(link);
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        header
    };
    let ipk = |data: Vec<u8>| {
        let gzip = |bytes: &[u8]| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(bytes).unwrap();
            gzip.finish().unwrap()
        };
        let mut control = Tree::default();
        control
            .put_file(
                "control",
                format!("Package: evil\nVersion: 1\nArchitecture: {ARCH}\n"),
                Meta::file(0o644),
            )
            .unwrap();
        let mut outer = Tree::default();
        outer
            .put_file("control.tar.gz", pack(&control), Meta::file(0o644))
            .unwrap();
        outer
            .put_file(
                "data.tar.gz",
                gzip(&[data, vec![0; 1024]].concat()),
                Meta::file(0o644),
            )
            .unwrap();
        outer
            .put_file("debian-binary", "2.0\n", Meta::file(0o644))
            .unwrap();
        pack(&outer)
    };
    for (data, want) in [
        (entry(b"./../etc/x", b'0', b""), "holds `..`"),
        (entry(b"/etc/x", b'0', b""), "absolute"),
        (entry(b"./dev/null", b'3', b""), "device nodes"),
        (entry(b"./dev/sda", b'4', b""), "device nodes"),
        (entry(b"./pipe", b'6', b""), "pipes"),
        (entry(b"./link", b'1', b"../etc/passwd"), "links to"),
        (
            entry(b"./a/link", b'2', b"../../etc"),
            "leads out of the root",
        ),
    ] {
        let mut tree = Tree::default();
        let error = match Archive::open(&ipk(data), &Expected::own("evil.ipk")) {
            Err(error) => error,
            Ok(archive) => {
                let change = Change {
                    install: vec![Incoming {
                        archive,
                        file_size: 1,
                        wanted: true,
                    }],
                    ..Change::default()
                };
                apply(&mut tree, Manager::Opkg, change, &options()).unwrap_err()
            }
        };
        assert!(error.to_string().contains(want), "{error}");
        assert_eq!(tree.walk().count(), 1);
    }
    // The same in apk's packages, which cannot even be made of such a tree but by hand.
    for (kind, want) in [
        (
            NodeKind::CharDevice { major: 1, minor: 3 },
            "a character device",
        ),
        (NodeKind::Fifo, "a named pipe"),
    ] {
        let mut data = Tree::default();
        data.put(
            "node",
            Inode {
                meta: Meta::file(0o644),
                kind,
            },
        )
        .unwrap();
        let info = PackageInfo::new("evil", "1".parse().unwrap());
        let error = Package::from_tree(info, &data, &Owners::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(want), "{error}");
    }
    for (path, target, want) in [
        ("a/link", "../../etc", "leads out of the root"),
        ("link", "", "without usable target"),
    ] {
        let file = recipe("evil").link(path, target).file_of(Manager::Apk);
        let error = Archive::open(&file, &Expected::own("evil.apk"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(want), "{error}");
    }
    let mut package = recipe("evil")
        .file("usr/x", "")
        .apk_package(&Owners::default())
        .0;
    for name in ["../x", "..", "a/b", ""] {
        package.folders.last_mut().unwrap().files[0].name = name.into();
        let file = package.write(&[], Packing::None).unwrap();
        let error = Archive::open(&file, &Expected::own("evil.apk"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("package evil.apk: its path"), "{error}");
    }
}

#[test]
fn a_link_of_a_package_leads_its_files_nowhere_else() {
    for manager in BOTH {
        let mut tree = Tree::default();
        install(&mut tree, manager, &[&base()]).unwrap();
        let first = recipe("first").link("etc2", "/etc");
        let second = recipe("second").file("etc2/passwd", "evil\n");
        let error = fails(&mut tree, manager, &[&first, &second]);
        assert!(
            error.starts_with("packages base-files and second both bring /etc2/passwd"),
            "{error}"
        );
    }
}

#[test]
fn users_that_cannot_be() {
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
        let error = fails(&mut tree, manager, &[&with("a", "a:a")]);
        assert_eq!(
            error,
            "package a asks for the user `a:a`: the root file system has no /etc/passwd and /etc/group, which package base-files brings"
        );
        install(&mut tree, manager, &[&base()]).unwrap();
        let error = fails(
            &mut tree,
            manager,
            &[&with("a", "a=5:a=5"), &with("b", "b=5:b=6")],
        );
        assert_eq!(
            error,
            "package b wants the user number 5 for `b`, and it is that of `a`, which package a asks for"
        );
        let error = fails(
            &mut tree,
            manager,
            &[&with("a", "a=5:a=5"), &with("b", "b=6:b=5")],
        );
        assert_eq!(
            error,
            "package b wants the group number 5 for `b`, and it is that of `a`, which package a asks for"
        );
        let error = fails(&mut tree, manager, &[&with("a", "a=0:a=5")]);
        assert_eq!(
            error,
            "package a wants the user number 0 for `a`, and it is that of `root`"
        );
        for bad in ["a=x:a", "a b/c", "a:b:c:d", "-a:a", "a=4294967296:a"] {
            let error = fails(&mut tree, manager, &[&with("a", bad)]);
            assert!(
                error.starts_with("package a asks for the user `"),
                "{error}"
            );
        }
    }
}

#[test]
fn damaged_databases() {
    for (manager, file) in [
        (Manager::Opkg, "usr/lib/opkg/status"),
        (Manager::Apk, "lib/apk/db/installed"),
        (Manager::Apk, "lib/apk/db/scripts.tar.gz"),
    ] {
        let mut tree = Tree::default();
        tree.put_file(file, "no such text", Meta::file(0o644))
            .unwrap();
        let error = fails(&mut tree, manager, &[&base()]);
        assert!(
            error.starts_with(&format!("the root file system's /{file} cannot be read: ")),
            "{error}"
        );
    }
}
