//! Scripts under bubblewrap, which must be installed.

use std::time::Instant;

use super::*;
use openwrt_formats::tree::{Inode, Kind, Meta};

const EPOCH: u32 = 1_700_000_000;

fn tree() -> Tree {
    let mut tree = Tree::default();
    let mut owned = Meta::file(0o600).at(5);
    (owned.uid, owned.gid) = (7, 8);
    tree.put_file("etc/owned", "old\n", owned).unwrap();
    tree.put_file("etc/same", "same\n", Meta::file(0o400).at(5))
        .unwrap();
    tree.put_file("etc/gone/x", "x", Meta::file(0o644).at(5))
        .unwrap();
    tree.put_file("bin/one", "1", Meta::file(0o4755).at(5))
        .unwrap();
    tree.link("bin/one", "bin/two").unwrap();
    tree.put_symlink("var", "tmp", 5).unwrap();
    tree.put_file(
        "lib/functions.sh",
        "hello() { echo hello \"$pkgname\"; }\n",
        Meta::file(0o644).at(5),
    )
    .unwrap();
    let null = Kind::CharDevice { major: 1, minor: 3 };
    tree.put(
        "null",
        Inode {
            meta: Meta::file(0o666),
            kind: null,
        },
    )
    .unwrap();
    tree
}

fn picture(tree: &Tree) -> Vec<String> {
    let lines = tree
        .walk()
        .filter(|entry| !entry.path.is_empty())
        .map(|entry| {
            let (meta, path) = (
                &entry.inode.meta,
                String::from_utf8_lossy(&entry.path).into_owned(),
            );
            let what = match &entry.inode.kind {
                Kind::Dir(_) => "/".to_owned(),
                Kind::File(content) => format!(" {:?}", String::from_utf8_lossy(&content.to_vec())),
                Kind::Symlink(target) => format!(" -> {}", String::from_utf8_lossy(target)),
                _ => " device".to_owned(),
            };
            format!(
                "{path}{what} {:o} {}:{} {}",
                meta.mode, meta.uid, meta.gid, meta.mtime
            )
        });
    lines.collect()
}

fn run_in(sandbox: &Sandbox, tree: &mut Tree, text: &str) -> Result<(), ScriptError> {
    let script = Script {
        package: "thing",
        kind: "post-install",
        text: text.as_bytes(),
        epoch: EPOCH,
    };
    match sandbox.run(tree, script) {
        Err(ScriptError::Host(problem)) => panic!("{problem} (is bubblewrap installed?)"),
        result => result,
    }
}

fn run(tree: &mut Tree, text: &str) -> Result<(), ScriptError> {
    run_in(&Sandbox::default(), tree, text)
}

#[test]
fn what_a_script_changes_is_read_back_and_nothing_else() {
    let before = picture(&tree());
    let mut same = tree();
    run(&mut same, "true\n").unwrap();
    assert_eq!(picture(&same), before);

    let mut changed = tree();
    let text = "set -e
hello > $IPKG_INSTROOT/etc/said
echo new >> $root/etc/owned
rm -r etc/gone
printf 2 > bin/one
ln -s ../x etc/link
mkdir -p a/b
chmod 750 a/b
chmod 711 bin
printf behind > var/file 2>/dev/null || { mkdir tmp; printf behind > var/file; }
";
    run(&mut changed, text).unwrap();
    assert_eq!(
        picture(&changed),
        [
            "a/ 755 0:0 1700000000",
            "a/b/ 750 0:0 1700000000",
            "bin/ 711 0:0 1700000000",
            "bin/one \"2\" 4755 0:0 1700000000",
            "bin/two \"2\" 4755 0:0 1700000000",
            "etc/ 755 0:0 5",
            "etc/link -> ../x 777 0:0 1700000000",
            "etc/owned \"old\\nnew\\n\" 600 7:8 1700000000",
            "etc/said \"hello thing\\n\" 644 0:0 1700000000",
            "etc/same \"same\\n\" 400 0:0 5",
            "lib/ 755 0:0 5",
            "lib/functions.sh \"hello() { echo hello \\\"$pkgname\\\"; }\\n\" 644 0:0 5",
            "null device 666 0:0 0",
            "tmp/ 755 0:0 1700000000",
            "tmp/file \"behind\" 644 0:0 1700000000",
            "var -> tmp 777 0:0 5",
        ]
    );
}

