//! Trees of unusual shape.

use super::tools::{assert_unsquashfs_agrees, cat};
use super::*;

fn options() -> Options {
    Options {
        mkfs_time: 1,
        ..Options::new(Compression::Zstd { level: 1 })
    }
}

#[test]
fn ten_thousand_entries_and_long_names_in_one_folder() {
    let mut tree = Tree::default();
    for n in 0..10_000 {
        let name = match n % 3 {
            0 => format!("many/{n:05}"),
            1 => format!("many/{n:05}-{}", "x".repeat(249)),
            _ => format!("many/{n:05}-between"),
        };
        tree.put_file(name, n.to_string(), Meta::file(0o644))
            .unwrap();
    }
    // Between the first and the last file of a folder, inode numbers run on over its subfolder.
    for n in 0..40_000 {
        tree.put_file(format!("span/m/{n}"), "", Meta::file(0o644))
            .unwrap();
    }
    tree.put_file("span/a", "first", Meta::file(0o644)).unwrap();
    tree.put_file("span/z", "last", Meta::file(0o644)).unwrap();
    let image = write(&tree, &options(), &NoCache).unwrap();
    assert_same(&tree, &read(&image).unwrap().0);
    assert_unsquashfs_agrees(&tree, &image);
    for (path, content) in [
        ("span/z", "last"),
        ("many/09999", "9999"),
        ("many/05000-between", "5000"),
    ] {
        assert_eq!(cat(&image, path), content.as_bytes());
    }
}

#[test]
fn files_beyond_4_gib_by_their_holes() {
    const GIB: u64 = 1 << 30;
    let extents = vec![
        (7, noise(300_000, 1).into()),
        (3 * GIB - 5, text(1_000_000, 2).into()),
        (5 * GIB - 4, (*b"last").into()),
    ];
    let mut tree = Tree::default();
    let content = Content::sparse(5 * GIB, extents).unwrap();
    tree.put_file("sparse", content, Meta::file(0o644)).unwrap();
    tree.put_file("hole", Content::hole(20 * GIB + 1), Meta::file(0o644))
        .unwrap();
    let image = write(&tree, &options(), &NoCache).unwrap();
    assert!(image.len() < 2_000_000);
    assert_same(&tree, &read(&image).unwrap().0);
    assert_unsquashfs_agrees(&tree, &image);
}

#[test]
fn deep_folders() {
    let mut tree = Tree::default();
    let path = "d/".repeat(900) + "file";
    tree.put_file(&path, "deep", Meta::file(0o644)).unwrap();
    let image = write(&tree, &options(), &NoCache).unwrap();
    assert_same(&tree, &read(&image).unwrap().0);
    tree.put_file("d/".repeat(1000) + "file", "deeper", Meta::file(0o644))
        .unwrap();
    let image = write(&tree, &options(), &NoCache).unwrap();
    assert!(matches!(read(&image), Err(Error::TooBig { .. })));
}

#[test]
fn an_empty_tree() {
    let tree = Tree::new(Meta::dir(0o700).at(9));
    for options in all_options() {
        let image = write(&tree, &options, &NoCache).unwrap();
        assert_same(&tree, &read(&image).unwrap().0);
        assert_unsquashfs_agrees(&tree, &image);
    }
}

#[test]
fn all_ends_of_files_in_fragments_if_asked() {
    let options = Options {
        always_fragments: true,
        block_size: 4096,
        ..options()
    };
    let tree = sample(4096);
    let image = write(&tree, &options, &NoCache).unwrap();
    let (again, info) = read(&image).unwrap();
    assert!(info.flags.has(Flags::ALWAYS_FRAGMENTS));
    assert_same(&tree, &again);
    assert_unsquashfs_agrees(&tree, &image);
}

#[test]
fn extended_attributes() {
    let mut tree = sample(5000);
    let set = |tree: &mut Tree, path: &str, name: &str, value: Vec<u8>| {
        let xattrs = &mut tree.get_mut(path).unwrap().meta.xattrs;
        xattrs.insert(name.into(), value);
    };
    for path in ["", "text/one", "link", "console", "fifo", "socket", "many"] {
        set(&mut tree, path, "trusted.overlay.opaque", b"y".to_vec());
    }
    // cap_net_bind_service+ep, as setcap stores it.
    let mut capability = vec![1, 0, 0, 2, 0, 4];
    capability.resize(20, 0);
    set(&mut tree, "text/over", "security.capability", capability);
    set(&mut tree, "text/over", "user.large", noise(60_000, 2));
    for n in 0..300 {
        let value = text(n, 1);
        set(&mut tree, &format!("many/file-{n}"), "user.n", value);
    }
    for options in all_options() {
        let image = write(&tree, &options, &NoCache).unwrap();
        assert_same(&tree, &read(&image).unwrap().0);
    }
    // More than the host's file system may hold.
    let xattrs = &mut tree.get_mut("text/over").unwrap().meta.xattrs;
    xattrs.remove(b"user.large".as_slice());
    let image = write(&tree, &options(), &NoCache).unwrap();
    assert_unsquashfs_agrees(&tree, &image);
}
