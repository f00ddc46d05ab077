//! apk's database and owners by name.

use std::io::Read;

use super::*;

fn scripts(tree: &Tree) -> Vec<String> {
    let mut tar = Vec::new();
    let packed = tree.read("lib/apk/db/scripts.tar.gz").unwrap();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut tar)
        .unwrap();
    if tar == [0; 1024] {
        return Vec::new();
    }
    let inside = openwrt_formats::tar::read(&tar).unwrap();
    let files = inside.walk().filter(|entry| !entry.path.is_empty());
    files
        .map(|entry| String::from_utf8(entry.path).unwrap())
        .collect()
}

#[test]
fn the_database_is_as_apk_and_the_build_leave_it() {
    let mut tree = Tree::default();
    let one = recipe("one")
        .version("1.2-r3")
        .field("depends", "two>=1")
        .field("description", "One thing")
        .field("triggers", "/usr/lib /etc")
        .program("usr/bin/one", "1")
        .file("etc/config/one", "config\n")
        .folder("etc/config", 0o700)
        .control("post-install", "#!/bin/sh\nexit 0\n")
        .control("pre-deinstall", "#!/bin/sh\nrm\n")
        .control("post-upgrade", "#!/bin/sh\nup\n");
    let two = recipe("Two")
        .field("provides", "two=1")
        .link("usr/lib/two", "../x");
    let (one_package, one_file) = one.apk_package(&Owners::default());
    let (two_package, two_file) = two.apk_package(&Owners::default());
    let change = Change {
        install: vec![
            Incoming {
                wanted: false,
                ..incoming(&two_file)
            },
            incoming(&one_file),
        ],
        world: vec!["one=1.2-r3".into(), "zlib".into(), "Alpha".into()],
        ..Change::default()
    };
    apply(&mut tree, Manager::Apk, change, &options()).unwrap();
    let id = |package: &Package| {
        use base64ct::{Base64, Encoding};
        Base64::encode_string(&package.identity[..20])
    };
    let sum = |bytes: &[u8]| {
        use base64ct::{Base64, Encoding};
        Base64::encode_string(&Sha256::digest(bytes)[..20])
    };
    let installed = format!(
        "C:Q1{}\nP:one\nV:1.2-r3\nA:{ARCH}\nS:{}\nI:8\nT:One thing\nU:\nL:\nD:two>=1\nf:S\n\
         F:etc\nF:etc/config\nM:0:0:700\nR:one\nZ:Q1{}\nF:usr\nF:usr/bin\nR:one\na:0:0:755\nZ:Q1{}\n\n\
         C:Q1{}\nP:Two\nV:1\nA:{ARCH}\nS:{}\nI:1\nT:\nU:\nL:\np:two=1\nf:S\nF:usr\nF:usr/lib\nR:two\na:0:0:777\nZ:Q1{}\n\n",
        id(&one_package),
        one_file.len(),
        sum(b"config\n"),
        sum(b"1"),
        id(&two_package),
        two_file.len(),
        sum(b"../x"),
    );
    assert_eq!(text(&tree, "lib/apk/db/installed"), installed);
    let hex = hex::encode(&one_package.identity[..20]);
    assert_eq!(
        scripts(&tree),
        [
            format!("one-1.2-r3.X1{hex}.post-upgrade"),
            format!("one-1.2-r3.X1{hex}.pre-deinstall")
        ]
    );
    assert_eq!(
        text(&tree, "lib/apk/db/triggers"),
        format!("Q1{} /usr/lib /etc\n", id(&one_package))
    );
    assert_eq!(text(&tree, "etc/apk/world"), "Alpha\none=1.2-r3\nzlib\n");
    assert_eq!(text(&tree, "etc/apk/arch"), format!("{ARCH}\n"));
    assert_eq!(tree.get("lib/apk/db/lock").unwrap().meta.mode, 0o600);
    remove(&mut tree, Manager::Apk, &["one"]).unwrap();
    assert_eq!(scripts(&tree), Vec::<String>::new());
    assert_eq!(text(&tree, "lib/apk/db/triggers"), "");
    assert_eq!(text(&tree, "etc/apk/world"), "Alpha\nzlib\n");
    assert_eq!(
        text(&tree, "lib/apk/db/installed"),
        installed.split_once("\n\n").unwrap().1
    );
}

