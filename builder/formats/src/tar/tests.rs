//! Against GNU tar, which must be installed.

use std::process::Command;

use super::*;
use crate::tree::{Content, Inode, Kind, Meta, Tree};

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

fn sample() -> Tree {
    let mut tree = Tree::new(Meta::dir(0o750).at(1_500_000_000));
    let owned = Meta {
        uid: 3_000_000_000,
        gid: 1000,
        ..Meta::file(0o4755).at(1_600_000_000)
    };
    tree.put_file("bin/tool", "text", owned).unwrap();
    tree.link("bin/tool", "sbin-tool").unwrap();
    tree.put_file("empty", "", Meta::file(0o600)).unwrap();
    let long = format!("{}/{}", "d".repeat(200), "n".repeat(255));
    tree.put_file(&long, "long", Meta::file(0o644)).unwrap();
    tree.put_symlink("link", "t".repeat(300), 5).unwrap();
    let mut attributed = Meta::file(0o644);
    let value = b"v\0\n=".to_vec();
    attributed.xattrs.insert(b"user.note".to_vec(), value);
    tree.put_file("attributed", "a", attributed).unwrap();
    let holes = Content::sparse(1 << 20, vec![(700_000, (*b"data").into())]);
    tree.put_file("holes", holes.unwrap(), Meta::file(0o644))
        .unwrap();
    for (name, kind) in [
        ("console", Kind::CharDevice { major: 5, minor: 1 }),
        (
            "disk",
            Kind::BlockDevice {
                major: 8,
                minor: 300,
            },
        ),
        ("fifo", Kind::Fifo),
        ("bare", Kind::Dir(Default::default())),
    ] {
        let meta = Meta::file(0o640).at(7);
        tree.put(name, Inode { meta, kind }).unwrap();
    }
    tree
}

fn flat(tree: &Tree) -> Vec<(String, Meta, Kind)> {
    tree.walk()
        .map(|entry| {
            let kind = match &entry.inode.kind {
                Kind::Dir(_) => Kind::Dir(Default::default()),
                other => other.clone(),
            };
            let path = String::from_utf8(entry.path).unwrap();
            (path, entry.inode.meta.clone(), kind)
        })
        .collect()
}

fn written(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    write(tree, &mut out).unwrap();
    out
}

#[test]
fn what_is_written_is_read_again_under_every_compression() {
    let tree = sample();
    let plain = written(&tree);
    assert_eq!(plain, written(&tree));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("root.tar");
    std::fs::write(&path, &plain).unwrap();
    let mut packed = vec![plain];
    for tool in ["gzip", "xz", "zstd"] {
        packed.push(run(Command::new(tool).arg("-qc").arg(&path)));
    }
    for archive in packed {
        let again = read(&archive).unwrap();
        assert_eq!(flat(&again), flat(&tree));
        assert_eq!(again.lookup("bin/tool"), again.lookup("sbin-tool"));
    }
}

#[test]
fn gnu_tar_lists_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("root.tar");
    std::fs::write(&path, written(&sample())).unwrap();
    let listed = run(Command::new("tar")
        .args(["--numeric-owner", "--utc", "-tvf"])
        .arg(&path));
    let listed = String::from_utf8(listed).unwrap();
    for expected in [
        "drwxr-x--- 0/0               0 2017-07-14 02:40 ./",
        "crw-r----- 0/0             5,1 1970-01-01 00:00 console",
        "brw-r----- 0/0           8,300 1970-01-01 00:00 disk",
        "prw-r----- 0/0               0 1970-01-01 00:00 fifo",
        "-rwsr-xr-x 3000000000/1000   4 2020-09-13 12:26 bin/tool",
        "hrwsr-xr-x 3000000000/1000   0 2020-09-13 12:26 sbin-tool link to bin/tool",
    ] {
        assert!(listed.contains(expected), "{expected} is not in\n{listed}");
    }
    assert!(listed.contains(&format!("/{}\n", "n".repeat(255))));
    assert!(listed.contains(&format!(" link -> {}\n", "t".repeat(300))));
}

#[test]
fn reads_what_gnu_tar_writes_in_all_its_formats() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    let deep = root.join("d".repeat(120)).join("e".repeat(120));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("file"), "deep").unwrap();
    std::fs::write(root.join("one"), "1").unwrap();
    std::fs::hard_link(root.join("one"), root.join("two")).unwrap();
    std::os::unix::fs::symlink("one", root.join("link")).unwrap();
    let sparse = std::fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 1 << 20).unwrap();
    for format in [
        vec!["--format=gnu"],
        vec!["--format=gnu", "--sparse"],
        vec!["--format=posix"],
        vec!["--format=posix", "--sparse"],
        vec!["--format=posix", "--sparse", "--sparse-version=0.1"],
    ] {
        let archive = run(Command::new("tar")
            .args(&format)
            .args(["--owner=77", "--group=78", "-c", "-C"])
            .arg(&root)
            .arg("."));
        let tree = read(&archive).unwrap_or_else(|error| panic!("{format:?}: {error}"));
        let path = format!("{}/{}/file", "d".repeat(120), "e".repeat(120));
        assert_eq!(tree.read(path).unwrap(), b"deep");
        assert_eq!(tree.lookup("one"), tree.lookup("two"));
        assert_eq!(tree.get("one").unwrap().meta.uid, 77);
        assert_eq!(tree.get("link").unwrap().kind, Kind::Symlink(b"one".into()));
        let Kind::File(content) = &tree.get("sparse").unwrap().kind else {
            panic!("{format:?}");
        };
        let expected = Content::sparse(3 << 20, vec![(1 << 20, (*b"middle").into())]).unwrap();
        assert!(*content == expected, "{format:?}");
        assert!(content.is_hole(0, 1 << 20), "{format:?}");
    }
}

#[test]
fn damage_is_told_and_never_panics() {
    let archive = written(&sample());
    for len in (0..archive.len().min(6000)).chain([archive.len() - 1024]) {
        let cut = read(&archive[..len]);
        assert!(cut.is_err(), "cut to {len}");
    }
    for at in 0..4096 {
        let mut bad = archive.clone();
        bad[at] ^= 0x55;
        let _ = read(&bad);
    }
    let text = |archive: &[u8]| read(archive).unwrap_err().to_string();
    assert_eq!(
        text(&[b'x'; 512]),
        "tar archive damaged at offset 0: a header has a wrong checksum; is this a tar archive?"
    );
    assert_eq!(
        text(b"short"),
        "tar archive damaged at offset 0: it is too short to be one"
    );
    assert_eq!(
        text(&archive[..512]),
        "tar archive damaged at offset 512: \
         it ends without the block of zeros that closes it; is it cut short?"
    );
    let packed = text(&[0x1F, 0x8B, 8, 0]);
    assert!(packed.starts_with("tar archive does not decompress: "));
}

#[test]
fn paths_that_lead_out_are_refused() {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_gnu();
    header.as_mut_bytes()[..11].copy_from_slice(b"a/../../etc");
    header.set_size(0);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    builder.append(&header, std::io::empty()).unwrap();
    let archive = builder.into_inner().unwrap();
    assert_eq!(
        read(&archive).unwrap_err().to_string(),
        "tar archive: entry a/../../etc: its path holds `..`"
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_a_tree_or_an_error(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2048)) {
        let _ = read(&bytes);
    }
}