#[test]
fn files_and_folders_can_change_places() {
    let mut tree = tree();
    let text =
        "rm -r etc; echo x > etc; rm lib/functions.sh; mkdir lib/functions.sh; rm var; mkdir var\n";
    run(&mut tree, text).unwrap();
    let picture = picture(&tree);
    for line in [
        "etc \"x\\n\" 644 0:0 1700000000",
        "lib/functions.sh/ 755 0:0 1700000000",
        "var/ 755 0:0 1700000000",
    ] {
        assert!(
            picture.iter().any(|have| have == line),
            "{line}: {picture:#?}"
        );
    }
}

#[test]
fn scripts_that_fail_say_what_they_said() {
    let failed = |text: &str| match run(&mut tree(), text) {
        Err(ScriptError::Failed { problem, output }) => (problem, output),
        other => panic!("{other:?}"),
    };
    let found = failed("echo out; echo err >&2; exit 3\n");
    assert_eq!(found, ("ended with status 3".into(), "out\nerr\n".into()));
    assert_eq!(failed("true; false\n").0, "ended with status 1");
    let (problem, _) = failed("mkfifo pipe\n");
    assert_eq!(
        problem,
        "left /pipe, which is a pipe: packages bring no such files"
    );
}

#[test]
fn time_output_and_size_are_limited() {
    let small = Sandbox {
        time: Duration::from_secs(2),
        output: 100_000,
        size: 1 << 20,
        bubblewrap: None,
    };
    let failed = |text: &str| match run_in(&small, &mut tree(), text) {
        Err(ScriptError::Failed { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    let start = Instant::now();
    let problem = failed("sleep 100 & sleep 100\n");
    assert_eq!(problem, "did not end within 2 s and was stopped");
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(
        failed("while :; do echo y; done\n"),
        "wrote more than 100000 bytes and was stopped"
    );
    let problem = failed("head -c 3000000 /dev/zero > big\n");
    assert!(problem.starts_with("ended with status"), "{problem}");
    let problem = failed("for i in 1 2 3; do head -c 500000 /dev/zero > $i; done\n");
    assert!(
        problem.ends_with("more data than a router holds"),
        "{problem}"
    );
}

#[test]
fn the_host_is_out_of_reach() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    let path = secret.path().display();
    let mut tree = tree();
    let text = format!(
        "[ ! -e {path} ] || exit 11\n\
         [ ! -e /etc/passwd ] || exit 12\n\
         [ ! -e /home ] || exit 13\n\
         ! touch /usr/x 2>/dev/null || exit 14\n\
         [ \"$(ls /sys/class/net 2>/dev/null)\" = '' ] || exit 15\n\
         ! (exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null || exit 16\n\
         [ \"$(wc -l < /proc/net/dev)\" -le 3 ] || exit 17\n\
         [ -z \"$CARGO_PKG_NAME\" ] || exit 18\n"
    );
    run(&mut tree, &text).unwrap();
}

#[test]
fn a_host_without_bubblewrap_says_so() {
    let none = Sandbox {
        bubblewrap: Some("/nowhere/bwrap".into()),
        ..Sandbox::default()
    };
    let script = Script {
        package: "thing",
        kind: "post-install",
        text: b"true",
        epoch: 0,
    };
    let Err(ScriptError::Host(problem)) = none.run(&mut tree(), script) else {
        panic!()
    };
    assert!(
        problem.starts_with("/nowhere/bwrap does not start: "),
        "{problem}"
    );
}