#[test]
fn owners_are_those_of_the_tree_after_users_were_added() {
    let mut tree = Tree::default();
    let owners = Owners::from_files("me:x:7:8\n", "us:x:8:\n");
    let mine = recipe("mine")
        .file("etc/mine", "m")
        .owned("etc/mine", 7, 8)
        .folder("srv/mine", 0o750)
        .owned("srv/mine", 7, 8)
        .file("lib/apk/packages/mine.rusers", "me:us=600\n");
    let change = |file: &[u8]| Change {
        install: vec![base().incoming(Manager::Apk), incoming(file)],
        ..Change::default()
    };
    apply(
        &mut tree,
        Manager::Apk,
        change(&mine.apk(&owners)),
        &options(),
    )
    .unwrap();
    for path in ["etc/mine", "srv/mine"] {
        let meta = &tree.get(path).unwrap().meta;
        assert_eq!((meta.uid, meta.gid), (32768, 600), "{path}");
    }
    let installed = text(&tree, "lib/apk/db/installed");
    assert!(
        installed.contains("R:mine\na:32768:600:644\n"),
        "{installed}"
    );
    assert!(
        installed.contains("F:srv/mine\nM:32768:600:750\n"),
        "{installed}"
    );
    // Nobody adds them.
    let mut tree = Tree::default();
    let other = recipe("other")
        .file("etc/mine", "m")
        .owned("etc/mine", 7, 0);
    let error = apply(
        &mut tree,
        Manager::Apk,
        change(&other.apk(&owners)),
        &options(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "package other: /etc/mine belongs to the user `me`, which neither the root file system nor a package has"
    );
}

#[test]
fn replaces_priority_and_source_decide_who_gets_a_file() {
    let installed = |recipes: &[&Recipe]| {
        let mut tree = Tree::default();
        let report = install(&mut tree, Manager::Apk, recipes).unwrap();
        let owner = |name: &str| {
            let records = text(&tree, "lib/apk/db/installed");
            let record = records
                .split("\n\n")
                .find(|record| record.contains(&format!("P:{name}\n")))
                .unwrap()
                .to_owned();
            record.contains("R:x\n")
        };
        (
            text(&tree, "usr/x"),
            owner("one"),
            owner("two"),
            report.taken.len(),
        )
    };
    let one = recipe("one").file("usr/x", "1");
    let two = recipe("two").file("usr/x", "2");
    assert_eq!(
        installed(&[&one, &two.clone().field("replaces", "one")]),
        ("2".into(), false, true, 1)
    );
    assert_eq!(
        installed(&[&one.clone().field("replaces", "two"), &two]),
        ("1".into(), true, false, 0)
    );
    let same = |recipe: &Recipe| recipe.clone().field("origin", "base/thing");
    assert_eq!(
        installed(&[&same(&one), &same(&two)]),
        ("2".into(), false, true, 1)
    );
    let first = one.clone().field("replaces", "two").field("priority", "5");
    let second = two.clone().field("replaces", "one").field("priority", "1");
    assert_eq!(installed(&[&first, &second]), ("1".into(), true, false, 0));
    // Only of other versions.
    let third = two.clone().field("replaces", "one<1");
    let mut tree = Tree::default();
    assert!(matches!(
        install(&mut tree, Manager::Apk, &[&one, &third]),
        Err(InstallError::Clash { .. })
    ));
}

#[test]
fn changed_files_in_etc_stay_when_a_new_version_comes() {
    let mut tree = Tree::default();
    let version = |version: &str| {
        recipe("one")
            .version(version)
            .file("etc/config/a", &format!("a{version}"))
            .file("etc/config/b", &format!("b{version}"))
            .file("usr/c", &format!("c{version}"))
    };
    install(&mut tree, Manager::Apk, &[&version("1")]).unwrap();
    for path in ["etc/config/a", "usr/c"] {
        tree.put_file(path, "mine", Meta::file(0o600)).unwrap();
    }
    let report = install(&mut tree, Manager::Apk, &[&version("2")]).unwrap();
    assert_eq!(report.beside, ["etc/config/a.apk-new"]);
    assert_eq!(text(&tree, "etc/config/a"), "mine");
    assert_eq!(text(&tree, "etc/config/a.apk-new"), "a2");
    assert_eq!(text(&tree, "etc/config/b"), "b2");
    assert_eq!(text(&tree, "usr/c"), "c2");
    assert_eq!(
        text(&tree, "lib/apk/db/installed").matches("P:one").count(),
        1
    );
}
