use std::process::Command;

use proptest::prelude::*;

use super::*;

/// A folder that GNU tar packs with these arguments.
fn packed(arguments: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let script = "umask 022; mkdir -p r/etc r/dev && printf hello > r/etc/a && ln r/etc/a r/etc/b && chmod 640 r/etc/a \
                  && ln -s ../tmp r/var && : > r/etc/empty && mkfifo r/etc/pipe && touch -h -d @77 r/etc/a \
                  && truncate -s 1M r/etc/hole && n=$(printf 'n%.0s' $(seq 200)) && echo long > r/etc/$n";
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program)
            .args(arguments)
            .current_dir(dir.path())
            .status();
        assert!(status.unwrap().success(), "{program} {arguments:?}");
    };
    run("sh", &["-c", script]);
    let all = [
        "--sort=name",
        "--numeric-owner",
        "--owner=3",
        "--group=4",
        "-cf",
        "../out",
        ".",
    ];
    let arguments: Vec<&str> = ["-C", "r"]
        .iter()
        .chain(arguments)
        .chain(&all)
        .copied()
        .collect();
    // The output's path is relative to where tar was started.
    let arguments: Vec<&str> = arguments
        .into_iter()
        .map(|a| if a == "../out" { "out" } else { a })
        .collect();
    run("tar", &arguments);
    std::fs::read(dir.path().join("out")).unwrap()
}

fn check(tree: &Tree) {
    let a = tree.get("etc/a").unwrap();
    assert_eq!(
        (a.meta.mode, a.meta.uid, a.meta.gid, a.meta.mtime),
        (0o640, 3, 4, 77)
    );
    assert_eq!(tree.read("etc/a").unwrap(), b"hello");
    assert_eq!(tree.lookup("etc/a"), tree.lookup("etc/b"));
    assert_eq!(
        tree.get("var").unwrap().kind,
        Kind::Symlink(b"../tmp".to_vec())
    );
    assert_eq!(tree.get("etc/pipe").unwrap().kind, Kind::Fifo);
    assert_eq!(tree.read("etc/empty").unwrap(), b"");
    assert_eq!(tree.read("etc/hole").unwrap(), vec![0; 1 << 20]);
    assert_eq!(
        tree.read(format!("etc/{}", "n".repeat(200))).unwrap(),
        b"long\n"
    );
}

#[test]
fn reads_what_gnu_tar_writes() {
    for format in ["--format=gnu", "--format=posix"] {
        for compression in [
            None,
            Some("-z"),
            Some("-J"),
            Some("--zstd"),
            Some("--sparse"),
        ] {
            let arguments: Vec<&str> = [format].into_iter().chain(compression).collect();
            check(&read(&packed(&arguments)).unwrap_or_else(|e| panic!("{arguments:?}: {e}")));
        }
    }
}

#[test]
fn refuses_what_is_damaged() {
    let whole = packed(&[]);
    assert!(matches!(read(&[]), Err(Error::Empty)));
    assert!(read(&whole[..700]).is_err());
    let mut flipped = whole.clone();
    flipped[3] ^= 1;
    assert!(matches!(read(&flipped), Err(Error::Damaged { .. })));
    let mut up = tar::Header::new_gnu();
    up.set_path("a").unwrap();
    up.set_size(0);
    up.as_mut_bytes()[..5].copy_from_slice(b"../a\0");
    up.set_cksum();
    let error = read(&[up.as_bytes().as_slice(), &[0; 1024]].concat()).unwrap_err();
    assert_eq!(error.to_string(), "entry `../a`: its name holds `..`");
}

proptest! {
    #[test]
    fn any_bytes_give_a_tree_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _ = read(&bytes);
    }
}
